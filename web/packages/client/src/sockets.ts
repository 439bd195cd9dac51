/** The two sockets of the pages over one `Line`; bodies follow. */

import type { ServerClock } from './clock';
import type { ConnectionState } from './connection';
import type { Unsubscribe } from './emitter';
import type { AttemptFrame, BoardFilter, MonitorFrame, Position } from './frames';
import type { LoginKeeper } from './login';

export interface SocketOptions {
  base?: string;
  login: LoginKeeper;
  clock?: ServerClock;
  WebSocket?: typeof globalThis.WebSocket;
}

/** What both sockets are; `F` is what they say. */
export interface Socket<F extends { type: string }> {
  readonly connection: ConnectionState;
  /** The newest place in the stream whose frame was handed out. */
  readonly position: Position | undefined;
  /** Opens it; once. Comes back by itself until `close`, or until the server says stay away. */
  open(): void;
  close(): void;
  /** Tries at once, also after the server said stay away: for a button. */
  retry(): void;
  onConnection(listener: (state: ConnectionState) => void): Unsubscribe;
  onFrame(listener: (frame: F) => void): Unsubscribe;
  /** Hears frames of one type: `socket.on('warning', (frame) => frame.message)`. */
  on<T extends F['type']>(type: T, listener: (frame: Extract<F, { type: T }>) => void): Unsubscribe;
  /** Sends when it is online; false when it is not, and then nothing is sent later. */
  send(frame: { type: string; [name: string]: unknown }): boolean;
}

class Skeleton<F extends { type: string }> implements Socket<F> {
  readonly connection: ConnectionState = {
    name: 'connecting',
    since: 0,
    reason: undefined,
    retryAt: undefined,
  };
  readonly position: Position | undefined = undefined;
  open(): void {}
  close(): void {}
  retry(): void {}
  onConnection(_listener: (state: ConnectionState) => void): Unsubscribe {
    return () => undefined;
  }
  onFrame(_listener: (frame: F) => void): Unsubscribe {
    return () => undefined;
  }
  on<T extends F['type']>(
    _type: T,
    _listener: (frame: Extract<F, { type: T }>) => void,
  ): Unsubscribe {
    return () => undefined;
  }
  send(_frame: { type: string; [name: string]: unknown }): boolean {
    return false;
  }
}

/** The student's socket of one attempt. On `resync` reload what you show by REST. */
export class AttemptSocket extends Skeleton<AttemptFrame> {
  readonly attemptId: number;

  constructor(options: SocketOptions & { attemptId: number }) {
    super();
    this.attemptId = options.attemptId;
  }
}

/** A window of a board; without one the board is whole. */
export interface BoardView {
  readonly offset: number;
  readonly limit: number;
  readonly filter: BoardFilter;
}

/**
 * A board's socket: `snapshot` and then each `delta`; with a `view` `page` and then `changes`.
 * After `resync` a fresh snapshot or page follows by itself.
 */
export class MonitorSocket extends Skeleton<MonitorFrame> {
  readonly examId: number;

  constructor(options: SocketOptions & { examId: number; view?: BoardView }) {
    super();
    this.examId = options.examId;
  }

  /** Looks at another window, now and after reconnecting; only if it began with one. */
  show(_view: BoardView): void {}
}
