/**
 * Takes what the watchers of one attempt see and sees to it that the platform has it: stored first,
 * then sent in the order of storing, in batches, by one tab at a time. Violations go at once, what
 * can wait waits for company, longer when the platform says that it is loaded. It sends nothing
 * unless its own user is signed in.
 */

import type { Api } from './api';
import { backoffMs, QUEUE } from './backoff';
import { Emitter, type Unsubscribe } from './emitter';
import { EventQueue, type Report, unnumbered } from './event_queue';
import type { Locks } from './locks';
import { isViolation, lingerMs, type Posted, post } from './posting';
import type { KeptEvent, Queue, Store } from './store';
import { wait, within } from './transport';

export type { Report } from './event_queue';

export interface ReporterState {
  /** Events that wait here to be sent. */
  readonly waiting: number;
  /** Events that the platform did not want (a closed attempt, say); they are gone. */
  readonly refused: number;
  /** Why nothing goes out just now. */
  readonly held: 'network' | 'server' | 'signed_out' | undefined;
}

export interface ReporterOptions {
  /** For the attempt's student alone. */
  api: Api;
  attemptId: number;
  queue: Queue;
  store: Store;
  locks: Locks;
  network?: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> | undefined;
  /** The device's clock, in ms since 1970. */
  now?: () => number;
  random?: () => number;
}

const BATCH = 500;
const BATCH_BYTES = 1_000_000;
/** What a browser sends for a page that is closed: 64 KiB in all. */
const PARTING_BYTES = 48_000;
const NEWEST_LOOKED_AT = 1_000;
const STEP_MS = 100;

export class EventReporter {
  readonly #options: ReporterOptions;
  readonly #queue: EventQueue;
  readonly #changes = new Emitter<ReporterState>();
  readonly #now: () => number;
  readonly #stops: (() => void)[] = [];
  /** Not taken by the platform in this turn; they wait until the next one. */
  readonly #postponed = new Set<number>();
  /** What this tab has stored and not seen answered, for the moment when it is closed. */
  readonly #own = new Map<number, KeptEvent>();
  #state: ReporterState = { waiting: 0, refused: 0, held: undefined };
  #limit = BATCH;
  #load = 0;
  #failures = 0;
  #heldUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #pumping: Promise<void> | undefined;
  #isNumbered = false;
  #isClosed = false;

  private constructor(options: ReporterOptions) {
    this.#options = options;
    this.#queue = new EventQueue(options.store, options.queue);
    this.#now = options.now ?? Date.now;
  }

  /** Opens the queue with what an earlier page has left, and sends it. */
  static async open(options: ReporterOptions): Promise<EventReporter> {
    const reporter = new EventReporter(options);
    await reporter.#count();
    reporter.#listen();
    reporter.#due(0);
    return reporter;
  }

  get state(): ReporterState {
    return this.#state;
  }

  onChange(listener: (state: ReporterState) => void): Unsubscribe {
    return this.#changes.on(listener);
  }

  /** Keeps an event; done when it is stored on this device, or sent where nothing can be stored. */
  async report(report: Report): Promise<void> {
    const at = new Date(this.#now()).toISOString();
    const event = await this.#queue.append(report, at).catch(() => undefined);
    if (!event) return this.#sendUnkept(report, at);
    this.#own.set(event.place, event);
    this.#set({ waiting: this.#state.waiting + 1 });
    this.#due(lingerMs(isViolation(event), this.#load));
  }

  /** The disk is full or the database gone: once, as it is, is better than never. */
  async #sendUnkept(report: Report, at: string): Promise<void> {
    const { api, attemptId, queue } = this.#options;
    await post(api, attemptId, [unnumbered(queue, report, at)]);
  }

