import { expect, test } from 'vitest';
import { figures, passed, remaining, timeLeft, untilChange, urgency } from './countdown';

const MINUTE = 60_000;

test('time is left until the deadline and never less than none', () => {
  expect(remaining(10_000, 4_000)).toBe(6_000);
  expect(remaining(10_000, 14_000)).toBe(0);
});

test.each([
  [3_909_000, '1:05:09'],
  [309_000, '5:09'],
  [59_001, '1:00'],
  [1, '0:01'],
  [0, '0:00'],
])('%d ms stand as %s on the clock', (ms, shown) => {
  expect(figures(timeLeft(ms))).toBe(shown);
});

test('passing 15, 5 and 1 minutes is noticed once', () => {
  expect(passed(15 * MINUTE + 1, 15 * MINUTE)).toBe(15);
  expect(passed(15 * MINUTE, 14 * MINUTE)).toBeUndefined();
  expect(passed(5 * MINUTE + 500, 5 * MINUTE - 500)).toBe(5);
  expect(passed(MINUTE + 1, MINUTE)).toBe(1);
});

test('a computer that slept is told the lowest mark', () => {
  expect(passed(20 * MINUTE, 30_000)).toBe(1);
});

test('extra time passes no mark, and the same mark may come again after it', () => {
  expect(passed(4 * MINUTE, 9 * MINUTE)).toBeUndefined();
  expect(passed(9 * MINUTE, 5 * MINUTE)).toBe(5);
});

test('the clock is quiet until five minutes are left', () => {
  expect(urgency(6 * MINUTE)).toBe('quiet');
  expect(urgency(5 * MINUTE)).toBe('near');
  expect(urgency(MINUTE)).toBe('last');
});

test('the clock is looked at again when its figures change', () => {
  expect(untilChange(5_250)).toBe(250);
  expect(untilChange(5_000)).toBe(1_000);
});
