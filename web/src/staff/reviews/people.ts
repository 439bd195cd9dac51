import { useQueries } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { useApi, useLogin } from '../../api';
import { useColleagues } from '../colleagues';

/**
 * Returns the function that names colleagues of these exams by their ids: "you", the name, or the number
 * of somebody who has nothing to do with them any more (administrators may look him up).
 */
export function usePeople(
  examIds: readonly number[],
  ids: readonly (number | null)[],
): (id: number | null) => string {
  const t = useTranslations('reviews');
  const api = useApi();
  const { keeper } = useLogin();
  const { by, isLoading } = useColleagues(examIds);
  const own = keeper.user?.id;
  const others = [...new Set(ids)].filter((id) => id !== null && id !== own && !by.has(id));
  const found = useQueries({
    queries: others.map((id) => ({
      queryKey: ['person', id],
      queryFn: () =>
        api.get('/api/v1/auth/users/{user_id}', { params: { path: { user_id: id ?? 0 } } }),
      enabled: !isLoading && keeper.hasRole('admin'),
      staleTime: 600_000,
    })),
  });
  return (id) => {
    if (id === null) return t('nobody');
    if (id === own) return t('you');
    const person = by.get(id) ?? found[others.indexOf(id)]?.data;
    return person?.full_name ?? t('user', { id: String(id) });
  };
}
