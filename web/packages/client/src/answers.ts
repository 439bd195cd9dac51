/**
 * A student's answers of one attempt: on this device first, then on the platform.
 *
 * What is given is in the view at once, in IndexedDB within milliseconds, on its way half a second
 * after the last change. One question has one delivery at a time, so its versions arrive in their
 * order. A delivery whose end is unknown may still arrive, even late, behind a newer one; such a
 * question is a suspect: when the platform turns out to have something else, ours is saved again.
 * Tabs of one browser share the records and tell each other of changes.
 */

import { AnswerShelf, type Channel } from './answer_shelf';
import type { Api } from './api';
import { backoffMs } from './backoff';
import { type AnswerSocket, Courier, fetchStored, type Outcome } from './courier';
import { Emitter, type Unsubscribe } from './emitter';
import { uuid } from './ids';
import {
  type AnswerView,
  adopted,
  type BookSummary,
  changed,
  confirmed,
  isSame,
  isUnsaved,
  noAnswer,
  refused,
  summaryOf,
  viewOf,
} from './kept_answer';
import type { Json } from './shapes';
import type { KeptAnswer, Queue, Store } from './store';
import { wait, within } from './transport';

export type { AnswerState, AnswerView, BookSummary } from './kept_answer';

export interface BookOptions {
  /** For the attempt's student alone. */
  api: Api;
  attemptId: number;
  queue: Queue;
  store: Store;
  socket?: AnswerSocket;
  channel?: Channel;
  network?: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> | undefined;
  /** The device's clock, in ms since 1970. */
  now?: () => number;
  random?: () => number;
}

const QUIET_MS = 500;
const LONGEST_QUIET_MS = 2_500;
const RETRY = { firstMs: 1_000, longestMs: 10_000 };
const SUSPECT_MS = 120_000;
const LOOK_AROUND_MS = 15_000;
const SAME_SAVE_MS = 2_000;
const RELOAD_MS = 500;
const STEP_MS = 100;
const PATIENCE_MS = 5_000;

/** What is going on around one answer in this tab. */
interface Entry {
  kept: KeptAnswer;
  view: AnswerView;
  isDelivering: boolean;
  /** Its time to be sent came while it was on its way. */
  isDue: boolean;
  isTroubled: boolean;
  failures: number;
  /** Given but not sent since; decides how long to wait for the end of typing. */
  dirtySince: number | undefined;
  suspectUntil: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  stored: Promise<void>;
}

/** One attempt's answers. `get` returns the same object until the answer changes. */
export class AnswerBook {
  readonly #options: BookOptions;
  readonly #courier: Courier;
  readonly #shelf: AnswerShelf;
  readonly #entries = new Map<number, Entry>();
  readonly #changes = new Emitter<number>();
  readonly #now: () => number;
  readonly #stops: (() => void)[] = [];
  #summary: BookSummary | undefined;
  #version = 0;
  #isClosed = false;
  #isLoaded = false;
  #reloading: ReturnType<typeof setTimeout> | undefined;

  private constructor(options: BookOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const { api, socket, attemptId, store, queue, channel } = options;
    this.#courier = new Courier({ api, socket, attemptId });
    this.#shelf = new AnswerShelf(store, queue, channel);
  }

