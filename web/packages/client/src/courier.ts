/**
 * Brings one answer to the platform and comes back with what became of it: over the socket while it
 * is online, else by REST. It never tries twice; who sent it decides what next.
 */

import type { Api } from './api';
import { Refusal, SignedOut } from './errors';
import type { CheckpointAck, CheckpointError } from './frames';
import type { AnswerRefusal, Saved, Stored } from './kept_answer';
import type { Json, StoredAnswer } from './shapes';
import type { AttemptSocket } from './sockets';
import type { KeptAnswer } from './store';

/**
 * `lost`: it may have arrived, or may yet arrive, out of turn · `unreachable`: it did not arrive ·
 * `busy`: the platform could not take it now.
 */
export type Outcome =
  | ({ readonly what: 'saved' } & Saved)
  | ({ readonly what: 'refused' } & AnswerRefusal)
  | { readonly what: 'busy'; readonly retryAfterSeconds: number | undefined }
  | { readonly what: 'lost' }
  | { readonly what: 'unreachable' };

/** What of the socket is needed here. */
export type AnswerSocket = Pick<
  AttemptSocket,
  'connection' | 'on' | 'onConnection' | 'send' | 'onFrame'
>;

export interface CourierOptions {
  api: Api;
  socket: AnswerSocket | undefined;
  attemptId: number;
}

const ACK_MS = 8_000;
const PASSING = new Set(['CHECKPOINT_SAVE_ERROR', 'CHECKPOINT_FAILED', 'RATE_LIMITED']);

/** What the platform has, by question; undefined when it cannot be asked now. */
export async function fetchStored(
  api: Api,
  attemptId: number,
): Promise<Map<number, Stored> | undefined> {
  const path = { attempt_id: attemptId };
  try {
    const found = await api.get('/api/v1/attempts/{attempt_id}/answers', { params: { path } });
    return new Map(found.map((answer) => [answer.question_id, storedOf(answer)]));
  } catch {
    return undefined;
  }
}

function storedOf(answer: StoredAnswer): Stored {
  return {
    value: answer.answer as Json,
    isFlagged: answer.is_flagged,
    savedAt: answer.last_updated_at,
    sha256: answer.sha256,
  };
}

interface Waiting {
  readonly answer: KeptAnswer;
  readonly done: (outcome: Outcome) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

export class Courier {
  readonly #options: CourierOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #stops: (() => void)[] = [];

  constructor(options: CourierOptions) {
    this.#options = options;
    const { socket } = options;
    if (!socket) return;
    this.#stops.push(
      socket.on('checkpoint_ack', (frame) => this.#acknowledged(frame)),
      socket.on('checkpoint_error', (frame) => this.#refused(frame)),
      socket.onConnection(({ name }) => {
        if (name !== 'online' && name !== 'degraded') this.#loseAll();
      }),
    );
  }

  /** Never raises. */
  deliver(answer: KeptAnswer): Promise<Outcome> {
    return this.#bySocket(answer) ?? this.#byRest(answer);
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#loseAll();
  }

  #bySocket(answer: KeptAnswer): Promise<Outcome> | undefined {
    const { socket, attemptId } = this.#options;
    if (socket?.connection.name !== 'online') return undefined;
    const isSent = socket.send({
      type: 'checkpoint',
      attempt_id: attemptId,
      question_id: answer.question_id,
      answer: answer.value,
      is_flagged: answer.is_flagged,
      sequence: answer.version,
      message_id: answer.message_id,
    });
    if (!isSent) return undefined;
    return new Promise((done) => {
      const timer = setTimeout(() => this.#settle(answer.message_id, { what: 'lost' }), ACK_MS);
      this.#waiting.set(answer.message_id, { answer, done, timer });
    });
  }

  async #byRest(answer: KeptAnswer): Promise<Outcome> {
    const { api, attemptId } = this.#options;
    try {
      const saved = await api.post('/api/v1/attempts/{attempt_id}/answers', {
        params: { path: { attempt_id: attemptId } },
        body: {
          question_id: answer.question_id,
          answer: answer.value,
          is_flagged: answer.is_flagged,
        },
      });
      return { what: 'saved', savedAt: saved.last_updated_at, sha256: saved.sha256 };
    } catch (error) {
      if (error instanceof SignedOut) return { what: 'unreachable' };
      if (!(error instanceof Refusal)) return { what: 'lost' };
      if (error.isPassing) return { what: 'busy', retryAfterSeconds: error.retryAfterSeconds };
      if (error.status === 401) return { what: 'unreachable' };
      return { what: 'refused', code: error.slug || `${error.status}`, detail: error.detail };
    }
  }

  #acknowledged(frame: CheckpointAck): void {
    const { saved_at: savedAt, sha256 } = frame;
    this.#settle(frame.message_id, { what: 'saved', savedAt, sha256 });
  }

  #refused(frame: CheckpointError): void {
    if (PASSING.has(frame.error_code)) {
      this.#settle(frame.message_id, { what: 'busy', retryAfterSeconds: undefined });
    } else {
      const { error_code: code, error: detail } = frame;
      this.#settle(frame.message_id, { what: 'refused', code, detail });
    }
  }

  #loseAll(): void {
    for (const messageId of [...this.#waiting.keys()]) this.#settle(messageId, { what: 'lost' });
  }

  #settle(messageId: string | undefined, outcome: Outcome): void {
    const waiting = messageId === undefined ? undefined : this.#waiting.get(messageId);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting.answer.message_id);
    waiting.done(outcome);
  }
}
