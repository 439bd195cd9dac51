import type { ConnectionState } from '@oep/client';
import { expect, it } from 'vitest';
import type { Freshness } from './model/board';
import { stalenessOf } from './staleness';

const NOW = 1_000_000;
const fresh: Freshness = { asOf: NOW - 12_000, staleSince: null, isStartingOver: false };
const socket = (name: ConnectionState['name']): ConnectionState => ({
  name,
  since: 0,
  reason: undefined,
  retryAt: undefined,
});

it.each([
  ['online', fresh, 1000, 'live', 0],
  ['online', fresh, 7000, 'silent', 12],
  ['degraded', fresh, 1000, 'silent', 12],
  ['online', { ...fresh, staleSince: NOW - 5000 }, 1000, 'server_behind', 12],
  ['online', { ...fresh, isStartingOver: true }, 1000, 'starting_over', 12],
  ['offline', fresh, 1000, 'lost', 12],
  ['connecting', fresh, 1000, 'lost', 12],
  ['closed', fresh, 1000, 'closed', 12],
  ['connecting', { ...fresh, asOf: null }, 1000, 'loading', 0],
  ['offline', { ...fresh, asOf: null }, 1000, 'lost', 0],
] as const)(
  'a socket that is %s with %j, silent for %i ms, is %s by %i s',
  (name, state, silent, word, behind) => {
    const found = stalenessOf(socket(name), state, NOW - silent, NOW);
    expect([found.word, found.behindSeconds]).toEqual([word, behind]);
  },
);

it('is as of now while it is live', () => {
  expect(stalenessOf(socket('online'), fresh, NOW, NOW).asOf).toBe(NOW);
});
