"""The job that ends what nobody ends: expires due attempts, later grades their stored answers.

It regrades, too, where a key was corrected: one batch a tick, so that no deadline waits for it.

A tick asks first what is due, in one message: mostly it is nothing. Every replica runs it; rows are
taken with SKIP LOCKED, so they share the work. It has a connection of its own: requests that queue
for the pool do not make the clock late.
"""

import asyncio
import time
from collections.abc import Callable

import structlog
from chassis.database import Database
from chassis.errors import Unavailable

from attempts.lifecycle import Lifecycle
from attempts.regrading import Regrading

log = structlog.get_logger()

_BATCH = 500
_COLLECT_BATCH = 50
_REGRADE_BATCH = 50
_FORGET_BATCH = 5_000
_FORGET_SECONDS = 600.0


class Clock:
    """Ticks until cancelled; trouble with Postgres is logged and outlasted."""

    def __init__(
        self,
        database: Database,
        lifecycle: Lifecycle,
        regrading: Regrading,
        *,
        interval_seconds: float,
    ) -> None:
        """Take deeds that use `database`, whose one thread the ticks run on."""
        self._database = database
        self._lifecycle = lifecycle
        self._regrading = regrading
        self._interval = interval_seconds
        self._next_forget = 0.0

    async def run(self) -> None:
        """Tick every interval. Safe to cancel: a batch is one transaction."""
        while True:
            try:
                await self.tick()
            except Unavailable as failure:
                log.warning("clock.storage_away", reason=failure.slug)
            await asyncio.sleep(self._interval)

    async def tick(self) -> None:
        """Do everything that is due; expiry first, because it is what people wait for."""
        due = await self._database.run(self._lifecycle.agenda)
        if due.is_expiring:
            await self._all(self._lifecycle.expire_due, _BATCH, "attempts.expired")
        if due.is_overdue:
            await self._all(self._lifecycle.collect_overdue, _COLLECT_BATCH, "attempts.collected")
        if due.is_overslept:
            await self._all(self._lifecycle.end_pauses, _COLLECT_BATCH, "pauses.ended")
        if due.is_regrading:
            await self._regrade()
        if time.monotonic() >= self._next_forget:
            self._next_forget = time.monotonic() + _FORGET_SECONDS
            await self._all(self._lifecycle.forget_messages, _FORGET_BATCH, "receipts.forgotten")

    async def _regrade(self) -> None:
        done = await self._database.run(self._regrading.regrade_due, _REGRADE_BATCH)
        if done:
            log.info("attempts.regraded", count=done)

    async def _all(self, deed: Callable[[int], int], batch: int, event: str) -> None:
        done = batch
        while done == batch:
            done = await self._database.run(deed, batch)
            if done:
                log.info(event, count=done)
