/**
 * How long each question was shown. A showing is a visit with an id of its own; the platform keeps the
 * highest value of each, so that repeats and their order do not matter. A visit is kept on this device
 * every few seconds and told every 15 s and on leaving. Time in a hidden page does not count.
 */

import type { Api } from './api';
import { Refusal } from './errors';
import { uuid } from './ids';
import type { Locks } from './locks';
import { allOf, type KeptVisit, type Queue, type Store } from './store';

export interface TimerOptions {
  /** For the attempt's student alone. */
  api: Api;
  attemptId: number;
  queue: Queue;
  store: Store;
  locks: Locks;
  /** Monotonic, in ms. */
  monotonic?: () => number;
  /** Whose visibility counts. */
  page?: Pick<Document, 'visibilityState' | 'addEventListener' | 'removeEventListener'> | undefined;
}

const KEEP_MS = 5_000;
const TELL_EVERY = 3;

interface Showing {
  readonly questionId: number;
  readonly visitId: string;
  /** Shown before the running stretch, in ms. */
  beforeMs: number;
  /** Since when, by the monotonic clock; undefined while the page is hidden. */
  since: number | undefined;
  answerChanged: boolean;
}

/** Tells the platform every 15 s and on leaving how long the shown question has been shown. */
export class QuestionTimer {
  readonly #options: TimerOptions;
  readonly #monotonic: () => number;
  readonly #onVisibility = () => this.#turn();
  readonly #ticking: ReturnType<typeof setInterval>;
  #showing: Showing | undefined;
  #ticks = 0;
  #keeping: Promise<void> = Promise.resolve();
  #telling: Promise<void> = Promise.resolve();

  constructor(options: TimerOptions) {
    this.#options = options;
    this.#monotonic = options.monotonic ?? (() => performance.now());
    options.page?.addEventListener('visibilitychange', this.#onVisibility);
    this.#ticking = setInterval(() => this.#tick(), KEEP_MS);
    this.#tellSoon(); // what an earlier page has left
  }

  /** Another question is shown, or none. */
  show(questionId: number | undefined): void {
    if (this.#showing?.questionId === questionId) return;
    this.#leave();
    if (questionId === undefined) return;
    const isHidden = this.#options.page?.visibilityState === 'hidden';
    const since = isHidden ? undefined : this.#monotonic();
    this.#showing = { questionId, visitId: uuid(), beforeMs: 0, since, answerChanged: false };
  }

  /** The answer of the shown question was changed. */
  answerChanged(): void {
    if (this.#showing) this.#showing.answerChanged = true;
  }

  /** Tells what is not told yet; done when it was tried. */
  async flush(): Promise<void> {
    this.#keep();
    this.#tellSoon();
    await this.#telling;
  }

  close(): void {
    this.#leave();
    clearInterval(this.#ticking);
    this.#options.page?.removeEventListener('visibilitychange', this.#onVisibility);
  }

  #tick(): void {
    this.#ticks += 1;
    this.#keep();
    if (this.#ticks % TELL_EVERY === 0) this.#tellSoon();
  }

  #leave(): void {
    if (!this.#showing) return;
    this.#keep();
    this.#showing = undefined;
    this.#tellSoon();
  }

  #turn(): void {
    const showing = this.#showing;
    if (!showing) return;
    const isHidden = this.#options.page?.visibilityState === 'hidden';
    if (isHidden && showing.since !== undefined) {
      showing.beforeMs = this.#shownMs(showing);
      showing.since = undefined;
      this.#keep();
    } else if (!isHidden) {
      showing.since ??= this.#monotonic();
    }
  }

  #shownMs({ beforeMs, since }: Showing): number {
    return beforeMs + (since === undefined ? 0 : this.#monotonic() - since);
  }

  #keep(): void {
    const showing = this.#showing;
    if (!showing) return;
    const { questionId, visitId, answerChanged } = showing;
    const seconds = Math.floor(this.#shownMs(showing) / 1000);
    showing.answerChanged = false;
    this.#keeping = this.#keeping
      .then(() => this.#store(visitId, questionId, seconds, answerChanged))
      .catch(() => undefined); // the next tick keeps more
  }

  async #store(visitId: string, questionId: number, seconds: number, isChange: boolean) {
    await this.#change(visitId, (known) => {
      const before = known ?? newVisit(this.#options.queue, visitId, questionId);
      return {
        ...before,
        seconds: Math.max(before.seconds, seconds),
        answerChanged: before.answerChanged || isChange,
      };
    });
  }

  /** Changes what is kept of a visit in one transaction; null forgets it. */
  async #change(
    visitId: string,
    change: (known: KeptVisit | undefined) => KeptVisit | null,
  ): Promise<void> {
    const { store, queue } = this.#options;
    const work = store.transaction('visits', 'readwrite');
    const changed = change(await work.store.get([queue, visitId]));
    if (changed) await work.store.put(changed);
    else await work.store.delete([queue, visitId]);
    await work.done;
  }

  async #tell(): Promise<void> {
    const { store, queue, locks } = this.#options;
    await locks.hold(`oep.visits.${queue}`, async () => {
      for (const visit of await store.getAll('visits', allOf(queue))) {
        if (!(await this.#tellOf(visit))) break;
      }
    });
  }

  /** False when the platform cannot be asked now. */
  async #tellOf(visit: KeptVisit): Promise<boolean> {
    const { visit_id: visitId } = visit;
    if (!visit.sent && !hasNews(visit)) {
      if (this.#showing?.visitId !== visitId)
        await this.#change(visitId, (now) => (now && hasNews(now) ? now : null));
      return true;
    }
    const { seconds, answerChanged } = visit;
    const said = visit.sent ?? { event_id: uuid(), seconds, answer_changed: answerChanged };
    // Kept as it is sent, so that a repetition is the same and counts once.
    if (!visit.sent) {
      await this.#change(visitId, (now) => ({
        ...(now ?? visit),
        sent: said,
        answerChanged: false,
      }));
    }
    const outcome = await this.#post(visit, said);
    if (outcome === 'later') return false;
    await this.#change(visitId, (now) => {
      if (!now || outcome === 'refused') return null;
      const told = { ...now, sent: null, confirmed: said.seconds };
      return this.#showing?.visitId === visitId || hasNews(told) ? told : null;
    });
    return true;
  }

  async #post(
    visit: KeptVisit,
    said: NonNullable<KeptVisit['sent']>,
  ): Promise<'told' | 'refused' | 'later'> {
    try {
      await this.#options.api.post('/api/v1/proctoring/question-timing', {
        body: {
          attempt_id: this.#options.attemptId,
          question_id: visit.question_id,
          total_time_seconds: said.seconds,
          answer_changed: said.answer_changed,
          event_id: said.event_id,
          visit_id: visit.visit_id,
        },
      });
      return 'told';
    } catch (error) {
      const isFinal = error instanceof Refusal && !error.isPassing && error.status !== 401;
      return isFinal ? 'refused' : 'later';
    }
  }

  /** After what is being kept and told; what fails is tried again with the next tick. */
  #tellSoon(): void {
    const kept = this.#keeping;
    this.#telling = this.#telling
      .then(() => kept)
      .then(() => this.#tell())
      .catch(() => undefined);
  }
}

function hasNews(visit: KeptVisit): boolean {
  return visit.seconds > visit.confirmed || visit.answerChanged;
}

function newVisit(queue: Queue, visitId: string, questionId: number): KeptVisit {
  return {
    queue,
    visit_id: visitId,
    question_id: questionId,
    seconds: 0,
    answerChanged: false,
    sent: null,
    confirmed: 0,
  };
}
