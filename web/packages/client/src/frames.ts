/** What the sockets say (contract §7.3 and §8.2), as types. `position` is on what is replayed. */

import type { AttemptStatus, Json, Severity } from './shapes';

/** A place in the stream; another epoch is another stream. */
export interface Position {
  readonly sequence: number;
  readonly epoch: string;
}

interface Told {
  readonly timestamp: string;
  readonly message_id?: string;
}

interface Placed extends Told {
  /** Absent on what answers a single socket. */
  readonly position?: Position;
}

export interface Connected {
  readonly type: 'connected';
  readonly connection_id: string;
  readonly attempt_id: number;
  readonly server_time: string;
  readonly time_remaining_seconds: number;
  readonly heartbeat_interval: number;
  readonly checkpoint_debounce: number;
  /** The clock stands still since; null while it runs. */
  readonly paused_at: string | null;
  readonly is_waiting_for_authorisation: boolean;
  readonly position: Position;
}

export interface Ping {
  readonly type: 'ping';
  readonly timestamp: string;
}

export interface CheckpointAck extends Told {
  readonly type: 'checkpoint_ack';
  readonly question_id: number;
  readonly sequence: number;
  readonly saved_at: string;
  readonly time_remaining_seconds: number;
  readonly revision: number;
  readonly sha256: string;
}

export type CheckpointErrorCode =
  | 'ATTEMPT_NOT_FOUND'
  | 'ATTEMPT_NOT_ACTIVE'
  | 'TIME_EXPIRED'
  | 'INVALID_QUESTION'
  | 'OTHER_DEVICE'
  | 'CHECKPOINT_SAVE_ERROR'
  | 'CHECKPOINT_PROCESSING_ERROR'
  | 'CHECKPOINT_FAILED'
  | 'ATTEMPT_MISMATCH'
  | 'RATE_LIMITED';

export interface CheckpointError extends Told {
  readonly type: 'checkpoint_error';
  readonly question_id: number;
  readonly error: string;
  readonly error_code: CheckpointErrorCode;
}

export interface TimeUpdate extends Told {
  readonly type: 'time_update';
  readonly server_time: string;
  readonly time_remaining_seconds: number;
  readonly elapsed_seconds: number;
  readonly is_expired: boolean;
}

export interface ExamEvent extends Placed {
  readonly type: 'exam_event';
  readonly event:
    | 'time_expired'
    | 'attempt_submitted'
    | 'attempt_graded'
    | 'attempt_cancelled'
    | 'grade_changed'
    | (string & {});
  readonly data: { readonly message?: string; readonly status?: AttemptStatus } & Record<
    string,
    Json | undefined
  >;
}

/** `action` says what the page may offer: `acknowledge` (with `id`) or `reply` (with `message_id`). */
export interface Notification extends Placed {
  readonly type: 'notification';
  readonly title: string;
  readonly message: string;
  readonly severity: 'info' | 'success' | 'warning' | 'error';
  readonly action?: 'acknowledge' | 'reply' | (string & {});
  /** The action or message that this shows; what `…/actions/{id}/acknowledge` takes. */
  readonly id?: number;
  readonly action_id?: string;
  readonly requested_by?: string | null;
  readonly sender?: string | null;
}

export interface Warning extends Placed {
  readonly type: 'warning';
  readonly message: string;
  readonly warning_code: string;
  readonly id?: number;
  readonly action_id?: string;
  readonly requested_by?: string | null;
}

/** What the attempt is told beside words; `data` is the notice's (docs/notices.md). */
export interface SystemEvent extends Placed {
  readonly type: 'system_event';
  readonly event:
    | 'action_requested'
    | 'action_acknowledged'
    | 'allowance_granted'
    | 'allowance_acknowledged'
    | 'attempt_authorised'
    | 'attempt_paused'
    | 'attempt_resumed'
    | 'deadline_changed'
    | 'hand_changed'
    | 'lobby_changed'
    | 'message_sent'
    | 'messages_read'
    | 'review_changed'
    | 'feed_stale'
    | 'feed_current'
    | (string & {});
  readonly data: Readonly<Record<string, Json | undefined>>;
}

export interface Transfer extends Placed {
  readonly type:
    | 'transfer_requested'
    | 'transfer_approved'
    | 'transfer_rejected'
    | 'transfer_completed';
  readonly transfer_id: number;
  readonly attempt_id: number;
  readonly from_workstation?: string;
  readonly to_workstation?: string;
  readonly reason?: string | null;
  readonly requested_by?: string;
  readonly approved_by?: string;
  readonly migration_checksum?: string;
  readonly answers_transferred?: number;
  readonly message?: string;
}

