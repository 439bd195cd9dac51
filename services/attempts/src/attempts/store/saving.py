"""The statement that saves answers: lock, look, judge, merge, write and announce in one message.

One round trip, however many saves of however many attempts (ADR 19). Each step is a part of its
own, read from top to bottom; what a save does to an answer is decided in `merged`. Everything but
`held` reads one snapshot, taken before the locks were got: a save whose attempt somebody changed in
between sees that by the row's `xmin` and asks to be repeated behind a lock.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.prepared import Prepared
from chassis.signing import canonical
from sqlalchemy import Connection, RowMapping, select, tuple_

from attempts.answer import Answer, Save, encoded
from attempts.attempt import Status
from attempts.progress import Met, Outcome, Receipt, Refusal, Saved, refusal
from attempts.tables import AnswerRow, AttemptRow

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
}

_SAVE = Prepared(
    "save_answers",
    """
WITH wish AS MATERIALIZED (
  SELECT *
  FROM unnest(:attempt_ids, :student_ids, :question_ids, :answers, :texts, :flags, :seconds,
              :sequences, :message_ids, :connection_ids, :flags_only, :logins)
       WITH ORDINALITY
    AS w (attempt_id, student_id, question_id, answer, text, is_flagged, seconds,
          sequence, message_id, connection_id, is_flag_only, login_id, n)
),
-- Attempts are locked in id order, so that two groups never wait for each other in a circle.
held AS MATERIALIZED (
  SELECT id, CAST(xmin AS text) AS seal, student_id, exam_id, status, deadline_at, paused_at,
         active_login_id, questions_answered, questions_flagged
  FROM attempts.attempts
  WHERE id = ANY (:attempt_ids)
  ORDER BY id
  FOR NO KEY UPDATE
),
-- The clock is looked at after the lock was got.
timed AS MATERIALIZED (
  SELECT *, clock_timestamp() AS as_of FROM held
),
met AS MATERIALIZED (
  SELECT w.*, h.exam_id, h.status, h.as_of,
         coalesce(h.student_id = w.student_id, false) AS is_own,
         h.as_of > h.deadline_at AS is_late,
         h.paused_at IS NOT NULL AS is_paused,
         coalesce(h.active_login_id <> w.login_id AND x.device_policy <> 'allow', false)
           AS is_other_device,
         e.id IS NOT NULL AS is_member,
         greatest(0, floor(extract(epoch FROM h.deadline_at - h.as_of))) AS remaining,
         h.questions_answered AS answered_before,
         h.questions_flagged AS flagged_before,
         o.id AS answer_id, CAST(o.answer AS text) AS old_answer, o.is_flagged AS was_flagged,
         o.time_spent_seconds AS old_seconds, o.answer_sequence AS old_sequence,
         o.revision AS old_revision, o.first_answered_at AS old_first,
         o.last_updated_at AS old_last,
         m.saved_at AS m_saved_at, m.time_remaining_seconds AS m_remaining,
         m.questions_answered AS m_answered, m.revision AS m_revision, m.sha256 AS m_sha256,
         -- Changed by others while we waited, or only Python knows the canonical text: once more,
         -- and with it all saves of the attempt, which stay in their order.
         bool_or(
           coalesce(h.seal <> CAST(t.xmin AS text), h.id IS NOT NULL)
             OR (w.text IS NULL AND coalesce(CAST(o.answer AS text) ~ '[{ ]', false))
         ) OVER (PARTITION BY w.attempt_id) AS is_to_repeat
  FROM wish w
  LEFT JOIN timed h ON h.id = w.attempt_id
  LEFT JOIN attempts.attempts t ON t.id = w.attempt_id
  LEFT JOIN attempts.exams x ON x.id = h.exam_id
  LEFT JOIN attempts.exam_questions e
         ON e.exam_id = h.exam_id AND e.question_id = w.question_id
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
         answer_id IS NULL OR is_flagged <> was_flagged
           OR (answer IS NOT NULL AND answer IS DISTINCT FROM old_answer) AS says_more,
         coalesce(old_answer NOT IN ('""', '[]'), false) AS was_answered,
         coalesce(coalesce(answer, old_answer) NOT IN ('""', '[]'), false) AS is_answered
  FROM met
  WHERE is_own AND status = 'in_progress' AND NOT is_late AND NOT is_paused AND is_member
    AND NOT is_other_device AND m_saved_at IS NULL AND NOT is_to_repeat
),
counted AS MATERIALIZED (
  SELECT *,
         coalesce(old_revision, 0) + CAST(says_more AS int) AS revision,
         coalesce(old_seconds, 0) + seconds AS spent_seconds,
         says_more OR seconds > 0 AS is_changed,
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
         encode(sha256(convert_to(
           '{"answer":' || new_text || ',"attempt_id":' || attempt_id
             || ',"is_flagged":' || CAST(is_flagged AS text) || ',"question_id":' || question_id
             || ',"revision":' || revision || '}', 'UTF8')), 'hex') AS sha256
  FROM counted
),
-- Also when nothing but a message is remembered: it is by this row that others see a change.
progressed AS (
  UPDATE attempts.attempts a
  SET questions_answered = p.answered, questions_flagged = p.flagged,
      current_question_id = p.question_id, last_activity_time = p.as_of, updated_at = p.as_of
  FROM proven p
  WHERE p.is_last AND a.id = p.attempt_id
    AND EXISTS (SELECT FROM proven c WHERE c.attempt_id = p.attempt_id
                AND (c.is_changed OR c.message_id IS NOT NULL))
),
remembered AS (
  INSERT INTO attempts.saved_messages
         (attempt_id, message_id, saved_at, time_remaining_seconds, questions_answered, revision,
          sha256)
  SELECT attempt_id, message_id, as_of, remaining, answered, revision, sha256
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
-- The notice `answer_saved`; what an answer says is never in it.
announced AS (
  INSERT INTO attempts.outbox (order_key, subject, payload)
  SELECT attempt_id, 'oep.v1.' || exam_id || '.' || attempt_id || '.answer_saved',
         jsonb_build_object(
           'fact', 'answer_saved', 'at', at, 'exam_id', exam_id, 'attempt_id', attempt_id,
           'data', jsonb_build_object(
             'question_id', question_id, 'is_flagged', is_flagged,
             'kind', CASE WHEN is_flag_only THEN 'flag' ELSE 'answer' END,
             'questions_answered', answered, 'questions_flagged', flagged,
             'total_questions', (SELECT count(*) FROM attempts.exam_questions e
                                 WHERE e.exam_id = proven.exam_id),
             'connection_id', connection_id, 'saved_at', at))
  FROM proven
  CROSS JOIN LATERAL (
    SELECT to_char(as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at
  ) AS instant
  WHERE is_changed OR is_flag_only
  ORDER BY n
)
SELECT m.is_own, m.status, m.is_late, m.is_paused, m.is_other_device, m.is_member,
       m.is_to_repeat,
       m.attempt_id, m.question_id, p.n IS NOT NULL AS is_saved,
       coalesce(m.m_saved_at, p.as_of) AS saved_at,
       coalesce(m.m_remaining, p.remaining) AS remaining,
       coalesce(m.m_answered, p.answered) AS answered,
       CASE WHEN m.m_saved_at IS NULL THEN p.revision ELSE m.m_revision END AS said_revision,
       CASE WHEN m.m_saved_at IS NULL THEN p.sha256 ELSE m.m_sha256 END AS said_sha256,
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
""",
    _TYPES,
)


@dataclass(frozen=True)
class ToRepeat:
    """Nothing was saved or refused: the save is to be repeated while its attempt is locked.

    Behind a lock that means: another device uses the attempt, and whether this one may is not
    decided yet.
    """

    is_member: bool = True
    """Whether the question belongs to the attempt's exam."""


def save(
    connection: Connection, saves: Sequence[Save], texts: Mapping[int, str] | None = None
) -> list[Outcome | ToRepeat]:
    """Apply one wave of saves; return what became of each, in order.

    `texts` holds the canonical texts of stored answers that `null` leaves as they are, by the
    save's place; those in which a space or an object may make a difference are needed.
    """
    rows = _SAVE.run(connection, _values(saves, texts or {}))
    return [_outcome(row) for row in rows]


def lock(connection: Connection, attempt_ids: Collection[int]) -> None:
    """Keep everybody else from changing these attempts, locked in id order."""
    chosen = select(AttemptRow.id).where(AttemptRow.id.in_(attempt_ids)).order_by(AttemptRow.id)
    connection.execute(chosen.with_for_update(key_share=True))


def texts_kept(connection: Connection, saves: Sequence[Save]) -> dict[int, str]:
    """Return the canonical texts of the answers that saves of `null` find stored, by place."""
    silent = {(s.attempt_id, s.question_id): n for n, s in enumerate(saves) if s.value is None}
    key = tuple_(AnswerRow.attempt_id, AnswerRow.question_id)
    query = select(AnswerRow.attempt_id, AnswerRow.question_id, AnswerRow.answer).where(
        key.in_(list(silent)), AnswerRow.answer.is_not(None)
    )
    rows = connection.execute(query).all() if silent else []
    return {silent[row.attempt_id, row.question_id]: canonical(row.answer) for row in rows}


def _values(saves: Sequence[Save], texts: Mapping[int, str]) -> dict[str, list[Any]]:
    said = [None if save.value is None else canonical(save.value) for save in saves]
    return {
        "attempt_ids": [save.attempt_id for save in saves],
        "student_ids": [save.student_id for save in saves],
        "question_ids": [save.question_id for save in saves],
        "answers": [None if save.value is None else encoded(save.value) for save in saves],
        "texts": [text or texts.get(place) for place, text in enumerate(said)],
        "flags": [save.is_flagged for save in saves],
        "seconds": [save.time_spent_seconds for save in saves],
        "sequences": [save.sequence for save in saves],
        "message_ids": [save.message_id for save in saves],
        "connection_ids": [save.connection_id for save in saves],
        "flags_only": [save.is_flag_only for save in saves],
        "logins": [save.login_id for save in saves],
    }


def _outcome(row: RowMapping) -> Outcome | ToRepeat:
    is_known = row["is_own"] and row["saved_at"] is not None
    if row["is_saved"] or is_known:
        return Saved(_receipt(row), _answer(row), tuple(row["flagged"]))
    status = None if row["status"] is None else Status(row["status"])
    met = Met(row["is_own"], status, row["is_late"], row["is_paused"], row["is_member"])
    if row["is_to_repeat"]:
        return ToRepeat()
    refused = refusal(met)
    is_undecided = refused.reason is Refusal.INVALID_QUESTION and row["is_other_device"]
    return ToRepeat(row["is_member"]) if is_undecided else refused


def _receipt(row: RowMapping) -> Receipt:
    return Receipt(
        row["saved_at"],
        int(row["remaining"]),
        int(row["answered"]),
        row["said_revision"] or 0,
        row["said_sha256"] or "",
    )


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
