import type { Schemas } from '@oep/client';
import { useQueries } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
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

/** Says who an attempt is of, as its own page does: by number to who marks and sees no names. */
export function useNaming(): (attemptId: number, line: Line | undefined) => string {
  const [t, who] = [useTranslations('reviews'), useTranslations('attempt')];
  return (attemptId, line) =>
    line
      ? (line.student_name ?? who('student', { id: String(line.student_id) }))
      : t('attempt', { id: String(attemptId) });
}
