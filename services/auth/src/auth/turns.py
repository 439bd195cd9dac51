"""Waiting in line: so many at a time, and whoever cannot be served soon is told when to come back.

A refusal costs little, but not nothing: a crowd that knocks again and again keeps the service from
working it off. So who is refused gets a place in a line that is not here, and is told when it will
be about his turn; then he goes before those who come for the first time (ADR 56, 68).
"""

import asyncio
import contextlib
import heapq
import random
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Hashable
from dataclasses import dataclass

from auth.errors import HashingBusy

_SOONEST_SECONDS = 2
_SPREAD_SECONDS = 4
_LONGEST_SECONDS = 120
_SHARE = 0.9
"""People are told so much of what those before them should take: being told twice is cheaper
than turns that stand idle."""
_EARLY_SECONDS = 1.0
"""Who comes back so much before he was told is not refused for it."""
_KEPT_SECONDS = 30.0
"""How long a place is kept for who does not come."""
_IDLE_SECONDS = 1.0
"""With less work than this here nobody is refused: places that nobody claims cost nothing."""
_MOST_REMEMBERED = 10_000
_WEIGHT_OF_LATEST = 0.1


@dataclass(frozen=True)
class _Place:
    """Somebody's place in the line of those who are away."""

    number: int
    """Smaller numbers go first; who is told again keeps his."""
    due: float
    """When he was told to come back."""


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
        self._away: dict[Hashable, _Place] = {}
        self._numbers: list[int] = []  # of those who are away, ascending
        self._next_number = 0
        self._kept: list[tuple[float, int, Hashable]] = []  # until when; what tells equals apart
        self._kept_count = 0

    @property
    def is_taken(self) -> bool:
        """Say whether anybody has a turn."""
        return self._taken > 0

    async def take(self, who: Hashable = None) -> None:
        """Wait for a turn, which `give_back` ends. Raises `HashingBusy`, at once if in vain.

        `who` says who it is when he comes back; without it he is always new.
        """
        who = _Stranger() if who is None else who
        if self._waiting >= self._queue_size or self._is_in_vain(who):
            raise self._busy(who)
        self._give_up(who)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise self._busy(who) from None
        finally:
            self._waiting -= 1
        self._taken += 1

    def give_back(self) -> None:
        self._taken -= 1
        self._free.release()

    @contextlib.asynccontextmanager
    async def turn(self, who: Hashable = None) -> AsyncIterator[None]:
        """Hold a turn for the length of a `with` block. Raises `HashingBusy`."""
        await self.take(who)
        began = _now()
        try:
            yield
        finally:
            self.give_back()
            pace = (_now() - began) / self._at_once
            self._pace_seconds += (pace - self._pace_seconds) * _WEIGHT_OF_LATEST

    def _is_in_vain(self, who: Hashable) -> bool:
        """Say whether somebody could not be served in time."""
        here_seconds = self._waiting * self._pace_seconds
        if here_seconds <= min(_IDLE_SECONDS, self._wait_seconds):
            return False
        place = self._away.get(who)
        if place is not None and _now() >= place.due - _EARLY_SECONDS:
            return here_seconds > self._wait_seconds
        return self._seconds_before(None) > self._wait_seconds

    def _seconds_before(self, place: _Place | None) -> float:
        """Return how long those take who go before a place, here and elsewhere; None = the end."""
        self._forget_who_stays_away()
        numbers = self._numbers
        away = len(numbers) if place is None else bisect_left(numbers, place.number)
        return (self._waiting + away) * self._pace_seconds

    def _busy(self, who: Hashable) -> HashingBusy:
        """Return the refusal; it says when it will be about his turn, and his place is kept."""
        now = _now()
        place = self._away.get(who)
        due = None if place is None else place.due
        if due is None or now >= due - _EARLY_SECONDS:
            soonest = _SOONEST_SECONDS + random.uniform(0, _SPREAD_SECONDS)  # noqa: S311  # jitter
            until_turn = self._seconds_before(place) * _SHARE - self._wait_seconds / 2
            due = now + min(max(soonest, until_turn), _LONGEST_SECONDS)
            self._keep(who, due)
        return HashingBusy(retry_after_seconds=max(1, round(due - now)))

    def _keep(self, who: Hashable, due: float) -> None:
        place = self._away.get(who)
        if place is None:
            if len(self._away) >= _MOST_REMEMBERED:
                return
            self._numbers.append(self._next_number)
            place = _Place(self._next_number, due)
            self._next_number += 1
        self._away[who] = _Place(place.number, due)
        self._kept_count += 1
        heapq.heappush(self._kept, (_until(who, due), self._kept_count, who))

    def _give_up(self, who: Hashable) -> None:
        """Let somebody's place in the line go, if he has one."""
        place = self._away.pop(who, None)
        if place is not None:
            del self._numbers[bisect_left(self._numbers, place.number)]

    def _forget_who_stays_away(self) -> None:
        now = _now()
        while self._kept and self._kept[0][0] <= now:
            _, _, who = heapq.heappop(self._kept)
            place = self._away.get(who)
            if place is not None and _until(who, place.due) <= now:
                self._give_up(who)


def _now() -> float:
    return time.monotonic()


class _Stranger:
    """Somebody who will not be known when he comes back."""


def _until(who: Hashable, due: float) -> float:
    """Return until when a place is kept: a stranger claims none."""
    return due if isinstance(who, _Stranger) else due + _KEPT_SECONDS
