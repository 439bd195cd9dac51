import { expect, test } from 'vitest';
import { binNames, lengthOf, rangesOf, stepOf, typesOf } from './figures';

test('a type that came with two severities is one row', () => {
  const counts = [
    { event_type: 'window_blur', severity: 'warning', event_count: 3 },
    { event_type: 'keyboard_blocked', severity: 'warning', event_count: 4 },
    { event_type: 'keyboard_blocked', severity: 'violation', event_count: 2 },
  ];
  expect(typesOf(counts)).toEqual([
    { type: 'keyboard_blocked', info: 0, warning: 4, violation: 2, total: 6 },
    { type: 'window_blur', info: 0, warning: 3, violation: 0, total: 3 },
  ]);
});

test('bins are named by what falls in them, the last is open', () => {
  expect(binNames([{ lowest: 0 }, { lowest: 10 }, { lowest: 20 }])).toEqual([
    '0–9',
    '10–19',
    '20+',
  ]);
});

test('missing numbers are written short', () => {
  expect(
    rangesOf([
      [3, 5],
      [9, 9],
    ]),
  ).toBe('3–5, 9');
  expect(
    rangesOf(
      [
        [1, 1],
        [3, 3],
        [5, 5],
      ],
      2,
    ),
  ).toBe('1, 3 …');
  expect(rangesOf([])).toBe('');
});

test('a short time is said in seconds, a longer one in minutes', () => {
  expect(lengthOf(0.01)).toEqual({ unit: 'seconds', value: 1 });
  expect(lengthOf(0.98)).toEqual({ unit: 'seconds', value: 59 });
  expect(lengthOf(0.999)).toEqual({ unit: 'minutes', value: 1 });
  expect(lengthOf(41.26)).toEqual({ unit: 'minutes', value: 41.3 });
});

test('of names that would touch only every second or third is shown', () => {
  const risk = [22, ...Array.from({ length: 9 }, () => 36), 34];
  expect([50, 42, 40, 36, 20, 12].map((room) => stepOf(risk, room))).toEqual([1, 1, 1, 2, 2, 4]);
  expect(stepOf([], 0)).toBe(1);
  expect(stepOf([40, 40], 1)).toBe(2);
});
