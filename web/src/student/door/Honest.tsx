import { CANNOT_BLOCK } from '@oep/client/watch';
import { useTranslations } from 'use-intl';
import styles from './Honest.module.css';

/** What the exam room notices and what no page can hold back, said before it begins. */
export function Honest({ hasCamera }: { hasCamera: boolean }) {
  const t = useTranslations('student.door');
  return (
    <details className={styles.honest}>
      <summary className={styles.summary}>{t('honest')}</summary>
      <div className={styles.words}>
        <p>{t('notices')}</p>
        <p>{t('noJudge')}</p>
        <p>{t('cannot')}</p>
        <ul>
          {CANNOT_BLOCK.map((each) => (
            <li key={each}>{t(`cannotBlock.${each}`)}</li>
          ))}
        </ul>
        <p>{t(hasCamera ? 'withCamera' : 'noCamera')}</p>
      </div>
    </details>
  );
}
