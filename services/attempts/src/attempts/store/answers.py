"""Statements on answers: a whole group of saves costs two, however many answers it holds.

Multi-row statements take arrays (`unnest`): the text stays the same for every size, so Postgres and
SQLAlchemy have nothing to compile anew.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, text, tuple_, update
from sqlalchemy.orm import Session

from attempts.answer import Answer, Save, encoded
from attempts.attempt import Attempt
from attempts.grading import Judgement
from attempts.progress import Ledger, Receipt, Situation
from attempts.store.rows import answer_from
from attempts.tables import AnswerRow, SavedMessageRow

_ANSWER = AnswerRow.__table__

_LOOK = text("""
SELECT s.attempt_id AS in_attempt, s.exam_id, s.question_id AS on_question,
       s.message_id, e.id IS NOT NULL AS is_member, a.*,
       m.saved_at, m.time_remaining_seconds, m.questions_answered,
       m.revision AS m_revision, m.sha256 AS m_sha256
FROM unnest(CAST(:attempt_ids AS bigint[]), CAST(:exam_ids AS bigint[]),
            CAST(:question_ids AS bigint[]), CAST(:message_ids AS text[]))
     AS s (attempt_id, exam_id, question_id, message_id)
LEFT JOIN attempts.exam_questions e
       ON e.exam_id = s.exam_id AND e.question_id = s.question_id
LEFT JOIN attempts.answers a
       ON a.attempt_id = s.attempt_id AND a.question_id = s.question_id
LEFT JOIN attempts.saved_messages m
       ON m.attempt_id = s.attempt_id AND m.message_id = s.message_id
""")

_WRITE = text("""
WITH progress AS (
  UPDATE attempts.attempts t
  SET questions_answered = u.answered,
      questions_flagged = CAST(u.flagged AS bigint[]),
      current_question_id = u.question_id,
      last_activity_time = u.at,
      updated_at = u.at
  FROM unnest(CAST(:attempt_ids AS bigint[]), CAST(:answered AS bigint[]),
              CAST(:flagged AS text[]), CAST(:current AS bigint[]), CAST(:times AS timestamptz[]))
       AS u (id, answered, flagged, question_id, at)
  WHERE t.id = u.id
), remembered AS (
  INSERT INTO attempts.saved_messages
         (attempt_id, message_id, saved_at, time_remaining_seconds, questions_answered,
          revision, sha256)
  SELECT * FROM unnest(CAST(:m_attempt_ids AS bigint[]), CAST(:m_ids AS text[]),
                       CAST(:m_saved_at AS timestamptz[]), CAST(:m_remaining AS bigint[]),
                       CAST(:m_answered AS bigint[]), CAST(:m_revisions AS bigint[]),
                       CAST(:m_hashes AS text[]))
)
INSERT INTO attempts.answers AS stored
       (attempt_id, question_id, answer, is_flagged, time_spent_seconds, answer_sequence,
        first_answered_at, last_updated_at, revision)
SELECT * FROM unnest(CAST(:a_attempt_ids AS bigint[]), CAST(:a_question_ids AS bigint[]),
                     CAST(:a_values AS json[]), CAST(:a_flags AS boolean[]),
                     CAST(:a_seconds AS bigint[]), CAST(:a_sequences AS bigint[]),
                     CAST(:a_first AS timestamptz[]), CAST(:a_last AS timestamptz[]),
                     CAST(:a_revisions AS bigint[]))
ON CONFLICT (attempt_id, question_id) DO UPDATE
SET answer = excluded.answer,
    is_flagged = excluded.is_flagged,
    time_spent_seconds = excluded.time_spent_seconds,
    answer_sequence = excluded.answer_sequence,
    first_answered_at = excluded.first_answered_at,
    last_updated_at = excluded.last_updated_at,
    revision = excluded.revision
RETURNING stored.id, stored.attempt_id, stored.question_id
""")

_MARK = text("""
UPDATE attempts.answers a
SET is_correct = u.is_correct, marks_awarded = u.marks, auto_graded = u.marks IS NOT NULL
FROM unnest(CAST(:attempt_ids AS bigint[]), CAST(:question_ids AS bigint[]),
            CAST(:correct AS boolean[]), CAST(:marks AS float8[]))
     AS u (attempt_id, question_id, is_correct, marks)
