/** The platform's REST routes, typed by its OpenAPI; bodies follow. */

import type { FetchOptions } from 'openapi-fetch';
import type {
  FilterKeys,
  HttpMethod,
  PathsWithMethod,
  RequiredKeysOf,
  ResponseObjectMap,
  SuccessResponse,
} from 'openapi-typescript-helpers';
import type { paths } from './api.gen';
import type { LoginKeeper } from './login';

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
  readonly delete: Call<'delete'>;
  /** Any path with this login, for files and streams; the same errors, the answer as it is. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

export interface ApiOptions {
  base?: string;
  login: LoginKeeper;
  /** Send nothing unless this user is signed in. */
  onlyFor?: number;
  /** How long a call may take in all, retries included. */
  deadlineSeconds?: number;
  fetch?: typeof globalThis.fetch;
}

export function createApi(_options: ApiOptions): Api {
  throw new Error('follows');
}
