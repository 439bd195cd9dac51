import type { User } from '@oep/client';
import { useQueries } from '@tanstack/react-query';
import { getKey, useApi } from '../../api';

/** Who is behind a few ids; each is asked for once and kept. */
export function usePeople(ids: readonly (number | null | undefined)[]): ReadonlyMap<number, User> {
  const api = useApi();
  return useQueries({
    queries: [...new Set(ids.filter((id) => typeof id === 'number'))].map((user_id) => {
      const asked = { params: { path: { user_id } } };
      return {
        queryKey: getKey('/api/v1/auth/users/{user_id}', asked),
        queryFn: () => api.get('/api/v1/auth/users/{user_id}', asked),
      };
    }),
    combine: (all) => new Map(all.flatMap(({ data }) => (data ? [[data.id, data] as const] : []))),
  });
}
