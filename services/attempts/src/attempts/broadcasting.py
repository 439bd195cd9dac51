"""Deed: what staff say to an attempt's sockets goes into the audit before it is said (§8.1, §9.5).

Realtime says it, and may ask again when an answer was lost: an entry is made once. Blocking: for
worker threads.
"""

from dataclasses import dataclass

from chassis.database import Database
from chassis.origins import Origin
from sqlalchemy.orm import Session

from attempts import auditing
from attempts.attempt import Attempt
from attempts.audit import Entry
from attempts.errors import AttemptNotFound
from attempts.store import attempts, audit


@dataclass(frozen=True)
class Broadcast:
    """What is said, by whom, from where; with a failure: why it may have reached nobody."""

    id: str
    attempt_id: int
    by_id: int
    frame_json: str
    origin: Origin
    failure: str | None = None

    @property
    def event_type(self) -> str:
        return "broadcast" if self.failure is None else "broadcast_failed"


class Broadcasting:
    """Tells the audit of broadcasts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, broadcast: Broadcast) -> None:
        """Add the entry unless it is there. Raises `AttemptNotFound`."""
        with self._database.transaction() as session:
            attempt = attempts.lock(session, broadcast.attempt_id)
            if attempt is None:
                raise AttemptNotFound
            if not _is_known(session, broadcast):
                auditing.add(session, _entry(attempt, broadcast))


def _is_known(session: Session, broadcast: Broadcast) -> bool:
    about = broadcast.attempt_id, broadcast.event_type
    return audit.has_broadcast(session, *about, broadcast.id)


def _entry(attempt: Attempt, broadcast: Broadcast) -> Entry:
    said = broadcast.failure is None
    return auditing.about(
        attempt,
        broadcast.event_type,
        "Broadcast to the sockets of the attempt" if said else "Broadcast may have reached nobody",
        user_id=broadcast.by_id,
        origin=broadcast.origin,
        # As text: JSON may hold what a column of JSON cannot, and it stays what was said.
        details={"broadcast_id": broadcast.id, "frame": broadcast.frame_json},
        error_message=broadcast.failure,
    )
