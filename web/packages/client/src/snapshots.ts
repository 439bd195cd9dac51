/**
 * Takes pictures of one attempt and sees to it that the platform has them, when nothing else wants the
 * line: on the disk first, then one at a time, the oldest first, each with a deadline. They wait while
 * an answer is not saved, an event is held or the connection is not good, and longer when the platform
 * is loaded. What it refuses for good is dropped and said. A picture belongs to one user's attempt and
 * is sent with no other login. It lives outside of `Room`: what is left at the submit is sent behind it.
 */

import { type Api, createApi } from './api';
import { backoffMs, QUEUE } from './backoff';
import { ServerClock } from './clock';
import { Emitter, type Unsubscribe } from './emitter';
import { Refusal, SignedOut } from './errors';
import { browserLocks, type Locks } from './locks';
import type { LoginKeeper } from './login';
import { lingerMs } from './posting';
import type { Room } from './room';
import {
  dropOldSnapshots,
  type Picture,
  type SnapshotBounds,
  SnapshotQueue,
} from './snapshot_queue';
import { type KeptSnapshot, type KeptSnapshots, pageStore, queueOf, type Store } from './store';
import type { Fetch } from './transport';

export type { Picture, SnapshotBounds } from './snapshot_queue';

/** The platform takes no larger one. */
export const MOST_BYTES = 512 * 1024;

export interface SnapshotState {
  /** Pictures that wait here to be sent. */
  readonly waiting: number;
  readonly sent: number;
  /** Pictures that were dropped for newer ones, or that this device could not keep. */
  readonly givenUp: number;
  /** Pictures that the platform did not want; they are gone. */
  readonly refused: number;
  /** Its words about the last of them. */
  readonly refusal: string | undefined;
  /** Why nothing goes out just now, where something went wrong. */
  readonly held: 'network' | 'server' | 'signed_out' | undefined;
  /** This installation keeps no pictures: none need be taken. */
  readonly isOff: boolean;
}

/** What has the line before any picture. */
export interface Before {
  isFree(): boolean;
  onChange(listener: () => void): Unsubscribe;
}

export interface SnapshotOptions {
  login: LoginKeeper;
  attemptId: number;
  base?: string;
  clock?: ServerClock;
  before?: Before;
  bounds?: SnapshotBounds;
  store?: Store;
  locks?: Locks;
  fetch?: Fetch;
  network?: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> | undefined;
  random?: () => number;
}

const UPLOAD_SECONDS = 60;
const PASSING = new Set([401, 408, 425]);

