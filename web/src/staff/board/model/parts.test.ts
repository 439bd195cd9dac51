import { describe, expect, it } from 'vitest';
import { isEmpty, passes } from './filter';
import { movesBetween } from './moves';
import { newsOf, tally } from './news';
import { needOf } from './order';
import { type Clockwork, Pace, Throttle } from './pace';
import { row } from './samples';
import { BUCKET_MS, FLAT, pathOf, shifted, struck, sum, unknownBuckets } from './spark';

describe('a filter', () => {
  const someone = row(1, {
    student_name: 'Asha Rao',
    risk_score: 20,
    claimed_by_id: 9,
    center: 'Pune',
    counts: { info: 1, warning: 1, violation: 0 },
  });

  it.each([
    [{}, true],
    [{ status: 'in_progress' }, true],
    [{ status: 'submitted' }, false],
    [{ connection: 'offline' }, false],
    [{ severity: 'warning' }, true],
    [{ severity: 'violation' }, false],
    [{ minRisk: 20 }, true],
    [{ minRisk: 21 }, false],
    [{ isMine: true }, true],
    [{ isUnclaimed: true }, false],
    [{ center: 'Pune' }, true],
    [{ center: 'Agra' }, false],
    [{ need: 'warning' }, true],
    [{ text: 'ASHA' }, true],
    [{ text: 'ht00001' }, true],
    [{ text: 'w2' }, false],
  ] as const)('%j lets through: %s', (filter, expected) => {
    expect(passes(someone, filter, 9)).toBe(expected);
  });

  it('is empty when it names nothing', () => {
    expect(isEmpty({ text: '', isMine: false })).toBe(true);
    expect(isEmpty({ minRisk: 1 })).toBe(false);
  });
});

describe('what a student needs', () => {
  it.each([
    ['waits', { hand_raised_at: 'now' }],
    ['waits', { unread_message_count: 1, status: 'graded' }],
    ['waits', { is_waiting_for_authorisation: true, status: 'not_started' }],
    [
      'not_started',
      { is_waiting_for_authorisation: true, status: 'not_started', is_online: false },
    ],
    ['violation', { counts: { info: 0, warning: 0, violation: 1 }, is_online: false }],
    ['lost', { is_online: false, counts: { info: 0, warning: 1, violation: 0 } }],
    ['warning', { counts: { info: 0, warning: 1, violation: 0 } }],
    ['works', {}],
    ['over', { status: 'submitted', counts: { info: 0, warning: 0, violation: 5 } }],
  ] as const)('is %s for %j', (need, more) => {
    expect(needOf(row(1, more))).toBe(need);
  });
});

describe('a spark', () => {
  const start = 1000 * BUCKET_MS;

  it('counts events in half minutes and lets old ones fall out', () => {
    let spark = struck(FLAT, start, 0);
    spark = struck(spark, start + 1, 2);
    spark = struck(spark, start + BUCKET_MS, 1);
    expect([...spark.counts.slice(-2)]).toEqual([2, 1]);
    expect([...spark.heights.slice(-2)]).toEqual([2, 1]);
    expect(sum(spark, 1000 + 1)).toBe(3);
    expect(sum(spark, 1000 + 30)).toBe(1);
    expect(sum(shifted(spark, 1000 + 31), 1000 + 31)).toBe(0);
  });

  it('takes an event that came late into the half minute where it belongs', () => {
    const spark = struck(struck(FLAT, start + 2 * BUCKET_MS, 0), start, 0);
    expect([...spark.counts.slice(-3)]).toEqual([1, 0, 1]);
    expect(struck(spark, start - 40 * BUCKET_MS, 0)).toBe(spark);
  });

  it('draws each severity as bars of its own', () => {
    const spark = struck(struck(FLAT, start, 2), start + BUCKET_MS, 0);
    expect(pathOf(spark, 2, 16)).toBe('M28 16v-2h.8v2z');
    expect(pathOf(spark, 0, 16)).toBe('M29 16v-2h.8v2z');
    expect(pathOf(spark, 1, 16)).toBe('');
  });

  it('knows that nobody listened before the page was opened', () => {
    expect(unknownBuckets(1000, start)).toBe(29);
    expect(unknownBuckets(1000, start - 100 * BUCKET_MS)).toBe(0);
  });
});

describe('how far two orders are apart', () => {
  it.each([
    [[1, 2, 3], [1, 2, 3], 0],
    [[1, 2, 3], [3, 1, 2], 1],
    [[1, 2, 3], [2, 1], 2],
    [[1], [1, 4, 5], 2],
    [[1, 2, 3, 4], [4, 3, 2, 1], 3],
  ])('%j and %j: %i moves', (shown, wanted, moves) => {
    expect(movesBetween(shown, wanted)).toBe(moves);
  });
});

describe('news', () => {
  it('is a hand that goes up, not one that stays up', () => {
    const [down, up] = [row(1), row(1, { hand_raised_at: 'now' })];
    expect(newsOf(down, up, 'hand', {})).toBe('hand');
    expect(newsOf(up, up, 'hand', {})).toBeUndefined();
  });

  it('is who comes to the door of the lobby', () => {
    const away = row(1, { is_waiting_for_authorisation: true, is_online: false });
    expect(newsOf(away, { ...away, is_online: true }, 'presence', {})).toBe('door');
  });

  it('is told as a count of each kind, those first that matter most', () => {
    const of = (kind: 'lost' | 'hand') => ({ kind, attemptId: 1, name: '' });
    expect(tally([of('lost'), of('hand'), of('lost')])).toEqual([
      ['hand', 1],
      ['lost', 2],
    ]);
  });
});

describe('the pace', () => {
  function clock(isHidden = false) {
    const frames: (() => void)[] = [];
    const timers: [() => void, number][] = [];
    const state = { now: 0 };
    const work: Clockwork = {
      now: () => state.now,
      isHidden: () => isHidden,
      onFrame: (run) => frames.push(run),
      after: (run, milliseconds) => timers.push([run, milliseconds]),
    };
    return { work, frames, timers, state };
  }

  it('folds all that came since the last frame of the screen at once', () => {
    const { work, frames } = clock();
    const seen: number[][] = [];
    const pace = new Pace<number>((all) => seen.push([...all]), work);
    pace.put(1);
    pace.put(2);
    expect(frames).toHaveLength(1);
    frames[0]?.();
    pace.flush();
    expect(seen).toEqual([[1, 2]]);
  });

  it('goes on in a page that nobody sees', () => {
    const { work, frames, timers } = clock(true);
    const pace = new Pace<number>(() => undefined, work);
    pace.put(1);
    expect([frames.length, timers[0]?.[1]]).toEqual([0, 1000]);
  });

  it('does the first at once and the rest a while after it, once', () => {
    const { work, timers, state } = clock();
    let runs = 0;
    const throttle = new Throttle(() => runs++, 250, work);
    throttle.due();
    state.now = 100;
    throttle.due();
    throttle.due();
    expect([runs, timers.length, timers[0]?.[1]]).toEqual([1, 1, 150]);
    timers[0]?.[0]();
    expect(runs).toBe(2);
  });
});
