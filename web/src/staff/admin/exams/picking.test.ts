import type { Schemas } from '@oep/client';
import { expect, it } from 'vitest';
import { added, isSame, linksOf, moved, pickedOf, sumOf } from './picking';

const question = (id: number, marks = 2) =>
  ({ id, question_text: `Q${id}`, question_type: 'essay', marks }) as Schemas['QuestionBody'];
const three = pickedOf([question(1), question(2), question(3)], new Map());
const ids = (picked: readonly { id: number }[]) => picked.map((one) => one.id);

it('moves a question and lets the others close up', () => {
  expect(ids(moved(three, 2, 0))).toEqual([3, 1, 2]);
  expect(ids(moved(three, 0, 1))).toEqual([2, 1, 3]);
});

it('does not move past the ends', () => {
  expect(moved(three, 0, -1)).toBe(three);
  expect(moved(three, 2, 3)).toBe(three);
  expect(moved(three, 9, 0)).toBe(three);
});

it('takes a question once', () => {
  expect(added(three, question(2))).toBe(three);
  expect(ids(added(three, question(4)))).toEqual([1, 2, 3, 4]);
});

it('keeps what a question is worth here apart from what it is worth in its bank', () => {
  const picked = pickedOf([question(1, 5), question(2)], new Map([[1, 2]]));
  expect(picked.map((one) => one.marks)).toEqual([5, null]);
  expect(sumOf(picked)).toBe(7);
  expect(linksOf(picked)).toEqual([
    { question_id: 1, marks_override: 5 },
    { question_id: 2, marks_override: null },
  ]);
});

it('knows whether anything is different', () => {
  expect(isSame(three, [...three])).toBe(true);
  expect(isSame(three, moved(three, 0, 1))).toBe(false);
});
