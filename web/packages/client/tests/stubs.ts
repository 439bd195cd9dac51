/// <reference types="node" />
/** Small stand-ins for what lies outside: the platform, its sockets, time. */

import 'fake-indexeddb/auto';
import { vi } from 'vitest';
import type { Handovers } from '../src/handover';
import { pageLocks } from '../src/locks';
import { LoginKeeper } from '../src/login';
import type { Schemas, User } from '../src/shapes';

// Time is faked, turns are not: on a busy machine they take theirs.
vi.setConfig({ testTimeout: 30_000 });

const realTimeout = globalThis.setTimeout;

/** Lets everything happen that waits for nothing but its turn (IndexedDB, crypto). */
export async function settle(turns = 6): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    await new Promise((resolve) => realTimeout(resolve, 0));
  }
}

/** Lets time pass, under fake timers, and all that happens in it. */
export async function pass(ms: number, stepMs = 250): Promise<void> {
  await settle();
  for (let gone = 0; gone < ms; gone += stepMs) {
    await vi.advanceTimersByTimeAsync(Math.min(stepMs, ms - gone));
    await settle(3);
  }
}

/** Fake timers that leave IndexedDB and crypto alone. */
export function fakeTime(at = '2026-03-02T09:00:00Z'): void {
  vi.useFakeTimers({
    now: new Date(at),
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  });
}

/** Chance that comes again with the same seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A tab's sessionStorage; `copy` is what a duplicated tab begins with. */
export class TabStorage {
  readonly kept = new Map<string, string>();
  getItem = (name: string) => this.kept.get(name) ?? null;
  setItem = (name: string, value: string) => void this.kept.set(name, value);
  removeItem = (name: string) => void this.kept.delete(name);

  copy(): TabStorage {
    const other = new TabStorage();
    for (const [name, value] of this.kept) other.kept.set(name, value);
    return other;
  }
}

export const BASE = 'http://oep.test';
export const ANNA: User = user(7, 'anna', 'student');
export const BALA: User = user(8, 'bala', 'student');

function user(id: number, username: string, role: string): User {
  const created_at = '2026-01-01T00:00:00Z';
  return {
    id,
    email: `${username}@example.org`,
    username,
    full_name: username,
    is_active: true,
    is_verified: true,
    created_at,
    last_login: null,
    roles: [{ id: 1, name: role, description: null, created_at }],
    center: null,
    hall_ticket_number: null,
    trade: null,
  };
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': type, ...headers },
  });
}

export function problem(status: number, detail: string, more: object = {}, headers = {}): Response {
  return json(
    { type: `/problems/${detail}`, title: detail, status, detail, ...more },
    status,
    headers,
  );
}

/** What becomes of a request on its way: `lost` = it arrives, its answer does not. */
export type Weather = 'fine' | 'down' | 'lost';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly userId: number | undefined;
  readonly token: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: whatever was sent
  readonly body: any;
}

type Answerer = (asked: Asked) => Response | undefined;

/** A platform of one attempt (`ATTEMPT`), whose student is Anna. */
export const ATTEMPT = 41;

