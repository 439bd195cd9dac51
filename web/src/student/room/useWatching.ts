import { watch } from '@oep/client/watch';
import { useEffect, useRef } from 'react';
import { useReporter } from '../../api';

/** Watches the page while the exam room is open, and reports what happens. */
export function useWatching(questionId: number): void {
  const reporter = useReporter();
  const shown = useRef(questionId);
  useEffect(() => {
    shown.current = questionId;
  }, [questionId]);
  useEffect(
    () =>
      watch({
        questionId: () => shown.current,
        report({ event_timestamp: _, event_data, ...happening }) {
          // the reporter gives the time, at once; what it cannot store it says in its state
          reporter.report({ ...happening, event_data: { ...event_data } }).catch(() => undefined);
        },
      }),
    [reporter],
  );
}
