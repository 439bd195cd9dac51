import { expect, test } from 'vitest';
import { openingOf } from './opening';

const WINDOW = { start_time: '2026-03-02T09:00:00Z', end_time: '2026-03-02T12:00:00Z' };
const at = (text: string) => Date.parse(`2026-03-02T${text}Z`);

test('before its time an exam opens later, in so many begun seconds', () => {
  expect(openingOf(WINDOW, at('08:59:29.100'))).toEqual({
    state: 'later',
    at: at('09:00:00'),
    seconds: 31,
  });
});

test('in its window it is open, and afterwards closed', () => {
  expect(openingOf(WINDOW, at('09:00:00'))).toEqual({ state: 'open' });
  expect(openingOf(WINDOW, at('12:00:01'))).toEqual({ state: 'closed', at: at('12:00:00') });
});

test('an exam without a window is always open', () => {
  expect(openingOf({ start_time: null, end_time: null }, 0)).toEqual({ state: 'open' });
});
