"""Answers and flags on their way to attempts: grouped across sockets, in order per attempt.

A future is resolved only after attempts has answered, and attempts answers after its commit; so an
acknowledgement built on it is a promise (contract §7.3).
"""

import asyncio
from collections.abc import Sequence

from realtime.attempts_client import AttemptsClient, Refused, Save, Saved, SetFlag
from realtime.grouping import Grouper

GROUPS_IN_FLIGHT = 2
_GROUP_LIMIT = 500
_QUEUE_LIMIT = 20_000
_FLAGS_AT_ONCE = 16

Outcome = Saved | Refused


class Saver:
    """Takes what students save; `run` as many times as groups may be in flight."""

    def __init__(self, attempts: AttemptsClient, seconds: float) -> None:
        """Give each call to attempts `seconds`, repeats included."""
        self._attempts = attempts
        self._seconds = seconds
        self._grouper: Grouper[Save | SetFlag, Outcome] = Grouper(
            self._send,
            lambda item: item.attempt_id,
            group_limit=_GROUP_LIMIT,
            queue_limit=_QUEUE_LIMIT,
        )

    def submit(self, item: Save | SetFlag) -> asyncio.Future[Outcome]:
        """Queue one item. Raises `Overloaded`; the future may hold any `Failure`."""
        return self._grouper.submit(item)

    async def run(self) -> None:
        await self._grouper.run()

    async def _send(self, items: Sequence[Save | SetFlag]) -> list[Outcome]:
        saves = [item for item in items if isinstance(item, Save)]
        if saves:  # a group holds one kind
            return await self._attempts.save(saves, seconds=self._seconds)
        return await self._set_flags([item for item in items if isinstance(item, SetFlag)])

    async def _set_flags(self, flags: Sequence[SetFlag]) -> list[Outcome]:
        """Set flags one call each: attempts side by side, those of one attempt in order."""
        outcomes: dict[int, Outcome] = {}
        gate = asyncio.Semaphore(_FLAGS_AT_ONCE)

        async def of_one_attempt(places: list[int]) -> None:
            for place in places:
                async with gate:
                    outcomes[place] = await self._attempts.set_flag(
                        flags[place], seconds=self._seconds
                    )

        by_attempt: dict[int, list[int]] = {}
        for place, flag in enumerate(flags):
            by_attempt.setdefault(flag.attempt_id, []).append(place)
        await asyncio.gather(*(of_one_attempt(places) for places in by_attempt.values()))
        return [outcomes[place] for place in range(len(flags))]
