/**
 * The end of an attempt, in its order: answers confirmed, then events, then submitted until there is
 * an answer, then the receipt kept. Submitting twice is the same as once, so it may be repeated.
 */

import type { AnswerBook } from './answers';
import type { Api } from './api';
import { Refusal, Unreachable } from './errors';
import type { EventReporter } from './reporter';
import type { Receipt, Submission } from './shapes';
import { DURABLE, type Store } from './store';
import type { QuestionTimer } from './timer';
import { type Deadline, wait, within } from './transport';

export interface SubmitOptions {
  /** Submit although answers are unconfirmed. Else `AnswersUnconfirmed` is raised and nothing sent. */
  anyway?: boolean;
  onStep?: (step: 'answers' | 'events' | 'submit' | 'receipt') => void;
  /** How long each of the first three may take. */
  answerSeconds?: number;
  eventSeconds?: number;
  submitSeconds?: number;
}

export interface Submitted {
  readonly submission: Submission;
  readonly receipt: Receipt;
  /** Events that could not be delivered in time; the platform was told up to which number to expect. */
  readonly eventsLeft: number;
  readonly answersUnconfirmed: readonly number[];
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

export interface SubmitParts {
  readonly api: Api;
  readonly attemptId: number;
  readonly store: Store;
  readonly answers: Pick<AnswerBook, 'flush' | 'forget'>;
  readonly reporter: Pick<EventReporter, 'flush' | 'lastSequence'>;
  readonly timer: Pick<QuestionTimer, 'flush' | 'show'>;
  readonly now?: () => number;
}

const ANSWER_SECONDS = 15;
const EVENT_SECONDS = 5;
const SUBMIT_SECONDS = 60;
const PAUSE_MS = 1_500;
const LAST_PAUSE_MS = 5_000;

/** Raises `AnswersUnconfirmed`, `Refusal`, `Unreachable`, `SignedOut`; may be called again then. */
export async function submitAttempt(
  parts: SubmitParts,
  options: SubmitOptions = {},
): Promise<Submitted> {
  const { answers, reporter, timer } = parts;
  options.onStep?.('answers');
  const { unsaved } = await answers.flush(options.answerSeconds ?? ANSWER_SECONDS);
  if (unsaved.length > 0 && !options.anyway) throw new AnswersUnconfirmed(unsaved);

  options.onStep?.('events');
  timer.show(undefined);
  const [eventsLeft] = await Promise.all([
    reporter.flush(options.eventSeconds ?? EVENT_SECONDS),
    inTime(timer.flush(), options.eventSeconds ?? EVENT_SECONDS),
  ]);

  options.onStep?.('submit');
  const lastEvent = await reporter.lastSequence();
  const submission = await submit(parts, lastEvent, options.submitSeconds ?? SUBMIT_SECONDS);

  options.onStep?.('receipt');
  const { receipt } = submission;
  await keepReceipt(parts, receipt);
  await answers.forget().catch(() => undefined);
  return { submission, receipt, eventsLeft, answersUnconfirmed: unsaved };
}

async function submit(
  { api, attemptId }: SubmitParts,
  lastEvent: number | undefined,
  seconds: number,
): Promise<Submission> {
  const deadline = within(seconds * 1000);
  const claim = lastEvent === undefined ? {} : { last_event_sequence: lastEvent };
  try {
    for (;;) {
      try {
        return await api.post('/api/v1/attempts/{attempt_id}/submit', {
          params: { path: { attempt_id: attemptId } },
          body: { confirm: true, ...claim },
        });
      } catch (error) {
        await pauseAfter(error, deadline);
      }
    }
  } finally {
    deadline.end();
  }
}

/** Waits when asking again may help; else raises the failure itself. */
async function pauseAfter(error: unknown, deadline: Deadline): Promise<void> {
  const isPassing = error instanceof Unreachable || (error instanceof Refusal && error.isPassing);
  if (!isPassing || deadline.left() < PAUSE_MS) throw error;
  const asked = error instanceof Refusal ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
  const pause = Math.max(PAUSE_MS * (0.5 + Math.random()), Math.min(asked, LAST_PAUSE_MS));
  await wait(pause, deadline.signal).catch(() => {
    throw error;
  });
}

/** The answer of the platform holds, whether this device can keep it or not. */
async function keepReceipt({ store, attemptId, now }: SubmitParts, receipt: Receipt) {
  try {
    const kept_at = new Date((now ?? Date.now)()).toISOString();
    const change = store.transaction('receipts', 'readwrite', DURABLE);
    await change.store.put({ attempt_id: attemptId, receipt, kept_at });
    await change.done;
  } catch {
    // `GET …/receipt` has it as long as the platform does.
  }
}

async function inTime(work: Promise<unknown>, seconds: number): Promise<void> {
  const deadline = within(seconds * 1000);
  await Promise.race([work, wait(seconds * 1000, deadline.signal)]).catch(() => undefined);
  deadline.end();
}
