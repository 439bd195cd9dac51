"""Statements on attempts: reading them by the database's clock, and the conditional transitions.

Every attempt that leaves this module carries `as_of`, the database's time when it was read, taken
after any lock was got.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Float,
    Integer,
    Interval,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    column,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate
from sqlalchemy.types import TypeEngine

from attempts.attempt import CLOSED, Attempt, Status, SubmitReason, ensure_move
from attempts.blob import Blob
from attempts.exam import OPEN
from attempts.grading import Grade
from attempts.store.rows import attempt_from
from attempts.tables import AttemptRow, ExamQuestionRow, ExamRow

_ATTEMPT = AttemptRow.__table__
_NOW = func.clock_timestamp()
_HEAVY = {
    "encrypted_final_answers",
    "encryption_timestamp",
    "encryption_checksum",
    "encryption_flaw",
    "encryption_received_at",
    "blob_settled_at",
    "browser_info",
    "ip_address",
    "notes",
    "last_activity_time",
    "graded_by",
    "close_note",
}
LIGHT = tuple(column.name for column in _ATTEMPT.c if column.name not in _HEAVY)
"""The columns that an `Attempt` is made of; the heavy ones are read only where they are needed."""

_SCORE_COLUMNS = {
    "total_marks": Float,
    "marks_obtained": Float,
    "percentage": Float,
    "is_passed": Boolean,
    "correct_answers": BigInteger,
    "incorrect_answers": BigInteger,
    "unattempted": BigInteger,
}


@dataclass(frozen=True)
class Ending:
    """A graded attempt that is to be written; `graded_by` names a person, never the machine."""

    attempt: Attempt
    reason: SubmitReason
    grade: Grade
    graded_by: int | None = None

    @property
    def new_status(self) -> Status:
        """Graded once every mark is there, and for good: no correction takes that back."""
        is_graded = self.grade.is_complete or self.attempt.status is Status.GRADED
        return Status.GRADED if is_graded else Status.SUBMITTED


@dataclass(frozen=True)
class Listed:
    """An attempt in a list, with what the list shows of its exam."""

    attempt: Attempt
    exam_title: str
    exam_duration_minutes: int


def load(session: Session, attempt_id: int) -> Attempt | None:
    return load_many(session, [attempt_id]).get(attempt_id)


def load_many(session: Session, attempt_ids: Iterable[int]) -> dict[int, Attempt]:
    found = _many(session, _LOAD, ids=list(set(attempt_ids)))
    return {attempt.id: attempt for attempt in found}


def load_of_student(session: Session, student_id: int, after_id: int, limit: int) -> list[Attempt]:
    """Return a page of a student's attempts by id."""
    is_his = AttemptRow.student_id == student_id
    query = _reading().where(is_his, AttemptRow.id > after_id).order_by(AttemptRow.id).limit(limit)
    return _many(session, query)


def load_of_exam(session: Session, exam_id: int) -> list[Attempt]:
    return _many(session, _reading().where(AttemptRow.exam_id == exam_id).order_by(AttemptRow.id))


def load_closed(session: Session, exam_id: int, after_id: int, limit: int) -> list[Attempt]:
    """Return a page of an exam's closed attempts by id."""
    is_of_exam = AttemptRow.exam_id == exam_id
    is_closed = AttemptRow.status.in_(sorted(CLOSED))
    query = _reading().where(is_of_exam, is_closed, AttemptRow.id > after_id)
    return _many(session, query.order_by(AttemptRow.id).limit(limit))


def load_waiting(session: Session, exam_id: int) -> list[Attempt]:
    """Return the attempts of an exam that have not begun."""
    waits = AttemptRow.status == Status.NOT_STARTED
    query = _reading().where(AttemptRow.exam_id == exam_id, waits).order_by(AttemptRow.id)
    return _many(session, query)


def lock(session: Session, attempt_id: int) -> Attempt | None:
    """Load an attempt and keep everybody else from changing it until the transaction ends."""
    return lock_many(session, [attempt_id]).get(attempt_id)


