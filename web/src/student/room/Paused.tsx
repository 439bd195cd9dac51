import type { ExamWithQuestions } from '@oep/client';
import { useEffect, useState } from 'react';
import { useTranslations } from 'use-intl';
import { announce } from '../../ui/announce';
import { useTitle } from '../../ui/useTitle';
import { useAround, useSitting } from '../attempt/useSitting';
import { ConnectionSign } from './ConnectionSign';
import { figures, timeLeft } from './countdown';
import { Notices } from './Notices';
import styles from './Paused.module.css';

/** The exam while its clock stands still: no question to be seen, and no doubt that nothing is lost. */
export function Paused({ exam }: { exam: ExamWithQuestions }) {
  const t = useTranslations('student.paused');
  useTitle(t('title'));
  const around = useAround();
  const { time, notices } = useSitting();
  const pause = notices.find(({ kind }) => kind === 'pause');
  useEffect(() => announce(t('title'), 'assertive'), [t]);
  const [reason, setReason] = useState<string | null>(null);
  useEffect(() => {
    if (!pause) return;
    setReason(pause.text);
    around.see(pause); // it stands on this page
  }, [around, pause]);
  return (
    <main className={styles.paused}>
      <p className={styles.exam}>{exam.title}</p>
      <h1>{t('title')}</h1>
      <p className={styles.calm}>{t('calm')}</p>
      {reason && (
        <blockquote className={styles.reason}>
          <p>{t('reason')}</p>
          <p>{reason}</p>
        </blockquote>
      )}
      {time.pausedSeconds !== null && (
        <p className={styles.left}>
          {t('left')} <strong>{figures(timeLeft(time.pausedSeconds * 1000))}</strong>
        </p>
      )}
      <ConnectionSign />
      <Notices />
    </main>
  );
}
