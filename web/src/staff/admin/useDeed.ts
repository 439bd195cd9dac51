import type { Api, GetPath } from '@oep/client';
import { type UseMutationResult, useMutation, useQueryClient } from '@tanstack/react-query';
import { useApi } from '../../api';
import { toast } from '../../ui/toasts';

export interface DeedHabits<Done> {
  /** Lists and things that look different afterwards. */
  changes: readonly GetPath[];
  /** What a toast says when it is done. */
  said?: string | ((done: Done) => string) | undefined;
}

/** Something that is done on the platform: runs once at a time, refreshes what it changed, says so. */
export function useDeed<Given, Done>(
  deed: (api: Api, given: Given) => Promise<Done>,
  { changes, said }: DeedHabits<Done>,
): UseMutationResult<Done, Error, Given> {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (given: Given) => deed(api, given),
    onSuccess: async (done) => {
      if (said) toast(typeof said === 'function' ? said(done) : said);
      await Promise.all(changes.map((path) => queries.invalidateQueries({ queryKey: [path] })));
    },
  });
}