def lock_many(session: Session, attempt_ids: Iterable[int]) -> dict[int, Attempt]:
    """Lock attempts in id order, so that two groups never wait for each other in a circle."""
    found = _many(session, _LOCK, ids=list(set(attempt_ids)))
    return {attempt.id: attempt for attempt in found}


def lock_due(session: Session, status: Status, late: timedelta, limit: int) -> list[Attempt]:
    """Lock attempts in `status` whose deadline lies more than `late` back; skip locked ones."""
    return _many(session, _LOCK_DUE, in_status=status, late=late, most=limit)


def lock_overslept(session: Session, limit: int) -> list[Attempt]:
    """Lock paused attempts that should have gone on by now; skip locked ones."""
    return _many(session, _LOCK_OVERSLEPT, most=limit)


def lock_chosen(session: Session, chosen: Select[Any]) -> list[Attempt]:
    """Lock what a query of whole rows `FOR UPDATE` finds."""
    return _locked(session, chosen)


def move(session: Session, attempt: Attempt, new: Status, **changes: Any) -> Attempt | None:
    """Change the status if nobody else has changed the attempt since; None = lost the race."""
    ensure_move(attempt.status, new)
    return change(session, attempt, status=new, **changes)


def change(session: Session, attempt: Attempt, **changes: Any) -> Attempt | None:
    """Change an attempt if nobody else has changed it since it was read; None = lost the race."""
    statement = (
        update(AttemptRow)
        .where(
            AttemptRow.id == attempt.id,
            AttemptRow.status == attempt.status,
            AttemptRow.version == attempt.version,
        )
        .values(version=AttemptRow.version + 1, updated_at=func.now(), **changes)
        .returning(*returned())
    )
    row = session.execute(statement).mappings().one_or_none()
    return attempt_from(row) if row is not None else None


def start_clock(session: Session, attempt: Attempt, login_id: str | None) -> Attempt | None:
    """Start an attempt and set its deadline by the database's clock; None = lost the race.

    Whoever starts it uses it.
    """
    return move(
        session,
        attempt,
        Status.IN_PROGRESS,
        start_time=func.now(),
        deadline_at=func.now() + timedelta(seconds=attempt.duration_seconds),
        last_activity_time=func.now(),
        active_login_id=login_id,
        active_since=None if login_id is None else func.now(),
    )


def expire(session: Session, attempts: Sequence[Attempt]) -> list[Attempt]:
    """Expire locked attempts in one statement."""
    ensure_move(Status.IN_PROGRESS, Status.EXPIRED)
    statement = (
        update(AttemptRow)
        .where(
            AttemptRow.id.in_([attempt.id for attempt in attempts]),
            AttemptRow.status == Status.IN_PROGRESS,
        )
        .values(
            status=Status.EXPIRED,
            version=AttemptRow.version + 1,
            end_time=AttemptRow.deadline_at,
            updated_at=func.now(),
        )
        .returning(*returned())
    )
    return [attempt_from(row) for row in session.execute(statement).mappings()]


def finish(session: Session, endings: Sequence[Ending]) -> list[Attempt]:
    """Write grades, and with them the statuses that they bring, in one statement.

    An ending whose attempt was changed by others since it was read writes nothing and is missing
    from the answer. What is there already (an end, a submit) stays.
    """
    if not endings:
        return []
    for ending in endings:
        if ending.new_status is not ending.attempt.status:
            ensure_move(ending.attempt.status, ending.new_status)
    return _many(session, _FINISH, **_columns_of(endings))


def keep_blob(session: Session, attempt_id: int, blob: Blob) -> None:
    """Store the encrypted final answers unless some are stored already."""
    session.execute(
        update(AttemptRow)
        .where(AttemptRow.id == attempt_id, AttemptRow.encrypted_final_answers.is_(None))
        .values(
            encrypted_final_answers=blob.answers,
            encryption_timestamp=blob.timestamp,
            encryption_checksum=blob.checksum,
            encryption_flaw=blob.flaw,
            encryption_received_at=func.now(),
        )
    )


