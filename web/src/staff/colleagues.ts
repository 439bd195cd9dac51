import type { Schemas } from '@oep/client';
import { useQueries } from '@tanstack/react-query';
import { useApi } from '../api';

/** Somebody who has to do with an exam, and in which roles. */
export type Colleague = Schemas['ColleagueShape'];

/** What is known of the staff of some exams: who they are, and why it is not known. */
export interface Colleagues {
  readonly by: ReadonlyMap<number, Colleague>;
  readonly error: Error | null;
  readonly isLoading: boolean;
}

/** Returns the staff of these exams by id, which only their own staff are told: one question for each. */
export function useColleagues(examIds: readonly number[]): Colleagues {
  const api = useApi();
  const lists = useQueries({
    queries: [...new Set(examIds)].map((exam_id) => ({
      queryKey: ['/api/v1/auth/exams/{exam_id}/staff', exam_id],
      queryFn: () =>
        api.get('/api/v1/auth/exams/{exam_id}/staff', { params: { path: { exam_id } } }),
      staleTime: 60_000,
    })),
  });
  const all = lists.flatMap((list) => list.data ?? []);
  return {
    by: new Map(all.map((one) => [one.id, one])),
    error: lists.find((list) => list.error)?.error ?? null,
    isLoading: lists.some((list) => list.isLoading),
  };
}

/** To whom of them a student can be handed over: who watches the exam, by name, without oneself. */
export function watchersIn(colleagues: Iterable<Colleague>, me: number): Colleague[] {
  return [...colleagues]
    .filter(({ id, roles }) => id !== me && roles.includes('proctor'))
    .sort((one, other) => one.full_name.localeCompare(other.full_name));
}