export class Platform {
  readonly asked: Asked[] = [];
  weather: () => Weather = () => 'fine';
  /** Answers before the usual; undefined leaves it to that. */
  instead: Answerer = () => undefined;
  load = 0;
  lifeSeconds = 1800;
  status = 'in_progress';
  readonly events: Schemas['EventBody'][] = [];
  readonly answers = new Map<number, { answer: unknown; is_flagged: boolean; at: string }>();
  readonly visits = new Map<string, number>();
  readonly timings: Schemas['TimingBody'][] = [];
  /** By their ids, so that one that comes twice is there once. */
  readonly pictures = new Map<string, Record<string, string>>();
  submits: unknown[] = [];
  isFamilyRevoked = false;
  exchanges = 0;
  readonly #spent = new Map<string, { at: number; pair: [string, string] }>();
  readonly #access = new Set<string>();
  #number = 0;

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const asked = await readAsked(request);
    await Promise.resolve();
    const weather = this.weather();
    if (init?.signal?.aborted) throw init.signal.reason;
    if (weather === 'down') throw new TypeError('fetch failed');
    this.asked.push(asked);
    const answer = this.instead(asked) ?? this.#answer(asked);
    if (weather === 'lost') throw new TypeError('fetch failed');
    return answer;
  };

  /** Ends the access tokens that are out there, as a revocation or a lost key does. */
  refuseAccess(): void {
    this.#access.clear();
  }

  count(path: string): number {
    return this.asked.filter((asked) => asked.path === path).length;
  }

  #answer(asked: Asked): Response {
    const { path, body } = asked;
    if (path === '/api/v1/auth/login') return this.#signIn(body.username, body.password);
    if (path === '/api/v1/auth/refresh') return this.#refresh(body.refresh_token);
    if (path === '/health') return json({ status: 'healthy' });
    if (!asked.token || !this.#access.has(asked.token) || this.isFamilyRevoked) {
      return problem(401, 'Could not validate credentials');
    }
    if (path === '/api/v1/auth/logout') {
      this.isFamilyRevoked = true;
      return json({ message: 'Logged out' });
    }
    if (path === '/api/v1/attempts/me') return json([{ id: ATTEMPT, status: this.status }]);
    return this.#inAttempt(asked);
  }

  #inAttempt(asked: Asked): Response {
    const { method, path, body } = asked;
    if (asked.userId !== ANNA.id) return problem(404, 'Attempt not found');
    if (path === '/api/v1/proctoring/events/batch') return this.#batch(body.events);
    if (path === '/api/v1/proctoring/question-timing') return this.#timing(body);
    if (path === `/api/v1/proctoring/attempt/${ATTEMPT}/events`) return json(this.#newest());
    if (path === `/api/v1/attempts/${ATTEMPT}/answers`) {
      return method === 'GET' ? json(this.#stored()) : this.#save(body);
    }
    if (path === `/api/v1/attempts/${ATTEMPT}/submit`) return this.#submit(body);
    if (path === `/api/v1/proctoring/attempt/${ATTEMPT}/snapshots`) return this.#picture(asked);
    return problem(404, 'Not Found');
  }

  #signIn(username: string, password: string): Response {
    const found = [ANNA, BALA].find((each) => each.username === username);
    if (!found || password !== 'right') return problem(401, 'Incorrect username or password');
    const [access_token, refresh_token] = this.pair(found);
    return json({ access_token, refresh_token, token_type: 'bearer', user: found });
  }

  pair(of: User): [string, string] {
    this.#number += 1;
    const iat = Math.floor(Date.now() / 1000);
    const claims = btoa(
      JSON.stringify({ sub: `${of.id}`, iat, exp: iat + this.lifeSeconds, jti: this.#number }),
    );
    const access = `head.${claims}.sign`;
    this.#access.add(access);
    return [access, `refresh.${claims}.${this.#number}`];
  }

  /** One use each, again within 15 s when the answer was lost, the family ends on any other. */
  #refresh(token: string): Response {
    const spent = this.#spent.get(token);
    const isRepeat = spent && !this.#spent.has(spent.pair[1]) && Date.now() - spent.at <= 15_000;
    if (spent && !isRepeat) this.isFamilyRevoked = true;
    if (this.isFamilyRevoked) return problem(401, 'Invalid refresh token');
    this.exchanges += 1;
    const { sub } = JSON.parse(atob(token.split('.')[1] ?? ''));
    const holder = sub === `${BALA.id}` ? BALA : ANNA;
    const pair = spent?.pair ?? this.pair(holder);
    this.#spent.set(token, { at: Date.now(), pair });
    return json({ access_token: pair[0], refresh_token: pair[1], token_type: 'bearer' });
  }

  #batch(sent: Schemas['EventBody'][]): Response {
    const results = sent.map((event, index) => this.#take(event, index));
    return json({ results }, 200, { 'oep-load': `${this.load}` });
  }

  #take(event: Schemas['EventBody'], index: number): unknown {
    const known = this.events.find(({ event_id }) => event_id === event.event_id);
    if (known) return { index, status: 201, event: known };
    if (this.status === 'graded') return refusal(index, 400, 'Cannot log events');
    if (event.event_type === 'bad') return refusal(index, 422, 'event_type');
    this.events.push(event);
    return { index, status: 201, event };
  }

  #newest(): unknown[] {
    return [...this.events].reverse();
  }

  #timing(body: Schemas['TimingBody']): Response {
    this.timings.push(body);
    const id = body.visit_id ?? '';
    this.visits.set(id, Math.max(this.visits.get(id) ?? 0, body.total_time_seconds));
    return json({ id: 1 });
  }

  #save(body: { question_id: number; answer: unknown; is_flagged: boolean }): Response {
    return this.saved(body.question_id, body.answer, body.is_flagged);
  }

  saved(questionId: number, answer: unknown, is_flagged: boolean): Response {
    if (this.status === 'paused') return problem(404, 'Active attempt not found');
    const at = new Date().toISOString();
    this.answers.set(questionId, { answer, is_flagged, at });
    return json({ question_id: questionId, answer, is_flagged, last_updated_at: at, sha256: 'x' });
  }

  #stored(): unknown[] {
    return [...this.answers].map(([question_id, { answer, is_flagged, at }]) => {
      return { question_id, answer, is_flagged, last_updated_at: at, sha256: 'x' };
    });
  }

  #picture({ query, body }: Asked): Response {
    if (this.status === 'graded') return problem(409, 'attempt-closed');
    this.pictures.set(query.snapshot_id ?? '', { ...query, body });
    return json({ ...query }, 201, { 'oep-load': `${this.load}` });
  }

  #submit(body: unknown): Response {
    this.submits.push(body);
    this.status = 'graded';
    const receipt = { receipt: { attempt_id: ATTEMPT }, signature: 's', kid: 'k', algorithm: 'a' };
    return json({ id: ATTEMPT, status: 'graded', receipt });
  }
}

