/** Frames of the monitor socket that a board folds; others (pings, `connected`) are the socket's. */

import type { Data, Row } from './row';

export interface Position {
  readonly sequence: number;
  readonly epoch: string;
}

export interface Snapshot {
  readonly type: 'snapshot';
  readonly exam_id: number;
  readonly as_of: string;
  readonly position: Position;
  readonly attempts: readonly Row[];
}

export interface Delta {
  readonly type: 'delta';
  readonly position: Position;
  readonly attempt_id: number;
  readonly kind: string;
  readonly data: Data;
  readonly at: string;
}

export interface Resync {
  readonly type: 'resync';
  readonly reason: string;
  readonly position: Position;
}

/** `feed_stale`: the bus is away or behind, what is shown may be old; `feed_current` ends it. */
export interface SystemEvent {
  readonly type: 'system_event';
  readonly event: string;
  readonly timestamp: string;
}

export type BoardFrame = Snapshot | Delta | Resync | SystemEvent;
