import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import words from '../../../words/en/admin.json';
import { changeOf, draftOf, EMPTY, flawsOf, type QuestionDraft, sentOf, withOption } from './draft';

const RULES = new URL('../../../../../services/attempts/src/attempts/drafting.py', import.meta.url);

const choice: QuestionDraft = {
  ...EMPTY,
  question_text: 'Which wire is earth?',
  options: [
    { key: 'A', text: 'Green and yellow', isRight: true },
    { key: 'B', text: 'Brown', isRight: false },
    { key: 'C', text: ' ', isRight: false },
  ],
};

describe('a question on its way to the service', () => {
  it('sends the options that say something, and the keys of the right ones', () => {
    expect(sentOf(choice)).toMatchObject({
      options: { A: 'Green and yellow', B: 'Brown' },
      correct_answer: ['A'],
      explanation: null,
      tags: [],
    });
  });

  it('sends true and false without options', () => {
    const truth: QuestionDraft = { ...choice, question_type: 'true_false', truth: 'false' };
    expect(sentOf(truth)).toMatchObject({ options: null, correct_answer: ['false'] });
  });

  it('sends the model answer of a written question as its key', () => {
    const essay: QuestionDraft = { ...choice, question_type: 'essay', model: 'Because.' };
    expect(sentOf(essay)).toMatchObject({ options: null, correct_answer: ['Because.'] });
  });

  it('sends only what is different', () => {
    expect(changeOf(choice, { ...choice, tags: 'wires, , earth' })).toEqual({
      tags: ['wires', 'earth'],
    });
    expect(changeOf(choice, choice)).toEqual({});
  });
});

describe('a question as it is stored', () => {
  const stored = {
    id: 1,
    question_bank_id: 1,
    question_text: 'True?',
    question_type: 'true_false',
    options: { A: 'True', B: 'False' },
    correct_answer: ['B'],
    explanation: null,
    difficulty: 'easy',
    marks: 2,
    negative_marks: 0,
    tags: null,
    images: [] as never[],
    is_active: true,
    created_at: '',
    updated_at: '',
  } as const;

  it('says true or false also by the name of an option', () => {
    expect(draftOf({ ...stored, correct_answer: ['B'] }).truth).toBe('false');
    expect(draftOf({ ...stored, options: null, correct_answer: [true] as never }).truth).toBe(
      'true',
    );
  });

  it('comes back as it went', () => {
    const asked = { ...stored, ...sentOf(choice), question_type: 'multiple_choice' };
    expect(changeOf(choice, draftOf(asked as never))).toEqual({});
  });
});

describe('what is wrong with a question', () => {
  it('is told before it is sent', () => {
    expect(flawsOf(EMPTY)).toEqual({ question_text: 'noText', options: 'noOptions' });
    const none = choice.options.map((option) => ({ ...option, isRight: false }));
    expect(flawsOf({ ...choice, options: none })).toEqual({ correct_answer: 'noAnswer' });
    const empty = choice.options.map((option) => ({ ...option, isRight: option.key === 'C' }));
    expect(flawsOf({ ...choice, options: empty })).toEqual({ correct_answer: 'noOptionKey' });
    expect(flawsOf({ ...choice, question_type: 'true_false' })).toEqual({
      correct_answer: 'noTruth',
    });
    expect(flawsOf({ ...choice, question_type: 'essay' })).toEqual({ correct_answer: 'noAnswer' });
    expect(flawsOf({ ...choice, marks: null })).toEqual({ marks: 'noMarks' });
    expect(flawsOf(choice)).toEqual({});
  });

  it('is told in the words of the service', () => {
    const rules = readFileSync(RULES, 'utf8');
    const { noAnswer, noOptions, noOptionKey, noTruth } = words.questionFlaws;
    for (const said of [noAnswer, noOptions, noOptionKey, noTruth]) expect(rules).toContain(said);
  });
});

it('a new option takes the first letter that is free', () => {
  expect(withOption(choice.options).at(-1)?.key).toBe('D');
  expect(withOption(choice.options.filter((option) => option.key !== 'B')).at(-1)?.key).toBe('B');
});