  /** Sends what waits, for at most so long; returns how many are left. */
  async flush(deadlineSeconds: number): Promise<number> {
    const deadline = within(deadlineSeconds * 1000);
    this.#postponed.clear();
    this.resume();
    try {
      for (;;) {
        await this.#pumpUntil(deadline.signal);
        if (this.#state.waiting === 0) return 0;
        await wait(Math.max(STEP_MS, this.#heldUntil - this.#now()), deadline.signal);
      }
    } catch {
      return await this.#queue.waiting(); // out of time
    } finally {
      deadline.end();
    }
  }

  /** The number of the last event, 0 when there was none; undefined while numbers are unknown. */
  async lastSequence(): Promise<number | undefined> {
    const { nextSequence } = await this.#queue.counts();
    return nextSequence === null ? undefined : nextSequence - 1;
  }

  /** Stops sending; what waits stays on this device. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const stop of this.#stops) stop();
  }

  /** Sends what this tab has left while it is being closed; whether it arrived, the next page sees. */
  part(): void {
    const last: KeptEvent[] = [];
    let bytes = 0;
    for (const event of this.#own.values()) {
      bytes += JSON.stringify(event).length;
      if (event.client_sequence === null || bytes > PARTING_BYTES) break;
      last.push(event);
    }
    if (last.length > 0) void post(this.#options.api, this.#options.attemptId, last, true);
  }

  #listen(): void {
    const { network } = this.#options;
    const back = () => this.resume();
    network?.addEventListener('online', back);
    this.#stops.push(() => network?.removeEventListener('online', back));
  }

  /** The network is back: no need to wait any longer for it. */
  resume(): void {
    if (this.#state.held === 'server') return;
    this.#heldUntil = 0;
    this.#failures = 0;
    this.#due(0);
  }

  #due(inMs: number): void {
    if (this.#isClosed) return;
    const at = Math.max(this.#now() + inMs, this.#heldUntil);
    if (at >= this.#dueAt) return;
    this.#dueAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#dueAt = Number.POSITIVE_INFINITY;
      this.#postponed.clear();
      // What came while a pump was ending may have been too late for it.
      void (this.#pumping ?? Promise.resolve()).then(() => this.#pump());
    }, at - this.#now());
  }

  async #pumpUntil(signal: AbortSignal): Promise<void> {
    const over = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    await Promise.race([this.#pump(), over]);
  }

  /** One pump at a time: in this tab by the promise, in this browser by the lock. */
  #pump(): Promise<void> {
    this.#pumping ??= this.#options.locks
      .hold(`oep.events.${this.#options.queue}`, () => this.#empty())
      .catch(() => this.#hold({ what: 'held', by: 'server', retryAfterSeconds: undefined }))
      .finally(() => {
        this.#pumping = undefined;
      });
    return this.#pumping;
  }

  async #empty(): Promise<void> {
    while (!this.#isClosed && this.#heldUntil <= this.#now()) {
      const isReady = (await this.#number()) && !this.#isClosed;
      const batch = isReady
        ? await this.#queue.first(this.#limit, BATCH_BYTES, this.#postponed)
        : [];
      if (batch.length === 0) break;
      await this.#take(batch, await post(this.#options.api, this.#options.attemptId, batch));
    }
    await this.#count();
    if (this.#state.waiting > 0) this.#due(lingerMs(false, this.#load));
  }

  async #take(batch: readonly KeptEvent[], posted: Posted): Promise<void> {
    if (posted.what === 'held') return this.#hold(posted);
    if (posted.what === 'unfit') return this.#halve(batch);
    this.#limit = BATCH;
    this.#load = posted.load ?? this.#load;
    const { done, refused, later } = posted;
    await this.#letGo([...done, ...refused], refused.length);
    for (const place of later) this.#postponed.add(place);
    if (later.length > 0) this.#hold({ what: 'held', by: 'server', retryAfterSeconds: undefined });
    else this.#flows();
  }

  async #halve(batch: readonly KeptEvent[]): Promise<void> {
    if (batch.length > 1) {
      this.#limit = Math.floor(batch.length / 2);
      return;
    }
    this.#limit = BATCH;
    await this.#letGo(
      batch.map(({ place }) => place),
      batch.length,
    );
  }

  async #letGo(places: readonly number[], refused: number): Promise<void> {
    await this.#queue.remove(places, refused);
    for (const place of places) this.#own.delete(place);
    this.#set({
      waiting: Math.max(0, this.#state.waiting - places.length),
      refused: this.#state.refused + refused,
    });
  }

  #hold({ by, retryAfterSeconds }: Extract<Posted, { what: 'held' }>): void {
    const pause = backoffMs(QUEUE, this.#failures, this.#options.random ?? Math.random);
    this.#failures += 1;
    this.#heldUntil = this.#now() + Math.max(pause, (retryAfterSeconds ?? 0) * 1000);
    this.#set({ held: by });
    this.#due(0);
  }

  #flows(): void {
    this.#failures = 0;
    this.#heldUntil = 0;
    this.#set({ held: undefined });
  }

  /** Asks the platform which numbers it has, once; false while that is not known. */
  async #number(): Promise<boolean> {
    if (this.#isNumbered) return true;
    const path = { attempt_id: this.#options.attemptId };
    try {
      const newest = await this.#options.api.get('/api/v1/proctoring/attempt/{attempt_id}/events', {
        params: { path, query: { limit: NEWEST_LOOKED_AT } },
      });
      const numbers = newest.map(({ client_sequence }) => client_sequence ?? 0);
      await this.#queue.continueAfter(Math.max(0, ...numbers));
      this.#isNumbered = true;
    } catch {
      this.#hold({ what: 'held', by: 'network', retryAfterSeconds: undefined });
    }
    return this.#isNumbered;
  }

  async #count(): Promise<void> {
    const [waiting, { refused }] = await Promise.all([this.#queue.waiting(), this.#queue.counts()]);
    this.#set({ waiting, refused });
  }

  #set(change: Partial<ReporterState>): void {
    const now = { ...this.#state, ...change };
    const isSame = JSON.stringify(now) === JSON.stringify(this.#state);
    if (isSame) return;
    this.#state = now;
    this.#changes.emit(now);
  }
}
