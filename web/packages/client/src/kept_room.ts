/**
 * What an open attempt needs to come up again from a reload while the platform cannot be reached: the
 * attempt, its exam with the questions, and what the page knows beside. It lies next to the answers, for
 * one user's attempt, until that is over or the user signs out. A database that keeps nothing is like an
 * empty one.
 */

import type { AttemptWithProgress, ExamWithQuestions, Json } from './shapes';
import { DURABLE, type KeptRoom, pageStore, queueOf, type Store } from './store';

export type { KeptRoom } from './store';

/** Nobody comes back to a room after so long; an exam's questions do not stay for ever. */
const KEPT_MS = 24 * 3600 * 1000;

export class RoomShelf {
  readonly #open: () => Promise<Store>;
  readonly #now: () => number;

  constructor(open: () => Promise<Store> = pageStore, now: () => number = Date.now) {
    this.#open = open;
    this.#now = now;
  }

  async get(userId: number, attemptId: number): Promise<KeptRoom | undefined> {
    try {
      const kept = await (await this.#open()).get('rooms', queueOf(userId, attemptId));
      return kept && this.#isOld(kept) ? undefined : kept;
    } catch {
      return undefined;
    }
  }

  /** Keeps a room in place of what was kept of it, and drops rooms that nobody came back to. */
  async put(
    userId: number,
    attempt: AttemptWithProgress,
    exam: ExamWithQuestions,
    notes: Json,
  ): Promise<void> {
    try {
      const store = await this.#open();
      const queue = queueOf(userId, attempt.id);
      const change = store.transaction('rooms', 'readwrite', DURABLE);
      for (const other of await change.store.getAll()) {
        if (this.#isOld(other)) await change.store.delete(other.queue);
      }
      await change.store.put({ queue, attempt, exam, notes, kept_at: this.#now() });
      await change.done;
    } catch {
      // A reload in a cut will have to wait for the line.
    }
  }

  async forget(userId: number, attemptId: number): Promise<void> {
    await this.#drop((queue) => queue === queueOf(userId, attemptId));
  }

  /** Drops all rooms of a user: he leaves this device. */
  async forgetAll(userId: number): Promise<void> {
    await this.#drop((queue) => queue.startsWith(`${userId}/`));
  }

  async #drop(isMeant: (queue: string) => boolean): Promise<void> {
    try {
      const store = await this.#open();
      const change = store.transaction('rooms', 'readwrite', DURABLE);
      for (const queue of await change.store.getAllKeys()) {
        if (isMeant(queue)) await change.store.delete(queue);
      }
      await change.done;
    } catch {
      // What cannot be opened holds nothing that could be read.
    }
  }

  #isOld(kept: KeptRoom): boolean {
    return this.#now() - kept.kept_at > KEPT_MS;
  }
}
