"""The audit's statements: append and read; nothing else is granted to this service."""

from collections.abc import Mapping

from chassis.audit_store import Audit, Wanted
from sqlalchemy import select
from sqlalchemy.orm import Session

from attempts.audit import IMPORTED, Entry, Logged
from attempts.tables import AuditLogRow

AUDIT = Audit(AuditLogRow, Entry)
append = AUDIT.append
chain = AUDIT.chain


def of_transfer(session: Session, transfer_id: int) -> list[Logged]:
    """Return what was logged about a transfer, oldest first."""
    return AUDIT.where(session, AuditLogRow.transfer_id == transfer_id)


def doer(session: Session, attempt_id: int, event_type: str) -> int | None:
    """Return who did something to an attempt last."""
    query = (
        select(AuditLogRow.user_id)
        .where(AuditLogRow.chain == f"attempt:{attempt_id}", AuditLogRow.event_type == event_type)
        .order_by(AuditLogRow.place.desc())
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def has_broadcast(session: Session, attempt_id: int, event_type: str, broadcast_id: str) -> bool:
    """Say whether a broadcast to an attempt was logged already."""
    query = select(AuditLogRow.id).where(
        AuditLogRow.chain == f"attempt:{attempt_id}",
        AuditLogRow.event_type == event_type,
        AuditLogRow.details["broadcast_id"].as_string() == broadcast_id,
    )
    return session.scalars(query.limit(1)).one_or_none() is not None


def was_done(session: Session, attempt_id: int, action_id: str) -> bool:
    """Say whether something was done to an attempt under a caller's key."""
    key = AuditLogRow.details["action_id"].as_string()
    query = select(AuditLogRow.id).where(
        AuditLogRow.chain == f"attempt:{attempt_id}", key == action_id
    )
    return session.scalars(query.limit(1)).one_or_none() is not None


def find(session: Session, wanted: Wanted, ids: Mapping[str, int | None]) -> list[Logged]:
    """List entries about all of the given ids, newest first."""
    given = {name: value for name, value in ids.items() if value is not None}
    clauses = [getattr(AuditLogRow, name) == value for name, value in given.items()]
    if "attempt_id" in given:
        # The chains say the same and have an index.
        clauses.append(AuditLogRow.chain.in_([f"attempt:{given['attempt_id']}", IMPORTED]))
    return AUDIT.find(session, wanted, *clauses)


def imported_ids(session: Session) -> set[int]:
    """Return the ids that imported entries had where they came from."""
    legacy_id = AuditLogRow.details[IMPORTED]["id"].as_integer()
    return set(session.scalars(select(legacy_id).where(AuditLogRow.chain == IMPORTED)))
