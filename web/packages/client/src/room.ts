/** Everything of one attempt in one place: the parts know each other here, and only here. */

import type { Channel } from './answer_shelf';
import { AnswerBook } from './answers';
import { type Api, createApi } from './api';
import { ServerClock } from './clock';
import type { Unsubscribe } from './emitter';
import { SignedOut } from './errors';
import { browserLocks, type Locks } from './locks';
import type { LoginKeeper } from './login';
import { EventReporter } from './reporter';
import type { Receipt } from './shapes';
import { AttemptSocket } from './sockets';
import { pageStore, queueOf, type Store } from './store';
import { type SubmitOptions, type Submitted, submitAttempt } from './submitting';
import { QuestionTimer } from './timer';
import type { Fetch } from './transport';

export interface RoomOptions {
  base?: string;
  login: LoginKeeper;
  attemptId: number;
  clock?: ServerClock;
  store?: Store;
  locks?: Locks;
  fetch?: Fetch;
  WebSocket?: typeof globalThis.WebSocket;
}

/** The exam room of one attempt: socket, answers, events, timings and clock that know each other. */
export interface Room {
  readonly attemptId: number;
  /** The platform for this room's student alone: sends nothing for anybody else. */
  readonly api: Api;
  readonly socket: AttemptSocket;
  readonly answers: AnswerBook;
  readonly reporter: EventReporter;
  readonly timer: QuestionTimer;
  readonly clock: ServerClock;
  /** Hears when the attempt must be loaded by REST (`AttemptSocket.onReload`). */
  onReload(listener: () => void): Unsubscribe;
  /** Answers confirmed, events flushed, then submitted (again and again until answered or 60 s). */
  submit(options?: SubmitOptions): Promise<Submitted>;
  /** Stops everything; what waits stays on this device. */
  close(): void;
}

/**
 * Opens the room: what this device has kept, what the platform has, and the socket.
 * Raises `StorageUnavailable`, and `SignedOut` when nobody is.
 */
export async function openRoom(options: RoomOptions): Promise<Room> {
  const { login, attemptId } = options;
  const userId = login.user?.id;
  if (userId === undefined) throw new SignedOut();
  const store = options.store ?? (await pageStore());
  const locks = options.locks ?? browserLocks();
  const clock = options.clock ?? new ServerClock();
  const { base, fetch, WebSocket } = options;
  const way = { login, clock, onlyFor: userId, ...(base && { base }) };
  const api = createApi({ ...way, ...(fetch && { fetch }) });
  const socket = new AttemptSocket({ ...way, attemptId, ...(WebSocket && { WebSocket }) });
  const queue = queueOf(userId, attemptId);
  const network = globalThis.window;
  const shared = { api, attemptId, queue, store, locks };
  const channel = channelOf(`oep.answers.${queue}`);
  const [answers, reporter] = await Promise.all([
    AnswerBook.open({ ...shared, socket, network, ...(channel && { channel }) }),
    EventReporter.open({ ...shared, network }),
  ]);
  const timer = new QuestionTimer({ ...shared, page: globalThis.document });
  const stops = [
    socket.on('connected', () => reporter.resume()),
    login.onChange(({ login: held }) => {
      if (held?.user.id !== userId) return;
      reporter.resume();
      answers.resume();
      if (socket.connection.reason?.what === 'signed_out') socket.retry();
    }),
    onLeaving(() => {
      void timer.flush();
      reporter.part();
    }),
  ];
  socket.open();
  const parts = { api, attemptId, store, answers, reporter, timer };
  return {
    ...parts,
    socket,
    clock,
    onReload: (listener) => socket.onReload(listener),
    submit: (how) => submitAttempt(parts, how),
    close() {
      for (const stop of stops) stop();
      for (const part of [timer, reporter, answers, socket]) part.close();
    },
  };
}

/** The receipt of an attempt that was submitted on this device, if it was. */
export async function keptReceipt(attemptId: number, store?: Store): Promise<Receipt | undefined> {
  const kept = await (store ?? (await pageStore())).get('receipts', attemptId);
  return kept?.receipt;
}

function channelOf(name: string): Channel | undefined {
  return globalThis.BroadcastChannel && new BroadcastChannel(name);
}

/** The page is being closed or left; it may yet come back from the browser's cache. */
function onLeaving(leave: () => void): Unsubscribe {
  const { window } = globalThis;
  window?.addEventListener('pagehide', leave);
  return () => window?.removeEventListener('pagehide', leave);
}
