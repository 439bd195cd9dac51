import { expect, test } from 'vitest';
import { lookOf } from './connection';

const OPEN = { name: 'online' } as const;

test('a socket that is open, and answers that arrive, are a connection', () => {
  expect(lookOf(OPEN, true, 'saved')).toBe('online');
  expect(lookOf({ name: 'degraded' }, true, 'saving')).toBe('online');
});

test('whoever notices a cut first is believed', () => {
  expect(lookOf({ name: 'offline' }, true, 'saved')).toBe('offline');
  expect(lookOf(OPEN, false, 'saved')).toBe('offline');
  expect(lookOf(OPEN, true, 'offline')).toBe('offline');
});

test('what the platform closed is no cut that heals by itself', () => {
  expect(lookOf({ name: 'closed' }, false, 'offline')).toBe('closed');
});
