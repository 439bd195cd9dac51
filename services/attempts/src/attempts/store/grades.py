"""Statements on versions of grades and on the work that a corrected key makes.

A version is only ever added, by who holds the attempt's row: so they are numbered without a hole.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, insert, select, text, update
from sqlalchemy.orm import Session

from attempts.attempt import FINISHED, Attempt, Status
from attempts.grade_tables import GradeRow, RegradeRow
from attempts.grading import Grade
from attempts.question import Void
from attempts.store import attempts
from attempts.tables import AttemptRow, ExamQuestionRow

_GRADE = GradeRow.__table__
_REGRADE = RegradeRow.__table__

_KEEP = text("""
INSERT INTO attempts.grades
       (attempt_id, version, reason, graded_by, exam_version, total_marks, marks_obtained,
        percentage, is_passed, correct_answers, incorrect_answers, unattempted, missing,
        judgements)
SELECT n.attempt_id, coalesce(
         (SELECT max(g.version) FROM attempts.grades g WHERE g.attempt_id = n.attempt_id), 0) + 1,
       n.reason, n.graded_by, n.exam_version, n.total_marks, n.marks_obtained, n.percentage,
       n.is_passed, n.correct_answers, n.incorrect_answers, n.unattempted,
       CAST(n.missing AS bigint[]), n.judgements
FROM unnest(CAST(:attempt_id AS bigint[]), CAST(:reason AS text[]), CAST(:graded_by AS bigint[]),
            CAST(:exam_version AS bigint[]), CAST(:total_marks AS float8[]),
            CAST(:marks_obtained AS float8[]), CAST(:percentage AS float8[]),
            CAST(:is_passed AS boolean[]), CAST(:correct_answers AS bigint[]),
            CAST(:incorrect_answers AS bigint[]), CAST(:unattempted AS bigint[]),
            CAST(:missing AS text[]), CAST(:judgements AS json[]))
     AS n (attempt_id, reason, graded_by, exam_version, total_marks, marks_obtained, percentage,
           is_passed, correct_answers, incorrect_answers, unattempted, missing, judgements)
RETURNING attempt_id, version
""")
_COMPLETE = text("""
SELECT newest.judgements FROM attempts.attempts t
JOIN LATERAL (
  SELECT g.judgements, g.missing FROM attempts.grades g
  WHERE g.attempt_id = t.id ORDER BY g.version DESC LIMIT 1
) newest ON newest.missing = '{}'
WHERE t.exam_id = :exam_id AND t.status = 'graded' ORDER BY t.id
""")
_SCORES = (
    "total_marks",
    "marks_obtained",
    "percentage",
    "is_passed",
    "correct_answers",
    "incorrect_answers",
    "unattempted",
)


@dataclass(frozen=True)
class NewVersion:
    """A grade that is to be kept: what it was given for, by whom and by which exam version."""

    attempt_id: int
    grade: Grade
    reason: str
    exam_version: int
    graded_by: int | None = None


@dataclass(frozen=True)
class Version:
    """A grade as it was kept; `judgements` is one object for each question."""

    attempt_id: int
    version: int
    reason: str
    graded_by: int | None
    exam_version: int
    total_marks: float
    marks_obtained: float | None
    percentage: float | None
    is_passed: bool | None
    correct_answers: int | None
    incorrect_answers: int | None
    unattempted: int | None
    missing: list[int]
    judgements: list[dict[str, Any]]
    created_at: datetime


@dataclass(frozen=True)
class Correction:
    """What replaces the key of a question in one exam: another key, or the same for everybody."""

    question_id: int
    answer: tuple[str, ...] | None
    void: Void | None
    reason: str
    by_id: int


@dataclass(frozen=True)
class Regrade:
    """A corrected key and how far its work has come; `pending_count` None = not looked at."""

    id: int
    exam_id: int
    question_id: int
    exam_version: int
    reason: str
    requested_by_id: int
    regraded_count: int
    created_at: datetime
    completed_at: datetime | None
    pending_count: int | None = None


def keep(session: Session, versions: Sequence[NewVersion]) -> dict[int, int]:
    """Add a version for each of several locked attempts; return its number by attempt."""
    if not versions:
        return {}
    values: dict[str, Any] = {n: [getattr(v.grade, n) for v in versions] for n in _SCORES}
    for name in ("attempt_id", "reason", "exam_version", "graded_by"):
        values[name] = [getattr(version, name) for version in versions]
    missing = [[j.question_id for j in v.grade.judgements if j.marks is None] for v in versions]
    values["missing"] = [f"{{{','.join(map(str, ids))}}}" for ids in missing]
    values["judgements"] = [_judgements(version.grade) for version in versions]
    return {row.attempt_id: row.version for row in session.execute(_KEEP, values)}


def history(session: Session, attempt_id: int) -> list[Version]:
    """Return all versions, oldest first."""
    query = select(*_GRADE.c).where(GradeRow.attempt_id == attempt_id).order_by(GradeRow.version)
    return [Version(**row) for row in session.execute(query).mappings()]


def complete_judgements(session: Session, exam_id: int) -> Iterator[list[dict[str, Any]]]:
    """Yield the newest judgements of each graded attempt of an exam that misses no mark."""
    yield from session.scalars(_COMPLETE, {"exam_id": exam_id})


def correct(session: Session, exam_id: int, correction: Correction) -> None:
    """Store what replaces a question's key in a locked exam; the newest correction counts."""
    answer = None if correction.answer is None else list(correction.answer)
    session.execute(
        update(ExamQuestionRow)
        .where(
            ExamQuestionRow.exam_id == exam_id,
            ExamQuestionRow.question_id == correction.question_id,
        )
        .values(
            corrected_answer=answer,
            void=correction.void,
            correction_reason=correction.reason,
            corrected_by_id=correction.by_id,
            corrected_at=func.now(),
        )
    )


