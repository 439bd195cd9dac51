import { describe, expect, test } from 'vitest';
import {
  answerOf,
  chosenKeys,
  isAnswered,
  nothing,
  optionsOf,
  textsOf,
  truthOf,
  widgetOf,
  writtenOf,
} from './question';

const COLOURS = { options: { C: 'Black', A: 'Blue', B: 'Brown' } };

test.each([
  ['mcq_single', 'single'],
  ['mcq_multiple', 'multiple'],
  ['true_false', 'truth'],
  ['short_answer', 'short'],
  ['long_answer', 'long'],
  ['essay', 'long'],
  ['something_new', 'long'],
])('%s is drawn as %s', (type, widget) => {
  expect(widgetOf({ question_type: type })).toBe(widget);
});

test('options stand in the order of their letters', () => {
  expect(optionsOf(COLOURS).map(({ text }) => text)).toEqual(['Blue', 'Brown', 'Black']);
  const many = { options: { '10': 'j', '9': 'i', '1': 'a' } };
  expect(optionsOf(many).map(({ key }) => key)).toEqual(['1', '9', '10']);
  expect(optionsOf({ options: null })).toEqual([]);
});

describe('an answer is found again among the options', () => {
  test('by its text', () => expect(chosenKeys(COLOURS, 'Brown')).toEqual(['B']));
  test('by several texts', () =>
    expect(chosenKeys(COLOURS, ['Black', 'Blue'])).toEqual(['A', 'C']));
  test('by a letter', () => expect(chosenKeys(COLOURS, ['C'])).toEqual(['C']));
  test('by text before letter', () => {
    expect(chosenKeys({ options: { A: 'B', B: 'A' } }, 'A')).toEqual(['B']);
  });
  test('and not at all when it is of another question', () => {
    expect(chosenKeys(COLOURS, ['Violet'])).toEqual([]);
    expect(chosenKeys(COLOURS, null)).toEqual([]);
  });
});

test('chosen letters become texts in the options’ order', () => {
  expect(textsOf(COLOURS, ['C', 'A'])).toEqual(['Blue', 'Black']);
});

test('true and false are understood as words, too, and nothing is neither', () => {
  expect([true, 'True', ['true']].map(truthOf)).toEqual([true, true, true]);
  expect([false, 'FALSE'].map(truthOf)).toEqual([false, false]);
  expect([null, '', 'perhaps'].map(truthOf)).toEqual([undefined, undefined, undefined]);
});

test('taking an answer back leaves something that counts as unanswered and is not null', () => {
  for (const widget of ['single', 'multiple', 'truth', 'short', 'long'] as const) {
    expect(nothing(widget)).not.toBeNull();
    expect(isAnswered(nothing(widget))).toBe(false);
  }
});

test('false is an answer', () => expect(isAnswered(false)).toBe(true));

test('what no widget can show is read as nothing', () => {
  expect(answerOf({ a: 1 })).toBeNull();
  expect(answerOf([1])).toBeNull();
  expect(answerOf(['a'])).toEqual(['a']);
  expect(writtenOf(answerOf(7))).toBe('');
});
