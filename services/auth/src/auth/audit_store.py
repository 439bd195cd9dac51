"""The audit's statements: append and read; nothing else is granted to this service.

A deed appends in its own transaction, after its writes. The chains are locked there, always behind
the row of the user, so that nobody waits in a circle.
"""

from chassis.audit_store import Audit, Wanted
from sqlalchemy import or_
from sqlalchemy.orm import Session

from auth.audit import Entry, Logged
from auth.tables import AuditLogRow

AUDIT = Audit(AuditLogRow, Entry)


def append(session: Session, *entries: Entry) -> None:
    """Append entries, those of one chain in the order given."""
    AUDIT.append(session, entries)


def find(session: Session, wanted: Wanted, user_id: int | None) -> list[Logged]:
    """List entries, newest first; of a user: what he did and what concerns him."""
    if user_id is None:
        return AUDIT.find(session, wanted)
    is_his = or_(AuditLogRow.user_id == user_id, AuditLogRow.subject_id == user_id)
    return AUDIT.find(session, wanted, is_his)
