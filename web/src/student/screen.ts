/** Which screen an attempt gets, from what the platform says of it. Pure. */

export type Status =
  | 'not_started'
  | 'in_progress'
  | 'submitted'
  | 'graded'
  | 'expired'
  | 'cancelled';

export type Screen =
  | 'instructions'
  | 'lobby'
  | 'room'
  | 'paused'
  | 'expired'
  | 'result'
  | 'cancelled';

export interface Situation {
  status: Status;
  /** The exam wants a proctor to let the student in, and nobody has yet. */
  isWaiting: boolean;
  /** The student has read the instructions and asked to begin. */
  hasAsked: boolean;
  isPaused: boolean;
}

export function screenOf({ status, isWaiting, hasAsked, isPaused }: Situation): Screen {
  switch (status) {
    case 'not_started':
      return hasAsked && isWaiting ? 'lobby' : 'instructions';
    case 'in_progress':
      return isPaused ? 'paused' : 'room';
    case 'submitted':
    case 'graded':
      return 'result';
    default:
      return status;
  }
}

/** True when the attempt is over for the student: nothing that he types is taken any more. */
export function isOver(status: Status): boolean {
  return status !== 'not_started' && status !== 'in_progress';
}
