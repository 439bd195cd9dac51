import { expect, test } from 'vitest';
import type { Moment } from './marks';
import { waitsOf } from './waits';

function moment(eventAt: number, at: number): Moment {
  const rest = { id: at, sequence: at, type: 'x', isLate: false, questionId: null };
  return { ...rest, severity: 'info', at, eventAt };
}

test('where everything comes at once nothing has waited, however wrong the clock is', () => {
  const hour = 3_600_000;
  expect(waitsOf([1, 2, 3].map((n) => moment(n * 1_000 - hour, n * 1_000)))).toEqual([]);
  expect(waitsOf([])).toEqual([]);
});

test('what happened without a line and came together is one span', () => {
  const usual = [1, 2, 3, 4, 5].map((n) => moment(n * 1_000, n * 1_000 + 100));
  const waited = [moment(100_000, 400_100), moment(250_000, 400_200)];
  expect(waitsOf([...usual, ...waited])).toEqual([{ from: 100_100, to: 400_200, count: 2 }]);
});

test('two cuts are two spans, and a slow way is none', () => {
  const usual = [1, 2, 3, 4, 5].map((n) => moment(n * 1_000, n * 1_000));
  const found = waitsOf([
    ...usual,
    moment(10_000, 60_000),
    moment(200_000, 300_000),
    moment(400_000, 415_000),
  ]);
  expect(found.map((wait) => wait.from)).toEqual([10_000, 200_000]);
});
