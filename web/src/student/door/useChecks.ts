import { useCallback, useEffect, useState } from 'react';
import { useApi } from '../../api';
import { type Check, checksOf, type Measures } from './check';
import { measured } from './measuring';

/** The check of this computer; undefined while it is measured. */
export interface CheckRun {
  checks: Check[] | undefined;
  measures: Measures | undefined;
  again: () => void;
}

/** Checks this computer against the platform, when the page opens and whenever it is asked for. */
export function useChecks(attemptId: number): CheckRun {
  const api = useApi();
  const [measures, setMeasures] = useState<Measures>();
  const [run, setRun] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another run measures again
  useEffect(() => {
    const ending = new AbortController();
    setMeasures(undefined);
    const probe = async (signal: AbortSignal) => {
      const params = { path: { attempt_id: attemptId } };
      const path = '/api/v1/attempts/{attempt_id}/time-status';
      const { server_time } = await api.get(path, { params, signal });
      return { serverAt: Date.parse(server_time) };
    };
    measured(probe, ending.signal).then((found) => {
      if (!ending.signal.aborted) setMeasures(found);
    });
    return () => ending.abort();
  }, [api, attemptId, run]);

  const again = useCallback(() => setRun((number) => number + 1), []);
  return { checks: measures && checksOf(measures), measures, again };
}
