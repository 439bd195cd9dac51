/**
 * When what came is looked at: frames of the socket are collected and folded once per frame of the
 * screen, rows go to other places four times a second. A page that nobody sees draws no frames, so
 * there it is once a second: the sound of a raised hand must not wait for somebody to look.
 */

export interface Clockwork {
  readonly now: () => number;
  readonly isHidden: () => boolean;
  readonly onFrame: (run: () => void) => void;
  readonly after: (run: () => void, milliseconds: number) => void;
}

export const BROWSER: Clockwork = {
  now: () => performance.now(),
  isHidden: () => document.hidden,
  onFrame: (run) => requestAnimationFrame(run),
  after: (run, milliseconds) => setTimeout(run, milliseconds),
};

const HIDDEN_MS = 1000;

/** Calls `work` with all that was put since the last call, at most once per frame. */
export class Pace<T> {
  #waiting: T[] = [];
  #isDue = false;
  #work: (all: readonly T[]) => void;
  #clock: Clockwork;

  constructor(work: (all: readonly T[]) => void, clock: Clockwork = BROWSER) {
    this.#work = work;
    this.#clock = clock;
  }

  put(one: T): void {
    this.#waiting.push(one);
    if (this.#isDue) return;
    this.#isDue = true;
    if (this.#clock.isHidden()) this.#clock.after(this.flush, HIDDEN_MS);
    else this.#clock.onFrame(this.flush);
  }

  /** Does at once what waits; to be called when the page is hidden, for then no frame may come. */
  flush = (): void => {
    if (!this.#isDue) return;
    this.#isDue = false;
    const all = this.#waiting;
    this.#waiting = [];
    this.#work(all);
  };
}

/** Calls `work` at once after a quiet time, and then at most every `milliseconds`. */
export class Throttle {
  #last = Number.NEGATIVE_INFINITY;
  #isDue = false;
  #work: () => void;
  #milliseconds: number;
  #clock: Clockwork;

  constructor(work: () => void, milliseconds: number, clock: Clockwork = BROWSER) {
    this.#work = work;
    this.#milliseconds = milliseconds;
    this.#clock = clock;
  }

  due(): void {
    if (this.#isDue) return;
    const rest = this.#last + this.#milliseconds - this.#clock.now();
    this.#isDue = true;
    if (rest <= 0) this.#run();
    else this.#clock.after(this.#run, rest);
  }

  #run = () => {
    this.#isDue = false;
    this.#last = this.#clock.now();
    this.#work();
  };
}
