import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createApi } from '../src/api';
import type { Locks } from '../src/locks';
import { pageLocks } from '../src/locks';
import type { LoginKeeper } from '../src/login';
import { lingerMs } from '../src/posting';
import { EventReporter } from '../src/reporter';
import { openStore, queueOf, type Store } from '../src/store';
import {
  ANNA,
  ATTEMPT,
  BASE,
  chance,
  fakeTime,
  Platform,
  pass,
  problem,
  settle,
  signedIn,
  type Weather,
} from './stubs';

const BATCH = '/api/v1/proctoring/events/batch';

let platform: Platform;
let login: LoginKeeper;
let store: Store;
let locks: Locks;
let network: EventTarget;
let open: EventReporter[] = [];
let names = 0;

beforeEach(async () => {
  fakeTime();
  platform = new Platform();
  platform.lifeSeconds = 8 * 3600;
  login = await signedIn(platform);
  store = await openStore(`reporter-${names++}`);
  locks = pageLocks();
  network = new EventTarget();
});
afterEach(() => {
  for (const reporter of open) reporter.close();
  open = [];
  vi.useRealTimers();
});

/** Opens the queue as a page does that was just loaded: nothing but the database is the same. */
async function page(attemptId = ATTEMPT, random = () => 0.5): Promise<EventReporter> {
  const api = createApi({ base: BASE, login, onlyFor: ANNA.id, fetch: platform.fetch });
  const queue = queueOf(ANNA.id, attemptId);
  const shared = { api, attemptId, queue, store, locks, network, random };
  const reporter = await EventReporter.open(shared);
  open.push(reporter);
  return reporter;
}

/** What a crash leaves: the database as it is. */
function crash(reporter: EventReporter): void {
  reporter.close();
}

const stored = () => platform.events.map(({ event_type }) => event_type);
const numbers = () => platform.events.map(({ client_sequence }) => client_sequence);

