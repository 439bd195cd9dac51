/** A result as its page shows it: what was answered, what would have been right, what it was worth. Pure. */

import type { AttemptResult } from '@oep/client';

/** An answer in words; null = none; a boolean is put into the page's language. */
export type Said = readonly string[] | boolean | null;

export interface Row {
  id: number;
  number: number;
  text: string;
  yours: Said;
  /** null where the key is not shown: the exam does not say it, or people mark the answer. */
  right: Said;
  got: number | null;
  most: number;
  isCorrect: boolean | null;
  feedback: readonly string[];
}

/** Returns a row for each question, in the exam's order. */
export function rowsOf(result: AttemptResult): Row[] {
  const given = new Map(result.answers.map((answer) => [answer.question_id, answer]));
  return result.exam.questions.map((question, index) => {
    const answer = given.get(question.id);
    return {
      id: question.id,
      number: index + 1,
      text: question.question_text,
      yours: saidOf(answer?.answer),
      right: isMarkedByHand(question.question_type) ? null : saidOf(question.correct_answer),
      got: answer ? (answer.marks_awarded ?? null) : 0,
      most: question.marks,
      isCorrect: answer?.is_correct ?? null,
      feedback: (answer?.markings ?? [])
        .map(({ feedback }) => feedback)
        .filter((it) => it !== null),
    };
  });
}

/** True when marks are missing still. */
export function isUnfinished(result: Pick<AttemptResult, 'status'>): boolean {
  return result.status === 'submitted';
}

function saidOf(value: unknown): Said {
  if (typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.length === 0 ? null : value.map(String);
  if (value === null || value === undefined || value === '') return null;
  return [String(value)];
}

function isMarkedByHand(type: string): boolean {
  return type === 'short_answer' || type === 'long_answer' || type === 'essay';
}
