import type { AttemptResult } from '@oep/client';
import { expect, test } from 'vitest';
import { rowsOf } from './outcome';

const RESULT = {
  answers: [
    { question_id: 1, answer: 'Blue', marks_awarded: -1, is_correct: false },
    { question_id: 2, answer: false, marks_awarded: 2, is_correct: true },
    {
      question_id: 3,
      answer: 'Switch off',
      is_correct: null,
      markings: [{ feedback: 'And then?' }, { feedback: null }],
    },
  ],
  exam: {
    questions: [
      {
        id: 1,
        question_text: 'Colour?',
        question_type: 'mcq_single',
        marks: 3,
        correct_answer: 'Green',
      },
      {
        id: 2,
        question_text: 'True?',
        question_type: 'true_false',
        marks: 2,
        correct_answer: false,
      },
      {
        id: 3,
        question_text: 'First?',
        question_type: 'short_answer',
        marks: 4,
        correct_answer: ['x'],
      },
      {
        id: 4,
        question_text: 'Which?',
        question_type: 'mcq_multiple',
        marks: 5,
        correct_answer: [],
      },
    ],
  },
} as unknown as AttemptResult;

test('a result is read question by question, in the exam’s order', () => {
  const rows = rowsOf(RESULT);
  expect(rows.map(({ number, yours, right, got }) => [number, yours, right, got])).toEqual([
    [1, ['Blue'], ['Green'], -1],
    [2, false, false, 2],
    [3, ['Switch off'], null, null],
    [4, null, null, 0],
  ]);
});

test('what is not marked yet has no marks, and is not 0', () => {
  expect(rowsOf(RESULT)[2]?.got).toBeNull();
});

test('what the markers wrote is shown', () => {
  expect(rowsOf(RESULT)[2]?.feedback).toEqual(['And then?']);
});
