"""Forgets what left long ago. Any number of replicas may do it."""

import asyncio
from datetime import timedelta

import structlog
from chassis.database import Database
from chassis.errors import Unavailable

from proctoring.outgoing import store

log = structlog.get_logger()

_PAGE = 1_000


class OutgoingSweeper:
    """`run` is its supervised task."""

    def __init__(self, database: Database, *, kept: timedelta, seconds: float) -> None:
        self._database = database
        self._kept = kept
        self._seconds = seconds

    async def run(self) -> None:
        """Look every so often until cancelled; outlast storage that is away."""
        while True:
            try:
                while await self.sweep() == _PAGE:
                    pass
            except Unavailable as failure:
                log.warning("outgoing.sweep_put_off", reason=failure.slug)
            await asyncio.sleep(self._seconds)

    async def sweep(self) -> int:
        """Forget a page of rows, whatever became of them; return how many there were."""
        gone = await self._database.run(self._forget)
        if gone:
            log.info("outgoing.swept", rows=gone)
        return gone

    def _forget(self) -> int:
        with self._database.transaction() as session:
            return store.forget(session, self._kept, _PAGE)
