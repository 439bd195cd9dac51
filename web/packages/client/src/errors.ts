/**
 * What can go wrong between a page and the platform, named once. A `Refusal` is an answer: somebody
 * decided. `Unreachable` is none: nobody knows whether the request arrived. Pages show the first as
 * it is and treat the second as weather.
 */

/** One field that was not accepted; `pointer` is a JSON pointer into the body, or `/query/<name>`. */
export interface FieldError {
  readonly pointer: string;
  readonly message: string;
}

/** A problem+json answer (RFC 9457) to a request, whatever its status. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** The last part of the problem's `type`, such as `attempt-closed`; empty when it says nothing. */
  readonly slug: string;
  /** For people, in the service's words; shown as it is. */
  readonly detail: string;
  readonly errors: readonly FieldError[];
  /** When asking again makes sense, from `Retry-After`. */
  readonly retryAfterSeconds: number | undefined;
  readonly requestId: string | undefined;
  /** The whole problem, with members of its own. */
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(of: {
    status: number;
    slug: string;
    detail: string;
    errors?: readonly FieldError[];
    retryAfterSeconds?: number | undefined;
    requestId?: string | undefined;
    problem?: Readonly<Record<string, unknown>>;
  }) {
    super(of.detail);
    this.status = of.status;
    this.slug = of.slug;
    this.detail = of.detail;
    this.errors = of.errors ?? [];
    this.retryAfterSeconds = of.retryAfterSeconds;
    this.requestId = of.requestId;
    this.problem = of.problem ?? {};
  }

  /** True when the same request may succeed later: the service is busy or away. */
  get isPassing(): boolean {
    return this.status === 429 || this.status >= 500;
  }

  /** The message beside a field, by the last part of its pointer: `refusal.of('/title')`. */
  of(pointer: string): string | undefined {
    return this.errors.find((error) => error.pointer === pointer)?.message;
  }
}

/** No answer came: no network, no server, or not in time. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  /** `timeout`: nothing within the deadline; `network`: the connection failed. */
  readonly why: 'network' | 'timeout';

  constructor(why: 'network' | 'timeout', cause?: unknown) {
    super(why === 'timeout' ? 'No answer in time' : 'No connection', { cause });
    this.why = why;
  }
}

/** Nobody is signed in, or somebody else than the call was for. Nothing was sent. */
export class SignedOut extends Error {
  override readonly name = 'SignedOut';

  constructor(message = 'Nobody is signed in') {
    super(message);
  }
}

/** The browser keeps nothing for this page (IndexedDB is off, full or broken). */
export class StorageUnavailable extends Error {
  override readonly name = 'StorageUnavailable';

  constructor(cause?: unknown) {
    super('The browser keeps no data for this page', { cause });
  }
}
