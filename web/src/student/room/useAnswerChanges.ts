import type { EventReporter, QuestionTimer } from '@oep/client';
import { AnswerChanges } from '@oep/client/watch';
import { useEffect, useRef } from 'react';
import { useRoom } from '../../api';
import type { Answer } from './question';

const PAUSE_MS = 1_500;

/**
 * Reports changes of the shown question's answer, one for each pause, and what is left when the question
 * is left. Returns the function that takes each new answer.
 */
export function useAnswerChanges(questionId: number, stored: Answer): (answer: Answer) => void {
  const { reporter, timer } = useRoom();
  const telling = useRef<Telling>(null);
  telling.current ??= new Telling(questionId, stored, reporter, timer);
  useEffect(() => () => telling.current?.tell(), []);
  return (answer) => telling.current?.note(answer);
}

/** Waits for the pause, then tells. */
class Telling {
  readonly #changes = new AnswerChanges();
  readonly #shownAt = performance.now();
  #waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly questionId: number,
    stored: Answer,
    private readonly reporter: EventReporter,
    private readonly timer: QuestionTimer,
  ) {
    this.#changes.begin(questionId, stored);
  }

  note(answer: Answer): void {
    this.#changes.note(this.questionId, answer);
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.tell(), PAUSE_MS);
  }

  tell(): void {
    clearTimeout(this.#waiting);
    const shownSeconds = (performance.now() - this.#shownAt) / 1000;
    const event_data = this.#changes.settle(this.questionId, shownSeconds);
    if (!event_data) return;
    this.timer.answerChanged();
    this.reporter
      .report({
        event_type: 'answer_change',
        severity: 'info',
        question_id: this.questionId,
        event_data: { ...event_data },
      })
      .catch(() => undefined);
  }
}
