"""The job that removes what is due, by the database's clock (on unless the installation says no).

Every replica may run it: each attempt is locked, and looked at again behind the lock, so they share
the work and nothing is done twice. Between attempts nothing is held.
"""

import asyncio

import structlog
from chassis.database import Database
from chassis.errors import Unavailable

from proctoring.retention.erasing import Eraser, Order, Outcome

log = structlog.get_logger()

_BATCH = 50
_PAUSE_SECONDS = 0.05
"""Between batches: an old installation's first run must not crowd out an exam."""


class Clock:
    """Ticks until cancelled; trouble with Postgres is logged and outlasted."""

    def __init__(self, database: Database, eraser: Eraser, *, interval_seconds: float) -> None:
        """Use one thread of `database` at a time."""
        self._database = database
        self._eraser = eraser
        self._interval = interval_seconds

    async def run(self) -> None:
        """Tick every interval. Safe to cancel: each attempt is one transaction."""
        while True:
            try:
                await self.tick()
            except Unavailable as failure:
                log.warning("retention.storage_away", reason=failure.slug)
            await asyncio.sleep(self._interval)

    async def tick(self) -> None:
        """Go once through everything that is due."""
        order, after = Order(), 0
        while True:
            page = await self._database.run(self._eraser.run, order, after=after, limit=_BATCH)
            _tell(order, page.outcomes)
            if page.last_id is None:
                return
            after = page.last_id
            await asyncio.sleep(_PAUSE_SECONDS)


def _tell(order: Order, outcomes: tuple[Outcome, ...]) -> None:
    if outcomes:
        log.info(
            "retention.erased",
            run_id=order.run_id,
            attempts=sum(bool(each.events) for each in outcomes),
            held=sum(bool(each.held_by) for each in outcomes),
            busy=sum(each.is_busy for each in outcomes),
        )
