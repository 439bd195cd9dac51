/**
 * The time that is left, from the deadline and the platform's clock. Pure. The page shows it; the
 * platform decides.
 */

/** What stands on the clock. */
export interface TimeLeft {
  hours: number;
  minutes: number;
  seconds: number;
}

/** Minutes before the end at which the time is said, and the clock is more than quiet. */
export const ANNOUNCED_MINUTES = [15, 5, 1] as const;
export type AnnouncedMinutes = (typeof ANNOUNCED_MINUTES)[number];

const MINUTE_MS = 60_000;

/** Returns the milliseconds until `deadlineAt`, never below 0; both instants in ms since 1970. */
export function remaining(deadlineAt: number, serverNow: number): number {
  return Math.max(0, deadlineAt - serverNow);
}

/** Returns a span as it stands on the clock: begun seconds are shown, so 0:00 means that it is over. */
export function timeLeft(ms: number): TimeLeft {
  const all = Math.ceil(Math.max(0, ms) / 1000);
  return {
    hours: Math.floor(all / 3600),
    minutes: Math.floor(all / 60) % 60,
    seconds: all % 60,
  };
}

/** Returns `1:05:09`, or `5:09` in the last hour; figures only, so that it is read alike everywhere. */
export function figures({ hours, minutes, seconds }: TimeLeft): string {
  const two = (number: number) => String(number).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/**
 * Returns the mark that was passed between two looks at the clock, the lowest when there were several
 * (a computer that slept); undefined when none was, or when time was added.
 */
export function passed(beforeMs: number, nowMs: number): AnnouncedMinutes | undefined {
  return ANNOUNCED_MINUTES.findLast(
    (minutes) => beforeMs > minutes * MINUTE_MS && nowMs <= minutes * MINUTE_MS && nowMs > 0,
  );
}

/** How the clock looks: `quiet` for most of the exam, `near` in the last five minutes, `last` in the last. */
export function urgency(ms: number): 'quiet' | 'near' | 'last' {
  if (ms <= MINUTE_MS) return 'last';
  return ms <= 5 * MINUTE_MS ? 'near' : 'quiet';
}

/** Returns the milliseconds until what stands on the clock changes. */
export function untilChange(ms: number): number {
  return ms % 1000 || 1000;
}
