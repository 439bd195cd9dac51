import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Channel } from '../src/answer_shelf';
import { AnswerBook } from '../src/answers';
import { createApi } from '../src/api';
import type { LoginKeeper } from '../src/login';
import { AttemptSocket } from '../src/sockets';
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
  StubSocket,
  settle,
  signedIn,
  type Weather,
} from './stubs';

const ANSWERS = `/api/v1/attempts/${ATTEMPT}/answers`;
const QUEUE = queueOf(ANNA.id, ATTEMPT);

let platform: Platform;
let login: LoginKeeper;
let store: Store;
let network: EventTarget;
let open: { close(): void }[] = [];
let names = 0;

beforeEach(async () => {
  fakeTime();
  platform = new Platform();
  platform.lifeSeconds = 8 * 3600;
  login = await signedIn(platform);
  store = await openStore(`answers-${names++}`);
  network = new EventTarget();
});
afterEach(() => {
  for (const each of open) each.close();
  open = [];
  vi.useRealTimers();
});

const api = () => createApi({ base: BASE, login, onlyFor: ANNA.id, fetch: platform.fetch });

/** A page that was just loaded: nothing but the database is the same. Without a socket unless given. */
async function book(socket?: AttemptSocket, channel?: Channel): Promise<AnswerBook> {
  const opening = AnswerBook.open({
    api: api(),
    attemptId: ATTEMPT,
    queue: QUEUE,
    store,
    network,
    random: () => 0.5,
    ...(socket && { socket }),
    ...(channel && { channel }),
  });
  const opened = await elapsed(opening);
  open.push(opened);
  return opened;
}

/** What `work` comes to, while as much time passes as it takes. */
async function elapsed<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  await settle(2);
  while (!isDone) await pass(500);
  return done;
}

async function socketOnline(): Promise<AttemptSocket> {
  const socket = new AttemptSocket({
    base: BASE,
    login,
    attemptId: ATTEMPT,
    network,
    WebSocket: StubSocket.asWebSocket(),
    random: () => 0.5,
  });
  open.push(socket);
  socket.open();
  await settle(2);
  StubSocket.last.admit();
  return socket;
}

const posted = () =>
  platform.asked.filter(({ method, path }) => method === 'POST' && path === ANSWERS);
const checkpoints = () => StubSocket.last.sent.filter(({ type }) => type === 'checkpoint');
const state = (of: AnswerBook, id = 1) => of.get(id).state;

/** What the platform does with a checkpoint: durable, then its ack. */
async function acknowledge(frame = checkpoints().at(-1)): Promise<void> {
  if (!frame) throw new Error('nothing was sent');
  const { question_id, answer, is_flagged, message_id, sequence } = frame;
  platform.saved(Number(question_id), answer, is_flagged === true);
  const saved_at = new Date().toISOString();
  StubSocket.last.say({
    type: 'checkpoint_ack',
    question_id,
    message_id,
    sequence,
    saved_at,
    sha256: 'x',
  });
  await settle(2);
}

function refuse(error_code: string, error: string): void {
  const sent = checkpoints().at(-1);
  const { question_id, message_id } = sent ?? { question_id: 0, message_id: '' };
  StubSocket.last.say({ type: 'checkpoint_error', question_id, message_id, error, error_code });
}

