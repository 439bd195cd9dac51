/**
 * The server's time on this device. It is learnt from the server's answers and runs on between them
 * by the monotonic clock, so that a device whose clock is wrong, or is set during the exam, shows the
 * right time all the same. Each answer bounds it: the server wrote its time after we asked and before
 * we heard. What a crystal may be off since then widens the bounds again.
 */

import { Emitter, type Unsubscribe } from './emitter';

export interface ClockOptions {
  /** Monotonic, in ms (`performance.now`). */
  monotonic?: () => number;
  /** The device's own clock, in ms since 1970 (`Date.now`). */
  device?: () => number;
}

/** How far a device's oscillator may be off, as a share: 100 ppm are 0.36 s in an hour. */
const DRIFT = 100e-6;
/** The monotonic clock may stand still while a device sleeps; its wall clock does not. */
const SLEPT_MS = 2_000;
const LARGEST_STAND_MS = 2_000;
/** A `Date` header is cut to the second and may be made half a second ahead of its use. */
const DATE_GRAIN_MS = 1_500;

/** What is known: the offset (server time − monotonic) lies between two bounds. */
interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly at: number;
}

/** Knows the server's time from its answers, and runs on between them by the monotonic clock. */
export class ServerClock {
  readonly monotonic: () => number;
  readonly #device: () => number;
  readonly #changes = new Emitter<void>();
  #bounds: Bounds | undefined;
  #offset: number | undefined;
  /** Device − monotonic when last looked at: it jumps when the device slept or was set. */
  #deviceOffset: number;
  #assumedSkew = 0;
  #hasServerTime = false;
  #latest = Number.NEGATIVE_INFINITY;

  constructor(options: ClockOptions = {}) {
    this.monotonic = options.monotonic ?? (() => performance.now());
    this.#device = options.device ?? Date.now;
    this.#deviceOffset = this.#device() - this.monotonic();
  }

  /**
   * Takes a server time from an answer: `sentAt` is when it was asked, by `monotonic`. Without it
   * the message came unasked, and says only that the server's time is not before it.
   */
  observe(serverTime: string, sentAt?: number): void {
    const at = Date.parse(serverTime);
    if (Number.isNaN(at)) return;
    this.#hasServerTime ||= sentAt !== undefined;
    this.#learn(at, at, sentAt);
  }

  /** Takes the `Date` of an HTTP answer, until something said the time that decides, and better. */
  observeDate(date: string, sentAt: number): void {
    const at = Date.parse(date);
    if (!Number.isNaN(at) && !this.#hasServerTime) this.#learn(at, at + DATE_GRAIN_MS, sentAt);
  }

  /**
   * Takes the skew that an earlier page has learnt (`skewMs`), until the first answer says it better: a
   * page that comes up without a line shows the right time, too.
   */
  assume(skewMs: number): void {
    if (this.#offset !== undefined || !Number.isFinite(skewMs)) return;
    this.#assumedSkew = skewMs;
    this.#changes.emit();
  }

  /** The server's time now, in ms since 1970; the device's, less `assume`, until the first answer. */
  now(): number {
    if (this.#offset === undefined) return this.#device() - this.#assumedSkew;
    const now = this.monotonic() + this.#offset;
    // A small correction to an earlier time is waited for: the clock stands instead of going back.
    this.#latest = this.#latest - now > LARGEST_STAND_MS ? now : Math.max(this.#latest, now);
    return this.#latest;
  }

  /** Whole seconds until an instant, rounded down as the server does, never below 0. */
  remainingSeconds(deadlineAt: string | number): number {
    const at = typeof deadlineAt === 'number' ? deadlineAt : Date.parse(deadlineAt);
    return Math.max(0, Math.floor((at - this.now()) / 1000));
  }

  /** By how much the device's clock is ahead of the server's, in ms; undefined until an answer. */
  get skewMs(): number | undefined {
    if (this.#offset === undefined) return undefined;
    return this.#device() - (this.monotonic() + this.#offset);
  }

  /** How far off `now` may be, in ms; undefined until an answer. */
  get uncertaintyMs(): number | undefined {
    const bounds = this.#aged(this.monotonic());
    return bounds && (bounds.high - bounds.low) / 2;
  }

  /** True after the device slept or its clock was set: somebody should ask the server again. */
  get isInDoubt(): boolean {
    return Math.abs(this.#device() - this.monotonic() - this.#deviceOffset) > SLEPT_MS;
  }

  /** Hears when the clock was set anew, for what was computed from it. */
  onChange(listener: () => void): Unsubscribe {
    return this.#changes.on(listener);
  }

  #learn(from: number, to: number, sentAt: number | undefined): void {
    const heardAt = this.monotonic();
    // The server's `from`…`to` was at some moment of ours in `sentAt`…`heardAt`.
    const low = from - heardAt;
    const high = sentAt === undefined ? Number.POSITIVE_INFINITY : to - sentAt;
    const known = this.isInDoubt ? undefined : this.#aged(heardAt);
    if (known === undefined && high === Number.POSITIVE_INFINITY) return;
    this.#deviceOffset = this.#device() - heardAt;
    this.#bounds = narrowed(known, low, high, heardAt);
    const offset = (this.#bounds.low + this.#bounds.high) / 2;
    if (offset === this.#offset) return;
    this.#offset = offset;
    this.#changes.emit();
  }

  #aged(now: number): Bounds | undefined {
    if (!this.#bounds) return undefined;
    const drift = (now - this.#bounds.at) * DRIFT;
    return { low: this.#bounds.low - drift, high: this.#bounds.high + drift, at: now };
  }
}

/** What both say; where they contradict each other the server's clock was set, and the new counts. */
function narrowed(known: Bounds | undefined, low: number, high: number, at: number): Bounds {
  if (known) {
    const both = { low: Math.max(known.low, low), high: Math.min(known.high, high), at };
    if (both.low <= both.high) return both;
  }
  if (high === Number.POSITIVE_INFINITY) return { low, high: low, at };
  return { low, high, at };
}
