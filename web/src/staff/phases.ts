/** When an exam is on: what somebody who looks after several wants to know first. Pure. */

import type { Exam } from '@oep/client';

export type Phase = 'open' | 'coming' | 'draft' | 'over';

type Timed = Pick<Exam, 'status' | 'start_time' | 'end_time'>;

const RANK: Readonly<Record<Phase, number>> = { open: 0, coming: 1, draft: 2, over: 3 };
const OVER: ReadonlySet<string> = new Set(['completed', 'archived', 'cancelled']);

/** `now` in milliseconds; an exam without times is on as long as it is published. */
export function phaseOf(exam: Timed, now: number): Phase {
  if (OVER.has(exam.status)) return 'over';
  if (exam.status === 'draft') return 'draft';
  if (exam.end_time && Date.parse(exam.end_time) <= now) return 'over';
  return exam.start_time && Date.parse(exam.start_time) > now ? 'coming' : 'open';
}

/** Sorts: those that are on, those that come (the next one first), drafts, those that are over. */
export function byTime(now: number): (one: Timed, other: Timed) => number {
  return (one, other) => {
    const [phase, otherPhase] = [phaseOf(one, now), phaseOf(other, now)];
    const direction = phase === 'over' ? -1 : 1;
    return RANK[phase] - RANK[otherPhase] || direction * (startOf(one) - startOf(other));
  };
}

function startOf(exam: Timed): number {
  return exam.start_time ? Date.parse(exam.start_time) : 0;
}