export interface SocketError extends Told {
  readonly type: 'error';
  readonly message: string;
  readonly error_code: string;
  readonly details?: Json;
}

export interface Reauthenticated extends Told {
  readonly type: 'reauthenticated';
  readonly expires_at: string;
}

/** History no longer reaches back to where the client was: it reloads by REST and goes on. */
export interface Resync extends Told {
  readonly type: 'resync';
  readonly reason: string;
  readonly position: Position;
}

/** Everything that an attempt's socket says. */
export type AttemptFrame =
  | Connected
  | Ping
  | CheckpointAck
  | CheckpointError
  | TimeUpdate
  | ExamEvent
  | Notification
  | Warning
  | SystemEvent
  | Transfer
  | SocketError
  | Reauthenticated
  | Resync;

export type Presence = 'online' | 'degraded' | 'offline';

export interface Ending {
  readonly code: number;
  readonly reason: string;
  readonly at: string;
}

/** One attempt as a board shows it. */
export interface BoardRow {
  readonly attempt_id: number;
  readonly student_id: number;
  readonly student_name: string;
  readonly hall_ticket_number: string | null;
  /** The name of the student's center. */
  readonly center?: string | null;
  readonly status: AttemptStatus;
  readonly start_time: string | null;
  readonly deadline_at: string | null;
  readonly paused_at: string | null;
  readonly is_waiting_for_authorisation: boolean;
  readonly workstation_id: string | null;
  readonly questions_answered: number;
  readonly total_questions: number;
  readonly is_online: boolean;
  readonly socket_count: number;
  readonly connection: Presence;
  readonly connection_since: string | null;
  readonly last_seen_at: string | null;
  readonly last_close: Ending | null;
  readonly last_refusal: Ending | null;
  readonly counts: Readonly<Record<Severity, number>>;
  readonly last_event: {
    readonly event_type: string;
    readonly severity: Severity;
    readonly received_at: string;
    readonly late: boolean;
  } | null;
  readonly risk_score: number;
  readonly hand_raised_at: string | null;
  readonly claimed_by_id: number | null;
  readonly claimed_by: string | null;
  readonly claimed_at: string | null;
  readonly live_action_count: number;
  readonly unread_message_count: number;
}

export interface BoardConnected {
  readonly type: 'connected';
  readonly connection_id: string;
  readonly exam_id: number;
  readonly server_time: string;
  readonly heartbeat_interval: number;
  readonly position: Position;
}

export interface Snapshot extends Told {
  readonly type: 'snapshot';
  readonly exam_id: number;
  readonly as_of: string;
  readonly position: Position;
  readonly attempts: readonly BoardRow[];
}

export type DeltaKind =
  | 'created'
  | 'status'
  | 'presence'
  | 'progress'
  | 'event'
  | 'risk'
  | 'timing'
  | 'transfer'
  | 'deadline'
  | 'device'
  | 'action'
  | 'claim'
  | 'hand'
  | 'message';

/** One notice about one attempt; values are absolute, so folding one twice changes nothing. */
export interface Delta {
  readonly type: 'delta';
  readonly position: Position;
  readonly attempt_id: number;
  readonly kind: DeltaKind;
  readonly data: Readonly<Record<string, Json | undefined>>;
  readonly at: string;
}

export type BoardGroup =
  | 'waits'
  | 'violation'
  | 'lost'
  | 'warning'
  | 'works'
  | 'not_started'
  | 'over';

export interface BoardFilter {
  readonly status?: AttemptStatus | null;
  readonly group?: BoardGroup | null;
  readonly is_online?: boolean | null;
  /** 0 = nobody. */
  readonly claimed_by_id?: number | null;
  readonly search?: string | null;
}

interface Windowed {
  readonly exam_id: number;
  readonly as_of: string;
  readonly position: Position;
  readonly offset: number;
  readonly limit: number;
  readonly filter: BoardFilter;
  readonly total: number;
  readonly groups: Readonly<Record<BoardGroup, number>>;
}

/** The rows of a window, in their order. */
export interface Page extends Windowed {
  readonly type: 'page';
  readonly attempts: readonly BoardRow[];
}

/** Only rows that are others than before; `order` (all ids of the page) when that is another one. */
export interface Changes extends Windowed {
  readonly type: 'changes';
  readonly attempts: readonly BoardRow[];
  readonly order?: readonly number[];
}

/** Everything that a board's socket says. */
export type MonitorFrame =
  | BoardConnected
  | Ping
  | Snapshot
  | Delta
  | Page
  | Changes
  | SystemEvent
  | SocketError
  | Reauthenticated
  | Resync;