describe('on this device first', () => {
  test('an answer is shown at once, stored at once, and saved when typing ends', async () => {
    const answers = await book();
    expect(answers.get(1)).toMatchObject({ value: null, state: 'empty' });
    answers.write(1, 'Ma');
    expect(answers.get(1)).toMatchObject({ value: 'Ma', state: 'saving' });
    await settle();
    expect(await store.get('answers', [QUEUE, 1])).toMatchObject({ value: 'Ma', savedVersion: 0 });
    expect(posted()).toHaveLength(0);
    await pass(300, 100);
    answers.write(1, 'Map');
    await pass(600, 100);
    expect(posted().map(({ body }) => body.answer)).toEqual(['Map']);
    expect(answers.get(1)).toMatchObject({ value: 'Map', state: 'saved' });
    expect(answers.get(1).savedAt).toBeDefined();
  });

  test('who types on and on is saved every few seconds', async () => {
    const answers = await book();
    for (let letters = 1; letters <= 40; letters++) {
      answers.write(1, 'x'.repeat(letters));
      await pass(200, 200);
    }
    expect(posted().length).toBeGreaterThanOrEqual(2);
    expect(posted().length).toBeLessThanOrEqual(5);
  });

  test('a reload finds every keystroke, saved or not', async () => {
    platform.weather = () => 'down';
    const before = await book();
    before.write(1, 'half a sent');
    before.flag(2, true);
    await settle();
    before.close();
    const after = await book();
    expect(after.get(1)).toMatchObject({ value: 'half a sent' });
    expect(after.get(2)).toMatchObject({ isFlagged: true });
    platform.weather = () => 'fine';
    network.dispatchEvent(new Event('online'));
    await pass(1_000);
    expect(platform.answers.get(1)?.answer).toBe('half a sent');
    expect(after.summary).toMatchObject({ answered: 1, flagged: 1, unsaved: [], state: 'saved' });
  });

  test('on another device the platform’s answers are there', async () => {
    platform.saved(3, ['Delhi'], true);
    const answers = await book();
    expect(answers.get(3)).toMatchObject({ value: ['Delhi'], isFlagged: true, state: 'saved' });
  });

  test('what is unsaved here is not replaced by what the platform has', async () => {
    platform.weather = () => 'down';
    const before = await book();
    before.write(1, 'new');
    await settle();
    before.close();
    platform.weather = () => 'fine';
    platform.saved(1, 'old', false);
    const after = await book();
    expect(after.get(1).value).toBe('new');
    await pass(1_000);
    expect(platform.answers.get(1)?.answer).toBe('new');
  });

  test('clearing is an empty text, because null would leave the old answer there', async () => {
    const answers = await book();
    answers.write(1, 'A');
    await pass(1_000);
    answers.write(1, null);
    await pass(1_000);
    expect(platform.answers.get(1)?.answer).toBe('');
    expect(answers.summary.answered).toBe(0);
  });

  test('a disk that keeps nothing does not keep an answer from the platform', async () => {
    const answers = await book();
    store.close();
    answers.write(1, 'A');
    await pass(1_000);
    expect(platform.answers.get(1)?.answer).toBe('A');
    expect(state(answers)).toBe('saved');
  });

  test('views stay the same object until something changes', async () => {
    const answers = await book();
    const heard: number[] = [];
    answers.onChange((id) => heard.push(id));
    expect(answers.get(5)).toBe(answers.get(5));
    answers.write(1, 'A');
    expect(heard).toEqual([1]);
    expect(answers.summary).toBe(answers.summary);
  });
});

