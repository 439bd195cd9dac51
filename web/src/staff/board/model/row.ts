/**
 * One attempt as the monitor socket tells it, and what a delta changes of it. Deltas carry values as
 * they are now, so that hearing one twice changes nothing.
 */

export type Severity = 'info' | 'warning' | 'violation';
export type Connection = 'online' | 'degraded' | 'offline';
export type Status =
  | 'not_started'
  | 'in_progress'
  | 'submitted'
  | 'expired'
  | 'graded'
  | 'cancelled';

/** Why a socket ended, or was not let in; `at` is an instant in ISO 8601. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
  readonly at: string;
}

export interface LastEvent {
  readonly event_type: string;
  readonly severity: Severity;
  readonly received_at: string;
  readonly late: boolean;
}

/** A row as it comes over the wire; instants are ISO 8601, null = there is none. */
export interface Row {
  readonly attempt_id: number;
  readonly student_id: number;
  readonly student_name: string;
  readonly hall_ticket_number: string | null;
  readonly center?: string | null;
  readonly status: Status;
  readonly start_time: string | null;
  readonly deadline_at: string | null;
  readonly paused_at: string | null;
  readonly is_waiting_for_authorisation: boolean;
  readonly workstation_id: string | null;
  readonly questions_answered: number;
  readonly total_questions: number;
  readonly is_online: boolean;
  readonly connection: Connection;
  readonly connection_since: string | null;
  readonly socket_count: number;
  readonly last_seen_at: string | null;
  readonly last_close: Ending | null;
  readonly last_refusal: Ending | null;
  readonly counts: Readonly<Record<Severity, number>>;
  readonly last_event: LastEvent | null;
  readonly risk_score: number;
  readonly claimed_by_id: number | null;
  readonly claimed_by: string | null;
  readonly claimed_at: string | null;
  readonly hand_raised_at: string | null;
  readonly live_action_count: number;
  readonly unread_message_count: number;
}

/** What a delta carries besides its attempt; which fields there are depends on its kind. */
export type Data = Readonly<Record<string, unknown>>;

const PRESENCE = [
  'is_online',
  'connection',
  'connection_since',
  'socket_count',
  'last_seen_at',
  'last_close',
  'last_refusal',
] as const;

const TAKEN: Readonly<Record<string, readonly (keyof Row)[]>> = {
  status: [
    'status',
    'start_time',
    'deadline_at',
    'paused_at',
    'questions_answered',
    'is_waiting_for_authorisation',
  ],
  deadline: ['deadline_at'],
  progress: ['questions_answered', 'total_questions'],
  event: ['counts', 'last_event'],
  presence: PRESENCE,
  claim: ['claimed_by_id', 'claimed_by', 'claimed_at'],
};

/** The row after a delta; the same object when it says nothing new to the row. */
export function folded(row: Row, kind: string, data: Data): Row {
  const changes = changesOf(row, kind, data);
  const isNews = Object.entries(changes).some(
    ([name, value]) => !isSame(row[name as keyof Row], value),
  );
  return isNews ? { ...row, ...changes } : row;
}

function changesOf(row: Row, kind: string, data: Data): Partial<Row> {
  if (kind === 'hand') {
    return { hand_raised_at: data.is_raised ? ((data.raised_at as string | null) ?? null) : null };
  }
  if (kind === 'risk') return typeof data.score === 'number' ? { risk_score: data.score } : {};
  if (kind === 'transfer') {
    const isDone = data.status === 'completed' && typeof data.to_workstation === 'string';
    return isDone ? { workstation_id: data.to_workstation as string } : {};
  }
  if (kind === 'event' && turnsBack(row, data)) return {};
  const names = (TAKEN[kind] ?? []).filter((name) => name in data);
  return Object.fromEntries(names.map((name) => [name, data[name]]));
}

/** A snapshot may be ahead of the deltas behind it: one that knows fewer events is passed over. */
function turnsBack(row: Row, data: Data): boolean {
  const counts = data.counts as Row['counts'] | undefined;
  return counts === undefined || total(counts) < total(row.counts);
}

/** How many events there were in all. */
export function total(counts: Row['counts']): number {
  return (counts.info ?? 0) + (counts.warning ?? 0) + (counts.violation ?? 0);
}

/** Whether a delta's data are a whole row: of an attempt that is new. */
export function isWhole(data: Data): boolean {
  return 'student_name' in data && 'counts' in data;
}

function isSame(before: unknown, now: unknown): boolean {
  if (before === now) return true;
  if (typeof before !== 'object' || typeof now !== 'object' || !before || !now) return false;
  const [one, other] = [Object.entries(before), now as Record<string, unknown>];
  return (
    one.length === Object.keys(now).length && one.every(([name, value]) => other[name] === value)
  );
}