def keep_claim(session: Session, attempt_id: int, last_event_sequence: int) -> None:
    """Store what the client says to have sent; the caller holds the attempt and saw no claim."""
    session.execute(
        update(AttemptRow)
        .where(AttemptRow.id == attempt_id, AttemptRow.last_event_sequence.is_(None))
        .values(last_event_sequence=last_event_sequence)
    )


def running_id(session: Session, student_id: int, exam_id: int) -> int | None:
    """Return the id of the student's running attempt at the exam."""
    query = select(AttemptRow.id).where(
        AttemptRow.student_id == student_id,
        AttemptRow.exam_id == exam_id,
        AttemptRow.status == Status.IN_PROGRESS,
    )
    return session.execute(query).scalar_one_or_none()


def listed(
    session: Session,
    *,
    skip: int,
    limit: int,
    student_id: int | None,
    exam_id: int | None,
    status: Status | None,
    what_to_sit_first: bool,
) -> list[Listed]:
    """List attempts newest first, or with the one to be sat first (contract §5.2, 3)."""
    query = (
        _reading()
        .add_columns(ExamRow.title, ExamRow.duration_minutes.label("exam_minutes"))
        .join(ExamRow, ExamRow.id == AttemptRow.exam_id)
    )
    for part, value in (
        (AttemptRow.student_id, student_id),
        (AttemptRow.exam_id, exam_id),
        (AttemptRow.status, status),
    ):
        if value is not None:
            query = query.where(part == value)
    order = [_urgency()] if what_to_sit_first else []
    query = query.order_by(*order, AttemptRow.created_at.desc(), AttemptRow.id.desc())
    rows = session.execute(query.offset(skip).limit(limit)).mappings()
    return [Listed(attempt_from(r), r["title"], r["exam_minutes"]) for r in rows]


def server_time(session: Session) -> Any:
    """Return the database's clock."""
    return session.execute(select(_NOW)).scalar_one()


def _columns_of(endings: Sequence[Ending]) -> dict[str, list[Any]]:
    """Return the values of `_NEW`, a list for each of its columns."""
    columns: dict[str, list[Any]] = {
        "id": [e.attempt.id for e in endings],
        "version": [e.attempt.version for e in endings],
        "old_status": [e.attempt.status.value for e in endings],
        "new_status": [e.new_status.value for e in endings],
        "reason": [e.reason.value for e in endings],
        "graded_by": [e.graded_by for e in endings],
    }
    columns |= {name: [getattr(e.grade, name) for e in endings] for name in _SCORE_COLUMNS}
    return {f"new_{name}": values for name, values in columns.items()}


def _finishing() -> ReturningUpdate[Any]:
    """Return the statement that writes endings, one row of `new` each."""
    kinds: dict[str, type[TypeEngine[Any]]] = {
        "id": BigInteger,
        "version": BigInteger,
        "old_status": Text,
        "new_status": Text,
        "reason": Text,
        "graded_by": BigInteger,
        **_SCORE_COLUMNS,
    }
    arrays = [bindparam(f"new_{name}", type_=ARRAY(kind)) for name, kind in kinds.items()]
    casts = [cast(array, array.type) for array in arrays]
    named = [column(name, kind) for name, kind in kinds.items()]
    new = func.unnest(*casts).table_valued(*named, name="new").render_derived()
    now = func.now()
    ended = case((AttemptRow.end_time.is_(None), now), else_=AttemptRow.end_time)
    return (
        update(AttemptRow)
        .where(
            AttemptRow.id == new.c.id,
            AttemptRow.version == new.c.version,
            AttemptRow.status == new.c.old_status,
        )
        .values(
            {name: new.c[name] for name in _SCORE_COLUMNS}
            | {
                "status": new.c.new_status,
                "version": AttemptRow.version + 1,
                "submit_time": func.coalesce(AttemptRow.submit_time, now),
                "submit_reason": func.coalesce(AttemptRow.submit_reason, new.c.reason),
                "end_time": ended,
                "auto_graded": True,
                "graded_at": case((new.c.new_status == Status.GRADED, now)),
                "graded_by": func.coalesce(new.c.graded_by, AttemptRow.graded_by),
                "updated_at": now,
            }
        )
        .returning(*returned())
    )


