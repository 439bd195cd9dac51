/** The server's time on this device; bodies follow. */

import type { Unsubscribe } from './emitter';

export interface ClockOptions {
  /** Monotonic, in ms (`performance.now`). */
  monotonic?: () => number;
  /** The device's own clock, in ms since 1970 (`Date.now`). */
  device?: () => number;
}

/** Knows the server's time from its answers, and runs on between them by the monotonic clock. */
export class ServerClock {
  constructor(_options: ClockOptions = {}) {}

  /** Takes a server time from an answer: `sentAt` is when it was asked, by `monotonic`. */
  observe(_serverTime: string, _sentAt?: number): void {}

  /** The server's time now, in ms since 1970; the device's until the first answer. */
  now(): number {
    return Date.now();
  }

  /** Whole seconds until an instant, never below 0. */
  remainingSeconds(_deadlineAt: string | number): number {
    return 0;
  }

  /** By how much the device's clock is ahead of the server's, in ms; undefined until an answer. */
  get skewMs(): number | undefined {
    return undefined;
  }

  /** How far off `now` may be, in ms; undefined until an answer. */
  get uncertaintyMs(): number | undefined {
    return undefined;
  }

  /** Hears when the clock was set anew, for what was computed from it. */
  onChange(_listener: () => void): Unsubscribe {
    return () => undefined;
  }
}
