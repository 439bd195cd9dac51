import type { AttemptWithProgress, ExamWithQuestions, KeptRoom } from '@oep/client';
import { useEffect, useState } from 'react';
import { useGet, useLogin } from '../../api';
import { isCut, shelf } from './kept';

/** After so long without a word the platform is taken to be out of reach, for the time being. */
const PATIENCE_MS = 3_000;

/** The attempt as the platform has it, or in a cut as this device kept it; `reload` asks anew. */
export function useAttempt(id: number): {
  attempt: AttemptWithProgress | undefined;
  /** What was kept and is shown because the platform cannot be asked. */
  kept: KeptRoom | undefined;
  error: Error | null;
  reload: () => Promise<unknown>;
} {
  const { data, error, failureReason, fetchStatus, refetch } = useGet(
    '/api/v1/attempts/{attempt_id}',
    { params: { path: { attempt_id: id } } },
  );
  const isOut = fetchStatus === 'paused' || isCut(error ?? failureReason);
  const kept = useKept(id, data === undefined, isOut);
  return { attempt: data ?? kept?.attempt, kept, error, reload: refetch };
}

/** The exam with its questions in this student's order; asked for once, and in a cut the kept one. */
export function useExam(
  id: number | undefined,
  kept?: KeptRoom,
): {
  exam: ExamWithQuestions | undefined;
  error: Error | null;
  reload: () => Promise<unknown>;
} {
  const { data, error, refetch } = useGet(
    '/api/v1/exams/{exam_id}',
    { params: { path: { exam_id: id ?? 0 } } },
    { enabled: id !== undefined, staleTime: Number.POSITIVE_INFINITY },
  );
  return { exam: data ?? kept?.exam, error, reload: refetch };
}

/** What this device kept of the attempt, while that is wanted and nobody can be asked. */
function useKept(id: number, isWanted: boolean, isOut: boolean): KeptRoom | undefined {
  const { login } = useLogin();
  const userId = login?.user.id;
  const [kept, setKept] = useState<KeptRoom>();
  useEffect(() => {
    if (!isWanted || userId === undefined) return setKept(undefined);
    let isHere = true;
    const look = async () => {
      const found = await shelf.get(userId, id);
      if (isHere) setKept(found);
    };
    const timer = setTimeout(look, isOut ? 0 : PATIENCE_MS);
    return () => {
      isHere = false;
      clearTimeout(timer);
    };
  }, [id, userId, isWanted, isOut]);
  return isWanted ? kept : undefined;
}
