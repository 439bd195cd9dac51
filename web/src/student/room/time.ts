/**
 * Until when the student may, as it follows from what the platform says. Pure. The exact deadline comes
 * with the attempt and with what changes it; a frame that says only how many whole seconds are left
 * corrects it when it says something else.
 */

import type { AttemptFrame } from '@oep/client';

export interface Time {
  /** In ms since 1970 by the platform's clock; null before the attempt has begun. */
  deadlineAt: number | null;
  /** Seconds at which the clock stands still; null while it runs. */
  pausedSeconds: number | null;
}

export const NO_TIME: Time = { deadlineAt: null, pausedSeconds: null };

/** Whole seconds are cut off on their way here; what lies within that is no news. */
const TOLERANCE_MS = 1_500;

/** Returns the time after the attempt was read; whether it is paused is told by frames alone. */
export function timeOfAttempt(time: Time, attempt: { deadline_at: string | null }): Time {
  return { ...time, deadlineAt: instantOf(attempt.deadline_at) ?? time.deadlineAt };
}

/** Returns the time after a frame; the same object when it says nothing new. */
export function timeAfter(time: Time, frame: AttemptFrame): Time {
  switch (frame.type) {
    case 'connected':
      if (frame.paused_at !== null) return stopped(time, frame.time_remaining_seconds);
      return corrected({ ...time, pausedSeconds: null }, frame);
    case 'time_update':
      if (time.pausedSeconds !== null) return stopped(time, frame.time_remaining_seconds);
      return corrected(time, frame);
    case 'system_event':
      return afterEvent(time, frame.event, frame.data);
    default:
      return time;
  }
}

function afterEvent(time: Time, event: string, data: Readonly<Record<string, unknown>>): Time {
  const deadlineAt = instantOf(data.deadline_at) ?? time.deadlineAt;
  const left = data.time_remaining_seconds;
  switch (event) {
    case 'attempt_paused':
      return stopped(time, typeof left === 'number' ? left : 0);
    case 'attempt_resumed':
      return { deadlineAt, pausedSeconds: null };
    case 'allowance_granted':
      if (time.pausedSeconds === null) return { ...time, deadlineAt };
      return { deadlineAt, pausedSeconds: typeof left === 'number' ? left : time.pausedSeconds };
    default:
      return time;
  }
}

function stopped(time: Time, seconds: number): Time {
  return time.pausedSeconds === seconds ? time : { ...time, pausedSeconds: seconds };
}

function corrected(
  time: Time,
  told: { server_time: string; time_remaining_seconds: number },
): Time {
  // before the begin the full length is told, which no deadline follows from
  if (time.deadlineAt === null) return time;
  const deadlineAt = Date.parse(told.server_time) + told.time_remaining_seconds * 1000;
  return Math.abs(deadlineAt - time.deadlineAt) <= TOLERANCE_MS ? time : { ...time, deadlineAt };
}

function instantOf(text: unknown): number | undefined {
  const at = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}