  /** Opens the book with what this device and, if it can be reached, the platform have. */
  static async open(options: BookOptions): Promise<AnswerBook> {
    const book = new AnswerBook(options);
    await book.#readAll();
    // Who has answers here need not wait for the platform; others wait a little.
    const loading = book.#load();
    if (book.#entries.size === 0) await Promise.race([loading, pause(PATIENCE_MS)]);
    book.#listen();
    book.#sendAll();
    return book;
  }

  get(questionId: number): AnswerView {
    return this.#entry(questionId).view;
  }

  get summary(): BookSummary {
    this.#summary ??= summaryOf([...this.#entries.values()].map(({ view }) => view));
    return this.#summary;
  }

  /** Keeps an answer at once and saves it soon; null, `[]` and `''` clear it. */
  write(questionId: number, value: Json): void {
    // The platform never lets null replace an answer; an empty text does.
    this.#change(questionId, { value: value ?? '' });
  }

  flag(questionId: number, isFlagged: boolean): void {
    this.#change(questionId, { is_flagged: isFlagged });
  }

  /** Hears of one question, or of all. */
  onChange(listener: (questionId: number) => void): Unsubscribe {
    return this.#changes.on(listener);
  }

  /** Offers what was refused again: the attempt goes on, or began. */
  offerAgain(): void {
    for (const entry of this.#entries.values()) {
      if (!isUnsaved(entry.kept) || !entry.kept.refusal) continue;
      this.#keep(entry, { ...entry.kept, refusal: null });
      this.#send(entry);
    }
  }

  /** Saves what is unsaved and compares with the platform; at most so long. Returns what is left. */
  async flush(deadlineSeconds: number): Promise<BookSummary> {
    const deadline = within(deadlineSeconds * 1000);
    try {
      await this.#settled(deadline.signal);
      if (await this.#compare()) await this.#settled(deadline.signal);
    } catch {
      // out of time
    } finally {
      deadline.end();
    }
    return this.summary;
  }

  /** Forgets the attempt's answers on this device: it is submitted, and others may sit here next. */
  async forget(): Promise<void> {
    this.close();
    await Promise.all([...this.#entries.values()].map(({ stored }) => stored));
    await this.#shelf.forget();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#reloading);
    for (const entry of this.#entries.values()) clearTimeout(entry.timer);
    for (const stop of this.#stops) stop();
    this.#courier.close();
    this.#shelf.close();
  }

  #entry(questionId: number): Entry {
    const known = this.#entries.get(questionId);
    if (known) return known;
    const kept = noAnswer(this.#options.queue, questionId);
    const entry: Entry = {
      kept,
      view: viewOf(kept, false),
      isDelivering: false,
      isDue: false,
      isTroubled: false,
      failures: 0,
      dirtySince: undefined,
      suspectUntil: 0,
      timer: undefined,
      stored: Promise.resolve(),
    };
    this.#entries.set(questionId, entry);
    return entry;
  }

  #change(questionId: number, change: { value?: Json; is_flagged?: boolean }): void {
    const entry = this.#entry(questionId);
    this.#keep(entry, changed(entry.kept, change, this.#nextVersion(), uuid()));
    entry.dirtySince ??= this.#now();
    const sinceFirst = this.#now() - entry.dirtySince;
    this.#sendIn(entry, Math.min(QUIET_MS, Math.max(0, LONGEST_QUIET_MS - sinceFirst)));
  }

  /** Later than all that this browser has; about the time, so that tabs agree on the order. */
  #nextVersion(): number {
    this.#version = Math.max(this.#version + 1, this.#now());
    return this.#version;
  }

  #keep(entry: Entry, kept: KeptAnswer): void {
    entry.kept = kept;
    this.#show(entry);
    entry.stored = entry.stored.then(() => this.#store(entry, kept));
  }

  /** A newer state of the entry stores itself; this one is skipped when it is not the newest. */
  async #store(entry: Entry, kept: KeptAnswer): Promise<void> {
    if (entry.kept !== kept) return;
    const newer = await this.#shelf.put(kept);
    if (newer) this.#take(entry, newer);
  }

  #show(entry: Entry): void {
    const view = viewOf(entry.kept, entry.isTroubled);
    if (JSON.stringify(view) === JSON.stringify(entry.view)) return;
    entry.view = view;
    this.#summary = undefined;
    this.#changes.emit(entry.kept.question_id);
  }

  #sendIn(entry: Entry, ms: number): void {
    clearTimeout(entry.timer);
    entry.timer = setTimeout(() => this.#send(entry), ms);
  }

  #sendAll(): void {
    const unsaved = [...this.#entries.values()].filter(({ kept }) => isUnsaved(kept));
    for (const entry of unsaved.sort((a, b) => a.kept.version - b.kept.version)) {
      this.#send(entry);
    }
  }

  #send(entry: Entry): void {
    clearTimeout(entry.timer);
    entry.isDue = entry.isDelivering;
    if (this.#isClosed || entry.isDelivering) return;
    if (!isUnsaved(entry.kept) || entry.kept.refusal) return;
    entry.isDelivering = true;
    entry.dirtySince = undefined;
    void this.#deliver(entry);
  }

  async #deliver(entry: Entry): Promise<void> {
    await entry.stored;
    const sent = entry.kept;
    const outcome = await this.#courier.deliver(sent);
    entry.isDelivering = false;
    if (this.#isClosed) return;
    this.#conclude(entry, sent, outcome);
  }

  #conclude(entry: Entry, sent: KeptAnswer, outcome: Outcome): void {
    if (outcome.what === 'saved' || outcome.what === 'refused') {
      entry.failures = 0;
      entry.isTroubled = false;
      const after = outcome.what === 'saved' ? confirmed : refused;
      this.#keep(entry, after(entry.kept, sent, outcome as never));
      if (entry.isDue) this.#send(entry);
      return;
    }
    if (outcome.what === 'lost') entry.suspectUntil = this.#now() + SUSPECT_MS;
    entry.isTroubled = true;
    this.#show(entry);
    const asked = outcome.what === 'busy' ? (outcome.retryAfterSeconds ?? 0) * 1000 : 0;
    const pause = backoffMs(RETRY, entry.failures, this.#options.random ?? Math.random);
    entry.failures += 1;
    this.#sendIn(entry, Math.max(asked, pause));
  }

  #listen(): void {
    const { socket, network } = this.#options;
    const again = () => this.resume();
    network?.addEventListener('online', again);
    this.#stops.push(() => network?.removeEventListener('online', again));
    this.#shelf.listen((questionId) => void this.#readOne(questionId));
    const around = setInterval(() => void this.#lookAround(), LOOK_AROUND_MS);
    this.#stops.push(() => clearInterval(around));
    if (socket) this.#listenTo(socket);
  }

  #listenTo(socket: AnswerSocket): void {
    this.#stops.push(
      socket.on('connected', () => {
        this.offerAgain();
        this.resume();
      }),
      socket.on('resync', () => this.#reload()),
      socket.on('system_event', ({ event }) => {
        if (event === 'attempt_resumed') this.offerAgain();
      }),
      // Saved by another device or tab, or by a delivery of ours that was taken for lost.
      socket.on('notification', ({ title, message, timestamp }) => {
        const questionId = /^Question (\d+) /.exec(message)?.[1];
        const isAboutAnswers = ['Answer Saved', 'Question Flagged', 'Flag Removed'].includes(title);
        if (isAboutAnswers && questionId) void this.#savedElsewhere(Number(questionId), timestamp);
      }),
    );
  }

  /** The platform can be reached again: no need to wait any longer. */
  resume(): void {
    for (const entry of this.#entries.values()) entry.failures = 0;
    this.#sendAll();
    if (!this.#isLoaded) this.#reload();
  }

  async #savedElsewhere(questionId: number, at: string): Promise<void> {
    await this.#readOne(questionId);
    const { kept, suspectUntil } = this.#entry(questionId);
    const apartMs = Math.abs(Date.parse(kept.saved_at ?? '') - Date.parse(at));
    const isKnown = apartMs < SAME_SAVE_MS && suspectUntil < this.#now();
    if (!isKnown) this.#reload();
  }

  #reload(): void {
    clearTimeout(this.#reloading);
    this.#reloading = setTimeout(() => void this.#load(), RELOAD_MS);
  }

  /** Takes over what the platform has where nothing of ours is on its way. */
  async #load(): Promise<void> {
    const stored = await this.#fetchStored();
    if (!stored || this.#isClosed) return;
    this.#isLoaded = true;
    for (const [questionId, answer] of stored) {
      const entry = this.#entry(questionId);
      if (isUnsaved(entry.kept) || entry.isDelivering || isSame(entry.kept, answer)) continue;
      if (entry.suspectUntil > this.#now()) this.#saveAgain(entry);
      else this.#keep(entry, adopted(entry.kept, answer, this.#nextVersion()));
    }
  }

  /** Saves again what the platform has otherwise; true when there was something. */
  async #compare(): Promise<boolean> {
    const stored = await this.#fetchStored();
    if (!stored) return false;
    let isAny = false;
    for (const entry of this.#entries.values()) {
      if (isUnsaved(entry.kept) || isSame(entry.kept, stored.get(entry.kept.question_id))) continue;
      this.#saveAgain(entry);
      isAny = true;
    }
    return isAny;
  }

  #saveAgain(entry: Entry): void {
    this.#keep(entry, changed(entry.kept, {}, this.#nextVersion(), uuid()));
    this.#send(entry);
  }

  #fetchStored() {
    return fetchStored(this.#options.api, this.#options.attemptId);
  }

  async #readAll(): Promise<void> {
    for (const kept of await this.#shelf.all()) {
      this.#version = Math.max(this.#version, kept.version);
      const entry = this.#entry(kept.question_id);
      entry.kept = kept;
      this.#show(entry);
    }
  }

