/** How the connection looks to a student. Pure. */

import type { AnswerState, ConnectionState } from '@oep/client';

/** `connecting` only for the first time; `closed`: the platform said stay away. */
export type Look = 'connecting' | 'online' | 'offline' | 'closed';

/**
 * Returns the look from the socket's state, the browser's own word, and whether answers get through. The
 * first that knows of trouble is believed: a socket notices a cut only when it misses an answer. One that
 * is merely slow to answer is not worth a student's worry.
 */
export function lookOf(
  state: Pick<ConnectionState, 'name'>,
  hasNetwork: boolean,
  answers: AnswerState,
): Look {
  if (state.name === 'closed' || state.name === 'connecting') return state.name;
  const isCut = state.name === 'offline' || !hasNetwork || answers === 'offline';
  return isCut ? 'offline' : 'online';
}
