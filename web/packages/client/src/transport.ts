/**
 * One request and what becomes of it: an answer, a `Refusal`, or `Unreachable`. Knows deadlines and
 * when a request may be repeated; knows nothing of logins and routes.
 */

import { type FieldError, Refusal, Unreachable } from './errors';

const REPEATS = 2;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 10_000;
const PASSING = new Set([429, 502, 503, 504]);
const BODILESS = new Set([204, 205, 304]);

export type Fetch = typeof globalThis.fetch;

/** A deadline that also ends when the caller's own signal does; `end` frees its timer. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Milliseconds that are left. */
  left(): number;
  end(): void;
}

export function within(ms: number, outer?: AbortSignal | null): Deadline {
  const controller = new AbortController();
  const endsAt = performance.now() + ms;
  const timer = setTimeout(() => controller.abort(new Unreachable('timeout')), ms);
  const follow = () => controller.abort(outer?.reason);
  if (outer?.aborted) follow();
  outer?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    left: () => endsAt - performance.now(),
    end() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', follow);
    },
  };
}

/** Asks once. Raises `Unreachable`, or the reason of an aborted signal; any status is an answer. */
export async function askOnce(
  fetch: Fetch,
  request: Request,
  signal: AbortSignal,
): Promise<Response> {
  try {
    return await fetch(request, { signal });
  } catch (error) {
    throw signal.aborted ? signal.reason : new Unreachable('network', error);
  }
}

/** Reads an answer to its end, so that a connection that breaks in the middle is no answer. */
export async function whole(answer: Response, signal: AbortSignal): Promise<Response> {
  const { status, statusText, headers } = answer;
  try {
    const body = await answer.arrayBuffer();
    return new Response(BODILESS.has(status) ? null : body, { status, statusText, headers });
  } catch (error) {
    throw signal.aborted ? signal.reason : new Unreachable('network', error);
  }
}

/** The refusal that an answer without success is. */
export async function refusalOf(answer: Response): Promise<Refusal> {
  const problem = await readProblem(answer);
  const type = typeof problem.type === 'string' ? problem.type : '';
  return new Refusal({
    status: answer.status,
    slug: type === 'about:blank' ? '' : (type.split(/[/:#]/).at(-1) ?? ''),
    detail: detailOf(problem) ?? (answer.statusText || `HTTP ${answer.status}`),
    errors: Array.isArray(problem.errors) ? (problem.errors as FieldError[]) : [],
    retryAfterSeconds: retryAfter(answer.headers.get('retry-after')),
    requestId: answer.headers.get('x-request-id') ?? undefined,
    problem,
  });
}

/** How long to wait before asking again, in ms; undefined when it must not be or makes no sense. */
export function repeatAfter(
  method: string,
  error: unknown,
  repeats: number,
  random: () => number = Math.random,
): number | undefined {
  if (method !== 'GET' || repeats >= REPEATS) return undefined;
  const backoff = FIRST_WAIT_MS * 2 ** repeats * (0.5 + random());
  if (error instanceof Unreachable) return error.why === 'network' ? backoff : undefined;
  if (!(error instanceof Refusal && PASSING.has(error.status))) return undefined;
  const asked = (error.retryAfterSeconds ?? 0) * 1000;
  return asked > LONGEST_WAIT_MS ? undefined : Math.max(asked, backoff);
}

/** Waits; raises the reason of `signal` when that ends first. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}

interface Problem {
  readonly type?: unknown;
  readonly title?: unknown;
  readonly detail?: unknown;
  readonly errors?: unknown;
  readonly [member: string]: unknown;
}

async function readProblem(answer: Response): Promise<Problem> {
  try {
    const body: unknown = JSON.parse(await answer.text());
    return typeof body === 'object' && body !== null ? (body as Problem) : {};
  } catch {
    return {}; // something before the gateway answered, in its own words
  }
}

function detailOf(problem: Problem): string | undefined {
  const { detail, title } = problem;
  if (typeof detail === 'string' && detail) return detail;
  return typeof title === 'string' && title ? title : undefined;
}

/** `Retry-After` is seconds or an HTTP date. */
function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const until = Date.parse(value) - Date.now();
  return Number.isNaN(until) ? undefined : Math.max(0, until / 1000);
}
