import { useBookSummary, useRoom } from '../../api';
import { type Place, placesOf, type Work } from './progress';
import { answerOf } from './question';

/** The places of the navigator, as the answers stand now. */
export function usePlaces(ids: readonly number[], currentId: number): Place[] {
  const { answers } = useRoom();
  useBookSummary(); // renders anew with every change of an answer
  const work = new Map<number, Work>();
  for (const id of ids) {
    const { value, isFlagged, state } = answers.get(id);
    const saving = state === 'empty' ? 'saved' : state;
    work.set(id, { answer: answerOf(value), isFlagged, saving });
  }
  return placesOf(ids, work, currentId);
}
