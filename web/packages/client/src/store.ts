/**
 * What this browser keeps for the pages: one IndexedDB database, its stores and their shapes. Keys
 * of what belongs to an attempt begin with the queue's name, user and attempt, so that two of them
 * can never mix.
 */

import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { StorageUnavailable } from './errors';
import type { AttemptWithProgress, ExamWithQuestions, Json, Receipt, Severity } from './shapes';

/** Names what belongs to one user's attempt. */
export type Queue = string;

export function queueOf(userId: number, attemptId: number): Queue {
  return `${userId}/${attemptId}`;
}

/** An event as it is kept and sent; without a number until the queue knows where to go on. */
export interface KeptEvent {
  readonly queue: Queue;
  /** The place in the queue. */
  readonly place: number;
  readonly event_id: string;
  readonly client_sequence: number | null;
  readonly event_type: string;
  readonly event_timestamp: string;
  readonly severity: Severity | null;
  readonly question_id: number | null;
  readonly event_data: Readonly<Record<string, unknown>> | null;
}

/** What a queue of events counts. */
export interface KeptQueue {
  readonly queue: Queue;
  readonly nextPlace: number;
  /** The number of the next event; null until the platform said which it has. */
  readonly nextSequence: number | null;
  readonly refused: number;
}

/** One showing of a question. */
export interface KeptVisit {
  readonly queue: Queue;
  readonly visit_id: string;
  readonly question_id: number;
  readonly seconds: number;
  readonly answerChanged: boolean;
  /** What was last sent and not yet answered; it is repeated as it was. */
  readonly sent: { readonly event_id: string; seconds: number; answer_changed: boolean } | null;
  /** Up to which seconds the platform has it. */
  readonly confirmed: number;
}

export interface KeptAnswer {
  readonly queue: Queue;
  readonly question_id: number;
  readonly value: Json;
  readonly is_flagged: boolean;
  /** Grows with every change of any answer of the queue: the order of writing. */
  readonly version: number;
  /** The version that the platform has confirmed. */
  readonly savedVersion: number;
  /** Names this version to the platform, so that it is taken once. */
  readonly message_id: string;
  readonly saved_at: string | null;
  readonly sha256: string | null;
  readonly refusal: { readonly code: string; readonly detail: string } | null;
}

export interface KeptReceipt {
  readonly attempt_id: number;
  readonly receipt: Receipt;
  readonly kept_at: string;
}

/** What an exam page needs to come up again while the platform cannot be reached. */
export interface KeptRoom {
  readonly queue: Queue;
  readonly attempt: AttemptWithProgress;
  readonly exam: ExamWithQuestions;
  /** What the page itself knows of the attempt beside, e.g. its newest deadline. */
  readonly notes: Json;
  /** By this device's clock, in ms since 1970. */
  readonly kept_at: number;
}

/** A picture that waits to be sent. */
export interface KeptSnapshot {
  readonly queue: Queue;
  /** The place in the queue. */
  readonly place: number;
  readonly snapshot_id: string;
  readonly source: 'camera' | 'screen';
  /** By the server's clock, as far as it is known. */
  readonly taken_at: string;
  readonly media_type: 'image/jpeg' | 'image/webp';
  readonly content: ArrayBuffer;
}

/** What a queue of pictures counts. */
export interface KeptSnapshots {
  readonly queue: Queue;
  readonly nextPlace: number;
  readonly waiting: number;
  readonly bytes: number;
  readonly sent: number;
  /** The oldest, when there was no room for more. */
  readonly givenUp: number;
  readonly refused: number;
  /** When a picture came or went last, by this device's clock, in ms since 1970. */
  readonly touched_at: number;
}

interface Schema extends DBSchema {
  events: { key: [Queue, number]; value: KeptEvent };
  queues: { key: Queue; value: KeptQueue };
  visits: { key: [Queue, string]; value: KeptVisit };
  answers: { key: [Queue, number]; value: KeptAnswer };
  receipts: { key: number; value: KeptReceipt };
  rooms: { key: Queue; value: KeptRoom };
  snapshots: { key: [Queue, number]; value: KeptSnapshot };
  snapshot_queues: { key: Queue; value: KeptSnapshots };
  handovers: { key: string; value: { name: string; sealed: ArrayBuffer; at: number } };
}

export type Store = IDBPDatabase<Schema>;

/** All keys of a queue in a store whose keys begin with it. */
export function allOf(queue: Queue): IDBKeyRange {
  return IDBKeyRange.bound([queue], [queue, []]);
}

/** What must be on the disk before anybody is told that it is kept. */
export const DURABLE = { durability: 'strict' } as const;

const VERSION = 3;

/** Opens the database. Raises `StorageUnavailable`. */
export async function openStore(name = 'oep'): Promise<Store> {
  try {
    return await openDB<Schema>(name, VERSION, {
      upgrade(database, found) {
        if (found < 1) {
          database.createObjectStore('events', { keyPath: ['queue', 'place'] });
          database.createObjectStore('queues', { keyPath: 'queue' });
          database.createObjectStore('visits', { keyPath: ['queue', 'visit_id'] });
          database.createObjectStore('answers', { keyPath: ['queue', 'question_id'] });
          database.createObjectStore('receipts', { keyPath: 'attempt_id' });
          database.createObjectStore('handovers', { keyPath: 'name' });
        }
        if (found < 2) database.createObjectStore('rooms', { keyPath: 'queue' });
        if (found < 3) {
          database.createObjectStore('snapshots', { keyPath: ['queue', 'place'] });
          database.createObjectStore('snapshot_queues', { keyPath: 'queue' });
        }
      },
      // A newer page wants to change the database: it must not wait for a tab that nobody looks at.
      blocking: (_now, _wanted, event) => (event.target as IDBDatabase).close(),
    });
  } catch (error) {
    throw new StorageUnavailable(error);
  }
}

let shared: Promise<Store> | undefined;

/** The database of this page, opened once. */
export function pageStore(): Promise<Store> {
  shared ??= openStore().catch((error: unknown) => {
    shared = undefined;
    throw error;
  });
  return shared;
}
