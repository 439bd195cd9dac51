import { expect, test } from 'vitest';
import { placesOf, startingAt, stepped, summaryOf, type Work } from './progress';

const IDS = [11, 12, 13, 14];
const WORK = new Map<number, Work>([
  [11, { answer: 'Blue', isFlagged: false, saving: 'saved' }],
  [12, { answer: false, isFlagged: true, saving: 'offline' }],
  [13, { answer: '', isFlagged: true, saving: 'saved' }],
]);

test('each question has a place that says what was done with it', () => {
  expect(placesOf(IDS, WORK, 12)).toEqual([
    { id: 11, number: 1, isCurrent: false, isAnswered: true, isFlagged: false, isUnsaved: false },
    { id: 12, number: 2, isCurrent: true, isAnswered: true, isFlagged: true, isUnsaved: true },
    { id: 13, number: 3, isCurrent: false, isAnswered: false, isFlagged: true, isUnsaved: false },
    { id: 14, number: 4, isCurrent: false, isAnswered: false, isFlagged: false, isUnsaved: false },
  ]);
});

test('the summary names what is open, flagged and not safe yet', () => {
  const summary = summaryOf(placesOf(IDS, WORK, 11));
  expect(summary).toMatchObject({ total: 4, answered: 2 });
  expect(summary.unanswered.map(({ number }) => number)).toEqual([3, 4]);
  expect(summary.flagged.map(({ number }) => number)).toEqual([2, 3]);
  expect(summary.unsaved.map(({ number }) => number)).toEqual([2]);
});

test('one goes to the next and the previous question, and stays at the ends', () => {
  expect(stepped(IDS, 12, 1)).toBe(13);
  expect(stepped(IDS, 12, -1)).toBe(11);
  expect(stepped(IDS, 14, 1)).toBe(14);
  expect(stepped(IDS, 11, -1)).toBe(11);
});

test('one begins where one was', () => {
  expect(startingAt(IDS, 13)).toBe(13);
  expect(startingAt(IDS, null)).toBe(11);
  expect(startingAt(IDS, 99)).toBe(11);
});
