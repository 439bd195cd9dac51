/**
 * When the page was out of sight, and how often. Pure; instants are milliseconds since 1970. One switch
 * is two happenings: `hidden` when it begins and `visible`, with its length, when it ends.
 */

import { type HappeningData, instant } from './happenings';

/** Counts switches of one page; a page that was loaded hidden has not been left. */
export class Away {
  #hiddenAt: number | undefined;
  #count = 0;

  /** Returns what to report when the page becomes hidden; undefined when it was hidden already. */
  hide(at: number): HappeningData['tab_switch'] | undefined {
    if (this.#hiddenAt !== undefined) return undefined;
    this.#hiddenAt = at;
    this.#count += 1;
    return { action: 'hidden', timestamp: instant(at) };
  }

  /** Returns what to report when the page is visible again; undefined when it was not away. */
  show(at: number): HappeningData['tab_switch'] | undefined {
    if (this.#hiddenAt === undefined) return undefined;
    const seconds = Math.max(0, at - this.#hiddenAt) / 1000;
    this.#hiddenAt = undefined;
    return {
      action: 'visible',
      duration_seconds: Math.round(seconds * 1000) / 1000,
      switch_count: this.#count,
      timestamp: instant(at),
    };
  }
}