  async #readOne(questionId: number): Promise<void> {
    const kept = await this.#shelf.get(questionId);
    if (kept && !this.#isClosed) this.#take(this.#entry(questionId), kept);
  }

  /** Takes over what another tab has written. */
  #take(entry: Entry, kept: KeptAnswer): void {
    this.#version = Math.max(this.#version, kept.version);
    const isNewer = kept.version > entry.kept.version;
    const isFurther =
      kept.version === entry.kept.version && kept.savedVersion > entry.kept.savedVersion;
    if (!isNewer && !isFurther) return;
    entry.kept = kept;
    this.#show(entry);
  }

  /** Sends what another tab has left unsaved: it may be gone. */
  async #lookAround(): Promise<void> {
    if (!this.#isLoaded) await this.#load();
    for (const kept of await this.#shelf.all()) {
      if (this.#isClosed) return;
      const entry = this.#entry(kept.question_id);
      this.#take(entry, kept);
      const isOld = this.#now() - entry.kept.version > LOOK_AROUND_MS;
      if (isUnsaved(entry.kept) && isOld && entry.failures === 0) this.#send(entry);
    }
  }

  /** Done when nothing is on its way any more; raises when `signal` ends first. */
  async #settled(signal: AbortSignal): Promise<void> {
    this.#sendAll();
    while ([...this.#entries.values()].some(({ kept }) => isUnsaved(kept) && !kept.refusal)) {
      await wait(STEP_MS, signal);
    }
    await Promise.all([...this.#entries.values()].map(({ stored }) => stored));
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
