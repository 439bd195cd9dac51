"""The statement that begins an attempt: look, start the clock, announce and log in one message.

One round trip, whatever it meets (ADR 19): also for the attempt that runs already, for the one that
has extra time to inherit, and for the one that may not begin. `lifecycle` has the words for that.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from chassis import tracing
from chassis.origins import Origin
from chassis.prepared import Prepared
from chassis.tokens import Ended
from sqlalchemy import Connection, RowMapping

from attempts.attempt import Attempt
from attempts.exam import OPEN
from attempts.store import devices, telling
from attempts.store.attempts import LIGHT
from attempts.store.rows import attempt_from

_USE = devices.Use()
BEGUN = "attempt_begun"
BEGUN_TEXT = "Attempt begun"

_COLUMNS = ", ".join(LIGHT)
_OF_ATTEMPT = ", ".join(f"a.{name}" for name in LIGHT)

# First what keeps out grants to the whole exam, then what keeps out other attempts of the student
# (`allowances.hold_exam`, `actions.hold_student`), then the attempt.
_LOCK = Prepared(
    "lock_attempt",
    """
WITH held AS MATERIALIZED (
  SELECT id, pg_advisory_xact_lock_shared(
           hashtextextended('attempts.exam_allowances:' || exam_id, 0)),
         pg_advisory_xact_lock(
           hashtextextended('attempts.lobby:' || exam_id || ':' || student_id, 0))
  FROM attempts.attempts
  WHERE id = :attempt_id AND student_id = :student_id
)
SELECT FROM attempts.attempts a JOIN held USING (id) FOR NO KEY UPDATE OF a
""",
    {"attempt_id": "bigint", "student_id": "bigint"},
)

_FACTS = f"""
    SELECT n.place, t.id AS attempt_id, t.exam_id, n.fact, t.start AS at, n.data,
           :traceparent AS traceparent
    FROM (SELECT *, duration_minutes * 60 + allowance_seconds - spent_seconds AS whole_seconds,
                 {telling.instant("start_time")} AS start,
                 {telling.instant("deadline_at")} AS deadline FROM begun) AS t
    CROSS JOIN LATERAL (VALUES
      (1, 'status_changed', jsonb_build_object(
         'status', 'in_progress', 'previous_status', 'not_started', 'version', t.version,
         'start_time', t.start, 'deadline_at', t.deadline,
         'submit_time', null, 'submit_reason', null,
         'time_remaining_seconds', t.whole_seconds,
         'questions_answered', t.questions_answered, 'is_waiting_for_authorisation', false,
         'last_event_sequence', t.last_event_sequence, 'student_id', t.student_id)),
      (2, 'deadline_changed', jsonb_build_object(
         'deadline_at', t.deadline, 'time_remaining_seconds', t.whole_seconds,
         'duration_seconds', t.whole_seconds, 'student_id', t.student_id))
    ) AS n (place, fact, data)
    UNION ALL
    SELECT 3, t.id, t.exam_id, 'device_changed', i.at,
           {telling.DEVICE_FACT.format(active_since="i.at")}, :traceparent
    FROM flagged t
    CROSS JOIN LATERAL (SELECT {telling.instant("t.active_since")} AS at) AS i
"""  # noqa: S608  # only pieces of our own are put in
_ENTRIES = f"""
    SELECT e.*, :ip_address AS ip_address, :user_agent AS user_agent, :logged_at AS logged_at
    FROM (
      SELECT t.id AS attempt_id, t.exam_id, t.student_id, '{BEGUN}' AS event_type,
             '{BEGUN_TEXT}' AS description, :begun_template AS template,
             '{{"deadline_at":"' || {telling.instant("t.deadline_at")} || '"}}' AS details
      FROM begun t
      UNION ALL
      SELECT t.id, t.exam_id, t.student_id, '{devices.CHANGED}', '{devices.CHANGED_TEXT}',
             :changed_template, {telling.DEVICE_DETAILS}
      FROM flagged t
    ) AS e
"""  # noqa: S608  # only pieces of our own are put in
_BEGIN = Prepared(
    "begin_attempt",
    f"""
