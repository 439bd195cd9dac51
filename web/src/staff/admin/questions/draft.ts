import type { Schemas } from '@oep/client';

/** A question as its form holds it, its flaws in the service's own words, and what is sent. Pure. */

export type Kind = Schemas['QuestionType'];
export type Difficulty = Schemas['Difficulty'];
type Question = Schemas['QuestionBody'];

export const KINDS = [
  'multiple_choice',
  'true_false',
  'short_answer',
  'essay',
] as const satisfies readonly Kind[];
export const DIFFICULTIES = ['easy', 'medium', 'hard'] as const satisfies readonly Difficulty[];
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

export interface OptionDraft {
  key: string;
  text: string;
  isRight: boolean;
}

export interface QuestionDraft {
  question_text: string;
  question_type: Kind;
  options: readonly OptionDraft[];
  truth: '' | 'true' | 'false';
  /** What a marker compares with: the model answer of a written question. */
  model: string;
  explanation: string;
  difficulty: Difficulty;
  marks: number | null;
  negative_marks: number | null;
  /** Separated by commas. */
  tags: string;
}

export const EMPTY: QuestionDraft = {
  question_text: '',
  question_type: 'multiple_choice',
  options: ['A', 'B', 'C', 'D'].map((key) => ({ key, text: '', isRight: false })),
  truth: '',
  model: '',
  explanation: '',
  difficulty: 'medium',
  marks: 1,
  negative_marks: 0,
  tags: '',
};

/** One option more, under the next letter that is free. */
export function withOption(options: readonly OptionDraft[]): readonly OptionDraft[] {
  const key = [...LETTERS].find((letter) => options.every((option) => option.key !== letter));
  return key ? [...options, { key, text: '', isRight: false }] : options;
}

/** The draft of a stored question. */
export function draftOf(question: Question): QuestionDraft {
  const key = question.correct_answer.map(String);
  const choices = question.options ?? {};
  const options = Object.entries(choices).map(([letter, text]) => ({
    key: letter,
    text,
    isRight: key.includes(letter),
  }));
  const { question_text, difficulty, marks, negative_marks } = question;
  return {
    question_text,
    question_type: question.question_type as Kind,
    options: options.length > 0 ? options : EMPTY.options,
    truth: truthOf(key[0] ?? '', choices),
    model: key.join('\n'),
    explanation: question.explanation ?? '',
    difficulty,
    marks,
    negative_marks,
    tags: (question.tags ?? []).join(', '),
  };
}

/** A key says true or false, or names an option that does. */
function truthOf(entry: string, choices: Readonly<Record<string, string>>): '' | 'true' | 'false' {
  const said = (choices[entry] ?? entry).trim().toLowerCase();
  return said === 'true' || said === 'false' ? said : '';
}

/** What the service would say against it; keys of `admin.questionFlaws`, whose English is its own. */
export type Flaw = 'noText' | 'noAnswer' | 'noOptions' | 'noOptionKey' | 'noTruth' | 'noMarks';
export type FlawField = 'question_text' | 'options' | 'correct_answer' | 'marks';

export function flawsOf(draft: QuestionDraft): Partial<Record<FlawField, Flaw>> {
  const flaws: Partial<Record<FlawField, Flaw>> = {};
  if (!draft.question_text.trim()) flaws.question_text = 'noText';
  if (draft.marks === null || draft.negative_marks === null) flaws.marks = 'noMarks';
  const flaw = keyFlaw(draft);
  if (flaw) flaws[flaw === 'noOptions' ? 'options' : 'correct_answer'] = flaw;
  return flaws;
}

function keyFlaw(draft: QuestionDraft): Flaw | undefined {
  if (draft.question_type === 'true_false') return draft.truth ? undefined : 'noTruth';
  if (draft.question_type !== 'multiple_choice') return draft.model.trim() ? undefined : 'noAnswer';
  if (!draft.options.some((option) => option.text.trim())) return 'noOptions';
  const right = draft.options.filter((option) => option.isRight);
  if (right.length === 0) return 'noAnswer';
  return right.every((option) => option.text.trim()) ? undefined : 'noOptionKey';
}

/** What is sent of it, without its bank. */
export type Sent = Omit<Schemas['NewQuestion'], 'question_bank_id'>;

export function sentOf(draft: QuestionDraft): Sent {
  const tags = draft.tags.split(',').map((tag) => tag.trim());
  const used = draft.options.filter((option) => option.text.trim());
  const isChoice = draft.question_type === 'multiple_choice';
  return {
    question_text: draft.question_text.trim(),
    question_type: draft.question_type,
    options: isChoice
      ? Object.fromEntries(used.map((option) => [option.key, option.text.trim()]))
      : null,
    correct_answer: answerOf(draft),
    explanation: draft.explanation.trim() || null,
    difficulty: draft.difficulty,
    marks: draft.marks ?? 0,
    negative_marks: draft.negative_marks ?? 0,
    tags: tags.filter(Boolean),
  };
}

function answerOf(draft: QuestionDraft): string[] {
  if (draft.question_type === 'true_false') return [draft.truth];
  if (draft.question_type !== 'multiple_choice') return [draft.model.trim()];
  return draft.options.filter((option) => option.isRight).map((option) => option.key);
}

/** Only what is different: what an exam has frozen is refused by name, the rest may still change. */
export function changeOf(before: QuestionDraft, draft: QuestionDraft): Schemas['QuestionChange'] {
  const was: Record<string, unknown> = { ...sentOf(before) };
  const changed = Object.entries(sentOf(draft)).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(was[name]),
  );
  return Object.fromEntries(changed) as Schemas['QuestionChange'];
}

/** The word for how the exam room shows it: by the number of right options, never which. */
export function shownAs(draft: QuestionDraft): string {
  if (draft.question_type === 'essay') return 'long_answer';
  if (draft.question_type !== 'multiple_choice') return draft.question_type;
  return draft.options.filter((option) => option.isRight).length > 1
    ? 'mcq_multiple'
    : 'mcq_single';
}
