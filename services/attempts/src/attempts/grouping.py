"""Saves that wait at the same moment are written together: one statement, no timer (ADR 19).

While one group is being written the next one forms, so a save that comes alone waits for nobody.
For saves that come one by one, over REST; over gRPC they come in groups already.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chassis import patience, tracing
from chassis.database import Database, DatabaseUnavailable
from chassis.errors import OutcomeUnknown, Unavailable

from attempts.answer import Answer, Save
from attempts.progress import Outcome
from attempts.saving import Saving, told

GROUPS_IN_FLIGHT = 4
"""As many as may wait for somebody's lock before others have to wait, too."""
_GROUP_LIMIT = 200
_QUEUE_LIMIT = 1_000


@dataclass(eq=False)
class _Waiting:
    save: Save
    outcome: asyncio.Future[Outcome]


class Grouping:
    """A bounded line of saves; `run` it as many times as groups may be in flight."""

    def __init__(self, database: Database, saving: Saving) -> None:
        """Write by `saving`, on a thread of `database`."""
        self._database = database
        self._saving = saving
        self._line: deque[_Waiting] = deque()
        self._news = asyncio.Event()
        self._is_stopping = False

    async def save(self, save: Save) -> Answer:
        """Return the stored answer; raise the contract's failures, or `Unavailable`.

        Cancelling gives up the answer, never the save; so does the end of a request's patience.
        """
        if self._is_stopping or len(self._line) >= _QUEUE_LIMIT:
            raise DatabaseUnavailable
        traced = tracing.current()
        if traced is not None:
            save = replace(save, traceparent=traced)
        waiting = _Waiting(save, asyncio.get_running_loop().create_future())
        self._line.append(waiting)
        self._news.set()
        try:
            async with patience.within():
                return told(await waiting.outcome)
        except patience.Spent:
            raise OutcomeUnknown from None

    async def run(self) -> None:
        """Write groups until cancelled; then refuse what still waits."""
        self._is_stopping = False
        try:
            while True:
                if self._line:
                    await self._write(self._take())
                else:
                    self._news.clear()
                    await self._news.wait()
        finally:
            self._is_stopping = True
            _fail(self._line, DatabaseUnavailable())

    def _take(self) -> list[_Waiting]:
        return [self._line.popleft() for _ in range(min(len(self._line), _GROUP_LIMIT))]

    async def _write(self, group: Sequence[_Waiting]) -> None:
        try:
            saves = [waiting.save for waiting in group]
            outcomes = await self._database.run(self._saving.save_all, saves)
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


def _fail(group: Sequence[_Waiting] | deque[_Waiting], error: Exception) -> None:
    for waiting in group:
        if not waiting.outcome.done():
            waiting.outcome.set_exception(error)
