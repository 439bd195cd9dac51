import type { AttemptWithProgress } from '@oep/client';
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import { useRoom } from '../../api';
import { startingAt } from './progress';

/**
 * Which question is shown. It is remembered in this tab, so that a page that is loaded again shows it
 * again; a new one gets the focus, so that readers and the Tab key go on at its beginning.
 */
export function useCurrentQuestion(
  attempt: AttemptWithProgress,
  ids: readonly number[],
): {
  currentId: number;
  show: (id: number) => void;
  heading: RefObject<HTMLHeadingElement | null>;
} {
  const { timer } = useRoom();
  const key = `oep.at.${attempt.id}`;
  const [currentId, setCurrentId] = useState(() =>
    startingAt(ids, Number(sessionStorage.getItem(key)) || attempt.current_question_id),
  );
  const heading = useRef<HTMLHeadingElement>(null);
  const isMoved = useRef(false);

  useEffect(() => {
    timer.show(currentId);
    return () => timer.show(undefined);
  }, [timer, currentId]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus follows the question
  useEffect(() => {
    if (isMoved.current) heading.current?.focus();
  }, [currentId]);

  const show = useCallback(
    (id: number) => {
      isMoved.current = true;
      sessionStorage.setItem(key, String(id));
      setCurrentId(id);
    },
    [key],
  );
  return { currentId, show, heading };
}
