"""Keeps scores up with events, in the background: nobody who posts or reads waits for it.

Looks, when something was committed or half a second has passed, for attempts whose tallies have
gone on, and assesses a bounded number in one transaction on a connection of its own. An attempt
under a flood is assessed once a second at most, and the whole takes a small share of one processor:
what is behind catches up, and `as_of_sequence` says how far a score is. Several replicas share the
work: what one holds, the others pass over.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from chassis.database import Database
from chassis.errors import Unavailable

from proctoring import store as events_store
from proctoring.metrics import PASSED_OVER
from proctoring.risk import assessing, store
from proctoring.risk.rules import newest
from proctoring.risk.store import Moved

log = structlog.get_logger()

AT_ONCE = 50
"""Attempts in one transaction, as far as they have no more than `EVENTS_AT_ONCE` together."""
EVENTS_AT_ONCE = 10_000
REST_SECONDS = 1.0
"""For how long an attempt is left alone once it was assessed."""
LEFT_SECONDS = 300.0
"""For how long one is left alone that could not be assessed."""
_MOST_LEFT = 10_000
_POLL_SECONDS = 0.5
_AGAIN_SECONDS = 2.0
_PAUSE_SECONDS = 0.1
_IDLE_FOR_EACH_BUSY = 19.0
"""Nineteen parts rest to one of work: a twentieth of a processor at most."""
_IDLE_FOR_EACH_TAKEN = 9.0
"""It also rests nine times as long as it took: most of that is the database's work, which reads
thousands of events of those who are flooded."""
_LONGEST_REST_SECONDS = 1.0
"""On a machine that is busy with other things a turn takes long without costing much."""
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
        self._left_until: dict[int, float] = {}
        """Attempts that could not be assessed, and until when they are left alone."""

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
                turn = await self.turn()
            except Unavailable as failure:
                log.warning("risk.again", error=type(failure).__name__)
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
            took = time.monotonic() - began
            rest = max(
                min(took * _IDLE_FOR_EACH_TAKEN, _LONGEST_REST_SECONDS),
                turn.cpu_seconds * _IDLE_FOR_EACH_BUSY,
            )
            await asyncio.sleep(max(_PAUSE_SECONDS, rest))
            if not turn.is_behind:
                await self._wait_for_news()

    async def turn(self) -> "Turn":
        """Assess what has moved, up to a bound."""
        self._news.clear()
        is_whole = time.monotonic() - self._whole_at > _WHOLE_SECONDS or self._since is _EVER
        done = await self._database.run(self._turn, _EVER if is_whole else self._since)
        if not done.is_behind:  # else the rest is still behind where we looked from
            self._since = done.at - _OVERLAP
            self._whole_at = time.monotonic() if is_whole else self._whole_at
        if done.assessed_count:
            self._wake_relay()
        return done

    def _turn(self, since: datetime) -> "Turn":
        began = time.thread_time()
        with self._database.transaction() as session:
            at = events_store.clock(session)
            found = store.moved(
                session,
                since,
                newest(),
                rest_seconds=REST_SECONDS,
                limit=AT_ONCE + 1,
                without=self._left_alone(),
            )
        taken = bounded(found)
        count = self._assessed(taken) if taken else 0
        cpu_seconds = time.thread_time() - began
        return Turn(at, count, cpu_seconds, is_behind=len(taken) < len(found))

    def _assessed(self, taken: dict[int, int | None]) -> int:
        """Assess in one transaction, or each by itself when one of them cannot be assessed.

        That one is left alone for a while: the others do not wait for somebody to mend it.
        """
        try:
            with self._database.transaction() as session:
                return assessing.assess(session, taken, passing_over=True)
        except Unavailable:
            raise
        except Exception:
            if len(taken) > 1:
                return sum(self._assessed({one: exam}) for one, exam in taken.items())
            [attempt_id] = taken
            PASSED_OVER.inc()
            log.exception("risk.passed_over", attempt_id=attempt_id)
            self._left_until[attempt_id] = time.monotonic() + LEFT_SECONDS
            return 0

    def _left_alone(self) -> list[int]:
        now = time.monotonic()
        soonest = sorted(self._left_until.items(), key=lambda item: -item[1])[:_MOST_LEFT]
        self._left_until = {one: until for one, until in soonest if until > now}
        return list(self._left_until)

    async def _wait_for_news(self) -> None:
        try:
            async with asyncio.timeout(_POLL_SECONDS):
                await self._news.wait()
        except TimeoutError:
            pass


@dataclass(frozen=True)
class Turn:
    """What a turn did: how much it took of this process, and whether there is more to do."""

    at: datetime
    assessed_count: int
    cpu_seconds: float
    is_behind: bool


def bounded(found: Sequence[Moved]) -> dict[int, int | None]:
    """Return those to be assessed at once, with their exams: always one, but never too many."""
    taken: dict[int, int | None] = {}
    event_count = 0
    for each in found[:AT_ONCE]:
        event_count += each.last_sequence
        if taken and event_count > EVENTS_AT_ONCE:
            break
        taken[each.attempt_id] = each.exam_id
    return taken
