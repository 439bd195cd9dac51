import type { AttemptResult } from '@oep/client';
import { useTranslations } from 'use-intl';
import { Badge } from '../../ui/Badge';
import { IconCheck, IconClose } from '../../ui/icons';
import styles from './Answers.module.css';
import { type Row, rowsOf, type Said } from './outcome';

/** What was answered, question by question; keys and remarks as far as the exam shows them. */
export function Answers({ result }: { result: AttemptResult }) {
  const t = useTranslations('student.result');
  return (
    <section className={styles.part}>
      <h2>{t('answers')}</h2>
      <ol className={styles.list}>
        {rowsOf(result).map((row) => (
          <RowOf key={row.id} row={row} />
        ))}
      </ol>
    </section>
  );
}

function RowOf({ row }: { row: Row }) {
  const t = useTranslations('student.result');
  return (
    <li className={styles.row}>
      <p className={styles.question}>
        <span className={styles.number}>{row.number}</span>
        <span className={styles.text}>{row.text}</span>
      </p>
      <dl className={styles.said}>
        <dt>{t('yours')}</dt>
        <dd>
          <Words said={row.yours} />
        </dd>
        {row.right !== null && row.isCorrect !== true && (
          <>
            <dt>{t('right')}</dt>
            <dd>
              <Words said={row.right} />
            </dd>
          </>
        )}
      </dl>
      {row.feedback.map((words) => (
        <blockquote className={styles.feedback} key={words}>
          {words}
        </blockquote>
      ))}
      <p className={styles.points}>
        {row.isCorrect === true && (
          <Badge icon={IconCheck} tone="good">
            {t('correct')}
          </Badge>
        )}
        {row.isCorrect === false && row.yours !== null && (
          <Badge icon={IconClose} tone="bad">
            {t('incorrect')}
          </Badge>
        )}
        {row.got === null ? t('notMarked') : t('points', { got: row.got, most: row.most })}
      </p>
    </li>
  );
}

function Words({ said }: { said: Said }) {
  const t = useTranslations('student.result');
  if (said === null) return <>{t('none')}</>;
  if (typeof said === 'boolean') return <>{t(said ? 'true' : 'false')}</>;
  return said.map((each) => (
    <span className={styles.words} key={each}>
      {each}
    </span>
  ));
}
