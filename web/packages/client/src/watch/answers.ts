/**
 * Changes of answers as happenings: one for each pause in typing, not for each letter. Pure but for the
 * clock that it is given; the answers themselves are saved elsewhere, at every keystroke.
 */

import type { AnswerChangeData } from './happenings';

const MAX_CHARACTERS = 1_000;

interface Track {
  /** The answer as it was last reported. */
  told: unknown;
  now: unknown;
  changes: number;
}

/** Remembers of every question what was last reported. */
export class AnswerChanges {
  readonly #tracks = new Map<number, Track>();

  /** Says what is stored of a question when the page opens; nothing is reported of it. */
  begin(questionId: number, answer: unknown): void {
    this.#tracks.set(questionId, { told: answer, now: answer, changes: 0 });
  }

  /** Notes an answer as it is now. */
  note(questionId: number, answer: unknown): void {
    const track = this.#tracks.get(questionId) ?? { told: null, now: null, changes: 0 };
    this.#tracks.set(questionId, { ...track, now: answer });
  }

  /**
   * Returns what to report of a question since the last report; undefined when the answer is the same
   * again. `shownSeconds` is how long the question has been on the screen this time.
   */
  settle(questionId: number, shownSeconds: number): AnswerChangeData | undefined {
    const track = this.#tracks.get(questionId);
    if (!track || same(track.told, track.now)) return undefined;
    const changes = track.changes + 1;
    this.#tracks.set(questionId, { told: track.now, now: track.now, changes });
    return {
      previous_answer: cut(track.told),
      new_answer: cut(track.now),
      change_count: changes,
      time_spent_seconds: Math.max(0, Math.round(shownSeconds)),
      is_first_answer: isEmpty(track.told),
    };
  }
}

/** True for what the platform counts as no answer: null, an empty text, an empty list. */
export function isEmpty(answer: unknown): boolean {
  if (answer === null || answer === undefined || answer === '') return true;
  return Array.isArray(answer) && answer.length === 0;
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}

function cut(answer: unknown): unknown {
  if (typeof answer === 'string') return shortened(answer);
  if (Array.isArray(answer)) return shortenedList(answer);
  return answer ?? null;
}

function shortened(text: string): string {
  // by code points: half of a surrogate pair would not be a text any more
  const characters = Array.from(text);
  if (characters.length <= MAX_CHARACTERS) return text;
  return `${characters.slice(0, MAX_CHARACTERS - 1).join('')}…`;
}

function shortenedList(answer: readonly unknown[]): unknown {
  const text = JSON.stringify(answer);
  return text.length <= MAX_CHARACTERS ? answer : shortened(text);
}
