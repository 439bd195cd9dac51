"""Time as a student is shown it: the database's clock seen from here, and one attempt's deadline.

Decides remaining and elapsed seconds (contract §9.2); never asks anybody. Monotonic instants are
passed in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor

_DRIFT = 1e-4  # how much worse an old comparison gets, in seconds a second


class DatabaseClock:
    """The database's clock, estimated from replies: the one with the shortest way wins."""

    def __init__(self, wall: datetime, monotonic: float) -> None:
        """Start from this machine's clock until the first reply."""
        self._at = wall
        self._monotonic = monotonic
        self._doubt_seconds = float("inf")

    def observe(self, server_time: datetime, sent: float, received: float) -> None:
        """Take a reply that was written at `server_time`, between two monotonic instants."""
        doubt = (received - sent) / 2
        if doubt <= self._doubt_seconds + (received - self._monotonic) * _DRIFT:
            self._at = server_time
            self._monotonic = sent + doubt
            self._doubt_seconds = doubt

    def at(self, monotonic: float) -> datetime:
        return self._at + timedelta(seconds=monotonic - self._monotonic)


@dataclass(slots=True)
class Timing:
    """What one attempt's clock shows; shared by its sockets on this node."""

    status: str
    duration_seconds: int
    start_time: datetime | None = None
    deadline_at: datetime | None = None
    version: int = 0
    paused_with_seconds: int | None = None
    """Where the clock stands still, while it does."""
    paused_at: datetime | None = None
    changed_at: float = float("-inf")
    """Monotonic instant of the last notice, to tell a reply that was read before it."""

    def remaining_seconds(self, now: datetime) -> int:
        if self.status == "not_started":
            return self.duration_seconds
        if self.status == "in_progress" and self.paused_with_seconds is not None:
            return self.paused_with_seconds
        if self.status != "in_progress" or self.deadline_at is None:
            return 0
        return max(0, floor((self.deadline_at - now).total_seconds()))

    def pause(self, paused_at: datetime, with_seconds: int) -> None:
        """Let the clock stand still at `with_seconds`."""
        self.paused_at, self.paused_with_seconds = paused_at, with_seconds

    def go_on(self) -> None:
        self.paused_at = self.paused_with_seconds = None

    def elapsed_seconds(self, now: datetime) -> int:
        """Return how much of the whole length has gone: allowances lengthen it, pauses do not."""
        if self.status == "not_started" or self.deadline_at is None:
            return 0
        left = (self.deadline_at - (self.paused_at or now)).total_seconds()
        return max(0, floor(self.duration_seconds - max(0.0, left)))

    def is_expired(self, now: datetime) -> bool:
        if self.status == "in_progress" and self.deadline_at is not None:
            return self.paused_with_seconds is None and now > self.deadline_at
        return self.status == "expired"
