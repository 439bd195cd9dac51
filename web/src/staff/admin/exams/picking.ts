import type { Schemas } from '@oep/client';

/** Which questions an exam asks, in which order and for how many marks. Pure. */

type Question = Schemas['QuestionBody'];

export interface Picked {
  id: number;
  text: string;
  kind: string;
  /** What it is worth in its bank. */
  ownMarks: number;
  /** What it is worth in this exam; null: as in its bank. */
  marks: number | null;
}

/** How the exam has them; `bank` knows what a question is worth on its own, where it is known. */
export function pickedOf(
  questions: readonly Question[],
  bank: ReadonlyMap<number, number>,
): Picked[] {
  return questions.map((question) => {
    const ownMarks = bank.get(question.id) ?? question.marks;
    const marks = question.marks === ownMarks ? null : question.marks;
    return { ...shown(question), ownMarks, marks };
  });
}

/** One more at the end; twice is refused silently: it is there already. */
export function added(picked: readonly Picked[], question: Question): readonly Picked[] {
  if (picked.some((one) => one.id === question.id)) return picked;
  return [...picked, { ...shown(question), ownMarks: question.marks, marks: null }];
}

/** The question at `from` goes to `to`; the others close up. */
export function moved(picked: readonly Picked[], from: number, to: number): readonly Picked[] {
  const one = picked[from];
  if (!one || to < 0 || to >= picked.length) return picked;
  return picked.toSpliced(from, 1).toSpliced(to, 0, one);
}

export function sumOf(picked: readonly Picked[]): number {
  return picked.reduce((sum, one) => sum + (one.marks ?? one.ownMarks), 0);
}

/** What is sent. */
export function linksOf(picked: readonly Picked[]): Schemas['Link'][] {
  return picked.map(({ id, marks }) => ({ question_id: id, marks_override: marks }));
}

export function isSame(one: readonly Picked[], other: readonly Picked[]): boolean {
  return JSON.stringify(linksOf(one)) === JSON.stringify(linksOf(other));
}

function shown(question: Question): Pick<Picked, 'id' | 'text' | 'kind'> {
  return { id: question.id, text: question.question_text, kind: question.question_type };
}
