/**
 * The events of one user's attempt as they wait in IndexedDB. Place and number are given in the
 * transaction that stores an event, so that tabs of one browser never give the same; an event leaves
 * when the platform has answered for it, and in no other way.
 */

import { uuid } from './ids';
import type { Severity } from './shapes';
import { allOf, DURABLE, type KeptEvent, type KeptQueue, type Queue, type Store } from './store';

/** What a watcher says; id, number and time are given here. */
export interface Report {
  event_type: string;
  /** The type's usual one unless said. */
  severity?: Severity;
  question_id?: number | null;
  /** At most 16 KiB as JSON. */
  event_data?: Record<string, unknown>;
}

export class EventQueue {
  readonly queue: Queue;
  readonly #store: Store;

  constructor(store: Store, queue: Queue) {
    this.#store = store;
    this.queue = queue;
  }

  /** Keeps an event; done when it is on the disk. */
  async append(report: Report, at: string): Promise<KeptEvent> {
    const change = this.#store.transaction(['events', 'queues'], 'readwrite', DURABLE);
    const queues = change.objectStore('queues');
    const counts = (await queues.get(this.queue)) ?? newQueue(this.queue);
    const event: KeptEvent = {
      ...unnumbered(this.queue, report, at),
      place: counts.nextPlace,
      client_sequence: counts.nextSequence,
    };
    await Promise.all([
      change.objectStore('events').add(event),
      queues.put({
        ...counts,
        nextPlace: counts.nextPlace + 1,
        nextSequence: counts.nextSequence === null ? null : counts.nextSequence + 1,
      }),
      change.done,
    ]);
    return event;
  }

  /**
   * Goes on behind the highest number that the platform has (0 = none): another browser may have
   * given it. Events that wait without a number get theirs, in their order.
   */
  async continueAfter(highest: number): Promise<void> {
    const change = this.#store.transaction(['events', 'queues'], 'readwrite', DURABLE);
    const queues = change.objectStore('queues');
    const counts = (await queues.get(this.queue)) ?? newQueue(this.queue);
    let next = Math.max(counts.nextSequence ?? 1, highest + 1);
    let cursor = await change.objectStore('events').openCursor(allOf(this.queue));
    while (cursor) {
      if (cursor.value.client_sequence === null) {
        await cursor.update({ ...cursor.value, client_sequence: next });
        next += 1;
      }
      cursor = await cursor.continue();
    }
    await Promise.all([queues.put({ ...counts, nextSequence: next }), change.done]);
  }

  /** The first events that wait, but for those in `without`. */
  async first(
    limit: number,
    mostBytes: number,
    without: ReadonlySet<number>,
  ): Promise<KeptEvent[]> {
    const found: KeptEvent[] = [];
    let bytes = 0;
    const look = this.#store.transaction('events');
    let cursor = await look.store.openCursor(allOf(this.queue));
    while (cursor && found.length < limit) {
      if (!without.has(cursor.value.place)) {
        bytes += JSON.stringify(cursor.value).length;
        if (bytes > mostBytes && found.length > 0) break;
        found.push(cursor.value);
      }
      cursor = await cursor.continue();
    }
    return found;
  }

  /** Lets go of events that were answered; `refused` of them were not wanted. */
  async remove(places: readonly number[], refused: number): Promise<void> {
    const change = this.#store.transaction(['events', 'queues'], 'readwrite', DURABLE);
    const events = change.objectStore('events');
    await Promise.all(places.map((place) => events.delete([this.queue, place])));
    if (refused > 0) {
      const queues = change.objectStore('queues');
      const counts = (await queues.get(this.queue)) ?? newQueue(this.queue);
      await queues.put({ ...counts, refused: counts.refused + refused });
    }
    await change.done;
  }

  waiting(): Promise<number> {
    return this.#store.count('events', allOf(this.queue));
  }

  async counts(): Promise<KeptQueue> {
    return (await this.#store.get('queues', this.queue)) ?? newQueue(this.queue);
  }
}

/** An event without place and number. */
export function unnumbered(queue: Queue, report: Report, at: string): KeptEvent {
  return {
    queue,
    place: 0,
    event_id: uuid(),
    client_sequence: null,
    event_type: report.event_type,
    event_timestamp: at,
    severity: report.severity ?? null,
    question_id: report.question_id ?? null,
    event_data: report.event_data ?? null,
  };
}

function newQueue(queue: Queue): KeptQueue {
  return { queue, nextPlace: 1, nextSequence: null, refused: 0 };
}