/** Answers, events and a good connection come before pictures. */
export function beforeOf({ answers, reporter, socket }: Room): Before {
  return {
    isFree() {
      const { unsaved, refused } = answers.summary;
      const isSaved = unsaved.length === refused.length; // what was refused is not on its way
      return isSaved && reporter.state.held === undefined && socket.connection.name === 'online';
    },
    onChange(listener) {
      const stops = [
        answers.onChange(listener),
        reporter.onChange(listener),
        socket.onConnection(listener),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}

/**
 * Opens the pictures of an attempt with what an earlier page has left.
 * Raises `StorageUnavailable`, and `SignedOut` when nobody is.
 */
export async function openSnapshots(options: SnapshotOptions): Promise<Snapshots> {
  const userId = options.login.user?.id;
  if (userId === undefined) throw new SignedOut();
  const store = options.store ?? (await pageStore());
  await dropOldSnapshots(store, Date.now());
  const queue = new SnapshotQueue(store, queueOf(userId, options.attemptId), options.bounds);
  const snapshots = new Snapshots(options, userId, queue);
  await snapshots.start();
  return snapshots;
}

/** The pictures of one attempt; made by `openSnapshots`. */
export class Snapshots {
  readonly #options: SnapshotOptions;
  readonly #api: Api;
  readonly #queue: SnapshotQueue;
  readonly #clock: ServerClock;
  readonly #locks: Locks;
  readonly #changes = new Emitter<SnapshotState>();
  readonly #stops: (() => void)[] = [];
  #state: SnapshotState = NOTHING;
  /** Could not even be kept here. */
  #lost = 0;
  #load = 0;
  #failures = 0;
  #heldUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isSending = false;
  #isClosed = false;

  constructor(options: SnapshotOptions, userId: number, queue: SnapshotQueue) {
    const { login, base, fetch } = options;
    this.#options = options;
    this.#queue = queue;
    this.#clock = options.clock ?? new ServerClock();
    this.#locks = options.locks ?? browserLocks();
    const way = { login, onlyFor: userId, clock: this.#clock, deadlineSeconds: UPLOAD_SECONDS };
    this.#api = createApi({ ...way, ...(base && { base }), ...(fetch && { fetch }) });
  }

  get state(): SnapshotState {
    return this.#state;
  }

  onChange(listener: (state: SnapshotState) => void): Unsubscribe {
    return this.#changes.on(listener);
  }

  /** Listens, and sends what waits. */
  async start(): Promise<void> {
    const { login, before, network = globalThis.window } = this.#options;
    const back = () => this.#resume();
    network?.addEventListener('online', back);
    this.#stops.push(() => network?.removeEventListener('online', back));
    this.#stops.push(login.onChange(({ login: held }) => held && back()));
    if (before) this.#stops.push(before.onChange(() => this.#due()));
    await this.#count();
    this.#due();
  }

  /** Keeps a picture; done when it is stored on this device, or counted as given up. */
  async keep(picture: Picture): Promise<void> {
    if (this.#isClosed || this.#state.isOff) return;
    const takenAt = new Date(this.#clock.now()).toISOString();
    try {
      await this.#queue.append(picture, takenAt);
    } catch {
      this.#lost += 1; // the disk is full: what is left of it is for answers
    }
    await this.#count().catch(() => this.#set({ givenUp: this.#state.givenUp + 1 }));
    this.#due();
  }

  /** Stops sending; what waits stays on this device. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const stop of this.#stops) stop();
  }

  /** The network or the login is back; not all who lost it come in the same moment. */
  #resume(): void {
    if (this.#state.held === 'server') return;
    this.#failures = 0;
    this.#heldUntil = performance.now() + this.#pause();
    this.#due();
  }

  #due(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed || this.#isSending || this.#state.waiting === 0) return;
    const ms = Math.max(0, this.#heldUntil - performance.now());
    this.#timer = setTimeout(() => this.#send(), ms);
  }

  /** Sends one picture; one at a time in this browser. */
  async #send(): Promise<void> {
    const isFree = this.#options.before?.isFree() ?? true;
    if (!isFree || this.#isSending) return; // `before` says when it changes
    this.#isSending = true;
    try {
      await this.#locks.hold(`oep.snapshots.${this.#queue.queue}`, () => this.#sendFirst());
      await this.#count();
    } catch {
      this.#hold('server', undefined); // the database failed; it may come back
    } finally {
      this.#isSending = false;
      this.#due();
    }
  }

  async #sendFirst(): Promise<void> {
    const first = await this.#queue.first();
    if (!first || this.#isClosed) return;
    try {
      this.#load = await this.#upload(first);
      await this.#queue.remove(first, 'sent');
      this.#flows();
    } catch (error) {
      await this.#failed(first, error);
    }
  }

  /** Returns how loaded the platform is, as far as it says so. */
  async #upload(picture: KeptSnapshot): Promise<number> {
    const { snapshot_id, source, taken_at } = picture;
    const query = new URLSearchParams({ snapshot_id, source, taken_at });
    const path = `/api/v1/proctoring/attempt/${this.#options.attemptId}/snapshots?${query}`;
    const answer = await this.#api.fetch(path, {
      method: 'POST',
      headers: { 'content-type': picture.media_type },
      body: picture.content,
      priority: 'low',
    });
    return Number(answer.headers.get('oep-load')) || 0;
  }

  async #failed(picture: KeptSnapshot, error: unknown): Promise<void> {
    if (error instanceof SignedOut) return this.#hold('signed_out', undefined);
    if (!(error instanceof Refusal)) return this.#hold('network', undefined);
    if (error.isPassing || PASSING.has(error.status)) {
      return this.#hold('server', error.retryAfterSeconds);
    }
    const isOff = error.slug === 'snapshots-off';
    if (isOff) await this.#queue.refuseAll();
    else await this.#queue.remove(picture, 'refused');
    this.#set({ refusal: error.detail, isOff });
    this.#flows();
  }

  #hold(held: SnapshotState['held'], retryAfterSeconds: number | undefined): void {
    const pause = Math.max(this.#pause(), (retryAfterSeconds ?? 0) * 1000);
    this.#failures += 1;
    this.#heldUntil = performance.now() + pause;
    this.#set({ held });
  }

  #flows(): void {
    this.#failures = 0;
    this.#heldUntil = performance.now() + lingerMs(false, this.#load);
    this.#set({ held: undefined });
  }

  #pause(): number {
    return backoffMs(QUEUE, this.#failures, this.#options.random ?? Math.random);
  }

  async #count(): Promise<void> {
    const { waiting, sent, givenUp, refused }: KeptSnapshots = await this.#queue.counts();
    this.#set({ waiting, sent, givenUp: givenUp + this.#lost, refused });
  }

  #set(change: Partial<SnapshotState>): void {
    this.#state = { ...this.#state, ...change };
    this.#changes.emit(this.#state);
  }
}

const NOTHING: SnapshotState = {
  waiting: 0,
  sent: 0,
  givenUp: 0,
  refused: 0,
  refusal: undefined,
  held: undefined,
  isOff: false,
};
