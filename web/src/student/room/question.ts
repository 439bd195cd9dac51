/**
 * How a question is answered: which widget it gets, its options in order, and what an answer means to
 * the widget. Pure. Answers travel as option **texts** (a choice), `true`/`false`, or text, as the
 * platform grades them; a letter that another client stored is understood, too.
 */

import { isEmpty } from '@oep/client/watch';

/** What is drawn. */
export type Widget = 'single' | 'multiple' | 'truth' | 'short' | 'long';

/** A question as the student's view of an exam has it. */
export interface Question {
  id: number;
  question_text: string;
  question_type: string;
  options: Readonly<Record<string, string>> | null;
  marks: number;
  negative_marks: number;
  images?: readonly Image[];
}

/** An image of a question; the text says by its number where it belongs. */
export interface Image {
  number: number;
  sha256: string;
  alternative: string;
}

/** An option with its letter and its text. */
export interface Option {
  key: string;
  text: string;
}

/** An answer as it is stored; null = nothing was said. */
export type Answer = string | boolean | readonly string[] | null;

const WIDGETS: Readonly<Record<string, Widget>> = {
  mcq_single: 'single',
  mcq_multiple: 'multiple',
  multiple_choice: 'multiple',
  true_false: 'truth',
  short_answer: 'short',
  long_answer: 'long',
  essay: 'long',
};
const MOST_CHARACTERS = { short: 500, long: 5_000 } as const;

/** Returns the widget of a type of question; of a type that is newer than this page, a large text. */
export function widgetOf(question: Pick<Question, 'question_type'>): Widget {
  return WIDGETS[question.question_type] ?? 'long';
}

/** Returns the words by which a text names its image of that number. */
export function markerOf(number: number): string {
  return `[image ${number}]`;
}

/** Returns the most characters that a written answer may have. */
export function mostCharacters(widget: 'short' | 'long'): number {
  return MOST_CHARACTERS[widget];
}

/**
 * Returns the options by their letters. A shuffled exam puts the options behind other letters, so this is
 * the attempt's own order, too.
 */
export function optionsOf(question: Pick<Question, 'options'>): Option[] {
  return Object.entries(question.options ?? {})
    .map(([key, text]) => ({ key, text }))
    .sort((one, other) => compare(one.key, other.key));
}

/** Returns the keys of the options that an answer names, by text, else by letter. */
export function chosenKeys(question: Pick<Question, 'options'>, answer: Answer): string[] {
  const named = typeof answer === 'string' ? [answer] : Array.isArray(answer) ? answer : [];
  const options = optionsOf(question);
  return options
    .filter(({ key, text }) => named.some((name) => name === text || isLetter(name, key, options)))
    .map(({ key }) => key);
}

/** Returns the answer that chosen keys of a multiple choice mean: the texts, in the options' order. */
export function textsOf(question: Pick<Question, 'options'>, keys: readonly string[]): string[] {
  return optionsOf(question)
    .filter(({ key }) => keys.includes(key))
    .map(({ text }) => text);
}

/** Returns an answer to true/false as a boolean, also where it was stored as a word. */
export function truthOf(answer: Answer): boolean | undefined {
  if (typeof answer === 'boolean') return answer;
  const word = String(Array.isArray(answer) ? answer[0] : answer).toLowerCase();
  if (word === 'true') return true;
  return word === 'false' ? false : undefined;
}

/** Returns a written answer as text. */
export function writtenOf(answer: Answer): string {
  return typeof answer === 'string' ? answer : '';
}

/** Returns what takes an answer back: null would leave the stored one as it is. */
export function nothing(widget: Widget): Answer {
  return widget === 'multiple' ? [] : '';
}

/** True when an answer counts as given. */
export function isAnswered(answer: Answer | undefined): boolean {
  return !isEmpty(answer);
}

/** Reads what the platform stored; what no widget can show is nothing. */
export function answerOf(stored: unknown): Answer {
  if (typeof stored === 'string' || typeof stored === 'boolean') return stored;
  if (Array.isArray(stored) && stored.every((part) => typeof part === 'string')) return stored;
  return null;
}

function isLetter(name: string, key: string, options: readonly Option[]): boolean {
  return name === key && !options.some(({ text }) => text === name);
}

function compare(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}
