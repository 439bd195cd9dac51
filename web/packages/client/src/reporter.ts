/** Events of the exam room, kept until the platform has them; bodies follow. */

import type { Unsubscribe } from './emitter';
import type { Severity } from './shapes';

/** What a watcher says; id, number and time are given here. */
export interface Report {
  event_type: string;
  /** The type's usual one unless said. */
  severity?: Severity;
  question_id?: number | null;
  /** At most 16 KiB as JSON. */
  event_data?: Record<string, unknown>;
}

export interface ReporterState {
  /** Events that wait here to be sent. */
  readonly waiting: number;
  /** Events that the platform did not want (a closed attempt, say); they are gone. */
  readonly refused: number;
  /** Why nothing goes out just now. */
  readonly held: 'network' | 'server' | 'signed_out' | undefined;
}

/** One attempt's events: stored first, then sent in their order until each has its answer. */
export interface EventReporter {
  readonly state: ReporterState;
  onChange(listener: (state: ReporterState) => void): Unsubscribe;
  /** Keeps an event; done when it is stored on this device. */
  report(report: Report): Promise<void>;
  /** Sends what waits, for at most so long; returns how many are left. */
  flush(deadlineSeconds: number): Promise<number>;
}
