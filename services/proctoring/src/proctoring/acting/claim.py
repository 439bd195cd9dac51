"""Who looks after whom: one member of the staff for a student at a time, changed in four ways.

Pure. A claim locks nobody out: every colleague may act on the attempt, because a student in trouble
must not wait for the one who happens to be away (ADR 25).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum


class Change(Enum):
    """How a claim began or ended, as on the wire."""

    CLAIMED = "claimed"
    RELEASED = "released"
    HANDED_OVER = "handed_over"
    TAKEN_OVER = "taken_over"
    CLOSED = "closed"


BEGINNINGS = {Change.CLAIMED, Change.HANDED_OVER, Change.TAKEN_OVER}
ENDS = {Change.RELEASED, Change.HANDED_OVER, Change.TAKEN_OVER, Change.CLOSED}


@dataclass(frozen=True)
class Holder:
    """A member of the staff, with his user name where auth could be asked."""

    user_id: int
    name: str | None


@dataclass(frozen=True)
class Claim:
    """One stretch of time in which one person looked after one student."""

    id: int
    attempt_id: int
    exam_id: int
    holder: Holder
    began: Change
    by_id: int
    """Who let it begin: the holder, or who handed over."""
    claimed_at: datetime
    reason: str | None = None
    ended: Change | None = None
    ended_by_id: int | None = None
    ended_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    def end(self, how: Change, by_id: int | None, at: datetime) -> "Claim":
        """Return it as ended; what has ended stays as it is. No `by_id` = the server."""
        if not self.is_open:
            return self
        return replace(self, ended=how, ended_by_id=by_id, ended_at=at)
