import { useTranslations } from 'use-intl';
import { Banner } from './Banner';
import { Button } from './Button';
import styles from './ProblemBox.module.css';
import { problemOf } from './problems';

export interface ProblemBoxProps {
  /** Whatever was thrown. */
  problem: unknown;
  onRetry?: (() => void) | undefined;
  /** Fields whose messages stand beside them already. */
  shownFields?: readonly string[];
}

/** Says what went wrong: a refusal in the server's own words, a lost connection in ours. */
export function ProblemBox({ problem, onRetry, shownFields = [] }: ProblemBoxProps) {
  const t = useTranslations('ui');
  const { kind, detail, fields, requestId } = problemOf(problem);
  const others = fields.filter((one) => !shownFields.includes(one.field));
  return (
    <Banner
      actions={onRetry && <Button onPress={onRetry}>{t('retry')}</Button>}
      live="assertive"
      title={detail || t(`problem.${kind}`)}
      tone={kind === 'network' ? 'offline' : 'bad'}
    >
      {others.length > 0 && (
        <ul className={styles.list}>
          {others.map((one) => (
            <li key={`${one.field} ${one.message}`}>
              {one.field && <strong>{one.field}: </strong>}
              {one.message}
            </li>
          ))}
        </ul>
      )}
      {requestId && <p className={styles.request}>{t('problem.request', { id: requestId })}</p>}
    </Banner>
  );
}
