"""How a deed tells the audit: in its own transaction, so that there is no deed without its entry.

A deed calls it after its writes and before the transaction ends::

    auditing.add(
        session,
        auditing.about(
            attempt, "attempt_cancelled", "Attempt cancelled", user_id=user_id, origin=origin,
            details={"reason": reason},
        ),
    )

Whoever logs about an attempt must hold its row (`attempts.lock`, or an UPDATE of it in the same
transaction): that is what keeps its chain in line. Entries without an attempt (`Entry(…,
exam_id=…)`) need nothing: their chain is locked here. `details` is plain JSON and holds no answer,
no token and no key. Something tried in vain is logged with `error_message`. Never decides anything.
"""

from typing import Any

from chassis.audit import first_flaw
from chassis.origins import NOWHERE, Origin
from sqlalchemy.orm import Session

from attempts.attempt import Attempt
from attempts.audit import Entry, Logged
from attempts.store import audit


def about(
    attempt: Attempt,
    event_type: str,
    description: str,
    *,
    category: str = "attempt",
    user_id: int | None = None,
    origin: Origin = NOWHERE,
    transfer_id: int | None = None,
    details: dict[str, Any] | None = None,
    error_message: str | None = None,
) -> Entry:
    """Return an entry about an attempt, its exam filled in; no user = the server's clock."""
    return Entry(
        event_type,
        category,
        description,
        user_id=user_id,
        attempt_id=attempt.id,
        exam_id=attempt.exam_id,
        transfer_id=transfer_id,
        details=details or {},
        origin=origin,
        error_message=error_message,
    )


def add(session: Session, *entries: Entry) -> None:
    """Append entries in the caller's transaction, those of one chain in the order given."""
    audit.append(session, entries)


def flaw_in(session: Session, chain: str) -> Logged | None:
    """Return the first entry of a chain that was tampered with, or that follows a missing one."""
    return first_flaw(audit.chain(session, chain))
