/** Whether an exam's window is open, by the platform's clock. Pure; instants in ms since 1970. */

export type Opening =
  | { state: 'open' }
  | { state: 'later'; at: number; seconds: number }
  | { state: 'closed'; at: number };

export function openingOf(
  exam: { start_time: string | null; end_time: string | null },
  serverNow: number,
): Opening {
  const from = exam.start_time === null ? Number.NEGATIVE_INFINITY : Date.parse(exam.start_time);
  const to = exam.end_time === null ? Number.POSITIVE_INFINITY : Date.parse(exam.end_time);
  if (serverNow < from) {
    return { state: 'later', at: from, seconds: Math.ceil((from - serverNow) / 1000) };
  }
  return serverNow > to ? { state: 'closed', at: to } : { state: 'open' };
}
