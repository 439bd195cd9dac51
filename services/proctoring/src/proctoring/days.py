"""Makes the days ahead in which events are kept (ADR 27), and tells when one was missing."""

import asyncio

import structlog
from chassis.database import Database
from chassis.errors import Unavailable

from proctoring import store
from proctoring.metrics import UNPLACED

log = structlog.get_logger()

_AHEAD_DAYS = 14
_EVERY_SECONDS = 3600.0
_AGAIN_SECONDS = 10.0


class Days:
    """A supervised task; any number of replicas may run it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Look once an hour until cancelled: two weeks ahead are always there."""
        while True:
            pause = _EVERY_SECONDS
            try:
                await self._database.run(self.look)
            except Unavailable:
                pause = _AGAIN_SECONDS
            await asyncio.sleep(pause)

    def look(self) -> None:
        """Make what is missing. Blocking."""
        with self._database.transaction() as session:
            made = store.keep_days(session, _AHEAD_DAYS)
            is_unplaced = store.has_unplaced_events(session)
        UNPLACED.set(is_unplaced)
        if made:
            log.info("days.made", count=made)
        if is_unplaced:
            log.error("days.event_without_day")
