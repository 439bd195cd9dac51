"""Forms groups of what waits at the same moment: no timer, no added wait (design §5.3).

A group is prepared, which needs no other group to be over, and handed on at once, so that it
stands at the door when the one before it is over. While a small group stands there no other one
forms behind it: the next one grows, for what a group costs beside its tickets counts then. Behind
a large one the next forms as long as there are places. Tickets that share a key are never in two
groups at once and keep their order. The capacity bounds what waits. Nothing here knows what is
prepared and done.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import structlog

from proctoring.errors import IntakeFull, IntakeStopping

log = structlog.get_logger()

LARGE = 100
"""From which weight on a group may be done beside another one."""

Content = TypeVar("Content")
Result = TypeVar("Result")
Learnt = TypeVar("Learnt")


@dataclass(eq=False, slots=True)
class Ticket(Generic[Content, Result]):
    """One request that waits; its future is settled once, when its group is over."""

    content: Content
    keys: frozenset[int]
    weight: int
    future: asyncio.Future[Result]
    arrived: float = field(default_factory=time.monotonic)

    def settle(self, outcome: Result | Exception) -> None:
        if self.future.done():  # the client has gone, the work has not
            return
        if isinstance(outcome, Exception):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


class Grouping(Generic[Content, Result, Learnt]):
    """A bounded line of tickets that is emptied group by group."""

    def __init__(
        self,
        prepare: Callable[[list[Ticket[Content, Result]]], Awaitable[Learnt]],
        work: Callable[
            [list[Ticket[Content, Result]], Learnt], Awaitable[Sequence[Result | Exception]]
        ],
        *,
        capacity: int,
        group_size: int,
        patience_seconds: float,
        places: int = 1,
    ) -> None:
        """`work` returns what became of each ticket, by what `prepare` has learnt of them.

        What either raises fails the whole group.
        """
        self._prepare = prepare
        self._work = work
        self._capacity = capacity
        self._group_size = group_size
        self._patience_seconds = patience_seconds
        self._places = places
        self._in_work = 0
        self._left = asyncio.Event()
        self._line: deque[Ticket[Content, Result]] = deque()
        self._weight = 0
        self._busy: set[int] = set()
        self._news = asyncio.Event()
        self._is_stopping = False

    @property
    def waiting(self) -> int:
        """How much waits, by weight."""
        return self._weight

    @property
    def load(self) -> int:
        """How near the line is to refusing, 0 to 10: by its length and by its oldest ticket."""
        waited = time.monotonic() - self._line[0].arrived if self._line else 0.0
        share = max(self._weight / self._capacity, waited / self._patience_seconds)
        return min(10, math.ceil(share * 10))

    def submit(self, content: Content, keys: frozenset[int], weight: int) -> asyncio.Future[Result]:
        """Join the line; return what will hold what became of it.

        Raises `IntakeFull` at once when the line is full; the future does so later when it moves
        too slowly. In both cases nothing was done. Cancelling it gives up the answer, never the
        work.
        """
        if self._is_stopping:
            raise IntakeStopping
        self._refuse_the_old()
        if self._weight + weight > self._capacity:
            raise IntakeFull
        ticket: Ticket[Content, Result] = Ticket(
            content, keys, weight, asyncio.get_running_loop().create_future()
        )
        self._line.append(ticket)
        self._weight += weight
        self._news.set()
        return ticket.future

    async def run(self) -> None:
        """Work until cancelled; then finish the groups in flight and refuse what still waits."""
        self._is_stopping = False
        begun: set[asyncio.Task[None]] = set()
        try:
            while True:
                group = await self._next()
                has_place = asyncio.get_running_loop().create_future()
                task = asyncio.create_task(self._go(group, has_place))
                begun.add(task)
                task.add_done_callback(begun.discard)
                await has_place
        finally:
            self._is_stopping = True
            while self._line:
                self._line.popleft().settle(IntakeStopping())
            self._weight = 0
            if begun:
                await asyncio.wait(begun)

    async def _next(self) -> list[Ticket[Content, Result]]:
        while not (group := self._take()):
            self._news.clear()
            await self._news.wait()
        return group

    async def _go(
        self, group: list[Ticket[Content, Result]], has_place: asyncio.Future[None]
    ) -> None:
        """Prepare a group and hand it on; tell when the next one may form."""
        outcomes: Sequence[Result | Exception]
        try:
            learnt = await self._prepare(group)
            self._in_work += 1
            work = asyncio.ensure_future(self._work(group, learnt))
            work.add_done_callback(self._give_place)
            await self._wait_for_place(sum(ticket.weight for ticket in group))
            _tell(has_place)
            outcomes = await work
            for ticket, outcome in zip(group, outcomes, strict=True):
                ticket.settle(outcome)
        except Exception as error:
            log.exception("group.failed", tickets=len(group))
            for ticket in group:
                ticket.settle(error)
        finally:
            _tell(has_place)
            for ticket in group:
                self._busy -= ticket.keys
            self._news.set()

    async def _wait_for_place(self, weight: int) -> None:
        """Wait until a group is more than at the door; only one at a time does."""
        most = self._places if weight >= LARGE else 1
        while self._in_work > most:
            self._left.clear()
            await self._left.wait()

    def _give_place(self, _: asyncio.Future[Sequence[Result | Exception]]) -> None:
        self._in_work -= 1
        self._left.set()

    def _refuse_the_old(self) -> None:
        """Fail what has waited too long; the line is in the order of arrival."""
        oldest = time.monotonic() - self._patience_seconds
        while self._line and self._line[0].arrived < oldest:
            ticket = self._line.popleft()
            self._weight -= ticket.weight
            ticket.settle(IntakeFull())

    def _take(self) -> list[Ticket[Content, Result]]:
        """Take what may go now: in order, up to the size, and nothing whose keys are in work."""
        group: list[Ticket[Content, Result]] = []
        left: deque[Ticket[Content, Result]] = deque()
        blocked = set(self._busy)
        weight = 0
        self._refuse_the_old()
        while self._line:
            ticket = self._line.popleft()
            if not blocked.isdisjoint(ticket.keys):
                blocked |= ticket.keys  # whoever comes later for the same keys stays behind it
                left.append(ticket)
            elif group and weight + ticket.weight > self._group_size:
                left.append(ticket)
                break
            else:
                weight += ticket.weight
                group.append(ticket)
        left.extend(self._line)
        self._line = left
        self._weight -= weight
        for ticket in group:
            self._busy |= ticket.keys
        return group


def _tell(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
