import { describe, expect, it } from 'vitest';
import { Board } from './board';
import type { Pulse } from './pulse';
import { event, row, snapshot } from './samples';
import { BUCKET_MS, BUCKETS, bucketOf, FLAT, filled, shifted, sum } from './spark';

const NOON = Date.parse('2026-03-02T12:00:00Z');
const BEGINS = NOON - (BUCKETS - 1) * BUCKET_MS;
const NEWEST = bucketOf(NOON);
const at = (bucket: number) => new Date(BEGINS + bucket * BUCKET_MS).toISOString();

type Beats = Pulse['attempts'][number];

function pulse(attempts: readonly Beats[], is_whole = true): Pulse {
  return { begins_at: new Date(BEGINS).toISOString(), is_whole, attempts };
}

const beats = (attempt_id: number, event_count: number, ...cells: Beats['cells']): Beats => ({
  attempt_id,
  event_count,
  cells,
});

/** A board whose snapshot knows of so many warnings of attempt 1. */
function boardOf(warning: number): Board {
  const board = new Board();
  board.apply([snapshot([row(1, { counts: { info: 0, warning, violation: 0 } }), row(2)])]);
  return board;
}

const warned = (sequence: number, warning: number, bucket = 29) =>
  event(sequence, 1, 'warning', { warning }, at(bucket));

/** Bucket and events of an attempt, where there are any. */
function barsOf(board: Board, id = 1): [number, number][] {
  const spark = board.student(id)?.spark ?? FLAT;
  const now = shifted(spark, Math.max(spark.newest, NEWEST));
  return [...now.counts.entries()].filter(([, count]) => count > 0);
}

describe('a pulse', () => {
  it('fills the sparks with what came before the page listened', () => {
    const board = boardOf(7);
    expect(board.eventsSince).toBe(Date.parse('2026-03-02T09:00:00Z'));
    const { ids, isMoved } = board.loadPulse(pulse([beats(1, 7, [0, 2, 1], [20, 3, 2])]));
    expect(barsOf(board)).toEqual([
      [0, 2],
      [20, 3],
    ]);
    expect(board.student(1)?.spark.heights[20]).toBe(2);
    expect([[...ids], isMoved]).toEqual([[1], true]);
    expect(board.eventsSince).toBe(BEGINS);
  });

  it('doubles nothing that was heard while it was asked for', () => {
    const board = boardOf(7);
    board.apply([warned(101, 8), warned(102, 9)]);
    board.loadPulse(pulse([beats(1, 8, [29, 1, 1])]));
    expect(barsOf(board)).toEqual([[29, 2]]);
  });

  it('doubles nothing of which is heard only afterwards', () => {
    const board = boardOf(7);
    board.loadPulse(pulse([beats(1, 9, [28, 1, 1], [29, 1, 1])]));
    board.apply([warned(101, 8, 28), warned(102, 9), warned(103, 10)]);
    expect(barsOf(board)).toEqual([
      [28, 1],
      [29, 2],
    ]);
  });

  it('keeps what came behind it of one of whom it knew nothing', () => {
    const board = boardOf(0);
    board.apply([warned(101, 1)]);
    board.loadPulse(pulse([]));
    board.apply([warned(102, 2)]);
    expect(barsOf(board)).toEqual([[29, 2]]);
  });

  it('puts what was swallowed by a hole of the stream where it belongs', () => {
    const board = boardOf(0);
    board.loadPulse(pulse([]));
    const counts = { info: 0, warning: 3, violation: 0 };
    const last = { event_type: 'blur', severity: 'warning', received_at: at(29), late: false };
    board.apply([
      snapshot([row(1, { counts, last_event: { ...last, severity: 'warning' } })], 900, 'b'),
    ]);
    expect(barsOf(board)).toEqual([[29, 3]]);
    board.loadPulse(pulse([beats(1, 3, [10, 2, 1], [29, 1, 1])]));
    expect(barsOf(board)).toEqual([
      [10, 2],
      [29, 1],
    ]);
  });

  it('that cannot be had leaves what was heard, and what is not known', () => {
    const board = boardOf(7);
    board.apply([warned(101, 8)]);
    board.loadPulse(null);
    expect(barsOf(board)).toEqual([[29, 1]]);
    expect(board.eventsSince).toBe(Date.parse('2026-03-02T09:00:00Z'));
  });

  it('that is not whole says nothing of those whom it does not name', () => {
    const board = boardOf(0);
    board.apply([event(101, 2, 'info', { info: 1 }, at(29))]);
    board.loadPulse(pulse([beats(1, 1, [5, 1, 0])], false));
    expect([barsOf(board), barsOf(board, 2)]).toEqual([[[5, 1]], [[29, 1]]]);
    expect(board.eventsSince).toBe(Date.parse('2026-03-02T09:00:00Z'));
  });

  it('is the same picture wherever snapshot, pulse and page are cut', () => {
    const all = Array.from({ length: 12 }, (_, i) => 24 + Math.floor(i / 2));
    const cellsOf = (upTo: number): Beats['cells'] =>
      [...new Set(all.slice(0, upTo))].map(
        (bucket) =>
          [bucket, all.slice(0, upTo).filter((each) => each === bucket).length, 1] as const,
      );
    const whole = cellsOf(12).map(([bucket, count]) => [bucket, count]);
    for (let known = 0; known <= 12; known++) {
      for (let counted = known; counted <= 12; counted++) {
        for (let heard = known; heard <= 12; heard++) {
          const board = boardOf(known);
          const deltas = all.map((bucket, i) => warned(101 + i, i + 1, bucket));
          board.apply(deltas.slice(known, heard));
          board.loadPulse(pulse(counted ? [beats(1, counted, ...cellsOf(counted))] : []));
          board.apply(deltas.slice(heard));
          expect(barsOf(board), `${known} ${counted} ${heard}`).toEqual(whole);
        }
      }
    }
  });
});

describe('a spark that is filled', () => {
  it('goes on where a half minute has begun since it was asked for', () => {
    const spark = filled(BEGINS, [
      [0, 1, 0],
      [30, 2, 1],
    ]);
    expect([spark.newest, sum(spark, spark.newest)]).toEqual([NEWEST + 1, 2]);
  });
});
