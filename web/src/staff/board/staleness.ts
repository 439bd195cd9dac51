/** Whether what is shown can be trusted to be what is: said in one word, and by how much not. Pure. */

import type { ConnectionState } from '@oep/client';
import type { Freshness } from './model/board';

export type StaleWord =
  | 'loading' // nothing was told yet
  | 'live'
  | 'starting_over' // the stream had a hole; a fresh snapshot is on its way
  | 'server_behind' // the socket is open, and the server says that its bus is away
  | 'silent' // the socket seems open, and nothing comes
  | 'lost' // no socket; it is coming back by itself
  | 'closed'; // no socket, and it does not come back by itself

export interface Staleness {
  readonly word: StaleWord;
  /** Everything up to this instant is shown (ms of the server's clock); null = nothing yet. */
  readonly asOf: number | null;
  readonly behindSeconds: number;
}

/** Longer without a sign of life from the server, and the data may be old. */
export const SILENT_MS = 6000;

/** `now` and `heardAt` in ms of the server's clock: now, and when something last came. */
export function stalenessOf(
  connection: ConnectionState | undefined,
  freshness: Freshness,
  heardAt: number,
  now: number,
): Staleness {
  const word = wordOf(connection, freshness, now - heardAt);
  const { asOf } = freshness;
  const isLive = word === 'live';
  const behind = asOf === null ? 0 : Math.max(0, Math.floor((now - asOf) / 1000));
  return { word, asOf: isLive && asOf !== null ? now : asOf, behindSeconds: isLive ? 0 : behind };
}

function wordOf(
  connection: ConnectionState | undefined,
  freshness: Freshness,
  silentMs: number,
): StaleWord {
  const name = connection?.name;
  if (name === 'closed') return 'closed';
  if (freshness.asOf === null) return name === 'offline' ? 'lost' : 'loading';
  if (name === 'degraded') return 'silent';
  if (name !== 'online') return 'lost';
  if (freshness.isStartingOver) return 'starting_over';
  if (freshness.staleSince !== null) return 'server_behind';
  return silentMs > SILENT_MS ? 'silent' : 'live';
}
