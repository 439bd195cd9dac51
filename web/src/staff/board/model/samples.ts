/** Rows and frames for tests and measurements. */

import type { BoardFrame, Delta, Snapshot } from './frames';
import type { Data, Row, Severity } from './row';

export const EPOCH = 'a';
const AT = '2026-03-02T09:00:00Z';

/** A student who works and whom nothing happened to. */
export function row(attemptId: number, more: Partial<Row> = {}): Row {
  return {
    attempt_id: attemptId,
    student_id: 1000 + attemptId,
    student_name: `Student ${attemptId}`,
    hall_ticket_number: `HT${String(attemptId).padStart(5, '0')}`,
    center: null,
    status: 'in_progress',
    start_time: AT,
    deadline_at: '2026-03-02T10:00:00Z',
    paused_at: null,
    is_waiting_for_authorisation: false,
    workstation_id: `W${attemptId}`,
    questions_answered: 0,
    total_questions: 20,
    is_online: true,
    connection: 'online',
    connection_since: AT,
    socket_count: 1,
    last_seen_at: AT,
    last_close: null,
    last_refusal: null,
    counts: { info: 0, warning: 0, violation: 0 },
    last_event: null,
    risk_score: 0,
    claimed_by_id: null,
    claimed_by: null,
    claimed_at: null,
    hand_raised_at: null,
    live_action_count: 0,
    unread_message_count: 0,
    ...more,
  };
}

export function snapshot(attempts: readonly Row[], sequence = 100, epoch = EPOCH): Snapshot {
  return { type: 'snapshot', exam_id: 1, as_of: AT, position: { sequence, epoch }, attempts };
}

export function delta(
  sequence: number,
  attemptId: number,
  kind: string,
  data: Data,
  at = '2026-03-02T09:00:01Z',
): Delta {
  return {
    type: 'delta',
    position: { sequence, epoch: EPOCH },
    attempt_id: attemptId,
    kind,
    data,
    at,
  };
}

/** An event: `counts` are those of the attempt with it. */
export function event(
  sequence: number,
  attemptId: number,
  severity: Severity,
  counts: Partial<Row['counts']>,
  at = '2026-03-02T09:00:01Z',
): Delta {
  const last = { event_type: 'tab_switch', severity, received_at: at, late: false };
  const data = { counts: { info: 0, warning: 0, violation: 0, ...counts }, last_event: last };
  return delta(sequence, attemptId, 'event', data, at);
}

export function systemEvent(name: string, timestamp: string): BoardFrame {
  return { type: 'system_event', event: name, timestamp };
}
