import { useCallback, useEffect, useState } from 'react';

/** Whether this tab works on the attempt: `asking` for a moment, then `here` or `elsewhere`. */
export type Tab = 'asking' | 'here' | 'elsewhere';

const PATIENCE_MS = 400;

/**
 * Lets one tab of this browser work on an attempt. Another one waits, and goes on by itself when the first
 * is closed; `take` goes on here at once and puts the other aside.
 */
export function useOneTab(attemptId: number): { tab: Tab; take: () => void } {
  const [tab, setTab] = useState<Tab>('asking');
  const [claim, setClaim] = useState({ steals: false });

  useEffect(() => {
    if (!navigator.locks) {
      setTab('here');
      return;
    }
    const held = hold(`oep.tab.${attemptId}`, claim.steals, setTab, () =>
      setClaim({ steals: false }),
    );
    return held;
  }, [attemptId, claim]);

  return { tab, take: useCallback(() => setClaim({ steals: true }), []) };
}

/** Asks for the lock until the returned function is called. */
function hold(
  name: string,
  steals: boolean,
  tell: (tab: Tab) => void,
  lost: () => void,
): () => void {
  const ending = new AbortController();
  const waiting = setTimeout(() => tell('elsewhere'), PATIENCE_MS);
  const kept = () => {
    clearTimeout(waiting);
    if (ending.signal.aborted) return;
    tell('here');
    return new Promise<void>((resolve) => {
      ending.signal.addEventListener('abort', () => resolve());
    });
  };
  const options = steals ? { steal: true } : { signal: ending.signal };
  navigator.locks.request(name, options, kept).catch(() => {
    // taken away by another tab, which is told by an abort as well as our own end
    if (ending.signal.aborted) return;
    tell('elsewhere');
    lost();
  });
  return () => {
    clearTimeout(waiting);
    ending.abort();
  };
}
