/**
 * What came before this page began to listen, and how it is joined with what is heard: each event has
 * a place in its attempt, the count that it made. A pulse holds all up to a place and none behind it,
 * so what is heard is added where its place is behind that, whichever of both is here first.
 */

import type { LastEvent } from './row';
import { FLAT, filled, type Spark, struck } from './spark';

/** An exam's events of the last minutes as proctoring counts them, in buckets of `BUCKET_MS`. */
export interface Pulse {
  /** Where bucket 0 begins, ISO 8601. */
  readonly begins_at: string;
  /** False: there were too many attempts; of one that is not named nothing is known. */
  readonly is_whole: boolean;
  readonly attempts: readonly {
    readonly attempt_id: number;
    /** All of so many events of the attempt were looked at. */
    readonly event_count: number;
    /** `[bucket, events, gravest]`, where there were any. */
    readonly cells: readonly (readonly [number, number, number])[];
  }[];
}

/** Events that were heard of at once: they raised the count of an attempt. */
interface Strike {
  readonly before: number;
  readonly count: number;
  readonly last: LastEvent;
}

/** More at once are not drawn one by one: so many fill a bar six times. */
const MOST_AT_ONCE = 50;
const HEIGHTS = { info: 0, warning: 1, violation: 2 } as const;

/** Joins pulses with what is heard while they are asked for and behind them. */
export class Pulses {
  #meanwhile: Map<number, Strike[]> | null = null;
  #counted = new Map<number, number>();

  /** A pulse is asked for from now on; an answer to an earlier question is of no use any more. */
  expect(): void {
    this.#meanwhile = new Map();
    this.#counted.clear();
  }

  /** No pulse comes. */
  forget(): void {
    this.#meanwhile = null;
  }

  /** The spark with those events that raised an attempt's count, but for those of the pulse. */
  heard(id: number, spark: Spark, strike: Strike): Spark {
    const waiting = this.#meanwhile;
    if (waiting) waiting.set(id, [...(waiting.get(id) ?? []), strike]);
    return added(spark, strike, this.#counted.get(id) ?? 0);
  }

  /** Sparks by attempt; of one that is not among them nothing came, in the pulse or behind it. */
  load(pulse: Pulse): ReadonlyMap<number, Spark> {
    const sparks = new Map<number, Spark>();
    for (const { attempt_id: id, event_count, cells } of pulse.attempts) {
      sparks.set(id, filled(Date.parse(pulse.begins_at), cells));
      this.#counted.set(id, event_count);
    }
    for (const [id, strikes] of this.#meanwhile ?? []) {
      for (const strike of strikes) {
        const spark = sparks.get(id) ?? FLAT;
        sparks.set(id, added(spark, strike, this.#counted.get(id) ?? 0));
      }
    }
    this.#meanwhile = null;
    return sparks;
  }
}

function added(spark: Spark, { before, count, last }: Strike, counted: number): Spark {
  const news = Math.min(count - Math.max(before, counted), MOST_AT_ONCE);
  const at = Date.parse(last.received_at);
  let next = spark;
  for (let i = 0; i < news; i++) next = struck(next, at, HEIGHTS[last.severity]);
  return next;
}
