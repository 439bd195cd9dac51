import { useFormatter, useTranslations } from 'use-intl';
import { Duration } from '../../ui/Time';
import styles from './Waiting.module.css';

/** How long it is until the exam opens; `at` in ms since 1970. */
export function Waiting({ at, seconds }: { at: number; seconds: number }) {
  const t = useTranslations('student.door');
  const format = useFormatter();
  return (
    <div className={styles.waiting}>
      <p className={styles.time} role="timer">
        {t.rich('opensIn', { time: () => <Duration key="time" seconds={seconds} /> })}
      </p>
      <p>
        {t('opensAt', { at: format.dateTime(at, { dateStyle: 'medium', timeStyle: 'medium' }) })}
      </p>
    </div>
  );
}
