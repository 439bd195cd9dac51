/**
 * A socket that comes back: signs in with its first frame, goes on from where it was, hears when
 * nothing is heard any more, and tells newer tokens in-band. What is said over it is not its business.
 *
 * Life: `connecting` → `online` ⇄ `degraded` → `offline` (waits, tries) → `online` … → `closed`.
 * A frame is handed out before its position counts, so that what a listener missed is told again.
 */

import { backoffMs, SOCKET } from './backoff';
import { type End, nextAfter, reasonOf, UNAUTHENTICATED } from './closing';
import type { ConnectionName, ConnectionReason, ConnectionState } from './connection';
import { Emitter, type Unsubscribe } from './emitter';
import { SignedOut } from './errors';
import type { Position } from './frames';
import type { LoginKeeper } from './login';

export interface Frame {
  readonly type: string;
  readonly position?: Position;
}

export interface LineOptions {
  /** `ws://host/path`, without what the line adds (`since`, `epoch`). */
  url: () => string;
  login: LoginKeeper;
  /** Whose socket it is; with anybody else signed in it stays closed. */
  onlyFor?: number;
  WebSocket?: typeof globalThis.WebSocket;
  /** Where `online` and `offline` of the browser are heard. */
  network?: Pick<EventTarget, 'addEventListener' | 'removeEventListener'>;
  /** What to say to a connection that is silent, so that it answers. */
  probe: (token: string) => { type: string; [name: string]: unknown };
  /**
   * Where a later connection goes on: after `connected` (a student reloads then), after the first
   * frame with a position (a board waits for its snapshot), or nowhere (a window begins anew).
   */
  resumes: 'after_connected' | 'after_frames' | 'never';
  now?: () => number;
  random?: () => number;
}

const SUBPROTOCOL = 'oep.v1';
const OPEN_MS = 10_000;
const QUIET_MS = 12_000;
const PROBE_MS = 5_000;
const DEAD_MS = 12_000;
const NETWORK_LOST: End = { code: 1006, text: '', lastedMs: 0, wasConnected: true };

type Timer = ReturnType<typeof setTimeout>;

