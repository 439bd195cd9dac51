/**
 * An open attempt outside of React: takes every frame from the moment the room is there, loads what came
 * before, and tells the platform what the student has seen. What cannot be told now is told when the
 * connection is back.
 */

import { type Api, type AttemptFrame, Refusal, type Room } from '@oep/client';
import { lastOfStaff, lineOfMessage } from '../room/lines';
import {
  after,
  NOT_YET,
  type Sitting,
  withAllRead,
  withLines,
  withNotices,
  withoutNotice,
} from '../room/sitting';
import { type Time, timeOfAttempt } from '../room/time';
import { type Ack, type Notice, noticesOfActions, noticesOfAllowances } from '../room/told';

export class Around {
  readonly #listeners = new Set<() => void>();
  readonly #api: Api;
  readonly #id: number;
  #state: Sitting;
  #acks: readonly Ack[] = [];
  /** Something of what came before could not be loaded yet. */
  #isLacking = false;

  constructor(room: Room, api: Api) {
    this.#api = api;
    this.#id = room.attemptId;
    this.#state = { ...NOT_YET, isHandRaised: sessionStorage.getItem(this.#handKey) !== null };
    room.socket.onFrame((frame) => this.#take(frame));
    room.socket.onConnection(({ name }) => {
      if (name === 'online') this.#catchUp();
      // the attempt may have ended while nobody could tell: it is read again
      if (name === 'closed') this.#set({ ...this.#state, staleness: this.#state.staleness + 1 });
    });
    this.#load();
  }

  get state(): Sitting {
    return this.#state;
  }

  readonly onChange = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Takes the exact deadline of the attempt as it was read; `kept`: as an earlier page knew it. */
  read(
    attempt: { deadline_at: string | null; is_waiting_for_authorisation: boolean },
    kept?: Time,
  ): void {
    const isWaiting = attempt.is_waiting_for_authorisation;
    const time = kept ?? timeOfAttempt(this.#state.time, attempt);
    this.#set({ ...this.#state, time, isWaiting });
  }

  /** The student has seen a notice. */
  see(notice: Notice): void {
    this.#set(withoutNotice(this.#state, notice.key));
    this.#acknowledge(notice.acks);
  }

  /** The student has looked at the chat. */
  readTalk(): void {
    const before = this.#state.readUpTo;
    this.#set(withAllRead(this.#state));
    const up_to_id = lastOfStaff(this.#state.lines);
    if (up_to_id <= before) return;
    this.#quietly(
      this.#api.post('/api/v1/proctoring/attempt/{attempt_id}/messages/read', {
        params: this.#path,
        body: { up_to_id },
      }),
    );
  }

  /** Sends a line of the chat; it stays in the list, marked, when it was not taken. */
  async say(text: string): Promise<void> {
    await this.#send({ messageId: crypto.randomUUID(), text });
  }

  /** Raises or lowers the hand. Raises `Refusal`, `Unreachable`. */
  async raiseHand(isRaised: boolean): Promise<void> {
    const path = '/api/v1/proctoring/attempt/{attempt_id}/hand';
    if (isRaised) await this.#api.post(path, { params: this.#path });
    else await this.#api.delete(path, { params: this.#path });
    this.#set({ ...this.#state, isHandRaised: isRaised });
  }

  get #path() {
    return { path: { attempt_id: this.#id } };
  }

  get #handKey(): string {
    return `oep.hand.${this.#id}`;
  }

  #take(frame: AttemptFrame): void {
    const next = after(this.#state, frame);
    if (next === this.#state) return;
    const { silent } = next;
    this.#set(silent.length > 0 ? { ...next, silent: [] } : next);
    if (silent.length > 0) this.#acknowledge(silent);
    if (frame.type === 'resync') this.#load();
  }

  #set(state: Sitting): void {
    this.#state = state;
    // nobody can be asked whether a hand is up: a page that is loaded again remembers it
    if (state.isHandRaised) sessionStorage.setItem(this.#handKey, 'up');
    else sessionStorage.removeItem(this.#handKey);
    for (const listener of this.#listeners) listener();
  }

  #load(): void {
    this.#isLacking = false;
    const asked = { params: this.#path };
    this.#loading(
      this.#api
        .get('/api/v1/attempts/{attempt_id}/allowances', asked)
        .then((found) => this.#set(withNotices(this.#state, noticesOfAllowances(found)))),
    );
    this.#loading(
      this.#api
        .get('/api/v1/proctoring/attempt/{attempt_id}/actions', {
          params: { ...this.#path, query: { live: true } },
        })
        .then((found) => this.#set(withNotices(this.#state, noticesOfActions(found)))),
    );
    this.#loading(
      this.#api.get('/api/v1/proctoring/attempt/{attempt_id}/messages', asked).then((found) => {
        const seen = found.filter((line) => !line.is_from_student && line.read_at !== null);
        const readUpTo = Math.max(this.#state.readUpTo, 0, ...seen.map(({ id }) => id));
        this.#set(withLines({ ...this.#state, readUpTo }, found.map(lineOfMessage)));
      }),
    );
  }

  #loading(work: Promise<unknown>): void {
    work.catch(() => {
      this.#isLacking = true;
    });
  }

  #catchUp(): void {
    if (this.#isLacking) this.#load();
    this.#acknowledge([]);
    for (const line of this.#state.lines) {
      if (line.id === null && !line.isRefused) this.#quietly(this.#send(line));
    }
  }

  #acknowledge(acks: readonly Ack[]): void {
    const all = [...this.#acks, ...acks];
    this.#acks = [];
    for (const ack of all) {
      this.#acknowledged(ack).catch((error: unknown) => {
        if (!(error instanceof Refusal) || error.isPassing) this.#acks = [...this.#acks, ack];
      });
    }
  }

  #acknowledged({ of, id }: Ack): Promise<unknown> {
    const attempt_id = this.#id;
    if (of === 'action') {
      const path = { attempt_id, id };
      return this.#api.post('/api/v1/proctoring/attempt/{attempt_id}/actions/{id}/acknowledge', {
        params: { path },
      });
    }
    const path = { attempt_id, allowance_id: id };
    return this.#api.post('/api/v1/attempts/{attempt_id}/allowances/{allowance_id}/ack', {
      params: { path },
    });
  }

  async #send({ messageId, text }: { messageId: string; text: string }): Promise<void> {
    const line = { id: null, messageId, isOwn: true, sender: null, text, sentAt: null };
    this.#set(withLines(this.#state, [line]));
    try {
      const taken = await this.#api.post('/api/v1/proctoring/attempt/{attempt_id}/messages', {
        params: this.#path,
        body: { message_id: messageId, text },
      });
      this.#set(withLines(this.#state, [lineOfMessage(taken)]));
    } catch (error) {
      // a lost connection is no refusal: it is sent again, under the same key, when it is back
      if (!(error instanceof Refusal) || error.isPassing) return;
      this.#set(withLines(this.#state, [{ ...line, isRefused: true }]));
    }
  }

  /** What was not reached is asked again with the next connection or resync. */
  #quietly(work: Promise<unknown>): void {
    work.catch(() => undefined);
  }
}

const KNOWN = new WeakMap<Room, Around>();

/** The one `Around` of a room; made when it is asked for first. */
export function aroundOf(room: Room, api: Api): Around {
  const known = KNOWN.get(room);
  if (known) return known;
  const around = new Around(room, api);
  KNOWN.set(room, around);
  return around;
}
