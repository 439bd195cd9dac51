"""When something may leave that must not leave too often: the first at once, the next in time.

A change after a quiet time goes out at once, and then nothing for a while; what came meanwhile goes
together.
"""

import asyncio
from collections.abc import Callable

from realtime.connection import Transport

CHANGES_SECONDS = 0.25
"""Between two frames of a window on a socket (ADR 37)."""
WRITE_SECONDS = 0.05
"""Between two writes of a whole board, whose frames each stand for themselves."""


class Pace:
    """Calls `leave` when it is time; lives on the event loop."""

    def __init__(self, leave: Callable[[], bool], seconds: float = CHANGES_SECONDS) -> None:
        """`leave` says whether anything left; if not, the next change finds an open door."""
        self._leave = leave
        self._seconds = seconds
        self._left_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether something is there that may not leave yet."""
        return self._timer is not None

    def due(self) -> None:
        """Let leave what is there, now or as soon as it may."""
        loop = asyncio.get_running_loop()
        at = self._left_at + self._seconds
        if at <= loop.time():
            self._go()
        elif self._timer is None:
            self._timer = loop.call_at(at, self._go)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _go(self) -> None:
        self.stop()
        if self._leave():
            self._left_at = asyncio.get_running_loop().time()


class Paced:
    """A transport that is woken at a pace, so that what is due meanwhile leaves in one write."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._pace = Pace(self._wake, WRITE_SECONDS)

    def wake(self) -> None:
        self._pace.due()

    def cut(self) -> None:
        self._pace.stop()
        self._transport.cut()

    def _wake(self) -> bool:
        self._transport.wake()
        return True
