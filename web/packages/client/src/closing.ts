/**
 * What a socket's end means, by its close code (contract §7.1): 4000–4499 and all that is no word of
 * the platform (1006, a proxy's 1011) come back, 4500–4999 stay away. Pure.
 */

import type { ConnectionReason } from './connection';

/** What to do next: `renew` = with a newer token, once. */
export type Next = 'come_back' | 'renew' | 'stay_away';

export const UNAUTHENTICATED = 4501;
const INVALID = 4500;
const LAST_OF_OURS = 4999;
const FIRST_OF_OURS = 4000;
/** The server waits 5 s for the first frame; on a slow line it may have waited in vain. */
const WAITED_IN_VAIN_MS = 4_000;

export interface End {
  readonly code: number;
  readonly text: string;
  /** From the beginning of the try to its end. */
  readonly lastedMs: number;
  /** Whether `connected` came. */
  readonly wasConnected: boolean;
}

export function nextAfter({ code, lastedMs, wasConnected }: End): Next {
  if (code === UNAUTHENTICATED) return 'renew';
  if (code === INVALID && !wasConnected && lastedMs >= WAITED_IN_VAIN_MS) return 'come_back';
  return code >= INVALID && code <= LAST_OF_OURS ? 'stay_away' : 'come_back';
}

export function reasonOf({ code, text }: End): ConnectionReason {
  if (code < FIRST_OF_OURS || code > LAST_OF_OURS) return { what: 'network', code, text };
  return { what: code < INVALID ? 'server' : 'refused', code, text };
}
