/** Everything of one attempt in one place; bodies follow. */

import type { AnswerBook } from './answers';
import type { Api } from './api';
import type { ServerClock } from './clock';
import type { LoginKeeper } from './login';
import type { EventReporter } from './reporter';
import type { Receipt, Submission } from './shapes';
import type { AttemptSocket } from './sockets';
import type { QuestionTimer } from './timer';

export interface RoomOptions {
  base?: string;
  login: LoginKeeper;
  api: Api;
  attemptId: number;
}

export interface SubmitOptions {
  /** Submit although answers are unconfirmed. Else `AnswersUnconfirmed` is raised and nothing sent. */
  anyway?: boolean;
  onStep?: (step: 'answers' | 'events' | 'submit' | 'receipt') => void;
}

export interface Submitted {
  readonly submission: Submission;
  readonly receipt: Receipt;
  /** Events that could not be delivered in time; the platform was told up to which number to expect. */
  readonly eventsLeft: number;
  readonly answersUnconfirmed: readonly number[];
}

/** The exam room of one attempt: socket, answers, events, timings and clock that know each other. */
export interface Room {
  readonly attemptId: number;
  readonly socket: AttemptSocket;
  readonly answers: AnswerBook;
  readonly reporter: EventReporter;
  readonly timer: QuestionTimer;
  readonly clock: ServerClock;
  /** Answers confirmed, events flushed, then submitted (again and again until answered or 60 s). */
  submit(options?: SubmitOptions): Promise<Submitted>;
  /** Stops everything; what waits stays on this device. */
  close(): void;
}

/** Nothing was submitted: these answers are not confirmed. */
export class AnswersUnconfirmed extends Error {
  override readonly name = 'AnswersUnconfirmed';
  readonly questionIds: readonly number[];

  constructor(questionIds: readonly number[]) {
    super('Some answers are not confirmed');
    this.questionIds = questionIds;
  }
}

/** Opens the room: loads what this device and the platform have. Raises `StorageUnavailable`. */
export async function openRoom(_options: RoomOptions): Promise<Room> {
  throw new Error('follows');
}

/** The receipt of an attempt that was submitted on this device, if it was. */
export async function keptReceipt(_attemptId: number): Promise<Receipt | undefined> {
  throw new Error('follows');
}