def _urgency() -> ColumnElement[int]:
    opened = and_(
        ExamRow.status.in_(OPEN),
        or_(ExamRow.start_time.is_(None), ExamRow.start_time <= _NOW),
        or_(ExamRow.end_time.is_(None), ExamRow.end_time >= _NOW),
    )
    return case(
        (AttemptRow.status == Status.IN_PROGRESS, 0),
        (and_(AttemptRow.status == Status.NOT_STARTED, opened), 1),
        (AttemptRow.status == Status.NOT_STARTED, 2),
        else_=3,
    )


def _light(columns: Any) -> list[Any]:
    return [column for column in columns if column.name in LIGHT]


def _extra(columns: Any) -> list[Any]:
    counted = select(func.count()).where(ExamQuestionRow.exam_id == columns.exam_id)
    return [
        _NOW.label("as_of"),
        counted.correlate(columns.exam_id.table).scalar_subquery().label("total_questions"),
        columns.encrypted_final_answers.is_not(None).label("has_blob"),
        _of_exam(columns, ExamRow.requires_authorisation),
        _of_exam(columns, ExamRow.device_policy),
    ]


def _of_exam(columns: Any, wanted: Any) -> Any:
    """Return a column of the attempt's exam, as it is now."""
    found = select(wanted).where(ExamRow.id == columns.exam_id)
    return found.correlate(columns.exam_id.table).scalar_subquery().label(wanted.key)


def returned() -> list[Any]:
    """Return the columns that an `Attempt` is made of, for SELECT and RETURNING."""
    return [*_light(_ATTEMPT.c), *_extra(_ATTEMPT.c)]


def _reading() -> Select[Any]:
    return select(*returned())


def _locked(session: Session, chosen: Select[Any]) -> list[Attempt]:
    return _many(session, _behind_lock(chosen))


def _behind_lock(chosen: Select[Any]) -> Select[Any]:
    """Read through a CTE: the clock is looked at after the lock was got, not before."""
    locked = chosen.cte("locked")
    return select(*_light(locked.c), *_extra(locked.c))


def _many(
    session: Session, query: Select[Any] | ReturningUpdate[Any], **values: Any
) -> list[Attempt]:
    return [attempt_from(row) for row in session.execute(query, values).mappings()]


# Built once: building a statement costs more than running it, and every event asks for attempts.
_IDS = bindparam("ids", type_=ARRAY(BigInteger))
_LOAD = _reading().where(AttemptRow.id == any_(_IDS))
_LOCK = _behind_lock(
    select(_ATTEMPT)
    .where(AttemptRow.id == any_(_IDS))
    .order_by(AttemptRow.id)
    .with_for_update(key_share=True)
)
_MOST = bindparam("most", type_=Integer)
_LOCK_DUE = _behind_lock(
    select(_ATTEMPT)
    .where(
        AttemptRow.status == bindparam("in_status", type_=AttemptRow.status.type),
        AttemptRow.deadline_at < func.now() - bindparam("late", type_=Interval),
        AttemptRow.paused_at.is_(None),
    )
    .order_by(AttemptRow.deadline_at)
    .limit(_MOST)
    .with_for_update(key_share=True, skip_locked=True)
)
_LOCK_OVERSLEPT = _behind_lock(
    select(_ATTEMPT)
    .where(AttemptRow.pause_ends_at < func.now(), AttemptRow.paused_at.is_not(None))
    .order_by(AttemptRow.pause_ends_at)
    .limit(_MOST)
    .with_for_update(key_share=True, skip_locked=True)
)
_FINISH = _finishing()
