"""The statement that begins an attempt: look, start the clock, announce and log in one message.

One round trip (ADR 19), for the attempt that may begin and has nothing to inherit. Every other case
gives no row, and `lifecycle` goes the longer way, which also knows the words for it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chassis.audit import FIRST, record
from chassis.prepared import Prepared
from sqlalchemy import Connection

from attempts.attempt import Attempt
from attempts.audit import Entry
from attempts.exam import OPEN
from attempts.store.attempts import LIGHT
from attempts.store.rows import attempt_from

_EXAM = -1
_DEADLINE = "@"

_COLUMNS = ", ".join(LIGHT)
_RETURNED = ", ".join(f"a.{name}" for name in LIGHT)

_BEGIN = Prepared(
    "begin_attempt",
    f"""
-- Grants to the whole exam are kept out while we look whether there is one to inherit.
WITH held AS MATERIALIZED (
  SELECT a.id, a.exam_id, x.requires_authorisation, x.device_policy,
         x.status AS exam_status, x.start_time AS opens_at, x.end_time AS closes_at,
         pg_advisory_xact_lock_shared(
           hashtextextended('attempts.exam_allowances:' || a.exam_id, 0))
  FROM attempts.attempts a
  JOIN attempts.exams x ON x.id = a.exam_id
  WHERE a.id = :attempt_id AND a.student_id = :student_id AND a.status = 'not_started'
),
fit AS MATERIALIZED (
  SELECT id, requires_authorisation, device_policy, clock_timestamp() AS as_of
  FROM held
  WHERE exam_status = ANY (:open)
    AND (opens_at IS NULL OR opens_at <= clock_timestamp())
    AND (closes_at IS NULL OR closes_at >= clock_timestamp())
    AND NOT attempts.lacks_allowance(id, exam_id)
),
begun AS (
  UPDATE attempts.attempts a
  SET status = 'in_progress', version = a.version + 1, start_time = f.as_of,
      deadline_at = f.as_of + make_interval(
        secs => a.duration_minutes * 60 + a.allowance_seconds - a.spent_seconds),
      last_activity_time = f.as_of, updated_at = f.as_of, active_login_id = :login_id,
      active_since = CASE WHEN :login_id IS NOT NULL THEN f.as_of END
  FROM fit f
  WHERE a.id = f.id AND a.status = 'not_started'
    AND (a.authorised_at IS NOT NULL OR NOT f.requires_authorisation)
  RETURNING {_RETURNED}, f.as_of, f.requires_authorisation, f.device_policy,
            a.encrypted_final_answers IS NOT NULL AS has_blob
),
told AS MATERIALIZED (
  SELECT id, exam_id, student_id, version, questions_answered, last_event_sequence, as_of,
         duration_minutes * 60 + allowance_seconds - spent_seconds AS duration_seconds,
         to_char(start_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS start_time,
         to_char(deadline_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS deadline_at
  FROM begun
),
-- The notices `status_changed` and `deadline_changed`, as `notices` builds them.
announced AS (
  INSERT INTO attempts.outbox (order_key, subject, payload)
  SELECT t.id, 'oep.v1.' || t.exam_id || '.' || t.id || '.' || n.fact,
         jsonb_build_object('fact', n.fact, 'at', t.start_time, 'exam_id', t.exam_id,
                            'attempt_id', t.id, 'data', n.data)
  FROM told t
  CROSS JOIN LATERAL (VALUES
    (1, 'status_changed', jsonb_build_object(
       'status', 'in_progress', 'previous_status', 'not_started', 'version', t.version,
       'start_time', t.start_time, 'deadline_at', t.deadline_at,
       'submit_time', null, 'submit_reason', null,
       'time_remaining_seconds', t.duration_seconds,
       'questions_answered', t.questions_answered, 'is_waiting_for_authorisation', false,
       'last_event_sequence', t.last_event_sequence, 'student_id', t.student_id)),
    (2, 'deadline_changed', jsonb_build_object(
       'deadline_at', t.deadline_at, 'time_remaining_seconds', t.duration_seconds,
       'duration_seconds', t.duration_seconds, 'student_id', t.student_id))
  ) AS n (place, fact, data)
  ORDER BY n.place
),
logged AS (
  INSERT INTO attempts.audit_logs
         (chain, place, event_type, event_category, description, user_id, attempt_id, exam_id,
          details, ip_address, user_agent, success, created_at, previous_hash, hash)
  SELECT 'attempt:' || t.id, coalesce(p.place, 0) + 1, :event_type, :category, :description,
         t.student_id, t.id, t.exam_id,
         CAST('{{"deadline_at":"' || t.deadline_at || '"}}' AS json), :ip_address, :user_agent,
         true, :logged_at, coalesce(p.hash, '{FIRST}'),
         encode(sha256(convert_to(coalesce(p.hash, '{FIRST}') || replace(replace(:record,
             '"exam_id":{_EXAM}', '"exam_id":' || t.exam_id),
             '"deadline_at":"{_DEADLINE}"', '"deadline_at":"' || t.deadline_at || '"'),
           'UTF8')), 'hex')
  FROM told t
  LEFT JOIN LATERAL (
    SELECT place, hash FROM attempts.audit_logs
    WHERE chain = 'attempt:' || t.id ORDER BY place DESC LIMIT 1
  ) AS p ON true
)
SELECT {_COLUMNS}, as_of, requires_authorisation, device_policy, has_blob,
       (SELECT count(*) FROM attempts.exam_questions e WHERE e.exam_id = begun.exam_id)
         AS total_questions
FROM begun
""",  # noqa: S608  # only names of our own columns and constants are put in
    {
        "attempt_id": "bigint",
        "student_id": "bigint",
        "login_id": "text",
        "open": "text[]",
        "event_type": "text",
        "category": "text",
        "description": "text",
        "ip_address": "text",
        "user_agent": "text",
        "logged_at": "timestamptz",
        "record": "text",
    },
)


def begin(
    connection: Connection, attempt_id: int, student_id: int, login_id: str | None, entry: Entry
) -> Attempt | None:
    """Begin an attempt if nothing stands in the way; None = look closer.

    `entry` is what the audit gets; exam and deadline, which only the database knows, are put in.
    Raises `IntegrityError` when the student has another running attempt, or when somebody logged
    about this attempt in the same moment.
    """
    values: Mapping[str, Any] = {
        "attempt_id": attempt_id,
        "student_id": student_id,
        "login_id": login_id,
        "open": sorted(OPEN),
        **_logged(entry, datetime.now(UTC)),
    }
    for row in _BEGIN.run(connection, values):
        return attempt_from(row)
    return None


def entry_of(attempt_id: int, student_id: int, **said: Any) -> Entry:
    """Return an entry with places for what only the database knows.

    Nothing that a client sends can look like one of them: a quotation mark inside a JSON text is
    escaped.
    """
    return Entry(
        attempt_id=attempt_id,
        user_id=student_id,
        exam_id=_EXAM,
        details={"deadline_at": _DEADLINE},
        **said,
    )


def _logged(entry: Entry, at: datetime) -> dict[str, Any]:
    return {
        "event_type": entry.event_type,
        "category": entry.event_category,
        "description": entry.description,
        "ip_address": entry.origin.ip_address,
        "user_agent": entry.origin.user_agent,
        "logged_at": at,
        "record": record(entry, at),
    }
