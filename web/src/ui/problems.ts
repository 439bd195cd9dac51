/** What went wrong, as pages show it; knows refusals by their shape, so that no class has to be shared. */

export interface FieldProblem {
  /** Where: a field's name or path, `questions.2.marks`. */
  field: string;
  message: string;
}

export interface Problem {
  kind: 'refusal' | 'network' | 'unknown';
  /** The server's own sentence; empty when there was no answer. */
  detail: string;
  fields: FieldProblem[];
  /** For the support: finds this request in the logs. */
  requestId?: string;
  /** Seconds, from `Retry-After`. */
  retryAfter?: number;
}

/** Reads any thrown thing. A refusal has `status` and `detail` (RFC 9457), a lost connection neither. */
export function problemOf(thrown: unknown): Problem {
  const given = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Given;
  const body = typeof given.problem === 'object' && given.problem !== null ? given.problem : given;
  const detail = [body.detail, body.title, given.message].find((it) => typeof it === 'string');
  const status = given.status ?? body.status;
  if (typeof status === 'number') {
    return {
      kind: 'refusal',
      detail: detail ?? '',
      fields: fieldsOf(body.errors),
      ...extras(given, body),
    };
  }
  const isNetwork = thrown instanceof TypeError || given.name === 'NetworkFailure';
  return { kind: isNetwork ? 'network' : 'unknown', detail: '', fields: [] };
}

/** The message for one field, if the server said anything about it. */
export function errorOf(problem: Problem | undefined, field: string): string | undefined {
  return problem?.fields.find((one) => one.field === field)?.message;
}

interface Given {
  name?: unknown;
  status?: unknown;
  detail?: string;
  title?: string;
  message?: string;
  errors?: unknown;
  request_id?: unknown;
  requestId?: unknown;
  retryAfter?: unknown;
  problem?: Given | null;
}

function extras(given: Given, body: Given): Pick<Problem, 'requestId' | 'retryAfter'> {
  const requestId = body.request_id ?? given.requestId;
  const retryAfter = given.retryAfter;
  return {
    ...(typeof requestId === 'string' ? { requestId } : {}),
    ...(typeof retryAfter === 'number' ? { retryAfter } : {}),
  };
}

function fieldsOf(errors: unknown): FieldProblem[] {
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((one: Record<string, unknown>) => {
    const place = one.loc ?? one.field ?? one.pointer ?? '';
    const message = one.msg ?? one.message ?? one.detail;
    return typeof message === 'string' ? [{ field: nameOf(place), message }] : [];
  });
}

function nameOf(place: unknown): string {
  const parts = Array.isArray(place) ? place.map(String) : String(place).split(/[./]/);
  const sources = new Set(['', 'body', 'query', 'path']);
  return parts.filter((part, index) => index > 0 || !sources.has(part)).join('.');
}
