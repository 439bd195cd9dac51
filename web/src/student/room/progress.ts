/** Where the student is in his exam: the places of the navigator and the summary before the submit. Pure. */

import { type Answer, isAnswered } from './question';

/** How safe an answer is: on its way, stored by the platform, or kept on this computer for now. */
export type Saving = 'saving' | 'saved' | 'offline' | 'refused';

/** What is known of one question besides its text. */
export interface Work {
  answer: Answer;
  isFlagged: boolean;
  saving: Saving;
}

/** One place of the navigator; `number` counts from 1. */
export interface Place {
  id: number;
  number: number;
  isCurrent: boolean;
  isAnswered: boolean;
  isFlagged: boolean;
  /** The platform does not have the newest answer or flag yet. */
  isUnsaved: boolean;
}

/** Returns a place for each question, in the exam's order. */
export function placesOf(
  ids: readonly number[],
  work: ReadonlyMap<number, Work>,
  currentId: number,
): Place[] {
  return ids.map((id, index) => {
    const { answer = null, isFlagged = false, saving = 'saved' } = work.get(id) ?? {};
    return {
      id,
      number: index + 1,
      isCurrent: id === currentId,
      isAnswered: isAnswered(answer),
      isFlagged,
      isUnsaved: saving !== 'saved',
    };
  });
}

/** What the student is shown before he submits. */
export interface Summary {
  total: number;
  answered: number;
  unanswered: Place[];
  flagged: Place[];
  unsaved: Place[];
}

export function summaryOf(places: readonly Place[]): Summary {
  return {
    total: places.length,
    answered: places.filter((place) => place.isAnswered).length,
    unanswered: places.filter((place) => !place.isAnswered),
    flagged: places.filter((place) => place.isFlagged),
    unsaved: places.filter((place) => place.isUnsaved),
  };
}

/** Returns the id of the question `steps` away; at an end, the end's. */
export function stepped(ids: readonly number[], currentId: number, steps: number): number {
  const last = ids.length - 1;
  const wanted = ids.indexOf(currentId) + steps;
  return ids[Math.min(Math.max(wanted, 0), last)] ?? currentId;
}

/** Returns the question to begin with: the last one worked on, else the first. */
export function startingAt(ids: readonly number[], lastId: number | null | undefined): number {
  return lastId != null && ids.includes(lastId) ? lastId : (ids[0] ?? 0);
}
