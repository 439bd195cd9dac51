"""Finds out what nobody else will: actions that were never settled, and what outlived its attempt.

An action that is still "asked" after `PATIENCE` was left behind by a crash, or by an attempts that
did not answer; its age says whether it is carried out after all (`action.step`). Every replica may
sweep: nothing is done twice (ADR 25).
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta

import structlog
from chassis.database import Database
from chassis.errors import Unavailable

from proctoring.acting import closing, store
from proctoring.acting.action import Action
from proctoring.acting.doing import Doing, by_order
from proctoring.acting.errors import ActionUnfinished
from proctoring.attempts_client import AttemptsClient

log = structlog.get_logger()

PATIENCE = timedelta(seconds=20)
"""Longer than a call to attempts may take: what is younger may still be under way."""
_EVERY_SECONDS = 10.0
_OPEN_EVERY = 6
"""How many rounds lie between two looks at what outlived its attempt."""
_AT_ONCE = 1_000


class Sweep:
    """`run` is its supervised task."""

    def __init__(
        self,
        database: Database,
        attempts: AttemptsClient,
        doing: Doing,
        wake: Callable[[], None],
    ) -> None:
        """`wake` tells the relay that something was committed."""
        self._database = database
        self._attempts = attempts
        self._doing = doing
        self._wake = wake

    async def run(self) -> None:
        """Sweep until cancelled; trouble with a neighbour is outlasted."""
        rounds = 0
        while True:
            try:
                await self.settle()
                if rounds % _OPEN_EVERY == 0:
                    await self.close()
            except Unavailable as failure:
                log.warning("sweep.again", reason=failure.slug)
            rounds += 1
            await asyncio.sleep(_EVERY_SECONDS)

    async def settle(self) -> int:
        """Settle what was left behind; return how many actions that were."""
        left_behind = await self._database.run(self._left_behind)
        settled = 0
        for some in by_order(left_behind):
            with contextlib.suppress(ActionUnfinished):  # the next round comes
                await self._doing.finish(some)
                settled += len(some)
        if settled:
            log.info("sweep.settled", actions=settled)
        return settled

    async def close(self) -> None:
        """End what is open of attempts that are closed by now: the notice of it may be lost."""
        last = 0
        while open_ids := await self._database.run(self._open, last):
            last = open_ids[-1]
            found = await self._attempts.ask(open_ids, with_questions=False)
            gone = [i for i in open_ids if i not in found or found[i].status.is_closed]
            if gone:
                await self._database.run(self._close, gone)
                self._wake()

    def _left_behind(self) -> list[Action]:
        with self._database.transaction() as session:
            return store.asked_before(session, store.clock(session) - PATIENCE, _AT_ONCE)

    def _open(self, after: int) -> list[int]:
        with self._database.transaction() as session:
            return store.open_attempts(session, after, _AT_ONCE)

    def _close(self, attempt_ids: list[int]) -> None:
        with self._database.transaction() as session:
            closing.close(session, attempt_ids)