describe('over the socket', () => {
  test('an answer is saved by its own ack, and by no other', async () => {
    const answers = await book(await socketOnline());
    answers.write(1, 'A');
    await pass(600, 100);
    expect(checkpoints()).toMatchObject([
      { attempt_id: ATTEMPT, question_id: 1, answer: 'A', is_flagged: false },
    ]);
    StubSocket.last.say({ type: 'checkpoint_ack', question_id: 1, message_id: 'another' });
    expect(state(answers)).toBe('saving');
    await acknowledge();
    expect(state(answers)).toBe('saved');
    expect(posted()).toHaveLength(0);
  });

  test('one question has one delivery at a time, and its last version is the last to arrive', async () => {
    const answers = await book(await socketOnline());
    answers.write(1, 'A');
    await pass(600, 100);
    answers.write(1, 'B');
    await pass(1_000, 100);
    expect(checkpoints()).toHaveLength(1);
    await acknowledge();
    await pass(10, 5);
    expect(state(answers)).toBe('saving');
    expect(checkpoints().map(({ answer }) => answer)).toEqual(['A', 'B']);
    await acknowledge();
    expect(state(answers)).toBe('saved');
  });

  test('a lost connection sends by REST what was on its way', async () => {
    const answers = await book(await socketOnline());
    answers.write(1, 'A');
    await pass(600, 100);
    StubSocket.last.end(1006);
    expect(platform.answers.has(1)).toBe(false);
    await pass(1_500, 100);
    expect(platform.answers.get(1)?.answer).toBe('A');
    expect(state(answers)).toBe('saved');
  });

  test('an ack that never comes makes it offline, then it is sent again', async () => {
    const answers = await book(await socketOnline());
    answers.write(1, 'A');
    await pass(600, 100);
    const keepAlive = setInterval(() => StubSocket.last.say({ type: 'ping' }), 5_000);
    await pass(8_000, 500);
    expect(state(answers)).toBe('offline');
    await pass(2_000, 500);
    expect(checkpoints()).toHaveLength(2);
    expect(checkpoints()[1]?.message_id).toBe(checkpoints()[0]?.message_id);
    clearInterval(keepAlive);
  });

  test.each(['CHECKPOINT_SAVE_ERROR', 'RATE_LIMITED', 'CHECKPOINT_FAILED'])(
    '%s passes: it is sent again',
    async (code) => {
      const answers = await book(await socketOnline());
      answers.write(1, 'A');
      await pass(600, 100);
      refuse(code, 'not now');
      await settle();
      expect(state(answers)).toBe('offline');
      await pass(1_500, 100);
      await acknowledge();
      expect(state(answers)).toBe('saved');
    },
  );

  test('what is refused stays here with the reason, and is offered again when the exam goes on', async () => {
    const answers = await book(await socketOnline());
    answers.write(1, 'A');
    await pass(600, 100);
    refuse('ATTEMPT_NOT_ACTIVE', 'Attempt is paused, cannot save checkpoint');
    await settle();
    expect(answers.get(1)).toMatchObject({
      value: 'A',
      state: 'refused',
      refusal: { code: 'ATTEMPT_NOT_ACTIVE', detail: 'Attempt is paused, cannot save checkpoint' },
    });
    expect(answers.summary).toMatchObject({ refused: [1], unsaved: [1], state: 'refused' });
    await pass(10_000, 1_000);
    expect(checkpoints()).toHaveLength(1);
    StubSocket.last.say({ type: 'system_event', event: 'attempt_resumed', data: {} });
    await pass(100, 50);
    await acknowledge();
    expect(state(answers)).toBe('saved');
  });

  test('an answer of a lost connection that arrives late does not stay', async () => {
    const answers = await book(await socketOnline());
    answers.write(1, 'old');
    await pass(600, 100);
    const late = checkpoints()[0];
    StubSocket.last.end(1006);
    answers.write(1, 'new');
    await pass(2_000, 100);
    StubSocket.last.admit();
    await pass(1_000, 100);
    expect(platform.answers.get(1)?.answer).toBe('new');
    platform.saved(1, late?.answer, false);
    StubSocket.last.say({
      type: 'notification',
      title: 'Answer Saved',
      message: 'Question 1 saved',
      timestamp: new Date().toISOString(),
    });
    await pass(1_500, 100);
    expect(checkpoints().at(-1)).toMatchObject({ answer: 'new' });
    await acknowledge();
    expect(answers.get(1)).toMatchObject({ value: 'new', state: 'saved' });
  });

  test('what another device saved is taken over', async () => {
    const answers = await book(await socketOnline());
    platform.saved(4, 'there', false);
    StubSocket.last.say({
      type: 'notification',
      title: 'Answer Saved',
      message: 'Question 4 saved',
      timestamp: new Date().toISOString(),
    });
    await pass(1_000, 100);
    expect(answers.get(4)).toMatchObject({ value: 'there', state: 'saved' });
  });
});

describe('by REST', () => {
  test('a network cut of ten minutes loses no keystroke', async () => {
    const answers = await book();
    platform.weather = () => 'down';
    for (let minute = 0; minute < 10; minute++) {
      answers.write(1, `minute ${minute}`);
      answers.write(10 + minute, minute);
      await pass(60_000, 15_000);
    }
    expect(state(answers)).toBe('offline');
    expect(answers.summary.unsaved).toHaveLength(11);
    platform.weather = () => 'fine';
    await pass(11_000, 1_000);
    expect(answers.summary.unsaved).toEqual([]);
    expect(platform.answers.get(1)?.answer).toBe('minute 9');
    expect(platform.answers.get(19)?.answer).toBe(9);
  });

  test.each([
    [404, 'Active attempt not found'],
    [400, 'Attempt time has expired'],
    [409, 'Attempt is paused'],
  ])('%i is a refusal, %s', async (status, detail) => {
    const answers = await book();
    platform.instead = ({ method }) => (method === 'POST' ? problem(status, detail) : undefined);
    answers.write(1, 'A');
    await pass(1_000);
    expect(answers.get(1)).toMatchObject({ state: 'refused', refusal: { detail } });
  });

  test('a busy platform is asked again when it says so', async () => {
    const answers = await book();
    platform.instead = ({ method }) =>
      method === 'POST' ? problem(503, 'busy', {}, { 'retry-after': '4' }) : undefined;
    answers.write(1, 'A');
    await pass(1_000);
    expect(state(answers)).toBe('offline');
    platform.instead = () => undefined;
    await pass(2_500);
    expect(state(answers)).toBe('offline');
    await pass(2_000);
    expect(state(answers)).toBe('saved');
  });

  test('signed out it waits; with the same student signed in again it goes on', async () => {
    const answers = await book();
    await login.signOut();
    answers.write(1, 'A');
    await pass(2_000);
    expect(state(answers)).toBe('offline');
    platform.isFamilyRevoked = false;
    await login.signIn('bala', 'right');
    answers.resume();
    await pass(2_000);
    expect(posted()).toHaveLength(0);
    await login.signIn('anna', 'right');
    answers.resume();
    await pass(1_000);
    expect(state(answers)).toBe('saved');
  });
});

