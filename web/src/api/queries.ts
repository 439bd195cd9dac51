import { type Answer, type Asked, type GetPath, Refusal, Unreachable } from '@oep/client';
import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { useApi } from './Oep';

/** How a query behaves beside what it asks. */
export interface QueryHabits {
  enabled?: boolean;
  refetchInterval?: number;
  /** For how long an answer is not asked for again, in ms. */
  staleTime?: number;
}

/**
 * The answer of a GET, kept and shared by all who ask the same.
 * `const { data, error } = useGet('/api/v1/attempts/{attempt_id}', { params: { path: { attempt_id } } })`
 */
export function useGet<Path extends GetPath>(
  path: Path,
  asked?: Asked<Path, 'get'>,
  habits: QueryHabits = {},
): UseQueryResult<Answer<Path, 'get'>, Error> {
  const api = useApi();
  return useQuery({
    queryKey: getKey(path, asked),
    queryFn: ({ signal }) => {
      const get = api.get as (path: Path, asked: unknown) => Promise<Answer<Path, 'get'>>;
      return get(path, { ...asked, signal });
    },
    ...habits,
  });
}

/** Under which key `useGet` keeps an answer; for `invalidateQueries` the path alone is enough. */
export function getKey(path: GetPath, asked?: { params?: unknown }): readonly unknown[] {
  return asked?.params === undefined ? [path] : [path, asked.params];
}

/** The client has repeated what may be; what was refused is not asked again, a lost network is. */
export function retriesQuery(failures: number, error: Error): boolean {
  if (error instanceof Refusal) return false;
  return error instanceof Unreachable && failures < 2;
}