function refusal(index: number, status: number, detail: string): unknown {
  return { index, status, error: { status, detail } };
}

async function readAsked(request: Request): Promise<Asked> {
  const token = request.headers.get('authorization')?.replace('Bearer ', '');
  const isPicture = request.headers.get('content-type')?.startsWith('image/') ?? false;
  const text = await request.text();
  const { pathname, searchParams } = new URL(request.url);
  return {
    method: request.method,
    path: pathname,
    query: Object.fromEntries(searchParams),
    token,
    userId: token ? JSON.parse(atob(token.split('.')[1] ?? '')).sub * 1 : undefined,
    body: isPicture ? text : text ? JSON.parse(text) : undefined,
  };
}

/** Handovers that lie in memory, so that tabs of a test share them. */
export function sharedHandovers(): Handovers {
  const kept = new Map<string, Parameters<Handovers['keep']>[1]>();
  return {
    successor: async (token) => kept.get(token),
    keep: async (token, pair) => void kept.set(token, pair),
  };
}

/** Somebody who is signed in at a platform. */
export async function signedIn(platform: Platform, name = 'anna'): Promise<LoginKeeper> {
  const login = new LoginKeeper({
    base: BASE,
    storage: new TabStorage(),
    locks: pageLocks(),
    handovers: sharedHandovers(),
    fetch: platform.fetch,
  });
  await login.signIn(name, 'right');
  return login;
}

/** A browser's socket whose other end is the test. */
export class StubSocket {
  static readonly all: StubSocket[] = [];
  static get last(): StubSocket {
    const last = StubSocket.all.at(-1);
    if (!last) throw new Error('no socket was opened');
    return last;
  }

  readonly sent: { type: string; [name: string]: unknown }[] = [];
  readonly url: string;
  readonly protocol: string;
  isOpen = false;
  isClosedByPage = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;

  constructor(url: string, protocol: string) {
    this.url = url;
    this.protocol = protocol;
    StubSocket.all.push(this);
  }

  send(data: string): void {
    if (this.isOpen) this.sent.push(JSON.parse(data));
  }

  close(): void {
    this.isClosedByPage = true;
    this.isOpen = false;
  }

  /** The server accepts; the page says its first frame. */
  accept(): void {
    this.isOpen = true;
    this.onopen?.();
  }

  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** The server accepts and admits. */
  admit(sequence = 10, epoch = 'e1'): void {
    this.accept();
    const server_time = new Date().toISOString();
    this.say({
      type: 'connected',
      connection_id: 'c',
      attempt_id: ATTEMPT,
      server_time,
      heartbeat_interval: 30,
      position: { sequence, epoch },
    });
  }

  end(code: number, reason = ''): void {
    this.isOpen = false;
    this.onclose?.({ code, reason });
  }

  static asWebSocket(): typeof globalThis.WebSocket {
    StubSocket.all.length = 0;
    return StubSocket as unknown as typeof globalThis.WebSocket;
  }
}