describe('keeping and sending', () => {
  test('an event has an id, a number and a time of its own, and is sent soon', async () => {
    const reporter = await page();
    await reporter.report({ event_type: 'tab_switch', event_data: { action: 'hidden' } });
    expect(reporter.state.waiting).toBe(1);
    await pass(1_500);
    expect(platform.events).toMatchObject([
      {
        attempt_id: ATTEMPT,
        event_type: 'tab_switch',
        event_timestamp: '2026-03-02T09:00:00.000Z',
        event_data: { action: 'hidden' },
        client_sequence: 1,
        severity: null,
        question_id: null,
      },
    ]);
    expect(platform.events[0]?.event_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(reporter.state).toEqual({ waiting: 0, refused: 0, held: undefined });
  });

  test('what comes together goes together, in its order', async () => {
    const reporter = await page();
    await pass(500);
    for (const event_type of ['a_one', 'b_two', 'c_three']) await reporter.report({ event_type });
    await pass(1_500);
    expect(stored()).toEqual(['a_one', 'b_two', 'c_three']);
    expect(numbers()).toEqual([1, 2, 3]);
    expect(platform.count(BATCH)).toBe(1);
  });

  test('a violation goes at once and takes along what waits before it', async () => {
    const reporter = await page();
    await pass(500);
    await reporter.report({ event_type: 'window_blur' });
    await reporter.report({ event_type: 'fullscreen_exit' });
    await reporter.report({ event_type: 'keyboard_blocked', severity: 'violation' });
    await pass(10, 5);
    expect(stored()).toContain('fullscreen_exit');
    expect(numbers()).toEqual(numbers().toSorted());
  });

  test('a loaded platform is told less often, but of violations at once', async () => {
    expect([0, 2, 3, 5, 8, 10].map((load) => lingerMs(false, load))).toEqual([
      1_000, 1_000, 5_000, 5_000, 15_000, 30_000,
    ]);
    expect(lingerMs(true, 10)).toBe(0);
    platform.load = 8;
    const reporter = await page();
    await reporter.report({ event_type: 'first' });
    await pass(1_500);
    await reporter.report({ event_type: 'second' });
    await pass(10_000, 1_000);
    expect(stored()).toEqual(['first']);
    await pass(6_000, 1_000);
    expect(stored()).toEqual(['first', 'second']);
    await reporter.report({ event_type: 'fullscreen_exit' });
    await pass(10, 5);
    expect(stored()).toHaveLength(3);
  });

  test('five hundred at most go in one batch', async () => {
    platform.weather = () => 'down';
    const reporter = await page();
    await Promise.all(
      Array.from({ length: 501 }, () => reporter.report({ event_type: 'key_press' })),
    );
    platform.weather = () => 'fine';
    expect(await flushed(reporter, 30)).toBe(0);
    expect(numbers()).toEqual(Array.from({ length: 501 }, (_, index) => index + 1));
    expect(platform.count(BATCH)).toBe(2);
  });
});

describe('what answers do', () => {
  test('nothing leaves without an answer for its own id', async () => {
    const reporter = await page();
    platform.instead = ({ path }) =>
      path === BATCH
        ? Response.json({ results: [{ index: 0, status: 201, event: { event_id: 'another' } }] })
        : undefined;
    await reporter.report({ event_type: 'tab_switch' });
    await pass(1_500);
    expect(reporter.state).toMatchObject({ waiting: 1, held: 'server' });
    platform.instead = () => undefined;
    await pass(5_000);
    expect(stored()).toEqual(['tab_switch']);
    expect(reporter.state.waiting).toBe(0);
  });

  test('a bad event leaves refused, the good ones around it are stored', async () => {
    const reporter = await page();
    for (const event_type of ['good', 'bad', 'fine']) await reporter.report({ event_type });
    await pass(1_500);
    expect(stored()).toEqual(['good', 'fine']);
    expect(reporter.state).toEqual({ waiting: 0, refused: 1, held: undefined });
  });

  test('a closed attempt wants no events any more, and nobody keeps on asking', async () => {
    platform.status = 'graded';
    const reporter = await page();
    await reporter.report({ event_type: 'tab_switch' });
    await pass(1_500);
    const asked = platform.count(BATCH);
    await pass(60_000, 15_000);
    expect(reporter.state).toEqual({ waiting: 0, refused: 1, held: undefined });
    expect(platform.count(BATCH)).toBe(asked);
  });

  test.each([
    [503, '7', 7_000],
    [429, '20', 20_000],
  ])('%i keeps everything and waits as it was told', async (status, seconds, ms) => {
    const reporter = await page();
    await pass(500);
    platform.instead = ({ path }) =>
      path === BATCH ? problem(status, 'wait', {}, { 'retry-after': seconds }) : undefined;
    await reporter.report({ event_type: 'fullscreen_exit' });
    await pass(10, 5);
    expect(reporter.state).toMatchObject({ waiting: 1, held: 'server' });
    platform.instead = () => undefined;
    await pass(ms - 1_000, 500);
    expect(stored()).toEqual([]);
    await pass(1_500);
    expect(stored()).toEqual(['fullscreen_exit']);
  });

  test('one that the platform cannot even read is found by halving and let go', async () => {
    const reporter = await page();
    platform.instead = ({ path, body }) =>
      path === BATCH && JSON.stringify(body).includes('poison')
        ? problem(413, 'too large')
        : undefined;
    for (const event_type of ['one', 'two', 'poison', 'four', 'five']) {
      await reporter.report({ event_type });
    }
    await pass(5_000);
    expect(stored()).toEqual(['one', 'two', 'four', 'five']);
    expect(reporter.state).toMatchObject({ waiting: 0, refused: 1 });
  });

  test('one that fails again and again does not hold the others up', async () => {
    const reporter = await page();
    platform.instead = ({ path, body }) => {
      if (path !== BATCH || body.events[0].event_type !== 'cursed') return undefined;
      const [, ...rest] = body.events;
      const results = rest.map((event: object, index: number) => ({
        index: index + 1,
        status: 201,
        event,
      }));
      platform.events.push(...rest);
      return Response.json({ results: [{ index: 0, status: 500, error: {} }, ...results] });
    };
    for (const event_type of ['cursed', 'two', 'three']) await reporter.report({ event_type });
    await pass(3_000);
    expect(stored()).toEqual(['two', 'three']);
    expect(reporter.state.waiting).toBe(1);
  });
});

describe('what is left behind', () => {
  test('a crash loses nothing: the next page sends what waited, under the same ids', async () => {
    platform.weather = () => 'down';
    const before = await page();
    for (const event_type of ['one', 'two']) await before.report({ event_type });
    await pass(2_000);
    crash(before);
    const kept = (await store.getAll('events')).map(({ event_id }) => event_id);
    platform.weather = () => 'fine';
    await page();
    await pass(2_000);
    expect(platform.events.map(({ event_id }) => event_id)).toEqual(kept);
    expect(await store.count('events')).toBe(0);
  });

  test('a crash between sending and answer doubles nothing', async () => {
    const before = await page();
    await pass(500);
    platform.weather = () => 'lost';
    await before.report({ event_type: 'fullscreen_exit' });
    await pass(10, 5);
    expect(stored()).toEqual(['fullscreen_exit']);
    crash(before);
    platform.weather = () => 'fine';
    await page();
    await pass(2_000);
    expect(stored()).toEqual(['fullscreen_exit']);
  });

  test('numbers go on where they were, also when another browser gave the last ones', async () => {
    const first = await page();
    await first.report({ event_type: 'one' });
    await pass(1_500);
    crash(first);
    store = await openStore(`reporter-other-${names++}`);
    const second = await page();
    await second.report({ event_type: 'two' });
    await pass(1_500);
    await second.report({ event_type: 'three' });
    await pass(1_500);
    expect(numbers()).toEqual([1, 2, 3]);
    expect(await second.lastSequence()).toBe(3);
  });

  test("another user's events are not sent with this login", async () => {
    platform.weather = () => 'down';
    const annas = await page();
    await annas.report({ event_type: 'annas' });
    await login.signOut();
    platform.weather = () => 'fine';
    platform.isFamilyRevoked = false;
    await login.signIn('bala', 'right');
    platform.asked.length = 0;
    await pass(60_000, 15_000);
    annas.resume();
    await pass(2_000);
    expect(platform.asked).toEqual([]);
    expect(annas.state).toMatchObject({ waiting: 1 });
    await login.signIn('anna', 'right');
    annas.resume();
    await pass(2_000);
    expect(platform.events).toMatchObject([{ event_type: 'annas' }]);
    expect(platform.asked.every(({ userId }) => userId === undefined || userId === 7)).toBe(true);
  });

  test("another attempt's events stay where they are", async () => {
    platform.weather = () => 'down';
    const other = await page(99);
    await other.report({ event_type: 'of_the_other' });
    crash(other);
    platform.weather = () => 'fine';
    const reporter = await page();
    await reporter.report({ event_type: 'of_this' });
    await pass(3_000);
    expect(stored()).toEqual(['of_this']);
    expect(await store.getAll('events')).toMatchObject([{ queue: queueOf(ANNA.id, 99) }]);
  });

  test('where nothing can be stored, an event is sent at once, as it is', async () => {
    const reporter = await page();
    await pass(500);
    store.close();
    await reporter.report({ event_type: 'window_blur' });
    expect(platform.events).toMatchObject([{ event_type: 'window_blur', client_sequence: null }]);
  });

  test('what a closing page has left is sent while it closes', async () => {
    const reporter = await page();
    await pass(500);
    await reporter.report({ event_type: 'window_blur' });
    reporter.part();
    crash(reporter);
    await settle(10);
    expect(stored()).toEqual(['window_blur']);
  });
});

describe('two tabs', () => {
  test('of one attempt never send at once, and give no number twice', async () => {
    const tabs = [await page(), await page()];
    let atOnce = 0;
    let most = 0;
    const passOn = platform.fetch;
    const slow: typeof globalThis.fetch = async (input, init) => {
      most = Math.max(most, ++atOnce);
      await settle(2);
      return passOn(input, init).finally(() => atOnce--);
    };
    Object.assign(platform, { fetch: slow });
    for (const tab of [0, 1, 0, 1, 1, 0]) {
      await tabs[tab]?.report({ event_type: 'fullscreen_exit', event_data: { tab } });
    }
    await pass(5_000);
    expect(numbers()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(new Set(platform.events.map(({ event_id }) => event_id)).size).toBe(6);
    expect(most).toBeLessThanOrEqual(1);
  });
});

describe('flushing', () => {
  test('sends at once what would have waited', async () => {
    platform.load = 10;
    const reporter = await page();
    await reporter.report({ event_type: 'first' });
    await pass(1_500);
    await reporter.report({ event_type: 'second' });
    expect(await flushed(reporter, 1)).toBe(0);
    expect(stored()).toEqual(['first', 'second']);
  });

  test('ends in time and says how many are left', async () => {
    platform.weather = () => 'down';
    const reporter = await page();
    for (const event_type of ['one', 'two', 'three']) await reporter.report({ event_type });
    const startedAt = Date.now();
    expect(await flushed(reporter, 5)).toBe(3);
    expect(Date.now() - startedAt).toBeLessThan(6_000);
    expect(await reporter.lastSequence()).toBeUndefined();
  });
});

test('over any history of losses, cuts and crashes nothing is lost, doubled or out of order', async () => {
  const weathers: Weather[] = ['fine', 'fine', 'down', 'lost'];
  for (let seed = 1; seed <= 12; seed++) {
    const random = chance(seed);
    platform = new Platform();
    platform.lifeSeconds = 8 * 3600;
    login = await signedIn(platform);
    store = await openStore(`reporter-history-${seed}`);
    platform.weather = () => weathers[Math.floor(random() * 4)] ?? 'fine';
    let reporter = await page(ATTEMPT, random);
    let given = 0;
    for (let step = 0; step < 25; step++) {
      const what = random();
      if (what < 0.6) {
        given += 1;
        const event_type = random() < 0.2 ? 'fullscreen_exit' : 'window_blur';
        await reporter.report({ event_type, event_data: { given } });
      } else if (what < 0.85) {
        await pass(random() * 4_000, 500);
      } else {
        crash(reporter);
        reporter = await page(ATTEMPT, random);
      }
    }
    platform.weather = () => 'fine';
    network.dispatchEvent(new Event('online'));
    expect(await flushed(reporter, 60)).toBe(0);
    const order = platform.events.map(({ event_data }) => event_data?.given);
    expect(order).toEqual(Array.from({ length: given }, (_, index) => index + 1));
    expect(numbers()).toEqual(order);
    crash(reporter);
  }
});

/** Flushes while time passes. */
async function flushed(reporter: EventReporter, seconds: number): Promise<number> {
  let left: number | undefined;
  const flushing = reporter.flush(seconds).then((count) => {
    left = count;
  });
  for (let gone = 0; left === undefined && gone <= seconds * 1000 + 1_000; gone += 500) {
    await pass(500);
  }
  await flushing;
  return left ?? -1;
}