-- The clock is looked at after the locks were got.
WITH instant AS MATERIALIZED (
  SELECT clock_timestamp() AS as_of
),
met AS MATERIALIZED (
  SELECT {_OF_ATTEMPT}, i.as_of, a.encrypted_final_answers IS NOT NULL AS has_blob,
         x.requires_authorisation, x.device_policy,
         x.status = ANY (:open) AND i.as_of >= coalesce(x.start_time, i.as_of)
           AND i.as_of <= coalesce(x.end_time, i.as_of) AS is_open,
         (SELECT o.id FROM attempts.attempts o
          WHERE o.student_id = a.student_id AND o.exam_id = a.exam_id
            AND o.status = 'in_progress') AS running_id,
         {devices.verdict(_USE, ":login_id", ":ended_until")} AS device
  FROM attempts.attempts a
  LEFT JOIN attempts.exams x ON x.id = a.exam_id
  CROSS JOIN instant i
  WHERE a.id = :attempt_id AND a.student_id = :student_id
),
fit AS MATERIALIZED (
  SELECT * FROM met
  WHERE status = 'not_started' AND is_open AND running_id IS NULL
    AND (authorised_at IS NOT NULL OR NOT requires_authorisation)
),
-- What the exam was given before the attempt existed; worth as `Grant.seconds_for` says.
inherited AS (
  INSERT INTO attempts.allowances
         (attempt_id, exam_allowance_id, seconds, factor, reason, granted_by_id)
  SELECT f.id, g.id,
         coalesce(g.seconds, ceil(round(
           CAST(f.duration_minutes * 60 * (g.factor - 1) AS numeric), 6))),
         g.factor, g.reason, g.granted_by_id
  FROM fit f
  JOIN attempts.exam_allowances g ON g.exam_id = f.exam_id
  WHERE NOT EXISTS (SELECT FROM attempts.allowances had
                    WHERE had.attempt_id = f.id AND had.exam_allowance_id = g.id)
  ORDER BY g.id
  RETURNING seconds
),
begun AS (
  UPDATE attempts.attempts a
  SET status = 'in_progress', version = a.version + 1, start_time = f.as_of,
      deadline_at = f.as_of + make_interval(
        secs => a.duration_minutes * 60 + a.allowance_seconds + more.seconds - a.spent_seconds),
      allowance_seconds = a.allowance_seconds + more.seconds,
      last_activity_time = f.as_of, updated_at = f.as_of, active_login_id = :login_id,
      active_since = CASE WHEN :login_id IS NOT NULL THEN f.as_of END
  FROM fit f
  CROSS JOIN (SELECT CAST(coalesce(sum(seconds), 0) AS bigint) AS seconds FROM inherited) AS more
  WHERE a.id = f.id
  RETURNING {_OF_ATTEMPT}
),
-- The attempt runs already, and another stay than before uses it from now on.
taken AS (
  UPDATE attempts.attempts a
  SET active_login_id = :login_id, active_since = m.as_of, version = a.version + 1,
      updated_at = m.as_of, device_changes = a.device_changes + CAST(m.device <> 'bind' AS int)
  FROM met m
  WHERE a.id = m.id AND m.status = 'in_progress' AND m.device IN ('bind', 'switch', 'flag')
  RETURNING {_OF_ATTEMPT}, m.active_login_id AS previous_login_id, m.device
),
flagged AS (
  SELECT * FROM taken WHERE device = 'flag'
),
announced AS ({telling.announced(_FACTS)}
),
logged AS ({telling.logged(_ENTRIES)}
),
found AS (
  SELECT {_COLUMNS} FROM begun
  UNION ALL SELECT {_COLUMNS} FROM taken
  UNION ALL SELECT {_COLUMNS} FROM met
            WHERE NOT EXISTS (SELECT FROM begun) AND NOT EXISTS (SELECT FROM taken)
)
SELECT found.*, m.as_of, m.has_blob, m.requires_authorisation, m.device_policy, m.is_open,
       m.running_id, m.status = 'in_progress' AND m.device = 'refuse' AS is_held,
       (SELECT count(*) FROM attempts.exam_questions e WHERE e.exam_id = m.exam_id)
         AS total_questions
FROM found
CROSS JOIN met m
""",  # noqa: S608  # only pieces of our own are put in
    {
        "attempt_id": "bigint",
        "student_id": "bigint",
        "login_id": "text",
        "ended_logins": "text[]",
        "ended_until": "timestamptz",
        "open": "text[]",
        "ip_address": "text",
        "user_agent": "text",
        "logged_at": "timestamptz",
        "begun_template": "text",
        "changed_template": "text",
        "traceparent": "text",
    },
    behind=_LOCK,
)


@dataclass(frozen=True)
class Wish:
    """A student wants to begin an attempt, or to go on with it, in a signed-in stay."""

    attempt_id: int
    student_id: int
    login_id: str | None
    origin: Origin


@dataclass(frozen=True)
class Found:
    """An attempt as it is after somebody wanted to begin it, and what may have been in the way."""

    attempt: Attempt
    is_open: bool | None
    """Whether the exam lets attempts begin now; None = there is no such exam."""
    running_id: int | None
    """The student's running attempt at the exam, when he asked."""
    is_held: bool
    """Another device uses the running attempt, and this one may not take it over."""


def begin(connection: Connection, wish: Wish, ended: Ended) -> Found | None:
    """Begin an attempt if nothing stands in the way, or go on with it; None = he has no such one.

    `ended` are stays that are known to have been signed out: they hold nobody up.
    """
    at, origin = datetime.now(UTC), wish.origin
    values = {
        "attempt_id": wish.attempt_id,
        "student_id": wish.student_id,
        "login_id": wish.login_id,
        "ended_logins": list(ended.login_ids),
        "ended_until": ended.until.get(wish.student_id),
        "open": sorted(OPEN),
        "ip_address": origin.ip_address,
        "user_agent": origin.user_agent,
        "logged_at": at,
        "begun_template": telling.template(BEGUN, BEGUN_TEXT, origin, at),
        "changed_template": telling.template(devices.CHANGED, devices.CHANGED_TEXT, origin, at),
        "traceparent": tracing.current(),
    }
    for row in _BEGIN.run(connection, values):
        return _found(row)
    return None


def _found(row: RowMapping) -> Found:
    return Found(attempt_from(row), row["is_open"], row["running_id"], row["is_held"])
