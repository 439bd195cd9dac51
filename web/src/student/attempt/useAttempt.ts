import type { AttemptWithProgress, ExamWithQuestions } from '@oep/client';
import { useGet } from '../../api';

/** The attempt as the platform has it; `reload` asks anew. */
export function useAttempt(id: number): {
  attempt: AttemptWithProgress | undefined;
  error: Error | null;
  reload: () => Promise<unknown>;
} {
  const { data, error, refetch } = useGet('/api/v1/attempts/{attempt_id}', {
    params: { path: { attempt_id: id } },
  });
  return { attempt: data, error, reload: refetch };
}

/** The exam with its questions in this student's order; asked for once. */
export function useExam(id: number | undefined): {
  exam: ExamWithQuestions | undefined;
  error: Error | null;
  reload: () => Promise<unknown>;
} {
  const { data, error, refetch } = useGet(
    '/api/v1/exams/{exam_id}',
    { params: { path: { exam_id: id ?? 0 } } },
    { enabled: id !== undefined, staleTime: Number.POSITIVE_INFINITY },
  );
  return { exam: data, error, reload: refetch };
}
