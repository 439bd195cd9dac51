"""Statements about everything of one student: read it, and forget what is not an exam record."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import FromClause, delete, func, or_, select, update
from sqlalchemy.orm import Session

from attempts.attempt import Attempt
from attempts.grade_tables import GradeRow, HandMarkRow
from attempts.store import attempts
from attempts.tables import (
    AllowanceRow,
    AnswerRow,
    AttemptRow,
    AuditLogRow,
    ExamRow,
    OpeningRow,
    OutageRow,
    ReceiptRow,
    SafeBrowserLoginRow,
    TransferRow,
)

_PARTS: dict[str, Any] = {
    "answers": AnswerRow,
    "allowances": AllowanceRow,
    "outages": OutageRow,
    "transfers": TransferRow,
    "grades": GradeRow,
    "hand_marks": HandMarkRow,
    "receipts": ReceiptRow,
    "opened_final_answers": OpeningRow,
}
_NOT_SHOWN = {"encryption_salt", "attempt_id", "layout_from_id", "signature"}
"""The salt opens what only its owner may open; the rest says nothing about him."""
_NETWORK = ("ip_address", "user_agent")
_LOG = ("event_type", "description", "success", "details", "created_at")


def attempt_ids(session: Session, student_id: int) -> list[int]:
    query = select(AttemptRow.id).where(AttemptRow.student_id == student_id).order_by(AttemptRow.id)
    return list(session.scalars(query))


def everything(session: Session, attempt_id: int) -> dict[str, Any]:
    """Return an attempt with all that hangs on it, as it is stored."""
    [attempt] = _rows(session, AttemptRow.__table__, AttemptRow.id == attempt_id)
    attempt["exam_title"] = session.scalar(
        select(ExamRow.title).where(ExamRow.id == attempt["exam_id"])
    )
    for name, row in _PARTS.items():
        attempt[name] = _rows(session, row.__table__, row.attempt_id == attempt_id)
    return attempt


def audited(session: Session, student_id: int, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return what was logged about a student's attempts or done by him, oldest first.

    Address and program are told only of what he did himself.
    """
    row = AuditLogRow
    is_his = or_(row.user_id == student_id, row.attempt_id.in_(list(ids)))
    found = session.execute(select(row.__table__).where(is_his).order_by(row.id)).mappings()
    return [
        {name: entry[name] for name in ("attempt_id", *_LOG)}
        | ({k: entry[k] for k in _NETWORK} if entry["user_id"] == student_id else {})
        for entry in found
    ]


def safe_browser_logins(session: Session, student_id: int) -> list[dict[str, Any]]:
    """Return when a student's logins have shown Safe Exam Browser's keys, oldest first."""
    row = SafeBrowserLoginRow
    query = select(row.exam_id, row.login_id, row.passed_at).where(row.user_id == student_id)
    return [dict(found) for found in session.execute(query.order_by(row.passed_at)).mappings()]


def forget_safe_browser_logins(session: Session, student_id: int) -> None:
    session.execute(delete(SafeBrowserLoginRow).where(SafeBrowserLoginRow.user_id == student_id))


def lock_of_student(session: Session, student_id: int) -> list[Attempt]:
    """Lock all attempts of a student, in the order of their ids."""
    found = attempts.lock_many(session, attempt_ids(session, student_id))
    return [found[attempt_id] for attempt_id in sorted(found)]


def forget_network(session: Session, student_id: int) -> list[int]:
    """Remove address and browser of a student's attempts; return those that had any."""
    had = or_(AttemptRow.ip_address.is_not(None), AttemptRow.browser_info.is_not(None))
    gone = (
        update(AttemptRow)
        .where(AttemptRow.student_id == student_id, had)
        .values(ip_address=None, browser_info=None, updated_at=func.now())
        .returning(AttemptRow.id)
    )
    return sorted(session.scalars(gone))


def _rows(session: Session, table: FromClause, clause: Any) -> list[dict[str, Any]]:
    shown = [column for column in table.c if column.name not in _NOT_SHOWN]
    query = select(*shown).where(clause).order_by(*table.primary_key)
    return [dict(row) for row in session.execute(query).mappings()]
