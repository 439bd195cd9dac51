/**
 * Where one attempt's answers lie on this device, for all tabs of the browser. A database that keeps
 * nothing is like an empty one: an answer still goes to the platform.
 */

import { allOf, DURABLE, type KeptAnswer, type Queue, type Store } from './store';

/** How tabs tell each other which question changed; a BroadcastChannel. */
export interface Channel {
  postMessage(questionId: number): void;
  onmessage: ((event: MessageEvent) => void) | null;
  close(): void;
}

export class AnswerShelf {
  readonly #store: Store;
  readonly #queue: Queue;
  readonly #channel: Channel | undefined;

  constructor(store: Store, queue: Queue, channel: Channel | undefined) {
    this.#store = store;
    this.#queue = queue;
    this.#channel = channel;
  }

  /** Hears of what another tab has put. */
  listen(listener: (questionId: number) => void): void {
    if (this.#channel) this.#channel.onmessage = ({ data }) => listener(Number(data));
  }

  async all(): Promise<KeptAnswer[]> {
    try {
      return await this.#store.getAll('answers', allOf(this.#queue));
    } catch {
      return [];
    }
  }

  async get(questionId: number): Promise<KeptAnswer | undefined> {
    try {
      return await this.#store.get('answers', [this.#queue, questionId]);
    } catch {
      return undefined;
    }
  }

  /** Puts an answer there, durably; returns what is there instead when that is newer. */
  async put(kept: KeptAnswer): Promise<KeptAnswer | undefined> {
    try {
      const change = this.#store.transaction('answers', 'readwrite', DURABLE);
      const there = await change.store.get([kept.queue, kept.question_id]);
      const newer = there && there.version > kept.version ? there : undefined;
      if (!newer) await change.store.put(kept);
      await change.done;
      if (!newer) this.#channel?.postMessage(kept.question_id);
      return newer;
    } catch {
      return undefined;
    }
  }

  async forget(): Promise<void> {
    await this.#store.delete('answers', allOf(this.#queue));
  }

  close(): void {
    this.#channel?.close();
  }
}
