import { expect, test } from 'vitest';
import { AnswerChanges, isEmpty } from './answers';

test('typing is one change when it pauses, with the answer before it', () => {
  const changes = new AnswerChanges();
  changes.begin(7, 'Switch');
  changes.note(7, 'Switch o');
  changes.note(7, 'Switch off');
  expect(changes.settle(7, 12.4)).toEqual({
    previous_answer: 'Switch',
    new_answer: 'Switch off',
    change_count: 1,
    time_spent_seconds: 12,
    is_first_answer: false,
  });
  expect(changes.settle(7, 13)).toBeUndefined();
});

test('the first answer says that it is the first, and later ones are counted', () => {
  const changes = new AnswerChanges();
  changes.note(7, 'A');
  expect(changes.settle(7, 1)).toMatchObject({ previous_answer: null, is_first_answer: true });
  changes.note(7, 'B');
  expect(changes.settle(7, 2)).toMatchObject({ change_count: 2, is_first_answer: false });
});

test('what is typed and taken back is no change', () => {
  const changes = new AnswerChanges();
  changes.begin(7, 'same');
  changes.note(7, 'other');
  changes.note(7, 'same');
  expect(changes.settle(7, 1)).toBeUndefined();
});

test('false is an answer; null, an empty text and an empty list are none', () => {
  expect([false, 'a', ['a'], 0].map(isEmpty)).toEqual([false, false, false, false]);
  expect([null, undefined, '', []].map(isEmpty)).toEqual([true, true, true, true]);
});

test('an event stays below the 16 KiB that the platform takes, whatever was written', () => {
  const changes = new AnswerChanges();
  changes.begin(7, '🙂'.repeat(5_000));
  changes.note(7, '\u0001'.repeat(5_000));
  const data = JSON.stringify(changes.settle(7, 1));
  expect(new TextEncoder().encode(data).length).toBeLessThan(16 * 1024);
});
