/**
 * What is posted, when, and what an answer means for each event. Pure, but for the one function that
 * posts.
 */

import type { Api } from './api';
import { Refusal, SignedOut } from './errors';
import type { Schemas, Severity } from './shapes';
import type { KeptEvent } from './store';

/** How a batch went. */
export type Posted =
  /** Places by what became of them; `later` were not taken now and stay. */
  | {
      readonly what: 'answered';
      readonly done: readonly number[];
      readonly refused: readonly number[];
      readonly later: readonly number[];
      /** `OEP-Load`, 0 to 10; undefined when it was not said. */
      readonly load: number | undefined;
    }
  /** The whole is not readable or too much: to be halved, and one alone is refused. */
  | { readonly what: 'unfit' }
  | {
      readonly what: 'held';
      readonly by: 'network' | 'server' | 'signed_out';
      readonly retryAfterSeconds: number | undefined;
    };

const NOT_WANTED = new Set([400, 404, 409, 413, 422]);
const UNFIT = new Set([400, 413, 422]);
const VIOLATIONS = new Set(['fullscreen_exit', 'copy_paste_attempt', 'developer_tools_attempt']);
const LINGER_MS = [
  { upTo: 2, ms: 1_000 },
  { upTo: 5, ms: 5_000 },
  { upTo: 8, ms: 15_000 },
];
const LONGEST_LINGER_MS = 30_000;

/** The severity that the platform will see: what was said, else the type's own where it is grave. */
export function isViolation(event: { event_type: string; severity?: Severity | null }): boolean {
  return event.severity ? event.severity === 'violation' : VIOLATIONS.has(event.event_type);
}

/** How long an event waits for company, in ms: violations not at all, others by the load. */
export function lingerMs(isGrave: boolean, load: number): number {
  if (isGrave) return 0;
  return LINGER_MS.find(({ upTo }) => load <= upTo)?.ms ?? LONGEST_LINGER_MS;
}

/** Posts a batch. Never raises. */
export async function post(
  api: Api,
  attemptId: number,
  events: readonly KeptEvent[],
  keepalive = false,
): Promise<Posted> {
  const body = JSON.stringify({ events: events.map((event) => bodyOf(event, attemptId)) });
  try {
    const answer = await api.fetch('/api/v1/proctoring/events/batch', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      keepalive,
    });
    const { results } = (await answer.json()) as Schemas['BatchAnswer'];
    return { ...sorted(events, results), load: loadOf(answer.headers.get('oep-load')) };
  } catch (error) {
    return failed(error);
  }
}

/** Puts each event where its result says; one without a result of its own stays. */
export function sorted(
  events: readonly KeptEvent[],
  results: readonly Schemas['BatchItem'][],
): { what: 'answered'; done: number[]; refused: number[]; later: number[] } {
  const byIndex = new Map(results.map((result) => [result.index, result]));
  const done: number[] = [];
  const refused: number[] = [];
  const later: number[] = [];
  events.forEach((event, index) => {
    const result = byIndex.get(index);
    if (result && isFor(event, result)) done.push(event.place);
    else if (result && NOT_WANTED.has(result.status)) refused.push(event.place);
    else later.push(event.place);
  });
  return { what: 'answered', done, refused, later };
}

function isFor(event: KeptEvent, result: Schemas['BatchItem']): boolean {
  if (result.status !== 201 && result.status !== 200) return false;
  return result.event?.event_id?.toLowerCase() === event.event_id;
}

function failed(error: unknown): Posted {
  if (error instanceof SignedOut) return held('signed_out');
  if (!(error instanceof Refusal)) return held('network');
  if (UNFIT.has(error.status)) return { what: 'unfit' };
  return held('server', error.retryAfterSeconds);
}

function held(by: 'network' | 'server' | 'signed_out', retryAfterSeconds?: number): Posted {
  return { what: 'held', by, retryAfterSeconds };
}

function loadOf(header: string | null): number | undefined {
  const load = Number(header ?? Number.NaN);
  return Number.isFinite(load) ? load : undefined;
}

function bodyOf(event: KeptEvent, attemptId: number): Schemas['EventBody'] {
  const { queue: _, place: __, ...said } = event;
  return { attempt_id: attemptId, ...said, event_data: said.event_data && { ...said.event_data } };
}
