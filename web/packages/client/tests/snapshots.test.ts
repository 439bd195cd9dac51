import { openDB } from 'idb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ServerClock } from '../src/clock';
import { Emitter } from '../src/emitter';
import { pageLocks } from '../src/locks';
import type { LoginKeeper } from '../src/login';
import type { Room } from '../src/room';
import { forgetSnapshots } from '../src/snapshot_queue';
import {
  beforeOf,
  openSnapshots,
  type Picture,
  type SnapshotOptions,
  type Snapshots,
} from '../src/snapshots';
import { openStore, type Store } from '../src/store';
import {
  ANNA,
  ATTEMPT,
  BALA,
  BASE,
  fakeTime,
  Platform,
  pass,
  problem,
  settle,
  signedIn,
  type Weather,
} from './stubs';

let platform: Platform;
let login: LoginKeeper;
let store: Store;
let open: Snapshots[] = [];
let names = 0;

beforeEach(async () => {
  fakeTime();
  platform = new Platform();
  platform.lifeSeconds = 8 * 3600;
  login = await signedIn(platform);
  store = await openStore(`snapshots-${names++}`);
});
afterEach(() => {
  for (const each of open) each.close();
  open = [];
  vi.useRealTimers();
});

/** Opens the pictures as a page does that was just loaded. */
async function page(more: Partial<SnapshotOptions> = {}): Promise<Snapshots> {
  const { fetch } = platform;
  const locks = pageLocks();
  const shared = { base: BASE, login, attemptId: ATTEMPT, store, locks, fetch, random: () => 0.5 };
  const snapshots = await openSnapshots({ ...shared, ...more });
  open.push(snapshots);
  return snapshots;
}

function picture(text = 'face', bytes = 0): Picture {
  const content = new TextEncoder().encode(text.padEnd(bytes, '.')).buffer as ArrayBuffer;
  return { source: 'camera', media_type: 'image/webp', content };
}

const arrived = () =>
  [...platform.pictures.values()].map(({ body = '' }) => body.replace(/\.+$/, ''));
const always = (weather: Weather) => () => weather;

/** What has the line first, to be turned on and off. */
function line(isFree: boolean) {
  const changes = new Emitter<void>();
  const before = { isFree: () => isFree, onChange: (listener: () => void) => changes.on(listener) };
  const set = (next: boolean) => {
    isFree = next;
    changes.emit();
  };
  return { before, set };
}

test('a picture arrives once, as it was, with the server’s time of its taking', async () => {
  const clock = new ServerClock();
  clock.observe('2026-03-02T09:05:00Z', performance.now());
  const snapshots = await page({ clock });
  await snapshots.keep(picture('anna'));
  await pass(5_000);
  const [[id, sent] = []] = platform.pictures;
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(sent).toMatchObject({ source: 'camera', body: 'anna' });
  expect(sent?.taken_at).toMatch(/^2026-03-02T09:05:00/);
  expect(snapshots.state).toMatchObject({ waiting: 0, sent: 1, givenUp: 0, refused: 0 });
});

test('what was taken in a cut outlives the page, and arrives in its order', async () => {
  platform.weather = always('down');
  const first = await page();
  for (const name of ['one', 'two', 'three']) await first.keep(picture(name));
  await pass(2_000);
  expect(first.state).toMatchObject({ waiting: 3, held: 'network' });
  first.close();
  platform.weather = always('fine');
  const second = await page();
  expect(second.state.waiting).toBe(3);
  await pass(10_000);
  expect(arrived()).toEqual(['one', 'two', 'three']);
  expect(second.state).toMatchObject({ waiting: 0, sent: 3 });
});

test('one whose answer was lost is sent again under its own id', async () => {
  let tries = 0;
  platform.weather = () => (tries++ === 0 ? 'lost' : 'fine');
  const snapshots = await page();
  await snapshots.keep(picture());
  await pass(5_000);
  expect(platform.count(`/api/v1/proctoring/attempt/${ATTEMPT}/snapshots`)).toBe(2);
  expect(platform.pictures.size).toBe(1);
  expect(snapshots.state).toMatchObject({ waiting: 0, sent: 1 });
});

test('nothing is sent while something else wants the line, and then it is', async () => {
  const { before, set } = line(false);
  const snapshots = await page({ before });
  await snapshots.keep(picture());
  await pass(60_000, 5_000);
  expect(arrived()).toEqual([]);
  set(true);
  await pass(2_000);
  expect(arrived()).toEqual(['face']);
  set(false);
  await snapshots.keep(picture('again'));
  await pass(60_000, 5_000);
  expect(snapshots.state).toMatchObject({ waiting: 1, sent: 1, held: undefined });
});

