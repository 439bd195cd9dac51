import { useFormatter, useTranslations } from 'use-intl';
import styles from './Timeline.module.css';
import type { Wait } from './waits';

const LOOK = { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false } as const;

/** The spans of the connection's lane in words: a state of the line, said as one. */
export function Waits({ waits }: { waits: readonly Wait[] }) {
  const t = useTranslations('attempt.timeline');
  const format = useFormatter();
  if (waits.length === 0) return null;
  return (
    <section aria-label={t('waits')} className={styles.waits}>
      <h3>{t('waits')}</h3>
      <p className={styles.note}>{t('waits_meaning')}</p>
      <ul>
        {waits.map(({ from, to, count }) => (
          <li key={from}>
            {t('wait', {
              from: format.dateTime(from, LOOK),
              to: format.dateTime(to, LOOK),
              count,
            })}
          </li>
        ))}
      </ul>
    </section>
  );
}
