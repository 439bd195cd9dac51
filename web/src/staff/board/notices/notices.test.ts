import { describe, expect, it } from 'vitest';
import type { News } from '../model/news';
import { chosenNotices, keepNotices, waysOf } from './choice';
import { Telling } from './telling';

describe('the choice of notices', () => {
  const storage = () => {
    const kept = new Map<string, string>();
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
    };
  };

  it('is off until somebody wants it, and is kept', () => {
    const kept = storage();
    expect(chosenNotices(kept)).toEqual({ sound: false, desktop: false });
    keepNotices({ sound: true, desktop: false }, kept);
    expect(chosenNotices(kept)).toEqual({ sound: true, desktop: false });
  });

  it('is off when what is kept is damaged', () => {
    expect(chosenNotices({ getItem: () => '{' })).toEqual({ sound: false, desktop: false });
    expect(chosenNotices({ getItem: () => 'null' })).toEqual({ sound: false, desktop: false });
  });

  it('decides how is told: nothing unchosen, on the desktop only to who does not look', () => {
    const [quiet, loud] = [
      { sound: false, desktop: false },
      { sound: true, desktop: true },
    ];
    expect(waysOf(quiet, true)).toEqual(quiet);
    expect(waysOf(loud, true)).toEqual(loud);
    expect(waysOf(loud, false)).toEqual({ sound: true, desktop: false });
  });
});

it('news are told at once after a quiet time, and then together', () => {
  const timers: (() => void)[] = [];
  const state = { now: 0 };
  const clockwork = {
    now: () => state.now,
    isHidden: () => false,
    onFrame: () => undefined,
    after: (run: () => void) => timers.push(run),
  };
  const told: unknown[] = [];
  const telling = new Telling((counts) => told.push(counts), clockwork);
  const of = (kind: News['kind']): News => ({ kind, attemptId: 1, name: '' });
  telling.take([of('lost')]);
  telling.take([of('hand')]);
  telling.take([of('hand'), of('violation')]);
  expect(told).toEqual([[['lost', 1]]]);
  state.now = 8000;
  timers[0]?.();
  expect(told.at(-1)).toEqual([
    ['hand', 2],
    ['violation', 1],
  ]);
});
