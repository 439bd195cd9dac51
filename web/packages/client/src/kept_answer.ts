/** What an answer is between being given and being confirmed. Pure. */

import type { Json } from './shapes';
import type { KeptAnswer, Queue } from './store';

/**
 * `empty`: nothing was ever given · `saving`: on its way · `saved`: durable on the platform ·
 * `offline`: kept here, the platform cannot be reached · `refused`: the platform does not take it
 * (`refusal` says why); it stays here and is offered again when the attempt goes on.
 */
export type AnswerState = 'empty' | 'saving' | 'saved' | 'offline' | 'refused';

export interface AnswerRefusal {
  /** A `checkpoint_error` code, or the slug of a problem. */
  readonly code: string;
  readonly detail: string;
}

export interface AnswerView {
  readonly questionId: number;
  /** What the student last gave, whether saved or not; null = nothing. */
  readonly value: Json;
  readonly isFlagged: boolean;
  readonly state: AnswerState;
  /** The platform's time of the last confirmed save. */
  readonly savedAt: string | undefined;
  readonly refusal: AnswerRefusal | undefined;
}

export interface BookSummary {
  readonly answered: number;
  readonly flagged: number;
  /** Answers whose newest state the platform has not confirmed, the refused ones too. */
  readonly unsaved: readonly number[];
  readonly refused: readonly number[];
  /** The worst of all answers: refused, then offline, saving, saved. */
  readonly state: AnswerState;
}

/** What the platform says of an answer that it has. */
export interface Stored {
  readonly value: Json;
  readonly isFlagged: boolean;
  readonly savedAt: string | null;
  readonly sha256: string | null;
}

export interface Saved {
  readonly savedAt: string | null;
  readonly sha256: string | null;
}

export function noAnswer(queue: Queue, questionId: number): KeptAnswer {
  return {
    queue,
    question_id: questionId,
    value: null,
    is_flagged: false,
    version: 0,
    savedVersion: 0,
    message_id: '',
    saved_at: null,
    sha256: null,
    refusal: null,
  };
}

export function isEmpty(value: Json): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

export function isUnsaved(kept: KeptAnswer): boolean {
  return kept.savedVersion !== kept.version;
}

/** Another version, under a name of its own. */
export function changed(
  kept: KeptAnswer,
  change: { value?: Json; is_flagged?: boolean },
  version: number,
  messageId: string,
): KeptAnswer {
  return { ...kept, ...change, version, message_id: messageId, refusal: null };
}

/** Confirms what was sent; what was changed meanwhile is still unsaved. */
export function confirmed(now: KeptAnswer, sent: KeptAnswer, by: Saved): KeptAnswer {
  const savedVersion = Math.max(now.savedVersion, Math.min(sent.version, now.version));
  const refusal = sent.version === now.version ? null : now.refusal;
  return { ...now, savedVersion, saved_at: by.savedAt, sha256: by.sha256, refusal };
}

export function refused(now: KeptAnswer, sent: KeptAnswer, by: AnswerRefusal): KeptAnswer {
  return sent.version === now.version ? { ...now, refusal: { ...by } } : now;
}

/** Takes what the platform has; it is newer, or nothing was given here. */
export function adopted(kept: KeptAnswer, stored: Stored, version: number): KeptAnswer {
  return {
    ...kept,
    value: stored.value,
    is_flagged: stored.isFlagged,
    version,
    savedVersion: version,
    saved_at: stored.savedAt,
    sha256: stored.sha256,
    refusal: null,
  };
}

/** Whether both say the same to a student: nothing, `''` and `[]` are all no answer. */
export function isSame(kept: KeptAnswer, stored: Stored | undefined): boolean {
  if (!stored) return isEmpty(kept.value) && !kept.is_flagged;
  if (kept.is_flagged !== stored.isFlagged) return false;
  if (isEmpty(kept.value) || isEmpty(stored.value)) {
    return isEmpty(kept.value) && isEmpty(stored.value);
  }
  return canonical(kept.value) === canonical(stored.value);
}

export function viewOf(kept: KeptAnswer, isTroubled: boolean): AnswerView {
  return {
    questionId: kept.question_id,
    value: kept.value,
    isFlagged: kept.is_flagged,
    state: stateOf(kept, isTroubled),
    savedAt: kept.saved_at ?? undefined,
    refusal: kept.refusal ?? undefined,
  };
}

function stateOf(kept: KeptAnswer, isTroubled: boolean): AnswerState {
  if (kept.version === 0) return 'empty';
  if (!isUnsaved(kept)) return 'saved';
  if (kept.refusal) return 'refused';
  return isTroubled ? 'offline' : 'saving';
}

export function summaryOf(views: readonly AnswerView[]): BookSummary {
  const ids = (of: (view: AnswerView) => boolean) => views.filter(of).map((v) => v.questionId);
  const unsaved = ids(({ state }) => state !== 'saved' && state !== 'empty');
  const states = new Set(views.map(({ state }) => state));
  const order: AnswerState[] = ['refused', 'offline', 'saving', 'saved'];
  return {
    answered: views.filter(({ value }) => !isEmpty(value)).length,
    flagged: views.filter(({ isFlagged }) => isFlagged).length,
    unsaved,
    refused: ids(({ state }) => state === 'refused'),
    state: order.find((state) => states.has(state)) ?? 'empty',
  };
}

function canonical(value: Json): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
