import { useEffect, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useServerClock } from '../../api';
import { announce } from '../../ui/announce';
import { IconClock } from '../../ui/icons';
import { useSitting } from '../attempt/useSitting';
import styles from './ClockFace.module.css';
import { figures, passed, remaining, timeLeft, untilChange, urgency } from './countdown';

const AGAIN_MS = 2_000;

/**
 * The time that is left: quiet figures, said aloud at 15, 5 and 1 minutes. It goes by the platform's time
 * and the monotonic clock, so neither a lost connection nor this computer's own clock changes it.
 */
export function ClockFace({ onOver }: { onOver: () => void }) {
  const t = useTranslations('student.clock');
  const ms = useRemaining();
  useAnnouncing(ms);
  useOver(ms, onOver);
  if (ms === undefined) return null;
  return (
    <p className={`${styles.clock} ${styles[urgency(ms)]}`} data-remaining={Math.ceil(ms / 1000)}>
      <IconClock />
      <span className="visually-hidden">{t('label')}</span>
      <span className={styles.figures} role="timer">
        {figures(timeLeft(ms))}
      </span>
    </p>
  );
}

/** Milliseconds that are left; undefined until the deadline is known. Renders anew when the figures change. */
function useRemaining(): number | undefined {
  const clock = useServerClock();
  const { time } = useSitting();
  const [, tick] = useState(0);
  const ms = time.deadlineAt === null ? undefined : remaining(time.deadlineAt, clock.now());
  useEffect(() => clock.onChange(() => tick((count) => count + 1)), [clock]);
  useEffect(() => {
    if (ms === undefined) return;
    const timer = setTimeout(() => tick((count) => count + 1), untilChange(ms));
    return () => clearTimeout(timer);
  });
  return ms;
}

function useAnnouncing(ms: number | undefined): void {
  const t = useTranslations('student.clock');
  const before = useRef(ms);
  useEffect(() => {
    if (ms === undefined) return;
    const minutes = passed(before.current ?? ms, ms);
    before.current = ms;
    if (minutes !== undefined)
      announce(t('left', { count: minutes }), minutes === 1 ? 'assertive' : 'polite');
  }, [ms, t]);
}

/** Asks for the attempt, and again, as long as the clock stands at 0: the platform ends it, not the page. */
function useOver(ms: number | undefined, onOver: () => void): void {
  const isOver = ms === 0;
  useEffect(() => {
    if (!isOver) return;
    onOver();
    const timer = setInterval(onOver, AGAIN_MS);
    return () => clearInterval(timer);
  }, [isOver, onOver]);
}
