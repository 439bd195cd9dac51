"""Part of the deeds that carry out orders with a key: what was done under it is not done again.

The audit is the memory: its entry is written in the transaction of the deed, and whoever looks
holds the attempt's row. So a caller that lost the answer may ask again, also for extra time.
"""

from sqlalchemy.orm import Session

from attempts.attempt import Attempt
from attempts.store import audit


class DoneBefore(Exception):
    """Ends a deed that was done under the same key already; its transaction has changed nothing."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__()
        self.attempt = attempt


def ensure_new(session: Session, locked: Attempt, action_id: str | None) -> None:
    """Raise `DoneBefore` when the audit of a locked attempt has an entry with this key."""
    if action_id is not None and audit.was_done(session, locked.id, action_id):
        raise DoneBefore(locked)
