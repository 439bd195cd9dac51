"""When what is due leaves: once per loop turn while it is quiet, in beats while it is not.

A frame that comes after a pause leaves at the end of the loop turn in which it came. While frames
follow each other more quickly than `gap_seconds`, they wait for the end of that gap and leave
together: one write per socket costs the same for one frame as for thirty.
"""

import asyncio
from typing import Protocol


class Flushable(Protocol):
    def flush(self) -> None: ...


class Pump:
    """One per node; lives on the event loop."""

    def __init__(self, gap_seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._gap_seconds = gap_seconds
        self._waiting: list[Flushable] = []
        self._is_planned = False
        self._ran_at = float("-inf")

    def add(self, flushable: Flushable) -> None:
        """Flush this in the next beat. It must not be waiting already."""
        self._waiting.append(flushable)
        if self._is_planned:
            return
        self._is_planned = True
        at = self._ran_at + self._gap_seconds
        if at <= self._loop.time():
            self._loop.call_soon(self._beat)
        else:
            self._loop.call_at(at, self._beat)

    def _beat(self) -> None:
        self._ran_at = self._loop.time()
        self._is_planned = False
        due, self._waiting = self._waiting, []
        for flushable in due:
            flushable.flush()
