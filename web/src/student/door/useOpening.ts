import type { ExamWithQuestions } from '@oep/client';
import { useEffect, useState } from 'react';
import { useServerClock } from '../../api';
import { type Opening, openingOf } from './opening';

/** Whether the exam is open, by the platform's clock; looked at each second while it is not yet. */
export function useOpening(exam: ExamWithQuestions): Opening {
  const clock = useServerClock();
  const [, tick] = useState(0);
  const opening = openingOf(exam, clock.now());
  const isLater = opening.state === 'later';
  useEffect(() => {
    if (!isLater) return;
    const timer = setInterval(() => tick((count) => count + 1), 1_000);
    return () => clearInterval(timer);
  }, [isLater]);
  return opening;
}
