import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { backoffMs, SOCKET } from '../src/backoff';
import { nextAfter } from '../src/closing';
import type { LoginKeeper } from '../src/login';
import { AttemptSocket, MonitorSocket } from '../src/sockets';
import {
  ANNA,
  ATTEMPT,
  BASE,
  chance,
  fakeTime,
  Platform,
  pass,
  StubSocket,
  settle,
  signedIn,
} from './stubs';

let platform: Platform;
let login: LoginKeeper;
let network: EventTarget;

beforeEach(async () => {
  fakeTime();
  platform = new Platform();
  login = await signedIn(platform);
  network = new EventTarget();
});
afterEach(() => {
  vi.useRealTimers();
});

const shared = (random = () => 0.5) => ({
  base: BASE,
  login,
  network,
  WebSocket: StubSocket.asWebSocket(),
  random,
});

async function opened(random?: () => number): Promise<AttemptSocket> {
  const socket = new AttemptSocket({ ...shared(random), attemptId: ATTEMPT });
  socket.open();
  await settle(2);
  return socket;
}

async function online(random?: () => number): Promise<AttemptSocket> {
  const socket = await opened(random);
  StubSocket.last.admit();
  return socket;
}

const position = (sequence: number, epoch = 'e1') => ({ sequence, epoch });
const warning = (sequence: number, epoch = 'e1') => ({
  type: 'warning',
  message: `w${sequence}`,
  warning_code: 'X',
  position: position(sequence, epoch),
});

describe('coming in', () => {
  test('the token is in the first frame and in no address', async () => {
    await opened();
    StubSocket.last.accept();
    expect(StubSocket.last.protocol).toBe('oep.v1');
    expect(StubSocket.last.url).toBe(`ws://oep.test/api/v1/ws/attempts/${ATTEMPT}`);
    expect(StubSocket.last.sent).toEqual([{ type: 'auth', token: await login.token() }]);
  });

  test('it is connecting until the platform says connected', async () => {
    const socket = await opened();
    StubSocket.last.accept();
    expect(socket.connection.name).toBe('connecting');
    expect(socket.send({ type: 'flag', question_id: 1 })).toBe(false);
    StubSocket.last.admit();
    expect(socket.connection.name).toBe('online');
    expect(socket.send({ type: 'flag', question_id: 1 })).toBe(true);
  });

  test('what is no frame harms nobody', async () => {
    const socket = await online();
    StubSocket.last.onmessage?.({ data: '{"half":' });
    StubSocket.last.onmessage?.({ data: '[1]' });
    expect(socket.connection.name).toBe('online');
  });

  test('signed out, nothing is opened', async () => {
    await login.signOut();
    const socket = await opened();
    expect(StubSocket.all).toHaveLength(0);
    expect(socket.connection).toMatchObject({ name: 'closed', reason: { what: 'signed_out' } });
  });
});

describe('position and replay', () => {
  test('a connection goes on behind the last frame that was handed out', async () => {
    const socket = await online();
    StubSocket.last.say(warning(12));
    StubSocket.last.say({ type: 'ping', timestamp: '2026-03-02T09:00:00Z' });
    StubSocket.last.end(1006);
    await pass(1_000);
    expect(StubSocket.all).toHaveLength(2);
    expect(StubSocket.last.url).toMatch(/\?since=12&epoch=e1$/);
    expect(socket.position).toEqual(position(12));
  });

  test('the head that connected tells is no place where anything was handed out', async () => {
    const socket = await online();
    StubSocket.last.end(1006);
    await pass(1_000);
    StubSocket.last.admit(30);
    expect(socket.position).toEqual(position(10));
    StubSocket.last.end(1006);
    await pass(1_000);
    expect(StubSocket.last.url).toMatch(/since=10/);
  });

  test('what is told twice is handed out once, in its order', async () => {
    const socket = await online();
    const seen: string[] = [];
    socket.on('warning', ({ message }) => seen.push(message));
    for (const sequence of [11, 12]) StubSocket.last.say(warning(sequence));
    StubSocket.last.end(4008);
    await pass(1_000);
    StubSocket.last.admit(14);
    for (const sequence of [12, 13, 14, 14]) StubSocket.last.say(warning(sequence));
    expect(seen).toEqual(['w11', 'w12', 'w13', 'w14']);
  });

  test('resync sets the place anew, also in another stream, and asks for a reload', async () => {
    const socket = await online();
    let reloads = 0;
    socket.onReload(() => reloads++);
    StubSocket.last.say({ type: 'resync', reason: 'epoch', position: position(3, 'e2') });
    expect(reloads).toBe(1);
    StubSocket.last.say(warning(4, 'e2'));
    expect(socket.position).toEqual(position(4, 'e2'));
  });

  test('the first connection asks for a reload, one that goes on does not', async () => {
    const socket = await opened();
    let reloads = 0;
    socket.onReload(() => reloads++);
    StubSocket.last.admit();
    StubSocket.last.end(1006);
    await pass(1_000);
    StubSocket.last.admit();
    expect(reloads).toBe(1);
  });

  test('over any history of cuts and repeats every frame is handed out once, in order', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const seen: number[] = [];
      const socket = await online(() => 0);
      socket.on('warning', (frame) => seen.push(frame.position?.sequence ?? 0));
      const head = await history(chance(seed));
      expect(seen).toEqual(Array.from({ length: head - 10 }, (_, index) => index + 11));
      socket.close();
    }
  });

  /** Says what comes, cuts now and then, and tells some of it again; returns the last number. */
  async function history(random: () => number): Promise<number> {
    let head = 10;
    for (let step = 0; step < 30; step++) {
      const isCut = random() < 0.3;
      head += isCut ? Math.floor(random() * 3) : 1;
      let from = head;
      if (isCut) {
        StubSocket.last.end(random() < 0.5 ? 1006 : 4000);
        await pass(1, 1);
        const since = Number(/since=(\d+)/.exec(StubSocket.last.url)?.[1]);
        StubSocket.last.admit(head);
        from = Math.max(11, since + 1 - Math.floor(random() * 3));
      }
      for (let told = from; told <= head; told++) StubSocket.last.say(warning(told));
    }
    return head;
  }
});

