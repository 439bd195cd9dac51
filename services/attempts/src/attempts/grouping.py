"""Requests that wait at the same moment are done together: one statement, no timer (ADR 19, 49).

While one group is being written the next one forms, so what comes alone waits for nobody. A second
one begins beside it only when it is large, for what a group costs beside its wishes counts, and
threads that write take the event loop's turns (ADR 57); further ones when all stand still: somebody
holds a lock. For saves and submits over REST; over gRPC saves come in groups already.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from chassis import patience
from chassis.database import Database, DatabaseUnavailable
from chassis.errors import OutcomeUnknown, Unavailable

Wish = TypeVar("Wish")
Outcome = TypeVar("Outcome")

GROUPS_IN_FLIGHT = 4
"""As many as may wait for somebody's lock before others have to wait, too."""
LARGE = 50
"""From how many wishes on a group is written beside another one."""
STANDS_STILL_SECONDS = 1.0
"""After which a group that is being written does not keep the next one waiting."""
_QUEUE_LIMIT = 1_000


@dataclass(eq=False)
class _Waiting(Generic[Wish, Outcome]):
    wish: Wish
    outcome: asyncio.Future[Outcome]


class Grouping(Generic[Wish, Outcome]):
    """A bounded line of wishes; `run` it as many times as groups may be in flight."""

    def __init__(
        self,
        database: Database,
        write: Callable[[list[Wish]], Sequence[Outcome]],
        *,
        most: int = 200,
    ) -> None:
        """`write` groups of at most `most` on a thread of `database`; outcomes in their order.

        It is called again with each wish alone when it raises anything but `Unavailable`.
        """
        self._database = database
        self._write_group = write
        self._most = most
        self._line: deque[_Waiting[Wish, Outcome]] = deque()
        self._news = asyncio.Event()
        self._begun: list[float] = []
        self._is_stopping = False

    async def put(self, wish: Wish) -> Outcome:
        """Return what became of `wish`; raise what `write` raised, or `Unavailable`.

        Cancelling gives up the outcome, never the wish; so does the end of a request's patience.
        """
        if self._is_stopping or len(self._line) >= _QUEUE_LIMIT:
            raise DatabaseUnavailable
        waiting = _Waiting[Wish, Outcome](wish, asyncio.get_running_loop().create_future())
        self._line.append(waiting)
        if len(self._line) == 1 or self._may_begin():  # else whoever ends a group looks again
            self._news.set()
        try:
            async with patience.within():
                return await waiting.outcome
        except patience.Spent:
            raise OutcomeUnknown from None

    async def run(self) -> None:
        """Write groups until cancelled; then refuse what still waits."""
        self._is_stopping = False
        try:
            while True:
                if self._line and self._may_begin():
                    await self._write_beside(self._take())
                    continue
                self._news.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(STANDS_STILL_SECONDS if self._line else None):
                        await self._news.wait()
        finally:
            self._is_stopping = True
            _fail(self._line, DatabaseUnavailable())

    def _may_begin(self) -> bool:
        """Say whether what waits is written now, beside what is being written."""
        if not self._begun or (len(self._begun) == 1 and len(self._line) >= LARGE):
            return True
        return time.monotonic() - self._begun[-1] >= STANDS_STILL_SECONDS

    async def _write_beside(self, group: Sequence[_Waiting[Wish, Outcome]]) -> None:
        began = time.monotonic()
        self._begun.append(began)
        try:
            await self._write(group)
        finally:
            self._begun.remove(began)
            self._news.set()

    def _take(self) -> list[_Waiting[Wish, Outcome]]:
        return [self._line.popleft() for _ in range(min(len(self._line), self._most))]

    async def _write(self, group: Sequence[_Waiting[Wish, Outcome]]) -> None:
        try:
            wishes = [waiting.wish for waiting in group]
            outcomes = await self._database.run(self._write_group, wishes)
        except Unavailable as failure:
            _fail(group, failure)
        except asyncio.CancelledError:
            _fail(group, OutcomeUnknown())
            raise
        except Exception as error:  # noqa: BLE001  # whoever waits must hear it, and only he
            if len(group) == 1:
                _fail(group, error)
            else:
                for waiting in group:
                    await self._write([waiting])
        else:
            for waiting, outcome in zip(group, outcomes, strict=True):
                if not waiting.outcome.done():
                    waiting.outcome.set_result(outcome)


def _fail(
    group: Sequence[_Waiting[Any, Any]] | deque[_Waiting[Any, Any]], error: Exception
) -> None:
    for waiting in group:
        if not waiting.outcome.done():
            waiting.outcome.set_exception(error)
