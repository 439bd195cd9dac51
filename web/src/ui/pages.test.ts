import { expect, it } from 'vitest';
import { partOf } from './pages';

it('counts for people, from one', () => {
  const part = partOf({ skip: 0, limit: 20, total: 45 });
  expect(part).toEqual({ first: 1, last: 20, previous: undefined, next: 20 });
});

it('ends where the list ends', () => {
  const part = partOf({ skip: 40, limit: 20, total: 45 });
  expect(part).toEqual({ first: 41, last: 45, previous: 20, next: undefined });
});

it('shows nothing of an empty list', () => {
  const part = partOf({ skip: 0, limit: 20, total: 0 });
  expect(part).toEqual({ first: 0, last: 0, previous: undefined, next: undefined });
});

it('goes back to the beginning from an odd place', () => {
  expect(partOf({ skip: 7, limit: 20, total: 45 }).previous).toBe(0);
});

it('goes on without knowing how far', () => {
  const part = partOf({ skip: 20, limit: 20, count: 20, hasNext: true });
  expect(part).toEqual({ first: 21, last: 40, previous: 0, next: 40 });
  expect(partOf({ skip: 40, limit: 20, count: 5 })).toMatchObject({ last: 45, next: undefined });
});
