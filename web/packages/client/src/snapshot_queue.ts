/**
 * The pictures of one user's attempt as they wait in IndexedDB, within bounds: a disk that pictures
 * fill has no room for answers. For a new one the oldest are given up, and counted. Counts stand beside
 * the pictures and change with them, so that nobody reads megabytes to count.
 */

import { uuid } from './ids';
import {
  allOf,
  DURABLE,
  type KeptSnapshot,
  type KeptSnapshots,
  pageStore,
  type Queue,
  type Store,
} from './store';

/** A picture as it was taken. */
export type Picture = Pick<KeptSnapshot, 'source' | 'media_type' | 'content'>;

export interface SnapshotBounds {
  readonly count: number;
  readonly bytes: number;
}

/** An hour of two pictures a minute, twice over; 32 MiB of a disk. */
export const BOUNDS: SnapshotBounds = { count: 240, bytes: 32 * 1024 * 1024 };

/** Nothing of an attempt is taken so long after its end. */
const KEPT_MS = 24 * 3600 * 1000;
const BOTH = ['snapshots', 'snapshot_queues'] as const;

export class SnapshotQueue {
  readonly queue: Queue;
  readonly #store: Store;
  readonly #bounds: SnapshotBounds;
  readonly #now: () => number;

  constructor(store: Store, queue: Queue, bounds = BOUNDS, now: () => number = Date.now) {
    this.#store = store;
    this.queue = queue;
    this.#bounds = bounds;
    this.#now = now;
  }

  /** Keeps a picture, done when it is on the disk; gives the oldest up where there is no room. */
  async append(picture: Picture, takenAt: string): Promise<void> {
    const change = this.#store.transaction(BOTH, 'readwrite', DURABLE);
    const pictures = change.objectStore('snapshots');
    const counts = await change.objectStore('snapshot_queues').get(this.queue);
    let next = added(counts ?? nothingOf(this.queue), picture.content.byteLength);
    let oldest = await pictures.openCursor(allOf(this.queue));
    while (oldest && this.#isTooMuch(next)) {
      next = { ...without(next, oldest.value), givenUp: next.givenUp + 1 };
      await oldest.delete();
      oldest = await oldest.continue();
    }
    const { queue } = this;
    const place = next.nextPlace - 1;
    await Promise.all([
      pictures.add({ ...picture, queue, place, snapshot_id: uuid(), taken_at: takenAt }),
      change.objectStore('snapshot_queues').put({ ...next, touched_at: this.#now() }),
      change.done,
    ]);
  }

  /** The one that has waited longest. */
  async first(): Promise<KeptSnapshot | undefined> {
    const cursor = await this.#store.transaction('snapshots').store.openCursor(allOf(this.queue));
    return cursor?.value;
  }

  /** Lets go of a picture that was answered; one that was given up meanwhile counts as what it became. */
  async remove({ place, content }: KeptSnapshot, as: 'sent' | 'refused'): Promise<void> {
    const change = this.#store.transaction(BOTH, 'readwrite', DURABLE);
    const counts = await change.objectStore('snapshot_queues').get(this.queue);
    if (counts) {
      const key: [Queue, number] = [this.queue, place];
      const isHere = (await change.objectStore('snapshots').count(key)) > 0;
      const left = isHere
        ? without(counts, { content })
        : { ...counts, givenUp: counts.givenUp - 1 };
      await change.objectStore('snapshots').delete(key);
      const next = { ...left, [as]: left[as] + 1, touched_at: this.#now() };
      await change.objectStore('snapshot_queues').put(next);
    }
    await change.done;
  }

  async counts(): Promise<KeptSnapshots> {
    return (await this.#store.get('snapshot_queues', this.queue)) ?? nothingOf(this.queue);
  }

  /** Drops all pictures that wait, as refused: nobody will ever take them. */
  async refuseAll(): Promise<void> {
    const change = this.#store.transaction(BOTH, 'readwrite', DURABLE);
    const counts = await change.objectStore('snapshot_queues').get(this.queue);
    await change.objectStore('snapshots').delete(allOf(this.queue));
    if (counts) {
      const refused = counts.refused + counts.waiting;
      const next = { ...counts, refused, waiting: 0, bytes: 0 };
      await change.objectStore('snapshot_queues').put(next);
    }
    await change.done;
  }

  #isTooMuch({ waiting, bytes }: KeptSnapshots): boolean {
    return waiting > 1 && (waiting > this.#bounds.count || bytes > this.#bounds.bytes);
  }
}

/** Drops all pictures of a user: he leaves this device. */
export function forgetSnapshots(userId: number, open = pageStore): Promise<void> {
  return drop(open, ({ queue }) => queue.startsWith(`${userId}/`));
}

/** Drops pictures that nobody came back to. */
export function dropOldSnapshots(store: Store, now: number): Promise<void> {
  return drop(
    async () => store,
    ({ touched_at }) => now - touched_at > KEPT_MS,
  );
}

async function drop(
  open: () => Promise<Store>,
  isMeant: (counts: KeptSnapshots) => boolean,
): Promise<void> {
  try {
    const change = (await open()).transaction(BOTH, 'readwrite', DURABLE);
    for (const counts of await change.objectStore('snapshot_queues').getAll()) {
      if (!isMeant(counts)) continue;
      await change.objectStore('snapshots').delete(allOf(counts.queue));
      await change.objectStore('snapshot_queues').delete(counts.queue);
    }
    await change.done;
  } catch {
    // What cannot be opened holds nothing that could be read.
  }
}

function added(counts: KeptSnapshots, bytes: number): KeptSnapshots {
  return {
    ...counts,
    nextPlace: counts.nextPlace + 1,
    waiting: counts.waiting + 1,
    bytes: counts.bytes + bytes,
  };
}

function without(counts: KeptSnapshots, { content }: Pick<KeptSnapshot, 'content'>): KeptSnapshots {
  return {
    ...counts,
    waiting: counts.waiting - 1,
    bytes: counts.bytes - content.byteLength,
  };
}

function nothingOf(queue: Queue): KeptSnapshots {
  const none = { waiting: 0, bytes: 0, sent: 0, givenUp: 0, refused: 0, touched_at: 0 };
  return { queue, nextPlace: 1, ...none };
}
