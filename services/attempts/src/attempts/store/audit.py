"""The audit's statements: append and read; nothing else is granted to this service."""

from collections.abc import Mapping

from chassis.audit_store import Audit, Wanted
from sqlalchemy.orm import Session

from attempts.audit import Entry, Logged
from attempts.tables import AuditLogRow

AUDIT = Audit(AuditLogRow, Entry)
append = AUDIT.append
chain = AUDIT.chain


def of_transfer(session: Session, transfer_id: int) -> list[Logged]:
    """Return what was logged about a transfer, oldest first."""
    return AUDIT.where(session, AuditLogRow.transfer_id == transfer_id)


def find(session: Session, wanted: Wanted, ids: Mapping[str, int | None]) -> list[Logged]:
    """List entries about all of the given ids, newest first."""
    given = {name: value for name, value in ids.items() if value is not None}
    clauses = [getattr(AuditLogRow, name) == value for name, value in given.items()]
    if "attempt_id" in given:
        # The chain says the same and has an index.
        clauses.append(AuditLogRow.chain == f"attempt:{given['attempt_id']}")
    return AUDIT.find(session, wanted, *clauses)
