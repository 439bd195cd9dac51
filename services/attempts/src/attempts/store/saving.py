"""The statement that saves answers: lock, look, judge, merge, write and announce in one message.

One round trip, however many saves of however many attempts (ADR 19). The attempts are locked first,
by a statement of their own in the same message: what follows sees what others did before. Each step
is a part of its own, read from top to bottom; what a save does to an answer is decided in `merged`.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from chassis import signing
from chassis.origins import NOWHERE
from chassis.prepared import Prepared
from chassis.tokens import Ended
from sqlalchemy import Connection, RowMapping

from attempts.answer import Answer, Save, canonical, encoded
from attempts.attempt import Status
from attempts.device import Verdict
from attempts.progress import Met, Outcome, Receipt, Saved, refusal
from attempts.store import devices, telling

_USE = devices.Use()
_TYPES = {
    "attempt_ids": "bigint[]",
    "student_ids": "bigint[]",
    "question_ids": "bigint[]",
    "answers": "text[]",
    "texts": "text[]",
    "flags": "boolean[]",
    "seconds": "bigint[]",
    "sequences": "bigint[]",
    "message_ids": "text[]",
    "connection_ids": "text[]",
    "flags_only": "boolean[]",
    "logins": "text[]",
    "ended_until": "timestamptz[]",
    "ended_logins": "text[]",
    "traceparents": "text[]",
    "logged_at": "timestamptz",
    "template": "text",
}

# In id order, so that two groups never wait for each other in a circle.
_LOCK = Prepared(
    "lock_attempts",
    "SELECT FROM attempts.attempts WHERE id = ANY (:attempt_ids) ORDER BY id FOR NO KEY UPDATE",
    {"attempt_ids": "bigint[]"},
)

_FACTS = f"""
    SELECT n AS place, attempt_id, exam_id, 'answer_saved' AS fact, i.at,
           jsonb_build_object(
             'question_id', question_id, 'is_flagged', is_flagged,
             'kind', CASE WHEN is_flag_only THEN 'flag' ELSE 'answer' END,
             'questions_answered', answered, 'questions_flagged', flagged,
             'total_questions', (SELECT count(*) FROM attempts.exam_questions e
                                 WHERE e.exam_id = proven.exam_id),
             'connection_id', connection_id, 'saved_at', i.at) AS data, traceparent
    FROM proven
    CROSS JOIN LATERAL (SELECT {telling.instant("as_of")} AS at) AS i
    WHERE is_changed OR is_flag_only
    UNION ALL
    SELECT 0, t.attempt_id, t.exam_id, 'device_changed', i.at,
           {telling.DEVICE_FACT.format(active_since="i.at")}, NULL
    FROM flagged t
    CROSS JOIN LATERAL (SELECT {telling.instant("t.active_since")} AS at) AS i
"""  # noqa: S608  # only pieces of our own are put in
_ENTRIES = f"""
    SELECT t.attempt_id, t.exam_id, t.student_id, '{devices.CHANGED}' AS event_type,
           '{devices.CHANGED_TEXT}' AS description, {telling.DEVICE_DETAILS} AS details,
           :template AS template, CAST(NULL AS text) AS ip_address,
           CAST(NULL AS text) AS user_agent, :logged_at AS logged_at
    FROM flagged t
"""  # noqa: S608  # only pieces of our own are put in
_SAVE = Prepared(
    "save_answers",
    f"""
