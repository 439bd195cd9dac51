import { expect, it } from 'vitest';
import { clock, lengthOf } from './times';

it('shows minutes and seconds below an hour', () => {
  expect(clock(309)).toBe('05:09');
  expect(clock(0)).toBe('00:00');
  expect(clock(59.9)).toBe('00:59');
});

it('shows hours when there are any', () => {
  expect(clock(3909)).toBe('1:05:09');
});

it('marks what is over with a minus', () => {
  expect(clock(-61)).toBe('−01:01');
  expect(clock(-0.4)).toBe('00:00');
});

it('splits seconds into hours, minutes and the rest', () => {
  expect(lengthOf(3909)).toEqual({ hours: 1, minutes: 5, seconds: 9 });
  expect(lengthOf(-3)).toEqual({ hours: 0, minutes: 0, seconds: 0 });
});