test('of too many, and of too large ones, the oldest are given up and counted', async () => {
  const { before, set } = line(false);
  const snapshots = await page({ before, bounds: { count: 3, bytes: 100 } });
  for (const name of ['a', 'b', 'c', 'd', 'e']) await snapshots.keep(picture(name, 10));
  expect(snapshots.state).toMatchObject({ waiting: 3, givenUp: 2 });
  await snapshots.keep(picture('large', 85));
  expect(snapshots.state).toMatchObject({ waiting: 2, givenUp: 4 });
  set(true);
  await pass(5_000);
  expect(arrived()).toEqual(['e', 'large']);
  expect((await page()).state).toMatchObject({ waiting: 0, sent: 2, givenUp: 4 });
});

test('one that is given up while it is on its way, and arrives, is no lost one', async () => {
  let answer: (() => void) | undefined;
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const fetch: typeof globalThis.fetch = async (input, init) => {
    await held;
    return platform.fetch(input, init);
  };
  const snapshots = await page({ fetch, bounds: { count: 1, bytes: 1_000 } });
  await snapshots.keep(picture('first'));
  await pass(500);
  await snapshots.keep(picture('second'));
  expect(snapshots.state).toMatchObject({ waiting: 1, givenUp: 1 });
  answer?.();
  await pass(5_000);
  expect(arrived()).toEqual(['first', 'second']);
  expect(snapshots.state).toMatchObject({ waiting: 0, sent: 2, givenUp: 0 });
});

test('what is refused for good is dropped and said in the platform’s words; the next one goes', async () => {
  platform.instead = ({ body }) => (body === 'bad' ? problem(422, 'not-a-picture') : undefined);
  const snapshots = await page();
  for (const name of ['bad', 'good']) await snapshots.keep(picture(name));
  await pass(5_000);
  expect(arrived()).toEqual(['good']);
  expect(snapshots.state).toMatchObject({ refused: 1, sent: 1, refusal: 'not-a-picture' });
});

test('a busy platform is asked again when it said, not before', async () => {
  let isBusy = true;
  platform.instead = ({ path }) =>
    isBusy && path.endsWith('/snapshots')
      ? problem(503, 'snapshots-busy', {}, { 'retry-after': '40' })
      : undefined;
  const snapshots = await page();
  await snapshots.keep(picture());
  await pass(1_000);
  expect(snapshots.state).toMatchObject({ waiting: 1, held: 'server' });
  isBusy = false;
  await pass(38_000, 2_000);
  expect(arrived()).toEqual([]);
  await pass(3_000);
  expect(arrived()).toEqual(['face']);
});

test('the fuller the platform is, the slower pictures come', async () => {
  platform.load = 8;
  const snapshots = await page();
  for (const name of ['a', 'b', 'c']) await snapshots.keep(picture(name));
  await pass(14_000, 1_000);
  expect(arrived()).toEqual(['a']);
  await pass(31_000, 1_000);
  expect(arrived()).toEqual(['a', 'b', 'c']);
});

test('an installation that keeps none is asked once', async () => {
  platform.instead = ({ path }) =>
    path.endsWith('/snapshots') ? problem(403, 'snapshots-off') : undefined;
  const snapshots = await page();
  for (const name of ['a', 'b']) await snapshots.keep(picture(name));
  await pass(5_000);
  await snapshots.keep(picture('c'));
  await pass(5_000);
  expect(platform.count(`/api/v1/proctoring/attempt/${ATTEMPT}/snapshots`)).toBe(1);
  expect(snapshots.state).toMatchObject({ isOff: true, waiting: 0, refused: 2 });
});

test('pictures never change their attempt, nor go with another’s login', async () => {
  platform.weather = always('down');
  const first = await page();
  const other = await page({ attemptId: ATTEMPT + 1 });
  await first.keep(picture('mine'));
  await other.keep(picture('of the other attempt'));
  await settle();
  expect([first.state.waiting, other.state.waiting]).toEqual([1, 1]);
  first.close();
  other.close();
  platform.weather = always('fine');
  login = await signedIn(platform, 'bala');
  expect((await page()).state.waiting).toBe(0);
  login = await signedIn(platform);
  await page();
  await pass(5_000);
  expect(arrived()).toEqual(['mine']);
  expect(platform.asked.filter(({ path }) => path.includes(`${ATTEMPT + 1}`))).toEqual([]);
});