def add_regrade(
    session: Session, exam_id: int, exam_version: int, correction: Correction
) -> Regrade:
    values = {
        "exam_id": exam_id,
        "question_id": correction.question_id,
        "exam_version": exam_version,
        "reason": correction.reason,
        "requested_by_id": correction.by_id,
    }
    statement = insert(RegradeRow).values(values).returning(*_REGRADE.c)
    return Regrade(**session.execute(statement).mappings().one())


def lock_next_regrade(session: Session) -> Regrade | None:
    """Lock the oldest work of an exam that nobody else works for."""
    other = RegradeRow.__table__.alias("other")
    is_behind = exists().where(
        other.c.exam_id == RegradeRow.exam_id,
        other.c.id < RegradeRow.id,
        other.c.completed_at.is_(None),
    )
    query = (
        select(*_REGRADE.c)
        .where(RegradeRow.completed_at.is_(None), ~is_behind)
        .order_by(RegradeRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = session.execute(query).mappings().one_or_none()
    return None if row is None else Regrade(**row)


def lock_outdated(session: Session, regrade: Regrade, limit: int) -> list[Attempt]:
    """Lock finished attempts that were graded by an older version of the exam; skip locked ones."""
    return attempts.lock_chosen(
        session,
        select(AttemptRow.__table__)
        .where(*_is_outdated(regrade))
        .order_by(AttemptRow.id)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True),
    )


def count_outdated(session: Session, regrade: Regrade) -> int:
    query = select(func.count()).select_from(AttemptRow).where(*_is_outdated(regrade))
    return session.execute(query).scalar_one()


def progress(session: Session, regrade: Regrade, count: int, *, is_done: bool) -> None:
    changes: dict[str, Any] = {"regraded_count": RegradeRow.regraded_count + count}
    if is_done:
        changes["completed_at"] = func.clock_timestamp()
    session.execute(update(RegradeRow).where(RegradeRow.id == regrade.id).values(**changes))


def regrades(session: Session, exam_id: int) -> list[Regrade]:
    """Return the work of an exam's corrected keys, newest first."""
    query = select(*_REGRADE.c).where(RegradeRow.exam_id == exam_id).order_by(RegradeRow.id.desc())
    return [Regrade(**row) for row in session.execute(query).mappings()]


def _is_outdated(regrade: Regrade) -> tuple[Any, ...]:
    is_done = exists().where(
        GradeRow.attempt_id == AttemptRow.id, GradeRow.exam_version >= regrade.exam_version
    )
    return (
        AttemptRow.exam_id == regrade.exam_id,
        AttemptRow.status.in_([Status(status) for status in FINISHED]),
        ~is_done,
    )


def _judgements(grade: Grade) -> str:
    """Return what each question was worth as JSON; of answers only the options that were named."""
    return json.dumps([vars(judgement) for judgement in grade.judgements])
