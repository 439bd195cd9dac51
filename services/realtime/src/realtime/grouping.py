"""Group commit for calls: requests that wait at the same moment leave as one, with no timer.

While a group is on its way the next one forms. Items with the same key keep their order: two groups
in flight never hold the same key. A group holds one kind of item. Bounded: what exceeds the queue
is refused at once.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from realtime.errors import Overloaded

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(eq=False)
class _Waiting(Generic[Item, Result]):
    item: Item
    key: Hashable
    kind: type[Any]
    answer: asyncio.Future[Result]


class Grouper(Generic[Item, Result]):
    """Collects items and hands them to `send` in groups; workers are supervised tasks (`run`)."""

    def __init__(
        self,
        send: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        key: Callable[[Item], Hashable],
        *,
        group_limit: int,
        queue_limit: int,
        rest_seconds: float = 0.0,
    ) -> None:
        """`send` answers in the order of its items; its failure is every item's failure.

        After each group a worker rests, so that under load the next one gathers some company; who
        comes while nothing is going on is sent at once.
        """
        self._send = send
        self._key = key
        self._group_limit = group_limit
        self._queue_limit = queue_limit
        self._rest_seconds = rest_seconds
        self._queue: deque[_Waiting[Item, Result]] = deque()
        self._busy: set[Hashable] = set()
        self._wake = asyncio.Event()

    def submit(self, item: Item) -> asyncio.Future[Result]:
        """Queue an item; the future gives its result. Raises `Overloaded`."""
        if len(self._queue) >= self._queue_limit:
            raise Overloaded
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(item, self._key(item), type(item), answer))
        self._wake.set()
        return answer

    async def run(self) -> None:
        """Send groups until cancelled; run it as many times as groups may be in flight."""
        while True:
            group = self._form()
            if group:
                await self._deliver(group)
                if self._rest_seconds:
                    await asyncio.sleep(self._rest_seconds)
            else:
                self._wake.clear()
                await self._wake.wait()

    def _form(self) -> list[_Waiting[Item, Result]]:
        """Take the longest possible group: one kind, and no key that is on its way or passed."""
        group: list[_Waiting[Item, Result]] = []
        left: deque[_Waiting[Item, Result]] = deque()
        passed = set(self._busy)
        while self._queue and len(group) < self._group_limit:
            waiting = self._queue.popleft()
            if waiting.key in passed or (group and waiting.kind is not group[0].kind):
                passed.add(waiting.key)
                left.append(waiting)
            else:
                group.append(waiting)
        self._queue.extendleft(reversed(left))
        self._busy.update(waiting.key for waiting in group)
        return group

    async def _deliver(self, group: list[_Waiting[Item, Result]]) -> None:
        try:
            results = await self._send([waiting.item for waiting in group])
            for waiting, result in zip(group, results, strict=True):
                if not waiting.answer.done():
                    waiting.answer.set_result(result)
        except Exception as error:  # noqa: BLE001  # whatever it is, those who wait must hear it
            _fail(group, error)
        except asyncio.CancelledError:
            _fail(group, Overloaded("Shutting down"))
            raise
        finally:
            self._busy.difference_update(waiting.key for waiting in group)
            self._wake.set()


def _fail(group: list[_Waiting[Any, Any]], error: Exception) -> None:
    for waiting in group:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)
