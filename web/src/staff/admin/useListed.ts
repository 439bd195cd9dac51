import type { Answer, Asked, GetPath } from '@oep/client';
import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import { getKey, useApi } from '../../api';

/** As `useGet`, but the page before stays in sight while the next one comes. */
export function useListed<Path extends GetPath>(
  path: Path,
  asked?: Asked<Path, 'get'>,
): UseQueryResult<Answer<Path, 'get'>, Error> {
  const api = useApi();
  return useQuery({
    queryKey: getKey(path, asked),
    queryFn: ({ signal }) => {
      const get = api.get as (path: Path, asked: unknown) => Promise<Answer<Path, 'get'>>;
      return get(path, { ...asked, signal });
    },
    placeholderData: keepPreviousData,
  });
}

/** Filters and place of a list, kept in the page's address: they survive reload and the way back. */
export function useFilters<Name extends string>(...names: Name[]) {
  const [params, setParams] = useSearchParams();
  const values = Object.fromEntries(names.map((name) => [name, params.get(name) ?? '']));
  const change = (name: string, value: string) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(name, value);
        else next.delete(name);
        if (name !== 'skip') next.delete('skip');
        return next;
      },
      { replace: true },
    );
  return {
    values: values as Record<Name, string>,
    set: (name: Name, value: string) => change(name, value),
    skip: Number(params.get('skip')) || 0,
    setSkip: (skip: number) => change('skip', skip ? String(skip) : ''),
  };
}
