"""When what is due leaves: once per loop turn while it is quiet, in beats while it is not.

A frame that comes after a pause leaves at the end of the loop turn in which it came. While frames
follow each other more quickly than `gap_seconds`, they wait for the end of that gap and leave
together: one write per socket costs the same for one frame as for thirty. With thousands of sockets
a beat takes long itself; then the next one waits until writing is no more than a third of the
time, and each write carries more. From one beat to the next it is `MOST_SECONDS` at most, or what
the first one took.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

MOST_SECONDS = 0.04
_REST = 2.0
"""How many times as long as a beat took it is quiet."""


class Flushable(Protocol):
    def flush(self) -> None: ...


class Pump:
    """One per node; lives on the event loop."""

    def __init__(self, gap_seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._gap_seconds = gap_seconds
        self._waiting: list[Flushable] = []
        self._is_planned = False
        self._after: list[Callable[[], None]] = []
        self._next_at = float("-inf")

    @property
    def is_planned(self) -> bool:
        """Whether a beat will come."""
        return self._is_planned

    def after_beat(self, call: Callable[[], None]) -> None:
        """Call this once when the planned beat has written."""
        self._after.append(call)

    def add(self, flushable: Flushable) -> None:
        """Flush this in the next beat. It must not be waiting already."""
        self._waiting.append(flushable)
        if self._is_planned:
            return
        self._is_planned = True
        if self._next_at <= self._loop.time():
            self._loop.call_soon(self._beat)
        else:
            self._loop.call_at(self._next_at, self._beat)

    def _beat(self) -> None:
        self._is_planned = False
        due, self._waiting = self._waiting, []
        at, began = self._loop.time(), time.monotonic()
        for flushable in due:
            flushable.flush()
        if self._after:
            calls, self._after = self._after, []
            for call in calls:
                call()
        took = time.monotonic() - began
        self._next_at = at + max(self._gap_seconds, min(took * (1 + _REST), MOST_SECONDS))
