"""Statements that make an attempt, bind it to a workstation, stop its clock, reopen and count."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, Float, Integer, Numeric, cast, func, insert, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session

from attempts.attempt import FINISHED, Attempt, Status, new_salt
from attempts.exam import Exam
from attempts.store.attempts import change, returned
from attempts.store.rows import attempt_from
from attempts.tables import AnswerRow, AttemptRow

SCORE_BINS = 10

_ANSWER = AnswerRow.__table__
_NOT_CARRIED = {"id", "attempt_id", "is_correct", "marks_awarded", "auto_graded", "created_at"}


def create(session: Session, student_id: int, exam: Exam) -> Attempt:
    """Make an attempt that has not begun, with its salt."""
    return _insert(
        session,
        {
            "student_id": student_id,
            "exam_id": exam.id,
            "duration_minutes": exam.duration_minutes,
            "total_marks": exam.total_marks,
        },
    )


def assigned(session: Session, student_id: int, exam_id: int) -> Attempt | None:
    """Return the oldest attempt that waits to be begun; reopened ones come first."""
    query = (
        select(AttemptRow.id)
        .where(
            AttemptRow.student_id == student_id,
            AttemptRow.exam_id == exam_id,
            AttemptRow.status == Status.NOT_STARTED,
        )
        .order_by(AttemptRow.reopened_from_id.is_(None), AttemptRow.id)
        .limit(1)
    )
    found = session.execute(query).scalar_one_or_none()
    return None if found is None else _read(session, found)


def hold_student(session: Session, student_id: int, exam_id: int) -> None:
    """Let one start or begin of a student at an exam look and act at a time."""
    key = func.hashtextextended(f"attempts.lobby:{exam_id}:{student_id}", 0)
    session.execute(select(func.pg_advisory_xact_lock(key)))


def count(session: Session, student_id: int, exam_id: int) -> int:
    """Count a student's attempts at an exam; a reopened one is the same try again."""
    query = select(func.count()).where(
        AttemptRow.student_id == student_id,
        AttemptRow.exam_id == exam_id,
        AttemptRow.reopened_from_id.is_(None),
    )
    return session.execute(query).scalar_one()


def settle_in(
    session: Session,
    attempt: Attempt,
    workstation_id: str | None,
    browser_info: Mapping[str, Any] | None = None,
    ip_address: str | None = None,
) -> Attempt | None:
    """Store where the student sits, as far as it is known; None = lost the race."""
    bound = attempt.workstation_id or workstation_id
    changes: dict[str, Any] = {
        "workstation_id": bound,
        "initial_workstation_id": attempt.initial_workstation_id or bound,
    }
    if browser_info is not None:
        changes["browser_info"] = dict(browser_info)
    if ip_address is not None:
        changes["ip_address"] = ip_address
    return change(session, attempt, **changes)


def pause(session: Session, attempt: Attempt, max_seconds: int | None) -> Attempt | None:
    """Freeze the clock by the time at which the attempt was read; None = lost the race."""
    ends = None if max_seconds is None else attempt.as_of + timedelta(seconds=max_seconds)
    return change(session, attempt, paused_at=attempt.as_of, pause_ends_at=ends)


def unpause(session: Session, attempt: Attempt) -> Attempt | None:
    """Let the clock go on and move the deadline by the pause, both in one statement."""
    length = func.clock_timestamp() - AttemptRow.paused_at
    seconds = cast(func.floor(func.extract("epoch", length)), BigInteger)
    return change(
        session,
        attempt,
        deadline_at=AttemptRow.deadline_at + length,
        paused_seconds=AttemptRow.paused_seconds + seconds,
        paused_at=None,
        pause_ends_at=None,
    )


def reopen(session: Session, old: Attempt, spent_seconds: int) -> Attempt:
    """Make the attempt that goes on where `old` stopped, its answers copied without their marks."""
    new = _insert(
        session,
        {
            "student_id": old.student_id,
            "exam_id": old.exam_id,
            "duration_minutes": old.duration_minutes,
            "total_marks": old.total_marks,
            "allowance_seconds": old.allowance_seconds,
            "spent_seconds": spent_seconds,
            "workstation_id": old.workstation_id,
            "initial_workstation_id": old.initial_workstation_id,
            "current_question_id": old.current_question_id,
            "questions_answered": old.questions_answered,
            "questions_flagged": list(old.questions_flagged),
            "reopened_from_id": old.id,
            "layout_from_id": old.layout_id,
        },
    )
    names = [c.name for c in _ANSWER.c if c.name not in _NOT_CARRIED]
    source = select(cast(new.id, BigInteger), *(_ANSWER.c[name] for name in names)).where(
        AnswerRow.attempt_id == old.id
    )
    session.execute(insert(AnswerRow).from_select(["attempt_id", *names], source))
    return new


def reopened_as(session: Session, attempt_id: int) -> int | None:
    query = select(AttemptRow.id).where(AttemptRow.reopened_from_id == attempt_id)
    return session.execute(query).scalar_one_or_none()


def statistics(session: Session, exam_id: int) -> Mapping[Any, Any]:
    """Count and average the attempts of an exam in one statement (contract §5.2, 12)."""
    status = AttemptRow.status
    is_graded = status == Status.GRADED
    end = func.least(AttemptRow.end_time, AttemptRow.deadline_at)
    taken = func.extract("epoch", end - AttemptRow.start_time) - AttemptRow.paused_seconds
    passed = cast(AttemptRow.is_passed, Integer) * 100
    query = select(
        func.count().label("total_attempts"),
        func.count().filter(status.in_(FINISHED)).label("completed_attempts"),
        func.count().filter(status == Status.IN_PROGRESS).label("in_progress_attempts"),
        _average(AttemptRow.marks_obtained, is_graded).label("average_score"),
        _average(passed, is_graded).label("pass_rate"),
        _average(func.greatest(taken, 0) / 60, is_graded).label("average_time_taken_minutes"),
        _spread(AttemptRow.percentage, is_graded).label("score_bins"),
    ).where(AttemptRow.exam_id == exam_id)
    return session.execute(query).mappings().one()


def _average(what: Any, condition: Any) -> Any:
    mean = func.avg(cast(what, Numeric)).filter(condition)
    return cast(func.round(mean, 2), Float)


def _spread(percentage: Any, condition: Any) -> Any:
    """Count by tenths of the marks; what is below 0 is in the first, 100 in the last."""
    place = func.least(func.greatest(func.floor(percentage / 10), 0), SCORE_BINS - 1)
    counts = [func.count().filter(condition, place == each) for each in range(SCORE_BINS)]
    return array(counts)


def _insert(session: Session, values: dict[str, Any]) -> Attempt:
    row = {"status": Status.NOT_STARTED, "encryption_salt": new_salt()} | values
    made = session.execute(insert(AttemptRow).values(row).returning(AttemptRow.id)).scalar_one()
    return _read(session, made)  # what it takes from its exam cannot be had from an INSERT


def _read(session: Session, attempt_id: int) -> Attempt:
    query = select(*returned()).where(AttemptRow.id == attempt_id)
    return attempt_from(session.execute(query).mappings().one())