WITH wish AS MATERIALIZED (
  SELECT *
  FROM unnest(:attempt_ids, :student_ids, :question_ids, :answers, :texts, :flags, :seconds,
              :sequences, :message_ids, :connection_ids, :flags_only, :logins,
              :ended_until, :traceparents)
       WITH ORDINALITY
    AS w (attempt_id, student_id, question_id, answer, text, is_flagged, seconds,
          sequence, message_id, connection_id, is_flag_only, login_id, ended_until,
          traceparent, n)
),
-- The clock is looked at after the locks were got.
instant AS MATERIALIZED (
  SELECT clock_timestamp() AS as_of
),
met AS MATERIALIZED (
  SELECT w.*, i.as_of, a.exam_id, a.status, a.active_login_id,
         coalesce(a.student_id = w.student_id, false) AS is_own,
         i.as_of > a.deadline_at AS is_late,
         a.paused_at IS NOT NULL AS is_paused,
         {devices.verdict_in_passing(_USE, "w.login_id", "w.ended_until")} AS device,
         e.id IS NOT NULL AS is_member,
         greatest(0, floor(extract(epoch FROM a.deadline_at - i.as_of))) AS remaining,
         a.questions_answered AS answered_before,
         a.questions_flagged AS flagged_before,
         o.id AS answer_id, CAST(o.answer AS text) AS old_answer, o.is_flagged AS was_flagged,
         o.time_spent_seconds AS old_seconds, o.answer_sequence AS old_sequence,
         o.revision AS old_revision, o.first_answered_at AS old_first,
         o.last_updated_at AS old_last,
         m.saved_at AS m_saved_at, m.time_remaining_seconds AS m_remaining,
         m.questions_answered AS m_answered, m.revision AS m_revision, m.sha256 AS m_sha256,
         m.said AS m_said
  FROM wish w
  CROSS JOIN instant i
  LEFT JOIN attempts.attempts a ON a.id = w.attempt_id
  LEFT JOIN attempts.exams x ON x.id = a.exam_id
  LEFT JOIN attempts.exam_questions e
         ON e.exam_id = a.exam_id AND e.question_id = w.question_id
  LEFT JOIN attempts.answers o
         ON o.attempt_id = w.attempt_id AND o.question_id = w.question_id
  LEFT JOIN attempts.saved_messages m
         ON m.attempt_id = w.attempt_id AND m.message_id = w.message_id
),
-- `null` sets the flag and never overwrites an answer; `[]` and `""` do clear. Time is added.
merged AS MATERIALIZED (
  SELECT *,
         coalesce(answer, old_answer) AS new_answer,
         coalesce(text, old_answer, 'null') AS new_text,
         -- The canonical text of an answer that `null` leaves as it is only Python knows.
         text IS NOT NULL OR old_answer IS NULL AS is_canonical,
         answer_id IS NULL OR is_flagged <> was_flagged
           OR (answer IS NOT NULL AND answer IS DISTINCT FROM old_answer) AS says_more,
         coalesce(old_answer NOT IN ('""', '[]'), false) AS was_answered,
         coalesce(coalesce(answer, old_answer) NOT IN ('""', '[]'), false) AS is_answered
  FROM met
  WHERE is_own AND status = 'in_progress' AND NOT is_late AND NOT is_paused AND is_member
    AND device <> 'refuse' AND m_saved_at IS NULL
),
counted AS MATERIALIZED (
  SELECT *,
         coalesce(old_revision, 0) + CAST(says_more AS int) AS revision,
         coalesce(old_seconds, 0) + seconds AS spent_seconds,
         says_more OR seconds > 0 AS is_changed,
         device IN ('flag', 'switch') AS is_taken,
         answered_before
           + sum(CAST(is_answered AS int) - CAST(was_answered AS int)) OVER so_far AS answered,
         ARRAY(
           SELECT unnest(m.flagged_before)
           EXCEPT SELECT f.question_id FROM merged f
                  WHERE f.attempt_id = m.attempt_id AND f.n <= m.n AND NOT f.is_flagged
           UNION SELECT f.question_id FROM merged f
                 WHERE f.attempt_id = m.attempt_id AND f.n <= m.n AND f.is_flagged
           ORDER BY 1
         ) AS flagged,
         row_number() OVER (PARTITION BY attempt_id ORDER BY n DESC) = 1 AS is_last
  FROM merged m
  WINDOW so_far AS (PARTITION BY attempt_id ORDER BY n)
),
proven AS MATERIALIZED (
  SELECT *,
         CASE WHEN is_canonical THEN encode(sha256(convert_to(said, 'UTF8')), 'hex') END AS sha256
  FROM counted
  CROSS JOIN LATERAL (
    SELECT '{{"answer":' || new_text || ',"attempt_id":' || attempt_id
             || ',"is_flagged":' || CAST(is_flagged AS text) || ',"question_id":' || question_id
             || ',"revision":' || revision || '}}' AS said
  ) AS proof
),
progressed AS (
  UPDATE attempts.attempts a
  SET questions_answered = p.answered, questions_flagged = p.flagged,
      current_question_id = p.question_id, last_activity_time = p.as_of, updated_at = p.as_of,
      active_login_id = CASE WHEN p.is_taken THEN p.login_id ELSE a.active_login_id END,
      active_since = CASE WHEN p.is_taken THEN p.as_of ELSE a.active_since END,
      device_changes = a.device_changes + CAST(p.is_taken AS int),
      version = a.version + CAST(p.is_taken AS int)
  FROM proven p
  WHERE p.is_last AND a.id = p.attempt_id
    AND EXISTS (SELECT FROM proven c WHERE c.attempt_id = p.attempt_id
                AND (c.is_changed OR c.is_taken))
  RETURNING a.id AS attempt_id, a.exam_id, a.student_id, a.device_changes, a.active_since,
            a.active_login_id, p.active_login_id AS previous_login_id, p.device
),
-- Only these are told to anybody; a stay that was signed out is followed silently.
flagged AS (
  SELECT * FROM progressed WHERE device = 'flag'
),
remembered AS (
  INSERT INTO attempts.saved_messages
         (attempt_id, message_id, saved_at, time_remaining_seconds, questions_answered, revision,
          sha256, said)
  SELECT attempt_id, message_id, as_of, remaining, answered, revision, sha256,
         CASE WHEN NOT is_canonical THEN CAST(said AS json) END
  FROM proven
  WHERE message_id IS NOT NULL
),
stored AS (
  INSERT INTO attempts.answers AS kept
         (attempt_id, question_id, answer, is_flagged, time_spent_seconds, answer_sequence,
          first_answered_at, last_updated_at, revision)
  SELECT attempt_id, question_id, CAST(new_answer AS json), is_flagged, spent_seconds,
         CASE WHEN is_flag_only THEN coalesce(old_sequence, 0) ELSE sequence END,
         coalesce(old_first, CASE WHEN is_answered THEN as_of END), as_of, revision
  FROM proven
  WHERE is_changed
  ON CONFLICT (attempt_id, question_id) DO UPDATE
  SET answer = excluded.answer, is_flagged = excluded.is_flagged,
      time_spent_seconds = excluded.time_spent_seconds,
      answer_sequence = excluded.answer_sequence,
      first_answered_at = excluded.first_answered_at,
      last_updated_at = excluded.last_updated_at, revision = excluded.revision
  RETURNING id, attempt_id, question_id, answer_sequence, first_answered_at, last_updated_at
),
-- The notice `answer_saved`, behind `device_changed`; what an answer says is never in them.
announced AS ({telling.announced(_FACTS)}
),
logged AS ({telling.logged(_ENTRIES)}
)
SELECT m.is_own, m.status, m.is_late, m.is_paused, m.device, m.is_member,
       m.attempt_id, m.question_id, p.n IS NOT NULL AS is_saved,
       coalesce(m.m_saved_at, p.as_of) AS saved_at,
       coalesce(m.m_remaining, p.remaining) AS remaining,
       coalesce(m.m_answered, p.answered) AS answered,
       CASE WHEN m.m_saved_at IS NULL THEN p.revision ELSE m.m_revision END AS said_revision,
       CASE WHEN m.m_saved_at IS NULL THEN p.sha256 ELSE m.m_sha256 END AS said_sha256,
       CASE WHEN m.m_saved_at IS NOT NULL THEN CAST(m.m_said AS text)
            WHEN NOT p.is_canonical THEN p.said END AS said,
       coalesce(p.flagged, m.flagged_before) AS flagged,
       coalesce(s.id, m.answer_id, 0) AS answer_id,
       coalesce(p.new_answer, m.old_answer) AS answer,
       coalesce(p.is_flagged, m.was_flagged, false) AS is_flagged,
       coalesce(p.spent_seconds, m.old_seconds, 0) AS spent_seconds,
       coalesce(s.answer_sequence, m.old_sequence, 0) AS sequence,
       coalesce(p.revision, m.old_revision, 0) AS revision,
       coalesce(s.first_answered_at, m.old_first) AS first_answered_at,
       coalesce(s.last_updated_at, m.old_last) AS last_updated_at
