/** What a proctor can do to students: to whom it fits, what it needs, whether it can be undone. Pure. */

import type { Row } from '../model/row';

export const KINDS = [
  'message',
  'warn',
  'pause',
  'resume',
  'extend',
  'authorise',
  'terminate',
] as const;
export type Kind = (typeof KINDS)[number];

/** A field that a kind asks for. */
export type Field = 'text' | 'reason' | 'minutes' | 'reason_code';

export const FIELDS: Readonly<Record<Kind, readonly Field[]>> = {
  message: ['text'],
  warn: ['text'],
  pause: ['reason'],
  resume: [],
  extend: ['minutes', 'reason'],
  authorise: [],
  terminate: ['reason_code', 'reason'],
};

/** What undoes a kind; the others cannot be taken back, and their windows say so. */
export const UNDO: Readonly<Partial<Record<Kind, Kind>>> = { pause: 'resume' };

export const REASON_CODES = [
  'technical',
  'misconduct',
  'illness',
  'wrong_student',
  'withdrawn',
  'other',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

/** So many attempts an order may name. */
export const MOST = 500;

/** Whether a kind makes sense for a student now; the services decide again. */
export function fits(kind: Kind, row: Row): boolean {
  const isOpen = row.status === 'in_progress' || row.status === 'not_started';
  const works = row.status === 'in_progress';
  switch (kind) {
    case 'message':
    case 'warn':
      return isOpen;
    case 'pause':
      return works && row.paused_at === null;
    case 'resume':
      return works && row.paused_at !== null;
    case 'authorise':
      return isOpen && row.is_waiting_for_authorisation;
    default:
      return works;
  }
}

/** What somebody typed into the window of a kind. */
export interface Typed {
  readonly text: string;
  readonly reason: string;
  readonly minutes: number | null;
  readonly reasonCode: ReasonCode;
}

/** Why the fields cannot be sent yet, by field; what is empty here is good. */
export function missing(
  kind: Kind,
  typed: Typed,
): Partial<Record<Field, 'empty' | 'short' | 'range'>> {
  const found: Partial<Record<Field, 'empty' | 'short' | 'range'>> = {};
  const needs = (field: Field) => FIELDS[kind].includes(field);
  if (needs('text') && typed.text.trim() === '') found.text = 'empty';
  if (needs('reason') && typed.reason.trim().length < 3) found.reason = 'short';
  const { minutes } = typed;
  if (needs('minutes') && (minutes === null || minutes < 1 || minutes > 24 * 60)) {
    found.minutes = 'range';
  }
  return found;
}

/** The members of the order's body beside its key and its attempts. */
export function wishOf(kind: Kind, typed: Typed) {
  const needs = (field: Field) => FIELDS[kind].includes(field);
  return {
    action: kind,
    ...(needs('text') && { text: typed.text }),
    ...(needs('reason') && { reason: typed.reason }),
    ...(needs('minutes') && { seconds: Math.round((typed.minutes ?? 0) * 60) }),
    ...(needs('reason_code') && { reason_code: typed.reasonCode }),
  };
}

/** Lists of at most `MOST`, in order. */
export function portions(ids: readonly number[]): number[][] {
  return Array.from({ length: Math.ceil(ids.length / MOST) }, (_, index) =>
    ids.slice(index * MOST, (index + 1) * MOST),
  );
}
