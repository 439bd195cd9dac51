import type { Api, Schemas } from '@oep/client';
import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import { useApi } from '../../../api';

export type Snapshot = Schemas['SnapshotOut'];

const PAGE = 100;
const AGAIN_MS = 10_000;
const PATH = '/api/v1/proctoring/attempt/{attempt_id}/snapshots';

/** What is known of an attempt's pictures, in the order of the chain; while it is live only what is new is asked for. */
export function useGallery(
  attemptId: number,
  isLive: boolean,
  isWanted: boolean,
): UseQueryResult<readonly Snapshot[], Error> {
  const api = useApi();
  const queries = useQueryClient();
  const queryKey = [PATH, attemptId, 'all'];
  return useQuery({
    queryKey,
    queryFn: ({ signal }) =>
      load(api, attemptId, queries.getQueryData<readonly Snapshot[]>(queryKey), signal),
    enabled: isWanted,
    ...(isLive ? { refetchInterval: AGAIN_MS } : {}),
  });
}

/** Reads what stands behind the pictures that are known. */
export async function load(
  api: Pick<Api, 'get'>,
  attemptId: number,
  known: readonly Snapshot[] = [],
  signal?: AbortSignal,
): Promise<readonly Snapshot[]> {
  const found = [...known];
  for (;;) {
    const after_sequence = found.at(-1)?.sequence ?? 0;
    const page = await api.get(PATH, {
      params: { path: { attempt_id: attemptId }, query: { after_sequence, limit: PAGE } },
      ...(signal && { signal }),
    });
    found.push(...page);
    if (page.length < PAGE) return found.length === known.length ? known : found;
  }
}

/** Fetches a picture with the login's token; it stands in no address, and is not asked for twice. */
export function usePicture(of: Snapshot, isWanted: boolean): UseQueryResult<Blob, Error> {
  const api = useApi();
  const path = `/api/v1/proctoring/attempt/${of.attempt_id}/snapshots/${of.snapshot_id}`;
  return useQuery({
    queryKey: [path],
    queryFn: async ({ signal }) => (await api.fetch(path, { signal })).blob(),
    enabled: isWanted && of.sha256 !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Whether a file is the one whose hash stands in the chain. */
export async function isSame(file: Blob, sha256: string): Promise<boolean> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('') === sha256;
}

/** The place beside another one in a list of so many; the ends hold. */
export function beside(place: number, step: -1 | 1, count: number): number {
  return Math.min(count - 1, Math.max(0, place + step));
}
