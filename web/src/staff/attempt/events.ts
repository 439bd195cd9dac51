import type { Api, ProctoringEvent } from '@oep/client';
import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import { useApi } from '../../api';
import type { Moment } from './timeline/marks';

/** All events of an attempt, oldest first; `isCut`: there are more than a page can show, the newest are here. */
export interface Events {
  events: ProctoringEvent[];
  isCut: boolean;
}

const PAGE = 1_000;
const MOST = 10_000;
const PATH = '/api/v1/proctoring/attempt/{attempt_id}/events';

/** Loads an attempt's events; while it is live only what is new is asked for again. */
export function useEvents(attemptId: number, isLive: boolean): UseQueryResult<Events, Error> {
  const api = useApi();
  const queries = useQueryClient();
  const queryKey = [PATH, attemptId, 'all'];
  return useQuery({
    queryKey,
    queryFn: ({ signal }) => load(api, attemptId, queries.getQueryData<Events>(queryKey), signal),
    ...(isLive ? { refetchInterval: 5_000 } : {}),
  });
}

/** Reads pages from the newest event back to one that is known; what moved meanwhile is taken once. */
export async function load(
  api: Pick<Api, 'get'>,
  attemptId: number,
  known: Events = { events: [], isCut: false },
  signal?: AbortSignal,
): Promise<Events> {
  const found = new Map<number, ProctoringEvent>();
  const newest = known.events.at(-1)?.sequence ?? 0;
  let isCut = known.isCut;
  for (let skip = 0; ; skip += PAGE) {
    if (skip >= MOST) {
      isCut = true;
      break;
    }
    const page = await api.get(PATH, {
      params: { path: { attempt_id: attemptId }, query: { skip, limit: PAGE } },
      ...(signal && { signal }),
    });
    for (const event of page) found.set(event.sequence, event);
    if (page.length < PAGE || page.some((event) => event.sequence <= newest)) break;
  }
  const added = [...found.values()].filter((event) => event.sequence > newest);
  if (added.length === 0) return known;
  added.sort((one, other) => one.sequence - other.sequence);
  return { events: [...known.events, ...added], isCut };
}

/** Returns an event as the timeline draws it. */
export function momentOf(event: ProctoringEvent): Moment {
  return {
    id: event.id,
    sequence: event.sequence,
    type: event.event_type,
    severity: event.severity,
    at: Date.parse(event.received_at),
    eventAt: Date.parse(event.event_timestamp),
    isLate: event.late,
    questionId: event.question_id,
  };
}

/** Returns what came with an event as short lines of name and value, values as the page sent them. */
export function detailsOf(event: ProctoringEvent): [string, string][] {
  return Object.entries(event.event_data ?? {})
    .filter(([name]) => name !== 'timestamp')
    .map(([name, value]) => [name.replaceAll('_', ' '), shown(value)]);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