test('nothing goes while nobody is signed in, and it goes when he is back', async () => {
  const snapshots = await page();
  platform.weather = always('down');
  await login.signOut();
  platform.weather = always('fine');
  platform.isFamilyRevoked = false;
  await snapshots.keep(picture());
  await pass(40_000, 2_000);
  expect(snapshots.state).toMatchObject({ waiting: 1, held: 'signed_out' });
  await login.signIn('bala', 'right');
  await pass(40_000, 2_000);
  expect(arrived()).toEqual([]);
  await login.signIn('anna', 'right');
  await pass(5_000);
  expect(arrived()).toEqual(['face']);
});

test('who leaves the device leaves none of his on it', async () => {
  platform.weather = always('down');
  await (await page()).keep(picture());
  await (await page({ attemptId: ATTEMPT + 1 })).keep(picture());
  await forgetSnapshots(BALA.id, async () => store);
  expect(await store.count('snapshots')).toBe(2);
  await forgetSnapshots(ANNA.id, async () => store);
  expect(await store.count('snapshots')).toBe(0);
  expect(await store.count('snapshot_queues')).toBe(0);
});

test('a closed page keeps nothing any more', async () => {
  const snapshots = await page();
  snapshots.close();
  await snapshots.keep(picture());
  expect(await store.count('snapshots')).toBe(0);
});

test('pictures that nobody came back to are dropped after a day', async () => {
  platform.weather = always('down');
  const first = await page();
  await first.keep(picture());
  first.close();
  vi.setSystemTime(Date.now() + 24 * 3600 * 1000);
  expect((await page({ attemptId: 99 })).state.waiting).toBe(0);
  expect(await store.count('snapshots')).toBe(1);
  vi.setSystemTime(Date.now() + 1);
  await page({ attemptId: 99 });
  expect(await store.count('snapshots')).toBe(0);
});

test('a disk that is full costs a picture, which is counted, and nothing else', async () => {
  const snapshots = await page();
  const full = vi.spyOn(store, 'transaction').mockImplementationOnce(() => {
    throw new DOMException('full', 'QuotaExceededError');
  });
  await snapshots.keep(picture('lost'));
  full.mockRestore();
  await snapshots.keep(picture('kept'));
  await pass(5_000);
  expect(arrived()).toEqual(['kept']);
  expect(snapshots.state).toMatchObject({ givenUp: 1, sent: 1 });
});

test('a database of an earlier page gets the new stores and keeps what was in it', async () => {
  const name = `earlier-${names++}`;
  const earlier = await openDB(name, 2, {
    upgrade(database) {
      database.createObjectStore('answers', { keyPath: ['queue', 'question_id'] });
      database.createObjectStore('rooms', { keyPath: 'queue' });
    },
  });
  await earlier.put('rooms', { queue: '7/41' });
  earlier.close();
  const now = await openStore(name);
  expect(await now.count('rooms')).toBe(1);
  expect([...now.objectStoreNames]).toEqual(['answers', 'rooms', 'snapshot_queues', 'snapshots']);
});

test('before a picture come answers that are on their way, events that are held, a line that is not good', () => {
  const changes = [new Emitter<never>(), new Emitter<never>(), new Emitter<never>()];
  const on = (index: number) => (listener: () => void) =>
    changes[index]?.on(listener) ?? (() => undefined);
  const summary = { unsaved: [] as number[], refused: [] as number[] };
  const reporter = { held: undefined as string | undefined };
  const connection = { name: 'online' };
  const before = beforeOf({
    answers: { summary, onChange: on(0) },
    reporter: { state: reporter, onChange: on(1) },
    socket: { connection, onConnection: on(2) },
  } as unknown as Room);
  expect(before.isFree()).toBe(true);
  summary.unsaved = [5];
  expect(before.isFree()).toBe(false);
  summary.refused = [5]; // nothing of it is on its way
  expect(before.isFree()).toBe(true);
  reporter.held = 'network';
  expect(before.isFree()).toBe(false);
  reporter.held = undefined;
  connection.name = 'degraded';
  expect(before.isFree()).toBe(false);
  const heard = vi.fn();
  const stop = before.onChange(heard);
  for (const each of changes) each.emit(undefined as never);
  stop();
  for (const each of changes) each.emit(undefined as never);
  expect(heard).toHaveBeenCalledTimes(3);
});
