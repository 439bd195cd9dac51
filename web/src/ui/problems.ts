import { Refusal, SignedOut, Unreachable } from '@oep/client';

/** What went wrong, as pages show it. Pure. */

export interface FieldProblem {
  /** Where, as a path: `title`, `questions.2.marks`; empty when it is about the whole. */
  field: string;
  message: string;
}

export interface Problem {
  /** `refusal`: somebody decided. `network`: no answer came. `signedOut`: nobody is signed in. */
  kind: 'refusal' | 'network' | 'signedOut' | 'unknown';
  /** The service's own sentence; empty when there was no answer. */
  detail: string;
  fields: FieldProblem[];
  /** Finds this request in the logs. */
  requestId: string | undefined;
}

/** Reads any thrown thing. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Refusal) {
    const fields = thrown.errors.map((e) => ({ field: nameOf(e.pointer), message: e.message }));
    return { kind: 'refusal', detail: thrown.detail, fields, requestId: thrown.requestId };
  }
  return { kind: kindOf(thrown), detail: '', fields: [], requestId: undefined };
}

/** The message for one field, if the service said anything about it. */
export function errorOf(thrown: unknown, field: string): string | undefined {
  return problemOf(thrown).fields.find((one) => one.field === field)?.message;
}

function kindOf(thrown: unknown): Problem['kind'] {
  if (thrown instanceof Unreachable) return 'network';
  return thrown instanceof SignedOut ? 'signedOut' : 'unknown';
}

/** `/questions/2/marks` → `questions.2.marks`, `/query/limit` → `limit`. */
function nameOf(pointer: string): string {
  return pointer
    .replace(/^\/?(query|path|header)\//, '')
    .replace(/^\//, '')
    .replaceAll('/', '.');
}
