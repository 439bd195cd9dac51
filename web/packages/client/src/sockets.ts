/** The two sockets of the pages (contract §7 and §8.2), typed, over one `Line`. */

import type { ServerClock } from './clock';
import type { ConnectionState } from './connection';
import type { Unsubscribe } from './emitter';
import type { AttemptFrame, BoardFilter, MonitorFrame, Position } from './frames';
import { type Frame, Line, type LineOptions } from './line';
import type { LoginKeeper } from './login';

export interface SocketOptions {
  base?: string;
  login: LoginKeeper;
  /** Whose socket it is; with anybody else signed in it stays closed. */
  onlyFor?: number;
  /** Is told the server's time by what is heard. */
  clock?: ServerClock;
  WebSocket?: typeof globalThis.WebSocket;
  network?: Pick<EventTarget, 'addEventListener' | 'removeEventListener'>;
  random?: () => number;
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

abstract class OverLine<F extends Frame> implements Socket<F> {
  protected readonly line: Line<F>;

  protected constructor(
    options: SocketOptions,
    more: Pick<LineOptions, 'url' | 'probe' | 'resumes'>,
  ) {
    const { login, onlyFor, WebSocket, network, random } = options;
    this.line = new Line<F>({
      login,
      ...more,
      ...(onlyFor !== undefined && { onlyFor }),
      ...(WebSocket && { WebSocket }),
      ...(network && { network }),
      ...(random && { random }),
    });
  }

  get connection(): ConnectionState {
    return this.line.state;
  }

  get position(): Position | undefined {
    return this.line.position;
  }

  open(): void {
    this.line.open();
  }

  close(): void {
    this.line.close();
  }

  retry(): void {
    this.line.retry();
  }

  onConnection(listener: (state: ConnectionState) => void): Unsubscribe {
    return this.line.onState(listener);
  }

  onFrame(listener: (frame: F) => void): Unsubscribe {
    return this.line.onFrame(listener);
  }

  on<T extends F['type']>(
    type: T,
    listener: (frame: Extract<F, { type: T }>) => void,
  ): Unsubscribe {
    return this.line.onFrame((frame) => {
      if (frame.type === type) listener(frame as Extract<F, { type: T }>);
    });
  }

  send(frame: { type: string; [name: string]: unknown }): boolean {
    return this.line.send(frame);
  }
}

/** The student's socket of one attempt. */
export class AttemptSocket extends OverLine<AttemptFrame> {
  readonly attemptId: number;
  readonly #clock: ServerClock | undefined;
  #askedAt: number | undefined;

  constructor(options: SocketOptions & { attemptId: number }) {
    super(options, {
      url: () => addressOf(options.base, `/api/v1/ws/attempts/${options.attemptId}`),
      // Its answer sets the clock, too.
      probe: () => this.#question(),
      resumes: 'after_connected',
    });
    this.attemptId = options.attemptId;
    this.#clock = options.clock;
    this.onFrame((frame) => this.#tellClock(frame));
  }

  /**
   * Hears when what is shown must be loaded by REST: what happened before the first `connected` was
   * told to nobody, and after `resync` there is a hole. All else comes as frames, none missing.
   */
  onReload(listener: () => void): Unsubscribe {
    let hasBegun = this.position !== undefined;
    return this.onFrame(({ type }) => {
      if (type === 'resync' || (type === 'connected' && !hasBegun)) listener();
      hasBegun ||= type === 'connected';
    });
  }

  /** Asks for the server's time; a `time_update` answers, and the clock is told. */
  askTime(): boolean {
    return this.send(this.#question());
  }

  #question(): { type: string } {
    this.#askedAt = this.#clock?.monotonic();
    return { type: 'time_sync' };
  }

  #tellClock(frame: AttemptFrame): void {
    if (frame.type === 'time_update') {
      this.#clock?.observe(frame.server_time, this.#askedAt);
      this.#askedAt = undefined;
    } else if (frame.type === 'connected') {
      this.#clock?.observe(frame.server_time);
      this.askTime();
    } else if (frame.type === 'ping') {
      this.#clock?.observe(frame.timestamp);
      if (this.#clock?.isInDoubt) this.askTime();
    }
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
export class MonitorSocket extends OverLine<MonitorFrame> {
  readonly examId: number;
  #view: BoardView | undefined;

  constructor(options: SocketOptions & { examId: number; view?: BoardView }) {
    super(options, {
      url: () => addressOf(options.base, this.#path()),
      // A board's socket answers nothing else.
      probe: (token) => ({ type: 'reauth', token }),
      resumes: options.view ? 'never' : 'after_frames',
    });
    this.examId = options.examId;
    this.#view = options.view;
    this.on('connected', (frame) => options.clock?.observe(frame.server_time));
    this.on('ping', (frame) => options.clock?.observe(frame.timestamp));
  }

  /** Looks at another window, now and after reconnecting; only if it began with one. */
  show(view: BoardView): void {
    if (!this.#view) return;
    const isSame = JSON.stringify(view) === JSON.stringify(this.#view);
    this.#view = view;
    if (!isSame) this.send({ type: 'view', ...view });
  }

  #path(): string {
    const path = `/api/v1/ws/exams/${this.examId}/monitor`;
    if (!this.#view) return path;
    const { offset, limit, filter } = this.#view;
    const asked = new URLSearchParams({ view: 'page', offset: `${offset}`, limit: `${limit}` });
    for (const [name, value] of Object.entries(filter)) {
      if (value !== null && value !== undefined) asked.set(name, `${value}`);
    }
    return `${path}?${asked}`;
  }
}

function addressOf(base: string | undefined, path: string): string {
  const origin = base || globalThis.location?.origin || '';
  return origin.replace(/^http/, 'ws') + path;
}
