/**
 * The platform's REST routes, typed by its OpenAPI: the login's token on each, renewed and asked
 * again once when it is refused; passing failures of a GET are repeated within the deadline.
 */

import createClient, { type FetchOptions } from 'openapi-fetch';
import type {
  FilterKeys,
  HttpMethod,
  PathsWithMethod,
  RequiredKeysOf,
  ResponseObjectMap,
  SuccessResponse,
} from 'openapi-typescript-helpers';
import type { paths } from './api.gen';
import type { ServerClock } from './clock';
import type { LoginKeeper } from './login';
import { safeBrowserHeaders } from './safe_browser';
import { isAskedToTrace, traceparent } from './trace';
import {
  askOnce,
  type Deadline,
  type Fetch,
  refusalOf,
  repeatAfter,
  wait,
  whole,
  within,
} from './transport';

type Operation<Path extends keyof paths, Method extends HttpMethod> = FilterKeys<
  paths[Path],
  Method
>;

/** What a route takes: `params.path`, `params.query`, `body`, `signal`, `headers`. */
export type Asked<Path extends keyof paths, Method extends HttpMethod> = FetchOptions<
  Operation<Path, Method>
>;

/** What a route answers when it succeeds. */
export type Answer<Path extends keyof paths, Method extends HttpMethod> =
  Operation<Path, Method> extends Record<string | number, unknown>
    ? SuccessResponse<ResponseObjectMap<Operation<Path, Method>>, `${string}/json`>
    : never;

type Init<Path extends keyof paths, Method extends HttpMethod> =
  RequiredKeysOf<Asked<Path, Method>> extends never
    ? [asked?: Asked<Path, Method>]
    : [asked: Asked<Path, Method>];

type Call<Method extends HttpMethod> = <Path extends PathsWithMethod<paths, Method>>(
  path: Path,
  ...asked: Init<Path, Method>
) => Promise<Answer<Path, Method>>;

export type GetPath = PathsWithMethod<paths, 'get'>;

/**
 * Calls by method; each returns the body of the answer. Raises `Refusal`, `Unreachable`, `SignedOut`,
 * and the reason of `signal` when that was aborted.
 *
 * `const mine = await api.get('/api/v1/attempts/me', { params: { query: { limit: 10 } } })`
 */
export interface Api {
  readonly get: Call<'get'>;
  readonly post: Call<'post'>;
  readonly put: Call<'put'>;
  readonly patch: Call<'patch'>;
  readonly delete: Call<'delete'>;
  /** Any path with this login, for files and streams; the same errors, the answer as it is. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

export interface ApiOptions {
  base?: string;
  login: LoginKeeper;
  /** Send nothing unless this user is signed in. */
  onlyFor?: number;
  /** How long a call may take in all, repeats included. */
  deadlineSeconds?: number;
  /** Learns the server's time from the answers. */
  clock?: ServerClock;
  fetch?: Fetch;
  /**
   * Ask the platform to trace each request (W3C `traceparent`); few of many who ask are.
   * Unless said: as the page that this runs in was told by its installation.
   */
  trace?: boolean;
}

const DEADLINE_SECONDS = 20;
const PUBLIC =
  /^\/($|health$|\.well-known\/|api\/v1\/(attempts\/receipt|proctoring\/evidence)-keys$)/;

export function createApi(options: ApiOptions): Api {
  const base = options.base ?? globalThis.location?.origin ?? '';
  const way = new Way(options);
  const client = createClient<paths>({
    baseUrl: base,
    fetch: (request) => way.send(request, true),
  });
  const call = (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE') => {
    const send = client[method] as (path: string, asked?: unknown) => Promise<{ data?: unknown }>;
    return async (path: string, asked?: unknown) => (await send(path, asked)).data;
  };
  return {
    get: call('GET') as Api['get'],
    post: call('POST') as Api['post'],
    put: call('PUT') as Api['put'],
    patch: call('PATCH') as Api['patch'],
    delete: call('DELETE') as Api['delete'],
    fetch: (path, init) => {
      const request = new Request(base + path, init);
      return way.send(request, request.method !== 'GET');
    },
  };
}

/** What every call goes through. */
class Way {
  readonly #options: ApiOptions;
  readonly #fetch: Fetch;
  readonly #traces: boolean;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#traces = options.trace ?? isAskedToTrace();
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  }

  /** `isWhole`: the deadline is for the whole body; else for its beginning. */
  async send(request: Request, isWhole: boolean): Promise<Response> {
    const seconds = this.#options.deadlineSeconds ?? DEADLINE_SECONDS;
    const deadline = within(seconds * 1000, request.signal);
    try {
      for (let repeats = 0; ; repeats++) {
        try {
          return await this.#once(request, deadline, isWhole);
        } catch (error) {
          const ms = repeatAfter(request.method, error, repeats);
          if (ms === undefined || ms > deadline.left()) throw error;
          await wait(ms, deadline.signal);
        }
      }
    } finally {
      deadline.end();
    }
  }

  async #once(request: Request, deadline: Deadline, isWhole: boolean): Promise<Response> {
    const token = await this.#token(request);
    let answer = await this.#ask(request, token, deadline, isWhole);
    if (answer.status === 401 && token !== undefined) {
      await this.#options.login.renew(token);
      answer = await this.#ask(request, await this.#token(request), deadline, isWhole);
    }
    if (!answer.ok) throw await refusalOf(answer);
    return answer;
  }

  async #token(request: Request): Promise<string | undefined> {
    const { login, onlyFor } = this.#options;
    if (!login.user && PUBLIC.test(new URL(request.url).pathname)) return undefined;
    return login.token(onlyFor);
  }

  async #ask(
    request: Request,
    token: string | undefined,
    deadline: Deadline,
    isWhole: boolean,
  ): Promise<Response> {
    if (deadline.signal.aborted) throw deadline.signal.reason;
    const asked = request.clone(); // its body can be sent once
    if (token !== undefined) asked.headers.set('authorization', `Bearer ${token}`);
    for (const [name, value] of safeBrowserHeaders()) asked.headers.set(name, value);
    if (this.#traces) asked.headers.set('traceparent', traceparent());
    const { clock } = this.#options;
    const sentAt = clock?.monotonic();
    const answer = await askOnce(this.#fetch, asked, deadline.signal);
    const date = answer.headers.get('date');
    if (date !== null && sentAt !== undefined) clock?.observeDate(date, sentAt);
    return isWhole ? whole(answer, deadline.signal) : answer;
  }
}
