// @vitest-environment happy-dom
import {
  type KeptRoom,
  LoginKeeper,
  type LoginState,
  Refusal,
  ServerClock,
  Unreachable,
} from '@oep/client';
import { openSnapshots } from '@oep/client/snapshots';
import { beforeEach, expect, test, vi } from 'vitest';
import { ANNA, BALA, BASE, Platform, TabStorage } from '../../../packages/client/tests/stubs';
import { forgetWithLogin, isCut, keepSkew, timeOf } from './kept';

beforeEach(() => sessionStorage.clear());

/** A keeper that says what the test wants. */
class Keeper {
  user: LoginKeeper['user'];
  say: (state: LoginState) => void = () => undefined;
  readonly onChange: LoginKeeper['onChange'] = (listener) => {
    this.say = listener;
    return () => undefined;
  };

  constructor(user: LoginKeeper['user']) {
    this.user = user;
  }
}

function forgottenBy(keeper: Pick<LoginKeeper, 'user' | 'onChange'>): number[] {
  const forgotten: number[] = [];
  forgetWithLogin(keeper, (userId) => void forgotten.push(userId));
  return forgotten;
}

const loginOf = (user: typeof ANNA) => ({ login: { user }, end: undefined }) as LoginState;

test('who signs out leaves no exam behind', async () => {
  const platform = new Platform();
  const options = { base: BASE, storage: new TabStorage(), fetch: platform.fetch };
  const keeper = new LoginKeeper(options);
  const forgotten = forgottenBy(keeper);
  const user = await keeper.signIn(ANNA.username, 'right');
  expect(forgotten).toEqual([]);
  await keeper.signOut();
  expect(forgotten).toEqual([user.id]);
});

test('who signs out leaves none of his pictures behind', async () => {
  const platform = new Platform();
  platform.weather = () => 'down';
  const login = new Keeper(ANNA) as unknown as LoginKeeper;
  const open = () => openSnapshots({ base: BASE, login, attemptId: 41, fetch: platform.fetch });
  const snapshots = await open();
  await snapshots.keep({
    source: 'camera',
    media_type: 'image/jpeg',
    content: new ArrayBuffer(8),
  });
  expect(snapshots.state.waiting).toBe(1);
  snapshots.close();
  const keeper = new Keeper(ANNA);
  forgetWithLogin(keeper);
  keeper.say({ login: undefined, end: 'signed_out' });
  await vi.waitFor(async () => {
    const next = await open();
    next.close();
    expect(next.state.waiting).toBe(0);
  });
});

test('a page that came up signed in forgets too, and of two who follow each other each his own', () => {
  const keeper = new Keeper(ANNA);
  const forgotten = forgottenBy(keeper);
  keeper.say({ login: undefined, end: 'signed_out' });
  keeper.say(loginOf(BALA));
  keeper.say({ login: undefined, end: 'signed_out' });
  expect(forgotten).toEqual([ANNA.id, BALA.id]);
});

test('a login that only ended keeps its exam: its user comes back to it', () => {
  const keeper = new Keeper(ANNA);
  const forgotten = forgottenBy(keeper);
  keeper.say(loginOf(ANNA)); // renewed
  keeper.say({ login: undefined, end: 'ended' });
  expect(forgotten).toEqual([]);
});

test('the skew that one page has learnt is the next page’s until it hears better', () => {
  const device = Date.now();
  const clockOf = () => new ServerClock({ monotonic: () => 1_000, device: () => device });
  const first = clockOf();
  keepSkew(first);
  first.observe(new Date(device - 90_000).toISOString(), 1_000);
  const next = clockOf();
  keepSkew(next);
  expect(device - next.now()).toBe(90_000);
});

test('kept time is taken only when it is one', () => {
  const kept = (notes: unknown) => timeOf({ notes } as KeptRoom);
  expect(kept({ deadlineAt: 5, pausedSeconds: null })).toEqual({
    deadlineAt: 5,
    pausedSeconds: null,
  });
  expect(kept({ deadlineAt: 5, pausedSeconds: 9 })).toEqual({ deadlineAt: 5, pausedSeconds: 9 });
  for (const notes of [null, 'x', [], {}, { deadlineAt: '5', pausedSeconds: null }]) {
    expect(kept(notes)).toBeUndefined();
  }
  expect(timeOf(undefined)).toBeUndefined();
});

test('a cut is that nobody could be asked; a refusal is an answer', () => {
  const refusal = (status: number) => new Refusal({ status, title: 't', detail: 'd' } as never);
  expect(isCut(new Unreachable('network'))).toBe(true);
  expect(isCut(refusal(503))).toBe(true);
  expect(isCut(refusal(404))).toBe(false);
});
