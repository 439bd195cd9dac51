import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Api, createApi } from '../src/api';
import { Refusal, SignedOut, Unreachable } from '../src/errors';
import type { LoginKeeper } from '../src/login';
import type { Fetch } from '../src/transport';
import { ANNA, BALA, BASE, fakeTime, json, Platform, pass, problem, signedIn } from './stubs';

let platform: Platform;
let login: LoginKeeper;
let api: Api;

beforeEach(async () => {
  fakeTime();
  platform = new Platform();
  login = await signedIn(platform);
  api = createApi({ base: BASE, login, fetch: platform.fetch });
});
afterEach(() => {
  vi.useRealTimers();
});

const caught = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
const mine = () => api.get('/api/v1/attempts/me');

test('a call carries the token of who is signed in', async () => {
  expect(await mine()).toMatchObject([{ status: 'in_progress' }]);
  expect(platform.asked.at(-1)?.userId).toBe(ANNA.id);
});

test('a problem becomes a refusal with all that a page shows', async () => {
  const errors = [{ pointer: '/title', message: 'is too long' }];
  platform.instead = () => problem(422, 'title-too-long', { errors }, { 'x-request-id': 'r1' });
  const refusal = (await caught(mine())) as Refusal;
  expect(refusal).toBeInstanceOf(Refusal);
  expect(refusal).toMatchObject({ status: 422, slug: 'title-too-long', requestId: 'r1' });
  expect(refusal.detail).toBe('title-too-long');
  expect(refusal.of('/title')).toBe('is too long');
});

test('an answer that is no problem is a refusal with its status', async () => {
  platform.instead = () => new Response('<html>', { status: 413, statusText: 'Too Large' });
  expect(await caught(mine())).toMatchObject({ status: 413, detail: 'Too Large', errors: [] });
});

test('a lost network is no refusal', async () => {
  platform.weather = () => 'down';
  const result = caught(mine());
  await pass(3_000);
  expect(await result).toMatchObject({ name: 'Unreachable', why: 'network' });
});

test('no answer within the deadline is unreachable, too', async () => {
  const asked = createApi({
    base: BASE,
    login,
    deadlineSeconds: 3,
    fetch: (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      }),
  });
  const result = caught(asked.get('/api/v1/attempts/me'));
  await pass(3_100);
  expect(await result).toMatchObject({ name: 'Unreachable', why: 'timeout' });
});

test('an aborted call ends with the reason of its caller', async () => {
  const reason = new Error('left the page');
  expect(await caught(api.get('/api/v1/attempts/me', { signal: AbortSignal.abort(reason) }))).toBe(
    reason,
  );
});

test('a GET that met a passing failure is repeated, not before it was told to', async () => {
  let failures = 1;
  platform.instead = () =>
    failures-- > 0 ? problem(503, 'busy', {}, { 'retry-after': '2' }) : undefined;
  const before = platform.asked.length;
  const result = mine();
  await pass(1_500);
  expect(platform.asked.length - before).toBe(1);
  await pass(1_000);
  expect(await result).toHaveLength(1);
  expect(platform.asked.length - before).toBe(2);
});

test('a GET is repeated twice at most', async () => {
  platform.instead = () => problem(502, 'away');
  const before = platform.asked.length;
  const result = caught(mine());
  await pass(5_000);
  expect(await result).toMatchObject({ status: 502, isPassing: true });
  expect(platform.asked.length - before).toBe(3);
});

test('whatever changes something is asked once', async () => {
  const body = { question_id: 1, answer: 'x' };
  const params = { path: { attempt_id: 41 } };
  for (const answer of [() => problem(503, 'busy'), () => problem(429, 'slow down')]) {
    platform.instead = answer;
    const before = platform.asked.length;
    const result = caught(api.post('/api/v1/attempts/{attempt_id}/answers', { params, body }));
    await pass(5_000);
    expect(await result).toBeInstanceOf(Refusal);
    expect(platform.asked.length - before).toBe(1);
  }
});

test('a refused token is renewed once for all who were refused, and they are asked again', async () => {
  platform.refuseAccess();
  const [first, second] = await Promise.all([mine(), mine()]);
  expect([first, second]).toMatchObject([[{}], [{}]]);
  expect(platform.exchanges).toBe(1);
});

test('a token that is refused after renewal, too, is a refusal', async () => {
  platform.instead = ({ path }) =>
    path.startsWith('/api/v1/attempts')
      ? problem(401, 'Could not validate credentials')
      : undefined;
  expect(await caught(mine())).toMatchObject({ status: 401 });
  expect(login.user).toBeDefined();
});

test('signed out, nothing is sent but what is for anybody', async () => {
  await login.signOut();
  const before = platform.asked.length;
  expect(await caught(mine())).toBeInstanceOf(SignedOut);
  expect(platform.asked.length).toBe(before);
  expect(await api.get('/health')).toMatchObject({ status: 'healthy' });
});

test("one user's calls are never sent with another's login", async () => {
  const annas = createApi({ base: BASE, login, onlyFor: ANNA.id, fetch: platform.fetch });
  await annas.get('/api/v1/attempts/me');
  await login.signOut();
  platform.isFamilyRevoked = false;
  await login.signIn(BALA.username, 'right');
  const before = platform.asked.length;
  expect(await caught(annas.get('/api/v1/attempts/me'))).toBeInstanceOf(SignedOut);
  expect(platform.asked.length).toBe(before);
});

test('an answer that breaks off in its middle is unreachable', async () => {
  const asked = createApi({
    base: BASE,
    login,
    fetch: async () => {
      const body = new ReadableStream({ start: (stream) => stream.error(new TypeError('reset')) });
      return new Response(body, { headers: { 'content-type': 'application/json' } });
    },
  });
  const result = caught(asked.get('/api/v1/attempts/me'));
  await pass(3_000);
  expect(await result).toBeInstanceOf(Unreachable);
});

test('a file comes as it is', async () => {
  platform.instead = () => json({ a: 1 });
  expect(await (await api.fetch('/api/v1/anything')).json()).toEqual({ a: 1 });
});

test('a page asks for traces when its installation says so, unless it is told otherwise', async () => {
  const seen: (string | null)[] = [];
  const fetch: Fetch = async (input) => {
    seen.push((input as Request).headers.get('traceparent'));
    return Response.json([]);
  };
  const says = (content: string) => ({ getAttribute: () => content });
  for (const content of ['off', 'on', '%TRACE%']) {
    vi.stubGlobal('document', { querySelector: () => says(content) });
    await createApi({ base: BASE, login, fetch }).get('/api/v1/attempts/me');
  }
  await createApi({ base: BASE, login, fetch, trace: true }).get('/api/v1/attempts/me');
  vi.unstubAllGlobals();
  expect(seen.map((header) => header !== null)).toEqual([false, true, false, true]);
});

test('a request asks to be traced only when the page wants that, each with a trace of its own', async () => {
  const seen: (string | null)[] = [];
  const fetch: typeof globalThis.fetch = (input) => {
    seen.push((input as Request).headers.get('traceparent'));
    return Promise.resolve(json([]));
  };
  await createApi({ base: BASE, login, fetch }).get('/api/v1/attempts/me');
  const traced = createApi({ base: BASE, login, fetch, trace: true });
  await traced.get('/api/v1/attempts/me');
  await traced.get('/api/v1/attempts/me');
  expect(seen[0]).toBeNull();
  expect(seen[1]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(seen[2]).not.toBe(seen[1]);
});
