/** How long each question was shown; bodies follow. */

/** Tells the platform every 15 s and on leaving how long the shown question has been shown. */
export interface QuestionTimer {
  /** Another question is shown, or none. */
  show(questionId: number | undefined): void;
  /** The answer of the shown question was changed. */
  answerChanged(): void;
}
