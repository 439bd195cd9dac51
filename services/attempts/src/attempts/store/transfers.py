"""Statements on transfers: one conditional UPDATE per decision, the move of an attempt, lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import Session

from attempts.attempt import Attempt, Status
from attempts.tables import AttemptRow, TransferRow
from attempts.transfer import OPEN, Transfer, TransferStatus

_TRANSFER = TransferRow.__table__
_TIMES = {
    TransferStatus.REJECTED: ("rejected_at",),
    TransferStatus.FAILED: ("approved_at",),
    TransferStatus.COMPLETED: ("approved_at", "completed_at"),
}


@dataclass(frozen=True)
class Filter:
    """Which transfers a list shows; None = whatever."""

    student_id: int | None = None
    status: TransferStatus | None = None
    exam_id: int | None = None
    attempt_id: int | None = None
    from_workstation: str | None = None
    to_workstation: str | None = None


@dataclass(frozen=True)
class Page:
    """One page of a list, newest first, and how long the whole list is."""

    transfers: list[Transfer]
    total: int


def create(
    session: Session, attempt: Attempt, origin: str, target: str, reason: str, user_id: int
) -> Transfer:
    """Store a request; the database refuses a second open one of the attempt."""
    values = {
        "attempt_id": attempt.id,
        "from_workstation": origin,
        "to_workstation": target,
        "reason": reason,
        "requested_by_id": user_id,
        "status": TransferStatus.PENDING,
        "created_at": func.clock_timestamp(),
    }
    statement = insert(TransferRow).values(values).returning(*_TRANSFER.c)
    return _transfer(session.execute(statement).mappings().one())


def load(session: Session, transfer_id: int) -> Transfer | None:
    row = session.execute(select(*_TRANSFER.c).where(TransferRow.id == transfer_id)).mappings()
    found = row.one_or_none()
    return None if found is None else _transfer(found)


def open_of(session: Session, attempt_id: int) -> Transfer | None:
    """Return the attempt's transfer that is not at its end."""
    query = select(*_TRANSFER.c).where(
        TransferRow.attempt_id == attempt_id, TransferRow.status.in_(OPEN)
    )
    found = session.execute(query).mappings().one_or_none()
    return None if found is None else _transfer(found)


def settle(session: Session, transfer: Transfer, new: TransferStatus, **changes: Any) -> Transfer:
    """Write a decision on a pending transfer, and when it was taken.

    The caller holds the attempt's row and has looked at the transfer since, so none is faster.
    """
    statement = (
        update(TransferRow)
        .where(TransferRow.id == transfer.id, TransferRow.status == TransferStatus.PENDING)
        .values(status=new, **changes, **dict.fromkeys(_TIMES[new], func.clock_timestamp()))
        .returning(*_TRANSFER.c)
    )
    return _transfer(session.execute(statement).mappings().one())


def move_attempt(session: Session, attempt: Attempt, workstation: str) -> None:
    """Bind a locked, running attempt to another workstation; its deadline stays, its device goes.

    Whoever signs in at the new place uses it next.
    """
    statement = (
        update(AttemptRow)
        .where(
            AttemptRow.id == attempt.id,
            AttemptRow.status == Status.IN_PROGRESS,
            AttemptRow.version == attempt.version,
        )
        .values(
            workstation_id=workstation,
            active_login_id=None,
            active_since=None,
            transfer_count=AttemptRow.transfer_count + 1,
            version=AttemptRow.version + 1,
            updated_at=func.now(),
        )
        .returning(AttemptRow.id)
    )
    session.execute(statement).one()


def listed(session: Session, wanted: Filter, skip: int, limit: int) -> Page:
    """List transfers, newest first."""
    found = (
        select(*_TRANSFER.c)
        .join(AttemptRow, AttemptRow.id == TransferRow.attempt_id)
        .where(*_conditions(wanted))
    )
    total = session.execute(select(func.count()).select_from(found.subquery())).scalar_one()
    newest = found.order_by(TransferRow.created_at.desc(), TransferRow.id.desc())
    rows = session.execute(newest.offset(skip).limit(limit)).mappings()
    return Page([_transfer(row) for row in rows], total)


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    pairs: tuple[tuple[Any, Any], ...] = (
        (AttemptRow.student_id, wanted.student_id),
        (AttemptRow.exam_id, wanted.exam_id),
        (TransferRow.status, wanted.status),
        (TransferRow.attempt_id, wanted.attempt_id),
        (TransferRow.from_workstation, wanted.from_workstation),
        (TransferRow.to_workstation, wanted.to_workstation),
    )
    return [column == value for column, value in pairs if value is not None]


def _transfer(row: Mapping[Any, Any]) -> Transfer:
    return Transfer(**{**row, "status": TransferStatus(row["status"])})
