import { expect, it } from 'vitest';
import { partOf } from './pages';

it('counts for people, from one', () => {
  expect(partOf(0, 20, 45)).toEqual({ first: 1, last: 20, previous: undefined, next: 20 });
});

it('ends where the list ends', () => {
  expect(partOf(40, 20, 45)).toEqual({ first: 41, last: 45, previous: 20, next: undefined });
});

it('shows nothing of an empty list', () => {
  expect(partOf(0, 20, 0)).toEqual({ first: 0, last: 0, previous: undefined, next: undefined });
});

it('goes back to the beginning from an odd place', () => {
  expect(partOf(7, 20, 45).previous).toBe(0);
});
