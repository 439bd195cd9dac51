import { expect, test } from 'vitest';
import { Away } from './away';

const NOON = Date.UTC(2026, 2, 2, 12);

test('a switch is reported twice: when it begins, and with its length when it ends', () => {
  const away = new Away();
  expect(away.hide(NOON)).toEqual({ action: 'hidden', timestamp: '2026-03-02T12:00:00.000Z' });
  expect(away.show(NOON + 2_345)).toEqual({
    action: 'visible',
    duration_seconds: 2.345,
    switch_count: 1,
    timestamp: '2026-03-02T12:00:02.345Z',
  });
});

test('switches are counted', () => {
  const away = new Away();
  away.hide(NOON);
  away.show(NOON + 1);
  away.hide(NOON + 2);
  expect(away.show(NOON + 3)).toMatchObject({ switch_count: 2 });
});

test('what is hidden already, or visible already, is no second switch', () => {
  const away = new Away();
  expect(away.show(NOON)).toBeUndefined();
  away.hide(NOON);
  expect(away.hide(NOON + 1)).toBeUndefined();
  expect(away.show(NOON + 2)).toMatchObject({ duration_seconds: 0.002 });
});

test('a clock that was set back makes no negative length', () => {
  const away = new Away();
  away.hide(NOON);
  expect(away.show(NOON - 5_000)).toMatchObject({ duration_seconds: 0 });
});
