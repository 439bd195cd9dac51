"""Waiting in line: so many at a time, and whoever cannot be served soon is told when to come back.

A refusal costs next to nothing, so that a crowd cannot keep the service from working it off. Its
times to come back differ, and they spread over as long as serving the whole crowd takes: all of it
back after four seconds would be the same crowd again.
"""

import asyncio
import contextlib
import heapq
import random
import time
from collections.abc import AsyncIterator

from auth.errors import HashingBusy

_SOONEST_SECONDS = 2
_SPREAD_SECONDS = 4
_LONGEST_SECONDS = 30
_MOST_REMEMBERED = 10_000
_WEIGHT_OF_LATEST = 0.1


class Turns:
    """So many at a time; a bounded number waits, for a bounded time, in the order of coming."""

    def __init__(self, *, at_once: int, queue_size: int, wait_seconds: float) -> None:
        self._at_once = at_once
        self._free = asyncio.Semaphore(at_once)
        self._queue_size = queue_size
        self._wait_seconds = wait_seconds
        self._waiting = 0
        self._taken = 0
        self._pace_seconds = 0.0  # between two who are done, lately
        self._due_back: list[float] = []

    @property
    def is_taken(self) -> bool:
        """Say whether anybody has a turn."""
        return self._taken > 0

    async def take(self) -> None:
        """Wait for a turn, which `give_back` ends. Raises `HashingBusy`, at once if in vain."""
        is_in_vain = self._waiting * self._pace_seconds > self._wait_seconds
        if is_in_vain or self._waiting >= self._queue_size:
            raise self._busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise self._busy() from None
        finally:
            self._waiting -= 1
        self._taken += 1

    def give_back(self) -> None:
        self._taken -= 1
        self._free.release()

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold a turn for the length of a `with` block. Raises `HashingBusy`."""
        await self.take()
        began = time.monotonic()
        try:
            yield
        finally:
            self.give_back()
            pace = (time.monotonic() - began) / self._at_once
            self._pace_seconds += (pace - self._pace_seconds) * _WEIGHT_OF_LATEST

    def _busy(self) -> HashingBusy:
        now = time.monotonic()
        while self._due_back and self._due_back[0] <= now:
            heapq.heappop(self._due_back)
        crowd_seconds = len(self._due_back) * self._pace_seconds
        spread = _SPREAD_SECONDS + min(int(crowd_seconds), _LONGEST_SECONDS)
        seconds = _SOONEST_SECONDS + random.randint(0, spread)  # noqa: S311  # jitter, no secret
        if len(self._due_back) < _MOST_REMEMBERED:
            heapq.heappush(self._due_back, now + seconds)
        return HashingBusy(retry_after_seconds=seconds)
