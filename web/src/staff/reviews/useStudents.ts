import type { Schemas } from '@oep/client';
import { useQueries } from '@tanstack/react-query';
import { useApi } from '../../api';

export type Line = Schemas['LineBody'];

/** Returns what is known of the reviewed attempts of these exams, by attempt: one question for each exam. */
export function useStudents(examIds: readonly number[]): ReadonlyMap<number, Line> {
  const api = useApi();
  const pages = useQueries({
    queries: [...new Set(examIds)].map((exam_id) => ({
      queryKey: ['reviewed', exam_id],
      queryFn: () =>
        api.get('/api/v1/proctoring/exams/{exam_id}/attempts', {
          params: { path: { exam_id }, query: { has_review: true, limit: 1_000 } },
        }),
      staleTime: 60_000,
    })),
  });
  const lines = pages.flatMap((page) => page.data?.attempts ?? []);
  return new Map(lines.map((line) => [line.attempt_id, line]));
}
