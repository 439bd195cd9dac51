"""Statements on Safe Exam Browser: what exams accept, and which logins have shown it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from attempts.safe_browser import KeyKind, Policy
from attempts.tables import AttemptRow, SafeBrowserKeyRow, SafeBrowserLoginRow, SafeBrowserRow


@dataclass(frozen=True)
class Key:
    """One key that an exam accepts."""

    id: int
    kind: KeyKind
    key: str
    note: str
    created_by_id: int
    created_at: datetime


def required(session: Session) -> dict[int, Policy]:
    """Return what the exams accept that are sat in Safe Exam Browser only."""
    rows = session.execute(
        select(SafeBrowserRow.exam_id, SafeBrowserRow.edition).where(SafeBrowserRow.is_required)
    )
    editions = {row.exam_id: row.edition for row in rows}
    keys = _keys(session, editions) if editions else []
    return {exam_id: _policy(exam_id, edition, keys) for exam_id, edition in editions.items()}


def is_required(session: Session, exam_id: int) -> bool:
    query = select(SafeBrowserRow.is_required).where(SafeBrowserRow.exam_id == exam_id)
    return bool(session.scalar(query))


def change(session: Session, exam_id: int, **values: bool) -> None:
    """Begin another edition of what an exam asks for; logins have to pass anew."""
    statement = insert(SafeBrowserRow).values(exam_id=exam_id, **values)
    newer = {"edition": SafeBrowserRow.edition + 1} | values
    session.execute(statement.on_conflict_do_update(index_elements=["exam_id"], set_=newer))


def keys(session: Session, exam_id: int) -> list[Key]:
    return [
        Key(row.id, KeyKind(row.kind), row.key, row.note, row.created_by_id, row.created_at)
        for row in _keys(session, [exam_id])
    ]


def add_key(
    session: Session, exam_id: int, kind: KeyKind, key: str, note: str, by_id: int
) -> int | None:
    """Store a key and return its id; None = the exam has it."""
    values = {"exam_id": exam_id, "kind": kind, "key": key, "note": note, "created_by_id": by_id}
    statement = insert(SafeBrowserKeyRow).values(values).on_conflict_do_nothing()
    return session.scalar(statement.returning(SafeBrowserKeyRow.id))


def remove_key(session: Session, exam_id: int, key_id: int) -> KeyKind | None:
    """Remove a key and return its kind; None = the exam has none of that id."""
    statement = delete(SafeBrowserKeyRow).where(
        SafeBrowserKeyRow.exam_id == exam_id, SafeBrowserKeyRow.id == key_id
    )
    kind = session.scalar(statement.returning(SafeBrowserKeyRow.kind))
    return None if kind is None else KeyKind(kind)


def note_login(session: Session, policy: Policy, user_id: int, login_id: str) -> None:
    """Remember that a login has shown an exam's keys."""
    statement = insert(SafeBrowserLoginRow).values(
        exam_id=policy.exam_id, login_id=login_id, user_id=user_id, edition=policy.edition
    )
    newer = {"edition": policy.edition, "passed_at": func.now()}
    session.execute(
        statement.on_conflict_do_update(index_elements=["exam_id", "login_id"], set_=newer)
    )


def has_passed(session: Session, policy: Policy, login_id: str) -> bool:
    query = select(SafeBrowserLoginRow.exam_id).where(
        SafeBrowserLoginRow.exam_id == policy.exam_id,
        SafeBrowserLoginRow.login_id == login_id,
        SafeBrowserLoginRow.edition == policy.edition,
    )
    return session.scalar(query) is not None


def forget_logins(session: Session, older_than: timedelta, limit: int) -> int:
    """Drop what is noted of logins that have ended long ago; return how many."""
    key = tuple_(SafeBrowserLoginRow.exam_id, SafeBrowserLoginRow.login_id)
    old = (
        select(SafeBrowserLoginRow.exam_id, SafeBrowserLoginRow.login_id)
        .where(SafeBrowserLoginRow.passed_at < func.now() - older_than)
        .limit(limit)
    )
    gone = delete(SafeBrowserLoginRow).where(key.in_(old)).returning(SafeBrowserLoginRow.exam_id)
    return len(session.execute(gone).all())


def exam_of(session: Session, attempt_id: int) -> int | None:
    return session.scalar(select(AttemptRow.exam_id).where(AttemptRow.id == attempt_id))


def _keys(session: Session, exam_ids: Iterable[int]) -> list[SafeBrowserKeyRow]:
    query = select(SafeBrowserKeyRow).where(SafeBrowserKeyRow.exam_id.in_(list(exam_ids)))
    return list(session.scalars(query.order_by(SafeBrowserKeyRow.id)))


def _policy(exam_id: int, edition: int, keys: Iterable[SafeBrowserKeyRow]) -> Policy:
    own = [row for row in keys if row.exam_id == exam_id]
    return Policy(
        exam_id,
        edition,
        tuple(row.key for row in own if row.kind == KeyKind.CONFIG),
        tuple(row.key for row in own if row.kind == KeyKind.BROWSER),
    )