describe('coming back', () => {
  const end = (code: number, lastedMs = 60_000, wasConnected = true) =>
    nextAfter({ code, text: '', lastedMs, wasConnected });

  test.each([1000, 1001, 1005, 1006, 1009, 1011, 1012, 4000, 4008, 4013, 4029, 4499])(
    '%i comes back',
    (code) => {
      expect(end(code)).toBe('come_back');
    },
  );

  test.each([4500, 4502, 4503, 4504, 4509, 4999])('%i stays away', (code) => {
    expect(end(code)).toBe('stay_away');
  });

  test('4501 asks for a newer token; 4500 before a late first frame is the line’s fault', () => {
    expect(end(4501)).toBe('renew');
    expect(end(4500, 6_000, false)).toBe('come_back');
    expect(end(4500, 200, false)).toBe('stay_away');
  });

  test('waits grow to 5 s, and at least half of each is sure', () => {
    const waits = [0, 1, 2, 3, 4, 9].map((failures) => [
      backoffMs(SOCKET, failures, () => 0),
      backoffMs(SOCKET, failures, () => 1),
    ]);
    expect(waits).toEqual([
      [0, 500],
      [500, 1000],
      [1000, 2000],
      [2000, 4000],
      [2500, 5000],
      [2500, 5000],
    ]);
  });

  test('it says since when it is offline and when it tries again', async () => {
    const socket = await online();
    await pass(3_000);
    const lostAt = Date.now();
    StubSocket.last.end(1006);
    expect(socket.connection).toMatchObject({
      name: 'offline',
      since: lostAt,
      reason: { what: 'network' },
      retryAt: lostAt + 250,
    });
    await pass(250);
    StubSocket.last.end(1006);
    expect(socket.connection).toMatchObject({ name: 'offline', since: lostAt });
  });

  test('an attempt that is closed keeps its socket away, in the words of the platform', async () => {
    const socket = await online();
    StubSocket.last.end(4509, 'Attempt is graded');
    await pass(60_000, 5_000);
    expect(StubSocket.all).toHaveLength(1);
    expect(socket.connection).toMatchObject({
      name: 'closed',
      reason: { what: 'refused', code: 4509, text: 'Attempt is graded' },
    });
    socket.retry();
    await settle(2);
    expect(StubSocket.all).toHaveLength(2);
  });

  test('a server that goes away is not the network', async () => {
    const socket = await online();
    StubSocket.last.end(4000, 'Server going away');
    expect(socket.connection.reason).toMatchObject({ what: 'server', code: 4000 });
  });

  test('the browser’s word that the network is back is a try at once', async () => {
    await online();
    for (let failures = 0; failures < 5; failures++) {
      StubSocket.last.end(1006);
      await pass(5_000);
    }
    StubSocket.last.end(1006);
    const before = StubSocket.all.length;
    network.dispatchEvent(new Event('online'));
    await settle(2);
    expect(StubSocket.all.length).toBe(before + 1);
  });

  test('a page that closes it is left alone', async () => {
    const socket = await online();
    socket.close();
    await pass(30_000, 5_000);
    network.dispatchEvent(new Event('online'));
    await settle(2);
    expect(StubSocket.all).toHaveLength(1);
    expect(StubSocket.last.isClosedByPage).toBe(true);
    expect(socket.connection).toMatchObject({ name: 'closed', reason: { what: 'left' } });
  });
});

