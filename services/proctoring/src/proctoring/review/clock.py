"""The job that closes reviews whose time for an appeal is over.

Every replica runs it; an advisory lock lets one at a time do the work.
"""

import asyncio

import structlog
from chassis.database import Database
from chassis.errors import Failure

from proctoring.review.reviewing import Reviewing

log = structlog.get_logger()

_BATCH = 200


class ReviewClock:
    """Ticks until cancelled; trouble is logged and outlasted."""

    def __init__(
        self, database: Database, reviewing: Reviewing, *, interval_seconds: float
    ) -> None:
        self._database = database
        self._reviewing = reviewing
        self._interval = interval_seconds

    async def run(self) -> None:
        """Tick every interval. Safe to cancel: a batch is one transaction."""
        while True:
            try:
                await self.tick()
            except Failure as failure:
                log.warning("review_clock.again", reason=failure.slug)
            await asyncio.sleep(self._interval)

    async def tick(self) -> None:
        """Close all that is over now."""
        closed = _BATCH
        while closed == _BATCH:
            closed = await self._database.run(self._reviewing.close_over, _BATCH)
            if closed:
                log.info("reviews.closed", count=closed)
