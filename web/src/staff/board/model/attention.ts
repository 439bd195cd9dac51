/**
 * What of a student waits to be seen: actions that his client has not shown yet, messages that no
 * colleague has read. A snapshot counts them; deltas name them by id, so they are kept by id.
 */

import type { Data } from './row';

/** An action that is done, and not yet acknowledged by the student's client. */
export interface LiveAction {
  readonly id: number;
  readonly attempt_id: number;
  readonly action: string;
  readonly seconds: number | null;
}

/** Live actions of an exam, by attempt; safe to be told anything twice and in either order. */
export class LiveActions {
  #byAttempt = new Map<number, readonly LiveAction[]>();
  #ended = new Set<number>();

  of(attemptId: number): readonly LiveAction[] {
    return this.#byAttempt.get(attemptId) ?? NONE;
  }

  attempts(): Iterable<number> {
    return this.#byAttempt.keys();
  }

  /** Takes a whole list, as REST gives it; what ended meanwhile stays ended. */
  load(actions: readonly LiveAction[]): void {
    for (const action of actions) this.#add(action);
  }

  /** Takes a delta of kind `action`. */
  take(attemptId: number, data: Data): void {
    const id = Number(data.id);
    if ('acknowledged_at' in data || 'expired_at' in data) this.#end(attemptId, id);
    else if (data.action !== 'terminate') {
      const seconds = typeof data.seconds === 'number' ? data.seconds : null;
      this.#add({ id, attempt_id: attemptId, action: String(data.action), seconds });
    }
  }

  #add(action: LiveAction): void {
    const known = this.of(action.attempt_id);
    if (this.#ended.has(action.id) || known.some(({ id }) => id === action.id)) return;
    this.#byAttempt.set(action.attempt_id, [...known, action]);
  }

  #end(attemptId: number, id: number): void {
    this.#ended.add(id);
    const left = this.of(attemptId).filter((action) => action.id !== id);
    if (left.length > 0) this.#byAttempt.set(attemptId, left);
    else this.#byAttempt.delete(attemptId);
  }
}

const NONE: readonly LiveAction[] = [];

/** Messages of students that nobody of the staff has read: those of the snapshot, and newer ones. */
export class Unread {
  #known = new Map<number, { before: number; ids: Set<number>; readUpTo: number }>();

  /** Begins anew with what a snapshot counted. */
  load(attemptId: number, count: number): void {
    this.#known.set(attemptId, { before: count, ids: new Set(), readUpTo: 0 });
  }

  /** Takes a delta of kind `message`; returns how many are unread now. */
  take(attemptId: number, data: Data): number {
    const known = this.#known.get(attemptId) ?? { before: 0, ids: new Set<number>(), readUpTo: 0 };
    this.#known.set(attemptId, known);
    if (data.is_from_student === true && Number(data.id) > known.readUpTo) {
      known.ids.add(Number(data.id));
    }
    if (data.is_by_student === false) {
      known.readUpTo = Math.max(known.readUpTo, Number(data.up_to_id));
      known.before = 0;
      for (const id of known.ids) if (id <= known.readUpTo) known.ids.delete(id);
    }
    return known.before + known.ids.size;
  }
}
