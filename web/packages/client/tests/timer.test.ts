import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createApi } from '../src/api';
import { pageLocks } from '../src/locks';
import type { LoginKeeper } from '../src/login';
import { openStore, queueOf, type Store } from '../src/store';
import { QuestionTimer } from '../src/timer';
import { ANNA, ATTEMPT, BASE, fakeTime, Platform, pass, settle, signedIn } from './stubs';

let platform: Platform;
let login: LoginKeeper;
let store: Store;
let open: QuestionTimer[] = [];
let names = 0;

beforeEach(async () => {
  fakeTime();
  platform = new Platform();
  login = await signedIn(platform);
  store = await openStore(`timer-${names++}`);
});
afterEach(() => {
  for (const timer of open) timer.close();
  open = [];
  vi.useRealTimers();
});

class Page extends EventTarget {
  visibilityState: 'visible' | 'hidden' = 'visible';

  turn(state: 'visible' | 'hidden'): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

function timerOf(page = new Page()): QuestionTimer {
  const api = createApi({ base: BASE, login, onlyFor: ANNA.id, fetch: platform.fetch });
  const queue = queueOf(ANNA.id, ATTEMPT);
  const locks = pageLocks();
  const shared = { api, attemptId: ATTEMPT, queue, store, locks };
  const timer = new QuestionTimer({ ...shared, page: page as unknown as Document });
  open.push(timer);
  return timer;
}

const total = () => [...platform.visits.values()].reduce((sum, seconds) => sum + seconds, 0);

test('a shown question is told every 15 s, as the whole of its visit', async () => {
  const timer = timerOf();
  timer.show(5);
  await pass(31_000, 1_000);
  expect(platform.timings.map(({ total_time_seconds }) => total_time_seconds)).toEqual([15, 30]);
  expect(new Set(platform.timings.map(({ visit_id }) => visit_id)).size).toBe(1);
});

test('leaving a question tells the rest of it, and coming back is another visit', async () => {
  const timer = timerOf();
  timer.show(5);
  await pass(4_000, 1_000);
  timer.show(6);
  await pass(3_000, 1_000);
  timer.show(5);
  await pass(2_000, 1_000);
  timer.show(undefined);
  await pass(1_000);
  expect(platform.timings.map((told) => [told.question_id, told.total_time_seconds])).toEqual([
    [5, 4],
    [6, 3],
    [5, 2],
  ]);
  expect(platform.visits.size).toBe(3);
  expect(await store.count('visits')).toBe(0);
});

test('a hidden page shows nothing', async () => {
  const page = new Page();
  const timer = timerOf(page);
  timer.show(5);
  await pass(4_000, 1_000);
  page.turn('hidden');
  await pass(60_000, 5_000);
  page.turn('visible');
  await pass(3_000, 1_000);
  timer.show(undefined);
  await pass(500);
  expect(total()).toBe(7);
});

test('a changed answer is told once', async () => {
  const timer = timerOf();
  timer.show(5);
  timer.answerChanged();
  timer.answerChanged();
  await pass(40_000, 1_000);
  expect(platform.timings.filter(({ answer_changed }) => answer_changed)).toHaveLength(1);
});

test('a lost answer is asked for again with the same id and the same value', async () => {
  const timer = timerOf();
  timer.show(5);
  timer.answerChanged();
  platform.weather = () => 'lost';
  await pass(15_000, 1_000);
  platform.weather = () => 'fine';
  await pass(16_000, 1_000);
  const [first, again] = platform.timings;
  expect(first).toEqual(again);
  expect(first?.event_id).toBeDefined();
});

test('what an earlier page has left is told by the next, to within seconds', async () => {
  platform.weather = () => 'down';
  timerOf().show(5);
  await pass(22_000, 1_000);
  vi.clearAllTimers(); // a crash
  platform.weather = () => 'fine';
  timerOf();
  await settle(20);
  expect(total()).toBeGreaterThanOrEqual(15);
  await pass(16_000, 1_000);
  expect(total()).toBe(20);
});

test('a closed attempt wants no more, and nothing is kept', async () => {
  const timer = timerOf();
  platform.instead = ({ path }) =>
    path.endsWith('question-timing') ? new Response('{}', { status: 400 }) : undefined;
  timer.show(5);
  await pass(3_000, 1_000);
  timer.show(undefined);
  await pass(1_000);
  expect(await store.count('visits')).toBe(0);
});
