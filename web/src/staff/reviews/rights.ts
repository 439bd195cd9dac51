/** Who may do what to a review, told before somebody fills in a form; the service has the last word. */

export type ReviewState = 'open' | 'decided' | 'appealed' | 'closed';
export type Decision = 'cleared' | 'confirmed';

/** What of a review says who may go on. */
export interface Standing {
  state: ReviewState;
  student_id: number;
  opened_by_id: number;
  decided_by_id: number | null;
}

/** Why somebody may not decide on the appeal. */
export type Bar = 'own' | 'opened' | 'decided' | 'opened_and_decided';

/** Returns why this person may not decide on the appeal, undefined when nothing speaks against it. */
export function barOf(review: Standing, userId: number | undefined): Bar | undefined {
  if (review.student_id === userId) return 'own';
  const hasOpened = review.opened_by_id === userId;
  const hasDecided = review.decided_by_id === userId;
  if (hasOpened && hasDecided) return 'opened_and_decided';
  if (hasOpened) return 'opened';
  return hasDecided ? 'decided' : undefined;
}

export const REASONS = {
  cleared: ['no_breach', 'technical_fault', 'accommodation', 'not_proven', 'opened_in_error'],
  confirmed: [
    'forbidden_material',
    'help_by_others',
    'another_person',
    'forbidden_software',
    'left_the_room',
    'copied_content',
    'other_breach',
  ],
} as const satisfies Record<Decision, readonly string[]>;

export type ReasonCode = (typeof REASONS)[Decision][number];

/** What is due next in a review. */
export interface Due {
  what: 'decision' | 'appeal' | 'appeal_decision';
  at: string;
  isOver: boolean;
}

/** Returns what is due next, and whether it is late by the server's clock (`now` in ms). */
export function dueOf(
  review: {
    state: ReviewState;
    decision_due_at: string;
    appeal_until: string | null;
    appeal_due_at: string | null;
  },
  now: number,
): Due | undefined {
  const due = (what: Due['what'], at: string | null): Due | undefined =>
    at === null ? undefined : { what, at, isOver: Date.parse(at) < now };
  switch (review.state) {
    case 'open':
      return due('decision', review.decision_due_at);
    case 'decided':
      return due('appeal', review.appeal_until);
    case 'appealed':
      return due('appeal_decision', review.appeal_due_at);
    case 'closed':
      return undefined;
  }
}