describe('silence', () => {
  test('a silent connection is asked, then degraded, then given up', async () => {
    const socket = await online();
    await pass(12_000, 1_000);
    expect(StubSocket.last.sent.at(-1)).toEqual({ type: 'time_sync' });
    expect(socket.connection.name).toBe('online');
    await pass(5_000, 1_000);
    expect(socket.connection.name).toBe('degraded');
    await pass(7_500, 500);
    expect(StubSocket.all).toHaveLength(2);
    expect(StubSocket.all[0]?.isClosedByPage).toBe(true);
    expect(socket.connection).toMatchObject({ name: 'offline', reason: { what: 'network' } });
  });

  test('an answer makes it online again', async () => {
    const socket = await online();
    await pass(17_500, 500);
    expect(socket.connection.name).toBe('degraded');
    StubSocket.last.say({ type: 'ping', timestamp: '2026-03-02T09:00:00Z' });
    expect(socket.connection.name).toBe('online');
  });

  test('the browser’s word that the network is gone is shown at once', async () => {
    const socket = await online();
    network.dispatchEvent(new Event('offline'));
    expect(socket.connection.name).toBe('degraded');
  });

  test('a handshake that never ends is given up', async () => {
    await opened();
    await pass(11_000, 1_000);
    expect(StubSocket.all).toHaveLength(2);
  });
});

describe('tokens', () => {
  test('a newer token is told to the open socket', async () => {
    await online();
    await login.renew(await login.token());
    expect(StubSocket.last.sent.at(-1)).toEqual({ type: 'reauth', token: await login.token() });
    expect(StubSocket.all).toHaveLength(1);
  });

  test('a refused token is renewed once, and the socket comes back with the new one', async () => {
    const socket = await online();
    const old = await login.token();
    StubSocket.last.end(4501, 'Authentication failed');
    await settle();
    StubSocket.last.accept();
    expect(StubSocket.last.sent[0]?.token).not.toBe(old);
    StubSocket.last.end(4501, 'Authentication failed');
    await pass(30_000, 5_000);
    expect(StubSocket.all).toHaveLength(2);
    expect(socket.connection).toMatchObject({ name: 'closed', reason: { code: 4501 } });
  });

  test('without a network the renewal is tried again later', async () => {
    await online();
    StubSocket.last.end(4501);
    platform.weather = () => 'down';
    await settle();
    await pass(20_000, 1_000);
    platform.weather = () => 'fine';
    await pass(20_000, 1_000);
    expect(StubSocket.all.length).toBeGreaterThan(1);
  });

  test("a student's socket is never opened, nor kept, with another's login", async () => {
    const mine = { ...shared(), attemptId: ATTEMPT, onlyFor: ANNA.id };
    const socket = new AttemptSocket(mine);
    socket.open();
    await settle(2);
    StubSocket.last.admit();
    await login.signIn('bala', 'right');
    expect(socket.connection).toMatchObject({ name: 'closed', reason: { what: 'signed_out' } });
    const another = new AttemptSocket(mine);
    another.open();
    await settle(2);
    expect(StubSocket.all).toHaveLength(1);
    await login.signIn('anna', 'right');
    socket.retry();
    await settle(2);
    expect(StubSocket.all).toHaveLength(2);
  });

  test('signing out closes it', async () => {
    const socket = await online();
    await login.signOut();
    expect(StubSocket.last.isClosedByPage).toBe(true);
    expect(socket.connection).toMatchObject({ name: 'closed', reason: { what: 'signed_out' } });
  });
});

describe('boards', () => {
  const view = { offset: 0, limit: 50, filter: {} };

  async function board(window?: typeof view): Promise<MonitorSocket> {
    const socket = new MonitorSocket({ ...shared(), examId: 3, ...(window && { view: window }) });
    socket.open();
    await settle(2);
    return socket;
  }

  test('a board that never got its snapshot asks for it again', async () => {
    await board();
    StubSocket.last.admit(50);
    StubSocket.last.end(1006);
    await pass(1_000);
    expect(StubSocket.last.url).toBe('ws://oep.test/api/v1/ws/exams/3/monitor');
    StubSocket.last.admit(50);
    StubSocket.last.say({ type: 'snapshot', exam_id: 3, position: position(52), attempts: [] });
    StubSocket.last.end(1006);
    await pass(1_000);
    expect(StubSocket.last.url).toMatch(/monitor\?since=52&epoch=e1$/);
  });

  test('a window begins anew where it looks now, with its filter', async () => {
    const socket = await board(view);
    StubSocket.last.admit(50);
    socket.show({ offset: 50, limit: 25, filter: { group: 'lost', is_online: false } });
    expect(StubSocket.last.sent.at(-1)).toEqual({
      type: 'view',
      offset: 50,
      limit: 25,
      filter: { group: 'lost', is_online: false },
    });
    StubSocket.last.end(4000);
    await pass(1_000);
    expect(new URL(StubSocket.last.url).search).toBe(
      '?view=page&offset=50&limit=25&group=lost&is_online=false',
    );
  });

  test('a silent board is asked with its own token', async () => {
    await board();
    StubSocket.last.admit(50);
    await pass(12_000, 1_000);
    expect(StubSocket.last.sent.at(-1)).toEqual({ type: 'reauth', token: await login.token() });
  });
});
