"""When something may leave that must not leave too often: the first at once, the next in time.

A change after a quiet time goes out at once, and then nothing for a while; what came meanwhile goes
together. Pressing changes wait less than others.
"""

import asyncio
from collections.abc import Callable

from realtime.connection import Transport

ROUTINE_SECONDS = 0.25
PRESSING_SECONDS = 0.08
WRITE_SECONDS = 0.05
"""Between two writes of a whole board, whose frames each stand for themselves."""


class Pace:
    """Calls `leave` when it is time; lives on the event loop."""

    def __init__(self, leave: Callable[[], bool]) -> None:
        """`leave` says whether anything left; if not, the next change finds an open door."""
        self._leave = leave
        self._left_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def due(self, *, is_pressing: bool) -> None:
        """Let leave what is there, now or as soon as it may."""
        self.after(PRESSING_SECONDS if is_pressing else ROUTINE_SECONDS)

    def after(self, seconds: float) -> None:
        """Let leave what is there, when the last one left that long ago."""
        loop = asyncio.get_running_loop()
        at = self._left_at + seconds
        if at <= loop.time():
            self._go()
        elif self._timer is None or self._timer.when() > at:
            self.stop()
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
        self._pace = Pace(self._wake)

    def wake(self) -> None:
        self._pace.after(WRITE_SECONDS)

    def cut(self) -> None:
        self._pace.stop()
        self._transport.cut()

    def _wake(self) -> bool:
        self._transport.wake()
        return True
