/** One timer for all that counts seconds on the page: "since" and "left" of every row that is seen. */

import { useSyncExternalStore } from 'react';
import { useOep } from '../../api';

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function onTick(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The server's time in whole seconds since 1970; renders anew with each of them. */
export function useSecond(): number {
  const { clock } = useOep();
  return useSyncExternalStore(onTick, () => Math.floor(clock.now() / 1000));
}

/** The number of the running span of so many seconds; renders anew only when that is another one. */
export function useSpan(seconds: number): number {
  const { clock } = useOep();
  return useSyncExternalStore(onTick, () => Math.floor(clock.now() / 1000 / seconds));
}
