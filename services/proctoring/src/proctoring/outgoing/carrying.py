"""What a carrier is: it brings one message to where it belongs and says what came of it."""

from typing import Protocol

from proctoring.outgoing.queue import Taken
from proctoring.outgoing.schedule import Outcome


class Carrier(Protocol):
    """Sends; it keeps to a deadline of its own, which is shorter than `Taken.held_until`."""

    name: str

    async def carry(self, taken: Taken, /) -> Outcome:
        """Try once. Never raises for what the other side does; safe to cancel."""

    async def close(self) -> None:
        """Let go of what it holds."""
