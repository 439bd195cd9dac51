/** How the connection looks to a student. Pure. */

import type { ConnectionState } from '@oep/client';

/** `connecting` only for the first time; `closed`: the platform said stay away. */
export type Look = 'connecting' | 'online' | 'offline' | 'closed';

/** A connection that is merely slow to answer is not worth a student's worry. */
export function lookOf(state: Pick<ConnectionState, 'name'>): Look {
  return state.name === 'degraded' ? 'online' : state.name;
}
