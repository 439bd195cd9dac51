import { useCallback, useEffect, useRef, useState } from 'react';
import type { Finding } from './finding';
import type { Asked, Told } from './worker';

/** Where a check of a bundle stands. `share` is how much is done, 0 to 1. */
export type Verification =
  | { state: 'none' }
  | { state: 'running'; name: string; share: number }
  | { state: 'done'; name: string; findings: Finding[]; milliseconds: number }
  | { state: 'broken'; name: string };

/** Checks bundles in a worker, one at a time; a new one ends the one before. */
export function useVerification(): [Verification, (name: string, asked: Asked) => void] {
  const [verification, setVerification] = useState<Verification>({ state: 'none' });
  const worker = useRef<Worker>(undefined);
  useEffect(() => () => worker.current?.terminate(), []);

  const start = useCallback((name: string, asked: Asked) => {
    worker.current?.terminate();
    const running = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.current = running;
    setVerification({ state: 'running', name, share: 0 });
    running.onmessage = ({ data }: MessageEvent<Told>) => {
      if (data.kind === 'end') {
        const { findings, milliseconds } = data;
        setVerification({ state: 'done', name, findings, milliseconds });
        running.terminate();
      } else setVerification({ state: 'running', name, share: shareOf(data) });
    };
    running.onerror = () => setVerification({ state: 'broken', name });
    running.postMessage(asked);
  }, []);

  return [verification, start];
}

/** Reading is the first tenth, the chain up to three fifths, payloads the rest. */
function shareOf(told: Exclude<Told, { kind: 'end' }>): number {
  const part = told.total > 0 ? told.done / told.total : 1;
  if (told.kind === 'read') return part * 0.1;
  return told.check === 'chain' ? 0.1 + part * 0.5 : 0.6 + part * 0.4;
}