export class Line<F extends Frame> {
  readonly #options: LineOptions;
  readonly #Socket: typeof globalThis.WebSocket;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #frames = new Emitter<F>();
  readonly #states = new Emitter<ConnectionState>();
  #state: ConnectionState;
  #position: Position | undefined;
  #socket: WebSocket | undefined;
  #token = '';
  #beganAt = 0;
  #isConnected = false;
  #failures = 0;
  #hasRenewed = false;
  #retry: Timer | undefined;
  #watch: Timer | undefined;
  #stopListening: (() => void) | undefined;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#Socket = options.WebSocket ?? globalThis.WebSocket;
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.#state = {
      name: 'connecting',
      since: this.#now(),
      reason: undefined,
      retryAt: undefined,
    };
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get position(): Position | undefined {
    return this.#position;
  }

  onState(listener: (state: ConnectionState) => void): Unsubscribe {
    return this.#states.on(listener);
  }

  onFrame(listener: (frame: F) => void): Unsubscribe {
    return this.#frames.on(listener);
  }

  open(): void {
    if (this.#stopListening || this.#state.name === 'closed') return;
    this.#stopListening = this.#listen();
    void this.#try();
  }

  close(): void {
    this.#drop();
    this.#leave('closed', { what: 'left', code: undefined, text: '' });
  }

  /** Tries at once. */
  retry(): void {
    if (this.#socket) return;
    this.#stopListening ??= this.#listen();
    this.#failures = 0;
    this.#hasRenewed = false;
    clearTimeout(this.#retry);
    if (this.#state.name === 'closed') this.#go('connecting', undefined);
    void this.#try();
  }

  send(frame: { type: string; [name: string]: unknown }): boolean {
    if (!this.#socket || !this.#isConnected) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  async #try(): Promise<void> {
    const beganAt = this.#now();
    this.#beganAt = beganAt;
    let token: string;
    try {
      token = await this.#options.login.token(this.#options.onlyFor);
    } catch (error) {
      if (this.#beganAt === beganAt && this.#stopListening) this.#noToken(error);
      return;
    }
    // Closed, or tried anew, while the token was renewed.
    if (this.#beganAt !== beganAt || !this.#stopListening || this.#socket) return;
    this.#token = token;
    this.#connect();
  }

  #noToken(error: unknown): void {
    if (error instanceof SignedOut) {
      this.#leave('closed', { what: 'signed_out', code: undefined, text: '' });
    } else {
      this.#waitToRetry({ what: 'network', code: undefined, text: '' });
    }
  }

  #connect(): void {
    const socket = new this.#Socket(this.#address(), SUBPROTOCOL);
    this.#socket = socket;
    this.#isConnected = false;
    const isMine = () => this.#socket === socket;
    socket.onopen = () =>
      isMine() && socket.send(JSON.stringify({ type: 'auth', token: this.#token }));
    socket.onmessage = (event: MessageEvent) => isMine() && this.#hear(event.data);
    socket.onclose = (event: CloseEvent) => isMine() && this.#ended(event.code, event.reason);
    this.#watch = setTimeout(() => this.#giveUp(), OPEN_MS);
  }

  #address(): string {
    const address = this.#options.url();
    if (!this.#position) return address;
    const { sequence, epoch } = this.#position;
    const joint = address.includes('?') ? '&' : '?';
    return `${address}${joint}since=${sequence}&epoch=${encodeURIComponent(epoch)}`;
  }

  #hear(data: unknown): void {
    const frame = read<F>(data);
    if (!frame) return;
    if (frame.type === 'connected') this.#connected();
    this.#heard();
    if (this.#isKnown(frame)) return;
    this.#frames.emit(frame);
    this.#remember(frame);
  }

  #remember(frame: F): void {
    const { resumes } = this.#options;
    if (!frame.position || resumes === 'never') return;
    // `connected` says where the stream's head is, not what was handed out: that is still to come.
    if (frame.type === 'connected' && (this.#position || resumes === 'after_frames')) return;
    if (frame.type === 'resync' && resumes === 'after_frames') this.#position = undefined;
    else this.#position = frame.position;
  }

  #connected(): void {
    this.#isConnected = true;
    this.#failures = 0;
    this.#hasRenewed = false;
  }

  /** What was told before the connection was lost, and is told again. */
  #isKnown({ type, position }: F): boolean {
    const known = this.#position;
    if (!position || !known || type === 'connected' || type === 'resync') return false;
    return position.epoch === known.epoch && position.sequence <= known.sequence;
  }

  #heard(): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#probe(), QUIET_MS);
    if (this.#isConnected) this.#go('online', undefined);
  }

  /** Nothing was heard for a while: asks, and says so when nothing is answered. */
  #probe(): void {
    clearTimeout(this.#watch);
    if (!this.#socket) return;
    this.send(this.#options.probe(this.#token));
    this.#watch = setTimeout(() => {
      this.#go('degraded', { what: 'network', code: undefined, text: '' });
      this.#watch = setTimeout(() => this.#giveUp(), DEAD_MS - PROBE_MS);
    }, PROBE_MS);
  }

  /** The connection is dead, whatever the browser believes. */
  #giveUp(): void {
    this.#drop();
    this.#waitToRetry(reasonOf(NETWORK_LOST));
  }

  #ended(code: number, text: string): void {
    const lastedMs = this.#now() - this.#beganAt;
    const end: End = { code, text, lastedMs, wasConnected: this.#isConnected };
    this.#drop();
    const next = nextAfter(end);
    if (next === 'renew' && !this.#hasRenewed) void this.#renew(end);
    else if (next === 'come_back') this.#waitToRetry(reasonOf(end));
    else this.#leave('closed', reasonOf(end));
  }

  async #renew(end: End): Promise<void> {
    this.#hasRenewed = true;
    this.#go('offline', reasonOf(end));
    try {
      await this.#options.login.renew(this.#token);
      if (this.#stopListening && !this.#socket) await this.#try();
    } catch (error) {
      // Without the network nothing was tried: another 4501 shall renew again.
      this.#hasRenewed = error instanceof SignedOut;
      if (this.#stopListening) this.#noToken(error);
    }
  }

  #waitToRetry(reason: ConnectionReason): void {
    const ms = backoffMs(SOCKET, this.#failures, this.#random);
    this.#failures += 1;
    this.#go('offline', reason, this.#now() + ms);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#try(), ms);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#isConnected = false;
    clearTimeout(this.#watch);
    clearTimeout(this.#retry);
    socket?.close();
  }

  #leave(name: ConnectionName, reason: ConnectionReason): void {
    clearTimeout(this.#retry);
    this.#stopListening?.();
    this.#stopListening = undefined;
    this.#go(name, reason);
  }

  #go(name: ConnectionName, reason: ConnectionReason | undefined, retryAt?: number): void {
    const before = this.#state;
    if (before.name === name && name === 'online') return;
    // A try that fails again does not begin to be offline anew.
    const since = before.name === name ? before.since : this.#now();
    this.#state = { name, since, reason, retryAt };
    this.#states.emit(this.#state);
  }

  #listen(): () => void {
    const { login, onlyFor } = this.#options;
    const network = this.#options.network ?? globalThis.window;
    const lost = () => {
      if (this.#isConnected) this.#go('degraded', reasonOf(NETWORK_LOST));
      this.#probe();
    };
    const back = () => {
      if (this.#socket) this.#probe();
      else this.retry();
    };
    network?.addEventListener('offline', lost);
    network?.addEventListener('online', back);
    const off = login.onChange(({ login: now }) => {
      if (!now || now.user.id !== (onlyFor ?? now.user.id)) this.#signedOut();
      else if (now.accessToken !== this.#token) this.#tell(now.accessToken);
    });
    return () => {
      off();
      network?.removeEventListener('offline', lost);
      network?.removeEventListener('online', back);
    };
  }

  #signedOut(): void {
    this.#drop();
    this.#leave('closed', { what: 'signed_out', code: UNAUTHENTICATED, text: '' });
  }

  #tell(token: string): void {
    this.#token = token;
    this.send({ type: 'reauth', token });
  }
}

function read<F extends Frame>(data: unknown): F | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const frame: unknown = JSON.parse(data);
    const isFrame = typeof frame === 'object' && frame !== null && 'type' in frame;
    return isFrame && typeof frame.type === 'string' ? (frame as F) : undefined;
  } catch {
    return undefined; // nothing that the platform says
  }
}