WHERE a.attempt_id = u.attempt_id AND a.question_id = u.question_id
""")


def of_attempts(session: Session, attempt_ids: Iterable[int]) -> dict[int, list[Answer]]:
    """Return the answers of several attempts, by attempt."""
    query = select(_ANSWER).where(AnswerRow.attempt_id.in_(set(attempt_ids))).order_by(AnswerRow.id)
    found: dict[int, list[Answer]] = defaultdict(list)
    for row in session.execute(query).mappings():
        found[row["attempt_id"]].append(answer_from(row))
    return dict(found)


def situation(
    session: Session, attempts: Mapping[int, Attempt], saves: Sequence[Save]
) -> Situation:
    """Return what the saves will meet; `attempts` must be locked, or it may change meanwhile."""
    asked = [save for save in saves if save.attempt_id in attempts]
    rows = session.execute(
        _LOOK,
        {
            "attempt_ids": [save.attempt_id for save in asked],
            "exam_ids": [attempts[save.attempt_id].exam_id for save in asked],
            "question_ids": [save.question_id for save in asked],
            "message_ids": [save.message_id for save in asked],
        },
    )
    return _situation(attempts, rows.mappings().all())


def _situation(attempts: Mapping[int, Attempt], rows: Iterable[Mapping[Any, Any]]) -> Situation:
    members: set[tuple[int, int]] = set()
    answers: dict[tuple[int, int], Answer] = {}
    receipts: dict[tuple[int, str], Receipt] = {}
    for row in rows:
        if row["is_member"]:
            members.add((row["exam_id"], row["on_question"]))
        if row["id"] is not None:
            answers[row["in_attempt"], row["on_question"]] = answer_from(row)
        if row["saved_at"] is not None:
            receipts[row["in_attempt"], row["message_id"]] = Receipt(
                row["saved_at"],
                row["time_remaining_seconds"],
                row["questions_answered"],
                row["m_revision"] or 0,
                row["m_sha256"] or "",
            )
    return Situation(attempts, frozenset(members), answers, receipts)


def write(session: Session, ledger: Ledger) -> dict[tuple[int, int], int]:
    """Write what a group of saves changed; return the ids of the answer rows."""
    answers = [ledger.answers[key] for key in sorted(ledger.changed_answers)]
    if not answers and not ledger.new_messages:
        return {}
    touched = [ledger.attempts[i] for i in sorted({answer.attempt_id for answer in answers})]
    rows = session.execute(_WRITE, {**_progress(touched), **_messages(ledger), **_answers(answers)})
    return {(row.attempt_id, row.question_id): row.id for row in rows}


def mark(session: Session, judgements: Mapping[int, Sequence[Judgement]]) -> None:
    """Write what the answers of several attempts are worth, by attempt."""
    rows = [(attempt_id, j) for attempt_id, listed in judgements.items() for j in listed]
    if not rows:
        return
    session.execute(
        _MARK,
        {
            "attempt_ids": [attempt_id for attempt_id, _ in rows],
            "question_ids": [j.question_id for _, j in rows],
            "correct": [j.is_correct for _, j in rows],
            "marks": [j.marks for _, j in rows],
        },
    )


def mark_by_hand(session: Session, attempt_id: int, judgement: Judgement) -> Answer | None:
    """Store a person's marks for one answer; None when there is no such answer."""
    result = session.execute(
        update(AnswerRow)
        .where(AnswerRow.attempt_id == attempt_id, AnswerRow.question_id == judgement.question_id)
        .values(marks_awarded=judgement.marks, is_correct=judgement.is_correct, auto_graded=False)
        .returning(_ANSWER)
    )
    row = result.mappings().one_or_none()
    return answer_from(row) if row is not None else None


def forget_messages(session: Session, older_than: timedelta, limit: int) -> int:
    """Drop receipts that nobody will ask for again; return how many."""
    key = tuple_(SavedMessageRow.attempt_id, SavedMessageRow.message_id)
    old = (
        select(SavedMessageRow.attempt_id, SavedMessageRow.message_id)
        .where(SavedMessageRow.saved_at < func.now() - older_than)
        .limit(limit)
    )
    gone = delete(SavedMessageRow).where(key.in_(old)).returning(SavedMessageRow.attempt_id)
    return len(session.execute(gone).all())


def _progress(touched: Sequence[Attempt]) -> dict[str, list[Any]]:
    return {
        "attempt_ids": [attempt.id for attempt in touched],
        "answered": [attempt.questions_answered for attempt in touched],
        "flagged": [f"{{{','.join(map(str, a.questions_flagged))}}}" for a in touched],
        "current": [attempt.current_question_id for attempt in touched],
        "times": [attempt.as_of for attempt in touched],
    }


def _messages(ledger: Ledger) -> dict[str, list[Any]]:
    receipts = [ledger.receipts[key] for key in ledger.new_messages]
    return {
        "m_attempt_ids": [attempt_id for attempt_id, _ in ledger.new_messages],
        "m_ids": [message_id for _, message_id in ledger.new_messages],
        "m_saved_at": [receipt.saved_at for receipt in receipts],
        "m_remaining": [receipt.time_remaining_seconds for receipt in receipts],
        "m_answered": [receipt.questions_answered for receipt in receipts],
        "m_revisions": [receipt.revision for receipt in receipts],
        "m_hashes": [receipt.sha256 for receipt in receipts],
    }


def _answers(answers: Sequence[Answer]) -> dict[str, list[Any]]:
    return {
        "a_attempt_ids": [answer.attempt_id for answer in answers],
        "a_question_ids": [answer.question_id for answer in answers],
        "a_values": [None if a.value is None else encoded(a.value) for a in answers],
        "a_flags": [answer.is_flagged for answer in answers],
        "a_seconds": [answer.time_spent_seconds for answer in answers],
        "a_sequences": [answer.sequence for answer in answers],
        "a_first": [answer.first_answered_at for answer in answers],
        "a_last": [answer.last_updated_at for answer in answers],
        "a_revisions": [answer.revision for answer in answers],
    }
