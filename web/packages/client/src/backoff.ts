/** How long to wait before the next try, so that thousands who lost the same server do not come at once. */

export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Sockets: quick, because an exam waits; half of each wait is chance. */
export const SOCKET: Backoff = { firstMs: 500, longestMs: 5_000 };

/** Posts of what is kept here: nobody waits for them. */
export const QUEUE: Backoff = { firstMs: 1_000, longestMs: 30_000 };

/** The wait before try `failures + 1`, in ms; the first one is 0 to `firstMs`. */
export function backoffMs(of: Backoff, failures: number, random: () => number): number {
  if (failures <= 0) return of.firstMs * random();
  const most = Math.min(of.longestMs, of.firstMs * 2 ** failures);
  return most * (0.5 + random() / 2);
}