describe('two tabs', () => {
  const channels = () => [new BroadcastChannel(`a${names}`), new BroadcastChannel(`a${names}`)];

  test('show each other what is written and what is saved', async () => {
    const [one, two] = channels();
    const first = await book(undefined, one);
    const second = await book(undefined, two);
    first.write(1, 'A');
    await pass(1_500);
    expect(second.get(1)).toMatchObject({ value: 'A', state: 'saved' });
    expect(posted()).toHaveLength(1);
    second.write(1, 'B');
    await pass(1_500);
    expect(first.get(1)).toMatchObject({ value: 'B', state: 'saved' });
    expect(platform.answers.get(1)?.answer).toBe('B');
  });

  test('what a closed tab has left unsaved the other one saves', async () => {
    const first = await book();
    const second = await book();
    first.write(1, 'A');
    await settle();
    first.close();
    await pass(31_000, 1_000);
    expect(platform.answers.get(1)?.answer).toBe('A');
    expect(state(second)).toBe('saved');
  });
});

describe('flushing', () => {
  test('saves at once and comes back with nothing left', async () => {
    const answers = await book();
    answers.write(1, 'A');
    const flushed = answers.flush(10);
    await pass(300, 100);
    expect(await flushed).toMatchObject({ unsaved: [], state: 'saved' });
  });

  test('compares with the platform and saves again what is otherwise there', async () => {
    const answers = await book();
    answers.write(1, 'mine');
    await pass(1_000);
    platform.saved(1, 'something late', false);
    const flushed = answers.flush(10);
    await pass(500, 100);
    expect(await flushed).toMatchObject({ unsaved: [] });
    expect(platform.answers.get(1)?.answer).toBe('mine');
  });

  test('ends in time and names what is not confirmed', async () => {
    const answers = await book();
    platform.weather = () => 'down';
    answers.write(1, 'A');
    const flushed = answers.flush(5);
    await pass(6_000, 500);
    expect(await flushed).toMatchObject({ unsaved: [1], state: 'offline' });
  });

  test('does not wait for what is refused', async () => {
    const answers = await book();
    platform.status = 'paused';
    answers.write(1, 'A');
    const flushed = answers.flush(60);
    await pass(1_000, 100);
    expect(await flushed).toMatchObject({ unsaved: [1], refused: [1] });
  });
});

test('over any history of losses, cuts and reloads the platform ends with what was given last', async () => {
  const weathers: Weather[] = ['fine', 'fine', 'down', 'lost'];
  for (let seed = 1; seed <= 8; seed++) {
    const random = chance(seed);
    platform = new Platform();
    platform.lifeSeconds = 8 * 3600;
    login = await signedIn(platform);
    store = await openStore(`answers-history-${seed}`);
    platform.weather = () => weathers[Math.floor(random() * 4)] ?? 'fine';
    const given = new Map<number, string>();
    let answers = await book();
    for (let step = 0; step < 30; step++) {
      const what = random();
      if (what < 0.6) {
        const question = 1 + Math.floor(random() * 4);
        given.set(question, `${seed}/${step}`);
        answers.write(question, `${seed}/${step}`);
      } else if (what < 0.85) await pass(random() * 3_000, 500);
      else {
        await settle();
        answers.close();
        answers = await book();
      }
      for (const [question, value] of given) expect(answers.get(question).value).toBe(value);
    }
    platform.weather = () => 'fine';
    const flushed = answers.flush(30);
    await pass(12_000, 500);
    expect(await flushed).toMatchObject({ unsaved: [] });
    const stored = new Map([...platform.answers].map(([id, { answer }]) => [id, answer]));
    expect(new Map([...stored].toSorted())).toEqual(new Map([...given].toSorted()));
    answers.close();
  }
});
