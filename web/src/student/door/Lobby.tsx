import type { ExamWithQuestions } from '@oep/client';
import { useEffect, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useDuration } from '../../ui/Time';
import { Button } from '../parts/Button';
import { Frame } from '../parts/Frame';
import { ConnectionSign } from '../room/ConnectionSign';
import { Notices } from '../room/Notices';
import styles from './Lobby.module.css';

/** Waiting to be let in. The page hears it by itself; the clock does not run. */
export function Lobby({ exam, onBack }: { exam: ExamWithQuestions; onBack: () => void }) {
  const t = useTranslations('student.lobby');
  const seconds = useSeconds();
  const words = useDuration();
  return (
    <Frame above={<p>{exam.title}</p>} title={t('title')}>
      <p>{t('waiting')}</p>
      <p>{t('time')}</p>
      <p className={styles.waited} role="timer">
        {t('waited', { time: words(seconds) })}
      </p>
      <ConnectionSign />
      <div>
        <Button look="quiet" onClick={onBack}>
          {t('back')}
        </Button>
      </div>
      <Notices />
    </Frame>
  );
}

/** Seconds since this page is shown. */
function useSeconds(): number {
  const [began] = useState(() => performance.now());
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(
      () => setSeconds(Math.round((performance.now() - began) / 1_000)),
      1_000,
    );
    return () => clearInterval(timer);
  }, [began]);
  return seconds;
}
