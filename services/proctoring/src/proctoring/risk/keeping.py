"""Keeps scores up with events, in the background: nobody who posts or reads waits for it.

Looks, when something was committed or half a second has passed, for attempts whose tallies have
gone on, and assesses a bounded number in one transaction on a connection of its own. An attempt
under a flood is assessed once a second at most, and the whole takes a small share of one processor:
what is behind catches up, and `as_of_sequence` says how far a score is. Several replicas share the
work: what one holds, the others pass over.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from chassis.database import Database
from chassis.errors import Unavailable

from proctoring import store as events_store
from proctoring.risk import assessing, store
from proctoring.risk.rules import newest

log = structlog.get_logger()

AT_ONCE = 50
"""Attempts in one transaction."""
REST_SECONDS = 1.0
"""For how long an attempt is left alone once it was assessed."""
_POLL_SECONDS = 0.5
_AGAIN_SECONDS = 2.0
_PAUSE_SECONDS = 0.1
_IDLE_FOR_EACH_BUSY = 9.0
"""Nine parts rest to one part work: a tenth of one processor at most."""
_OVERLAP = timedelta(seconds=15)
"""A transaction may take that long from its first moment to its commit, and must not be missed."""
_WHOLE_SECONDS = 60.0
"""How often all tallies are looked at, for what was missed all the same."""
_EVER = datetime(1, 1, 1, tzinfo=UTC)


class Keeper:
    """`run` is its supervised task."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """Take `database`, its own pool of one, and `wake`, which tells the relay of a commit."""
        self._database = database
        self._wake_relay = wake
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._since = _EVER
        self._whole_at = 0.0

    def wake(self) -> None:
        """Say that events were committed. Thread-safe; a lost call costs half a second."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def run(self) -> None:
        """Assess until cancelled; storage that is away is outlasted."""
        self._loop = asyncio.get_running_loop()
        while True:
            began = time.monotonic()
            try:
                assessed = await self.turn()
            except Unavailable as failure:
                log.warning("risk.again", error=type(failure).__name__)
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
            busy = time.monotonic() - began
            await asyncio.sleep(max(_PAUSE_SECONDS, busy * _IDLE_FOR_EACH_BUSY))
            if assessed < AT_ONCE:
                await self._wait_for_news()

    async def turn(self) -> int:
        """Assess what has moved, up to a bound; return how many attempts that were."""
        self._news.clear()
        is_whole = time.monotonic() - self._whole_at > _WHOLE_SECONDS or self._since is _EVER
        now, found, assessed = await self._database.run(self._turn, is_whole)
        if found < AT_ONCE:  # else the rest is still behind where we looked from
            self._since = now - _OVERLAP
            self._whole_at = time.monotonic() if is_whole else self._whole_at
        if assessed:
            self._wake_relay()
        return found

    def _turn(self, is_whole: bool) -> tuple[datetime, int, int]:
        since = _EVER if is_whole else self._since
        with self._database.transaction() as session:
            now = events_store.clock(session)
            found = store.moved(session, since, newest(), rest_seconds=REST_SECONDS, limit=AT_ONCE)
            if not found:
                return now, 0, 0
            return now, len(found), assessing.assess(session, found, passing_over=True)

    async def _wait_for_news(self) -> None:
        try:
            async with asyncio.timeout(_POLL_SECONDS):
                await self._news.wait()
        except TimeoutError:
            pass
