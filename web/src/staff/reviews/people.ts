import { useQueries } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { useApi, useLogin } from '../../api';

/**
 * Returns the function that names colleagues by their ids: "you", the name where this person may look it
 * up (administrators), else the number.
 */
export function usePeople(ids: readonly (number | null)[]): (id: number | null) => string {
  const t = useTranslations('reviews');
  const api = useApi();
  const { keeper } = useLogin();
  const own = keeper.user?.id;
  const others = [...new Set(ids)].filter((id) => id !== null && id !== own);
  const found = useQueries({
    queries: others.map((id) => ({
      queryKey: ['person', id],
      queryFn: () =>
        api.get('/api/v1/auth/users/{user_id}', { params: { path: { user_id: id ?? 0 } } }),
      enabled: keeper.hasRole('admin'),
      staleTime: 600_000,
    })),
  });
  return (id) => {
    if (id === null) return t('nobody');
    if (id === own) return t('you');
    const person = found[others.indexOf(id)]?.data;
    return person?.full_name ?? t('user', { id: String(id) });
  };
}