FROM met m
LEFT JOIN proven p ON p.n = m.n
LEFT JOIN stored s ON s.attempt_id = m.attempt_id AND s.question_id = m.question_id
ORDER BY m.n
""",  # noqa: S608  # only pieces of our own are put in
    _TYPES,
    behind=_LOCK,
)


def save(connection: Connection, saves: Sequence[Save], ended: Ended) -> list[Outcome]:
    """Apply one wave of saves; return what became of each, in order.

    `ended` are stays that are known to have been signed out: they hold nobody up.
    """
    rows = _SAVE.run(connection, _values(saves, ended) | _telling())
    return [_outcome(row) for row in rows]


def _telling() -> dict[str, Any]:
    at = datetime.now(UTC)
    return {
        "logged_at": at,
        "template": telling.template(devices.CHANGED, devices.CHANGED_TEXT, NOWHERE, at),
    }


def _values(saves: Sequence[Save], ended: Ended) -> dict[str, list[Any]]:
    answers = [_text(save) for save in saves]
    return {
        "attempt_ids": [save.attempt_id for save in saves],
        "student_ids": [save.student_id for save in saves],
        "question_ids": [save.question_id for save in saves],
        "answers": answers,
        "texts": [
            None if text is None else canonical(save.value, text)
            for save, text in zip(saves, answers, strict=True)
        ],
        "flags": [save.is_flagged for save in saves],
        "seconds": [save.time_spent_seconds for save in saves],
        "sequences": [save.sequence for save in saves],
        "message_ids": [save.message_id for save in saves],
        "connection_ids": [save.connection_id for save in saves],
        "flags_only": [save.is_flag_only for save in saves],
        "logins": [save.login_id for save in saves],
        "ended_until": [ended.until.get(save.student_id) for save in saves],
        "ended_logins": list(ended.login_ids),
        "traceparents": [save.traceparent for save in saves],
    }


def _text(save: Save) -> str | None:
    return None if save.value is None else save.text or encoded(save.value)


def _outcome(row: RowMapping) -> Outcome:
    is_known = row["is_own"] and row["saved_at"] is not None
    if row["is_saved"] or is_known:
        return Saved(_receipt(row), _answer(row), tuple(row["flagged"]))
    status = None if row["status"] is None else Status(row["status"])
    is_held = row["device"] == Verdict.REFUSE
    return refusal(
        Met(row["is_own"], status, row["is_late"], row["is_paused"], row["is_member"], is_held)
    )


def _receipt(row: RowMapping) -> Receipt:
    return Receipt(
        row["saved_at"],
        int(row["remaining"]),
        int(row["answered"]),
        row["said_revision"] or 0,
        row["said_sha256"] or _sha256(row["said"]),
    )


def _sha256(said: str | None) -> str:
    """Return the hash of an answer that only Python can put into the canonical form."""
    return "" if said is None else signing.sha256(json.loads(said))


def _answer(row: RowMapping) -> Answer:
    text = row["answer"]
    return Answer(
        row["attempt_id"],
        row["question_id"],
        None if text is None else json.loads(text),
        is_flagged=row["is_flagged"],
        time_spent_seconds=row["spent_seconds"],
        sequence=row["sequence"],
        first_answered_at=row["first_answered_at"],
        last_updated_at=row["last_updated_at"],
        revision=row["revision"],
        id=row["answer_id"],
    )
