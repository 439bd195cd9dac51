"""Statements on answers: reading and marking them. How they are saved stands in `saving`.

Multi-row statements take arrays (`unnest`): the text stays the same for every size, so Postgres and
SQLAlchemy have nothing to compile anew.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select, text, tuple_, update
from sqlalchemy.orm import Session

from attempts.answer import Answer
from attempts.grading import BY_MACHINE, Judgement
from attempts.store.rows import answer_from
from attempts.tables import AnswerRow, SavedMessageRow

_ANSWER = AnswerRow.__table__

_MARK = text("""
UPDATE attempts.answers a
SET is_correct = u.is_correct, marks_awarded = u.marks, auto_graded = u.is_auto
FROM unnest(CAST(:attempt_ids AS bigint[]), CAST(:question_ids AS bigint[]),
            CAST(:correct AS boolean[]), CAST(:marks AS float8[]), CAST(:auto AS boolean[]))
     AS u (attempt_id, question_id, is_correct, marks, is_auto)
WHERE a.attempt_id = u.attempt_id AND a.question_id = u.question_id
""")


def of_attempts(session: Session, attempt_ids: Iterable[int]) -> dict[int, list[Answer]]:
    """Return the answers of several attempts, by attempt."""
    query = select(_ANSWER).where(AnswerRow.attempt_id.in_(set(attempt_ids))).order_by(AnswerRow.id)
    found: dict[int, list[Answer]] = defaultdict(list)
    for row in session.execute(query).mappings():
        found[row["attempt_id"]].append(answer_from(row))
    return dict(found)


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
            "auto": [j.marks is not None and j.source in BY_MACHINE for _, j in rows],
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
