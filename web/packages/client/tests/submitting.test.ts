import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pageLocks } from '../src/locks';
import { LoginKeeper } from '../src/login';
import { keptReceipt, openRoom, type Room } from '../src/room';
import { openStore, type Store } from '../src/store';
import {
  ATTEMPT,
  BASE,
  fakeTime,
  Platform,
  pass,
  problem,
  StubSocket,
  settle,
  signedIn,
} from './stubs';

const SUBMIT = `/api/v1/attempts/${ATTEMPT}/submit`;

let platform: Platform;
let login: LoginKeeper;
let store: Store;
let room: Room;
let names = 0;

beforeEach(async () => {
  fakeTime();
  platform = new Platform();
  login = await signedIn(platform);
  store = await openStore(`submitting-${names++}`);
  const WebSocket = StubSocket.asWebSocket();
  const shared = { base: BASE, login, attemptId: ATTEMPT, store, locks: pageLocks() };
  room = await openRoom({ ...shared, fetch: platform.fetch, WebSocket });
  await pass(500);
});
afterEach(() => {
  room.close();
  vi.useRealTimers();
});

/** The end of `work`, or its error, while time passes. */
async function outcome<T>(work: Promise<T>, ms = 5_000): Promise<T | Error> {
  const caught = work.catch((error: Error) => error);
  await pass(ms, 500);
  return caught;
}

test('answers come before events, events before the submit, and the receipt is kept', async () => {
  room.answers.write(1, 'A');
  await room.reporter.report({ event_type: 'window_blur' });
  const steps: string[] = [];
  const submitted = await outcome(room.submit({ onStep: (step) => steps.push(step) }));
  expect(submitted).toMatchObject({ eventsLeft: 0, answersUnconfirmed: [], receipt: { kid: 'k' } });
  expect(steps).toEqual(['answers', 'events', 'submit', 'receipt']);
  const order = platform.asked.filter(({ method }) => method === 'POST').map(({ path }) => path);
  expect(order.indexOf(SUBMIT)).toBe(order.length - 1);
  expect(platform.submits).toEqual([{ confirm: true, last_event_sequence: 1 }]);
  expect(await keptReceipt(ATTEMPT, store)).toMatchObject({ kid: 'k' });
});

test('after it no answer lies on a device where others will sit', async () => {
  room.answers.write(1, 'A');
  await outcome(room.submit());
  expect(await store.count('answers')).toBe(0);
});

test('with answers that are not confirmed nothing is submitted, unless it is wanted anyway', async () => {
  platform.instead = ({ method, path }) =>
    method === 'POST' && path.endsWith('/answers') ? problem(503, 'busy') : undefined;
  room.answers.write(4, 'A');
  const refused = await outcome(room.submit({ answerSeconds: 3 }));
  expect(refused).toMatchObject({ name: 'AnswersUnconfirmed', questionIds: [4] });
  expect(platform.submits).toEqual([]);
  const submitted = await outcome(room.submit({ answerSeconds: 1, anyway: true }));
  expect(submitted).toMatchObject({ answersUnconfirmed: [4] });
});

test('events that do not get through in time are counted, and the platform is told the last', async () => {
  await room.reporter.report({ event_type: 'window_blur' });
  await pass(1_500);
  platform.instead = ({ path }) =>
    path.endsWith('/batch') ? problem(503, 'busy', {}, { 'retry-after': '30' }) : undefined;
  for (const event_type of ['window_blur', 'window_focus'])
    await room.reporter.report({ event_type });
  const submitted = await outcome(room.submit({ eventSeconds: 3 }), 8_000);
  expect(submitted).toMatchObject({ eventsLeft: 2 });
  expect(platform.submits).toEqual([{ confirm: true, last_event_sequence: 3 }]);
});

test('a submit whose answer is lost is sent again until there is one', async () => {
  const onStep = (step: string) => {
    let lost = 2;
    if (step === 'submit') platform.weather = () => (lost-- > 0 ? 'lost' : 'fine');
  };
  const submitted = await outcome(room.submit({ onStep }), 12_000);
  expect(submitted).toMatchObject({ receipt: { kid: 'k' } });
  expect(platform.count(SUBMIT)).toBe(3);
});

test('a submit that is refused is not sent again', async () => {
  platform.instead = ({ path }) => (path === SUBMIT ? problem(400, 'cancelled') : undefined);
  expect(await outcome(room.submit())).toMatchObject({ status: 400 });
  expect(platform.count(SUBMIT)).toBe(1);
});

test('without a network it gives up after its time, and may be tried again', async () => {
  platform.weather = () => 'down';
  const failed = await outcome(
    room.submit({ answerSeconds: 1, eventSeconds: 1, submitSeconds: 8 }),
    15_000,
  );
  expect(failed).toMatchObject({ name: 'Unreachable' });
  platform.weather = () => 'fine';
  expect(await outcome(room.submit(), 8_000)).toMatchObject({ receipt: { kid: 'k' } });
});

test('a room of nobody is not opened', async () => {
  const nobody = new LoginKeeper({ base: BASE });
  await expect(openRoom({ base: BASE, login: nobody, attemptId: 1, store })).rejects.toMatchObject({
    name: 'SignedOut',
  });
});

test('the connection of the room sends what waits', async () => {
  platform.weather = () => 'down';
  await room.reporter.report({ event_type: 'window_blur' });
  await pass(40_000, 2_000);
  platform.weather = () => 'fine';
  StubSocket.last.admit();
  await settle();
  await pass(100, 50);
  expect(platform.events).toHaveLength(1);
});
