/** A student's answers, on this device first; bodies follow. */

import type { Unsubscribe } from './emitter';
import type { Json } from './shapes';

/**
 * `empty`: nothing was ever given · `saving`: on its way · `saved`: durable on the platform ·
 * `offline`: kept here, the platform cannot be reached · `refused`: the platform does not take it
 * (`refusal` says why); it stays here and is offered again when the attempt goes on.
 */
export type AnswerState = 'empty' | 'saving' | 'saved' | 'offline' | 'refused';

export interface AnswerView {
  readonly questionId: number;
  /** What the student last gave, whether saved or not; null = nothing. */
  readonly value: Json;
  readonly isFlagged: boolean;
  readonly state: AnswerState;
  /** The platform's time of the last confirmed save. */
  readonly savedAt: string | undefined;
  readonly refusal: { readonly code: string; readonly detail: string } | undefined;
}

export interface BookSummary {
  readonly answered: number;
  readonly flagged: number;
  /** Answers whose newest state the platform has not confirmed. */
  readonly unsaved: readonly number[];
  readonly refused: readonly number[];
  /** The worst of all answers: refused, then offline, saving, saved. */
  readonly state: AnswerState;
}

/** One attempt's answers. `get` returns the same object until the answer changes. */
export interface AnswerBook {
  get(questionId: number): AnswerView;
  readonly summary: BookSummary;
  /** Keeps an answer at once and saves it soon; `[]` and `''` clear it. */
  write(questionId: number, value: Json): void;
  flag(questionId: number, isFlagged: boolean): void;
  /** Hears of one question, or of all. */
  onChange(listener: (questionId: number) => void): Unsubscribe;
  /** Saves what is unsaved and compares with the platform; at most so long. Returns what is left. */
  flush(deadlineSeconds: number): Promise<BookSummary>;
}
