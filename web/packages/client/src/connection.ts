/** The state of one socket as pages show it. */

/**
 * `connecting`: for the first time · `online` · `degraded`: open, but not heard when it should have
 * been · `offline`: lost, and coming back by itself · `closed`: over, by the page or for good.
 */
export type ConnectionName = 'connecting' | 'online' | 'degraded' | 'offline' | 'closed';

export interface ConnectionState {
  readonly name: ConnectionName;
  /** Since when, by the device's clock, in ms since 1970. */
  readonly since: number;
  /** Why it is not online; the close code and the server's words where it gave them. */
  readonly reason: ConnectionReason | undefined;
  /** When the next try begins, in ms since 1970; only while `offline`. */
  readonly retryAt: number | undefined;
}

export interface ConnectionReason {
  readonly what:
    | 'network' // the connection failed or was silent
    | 'server' // the server asked to come back later: it goes away, is busy, or we read too slowly
    | 'refused' // the server says stay away: not signed in, not allowed, attempt closed
    | 'signed_out'
    | 'left'; // the page closed it
  readonly code: number | undefined;
  readonly text: string;
}
