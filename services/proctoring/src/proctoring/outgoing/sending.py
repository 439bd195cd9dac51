"""Sends what is due: takes a few rows, lets a carrier try each, writes down what came of it.

Any number of replicas may send. No transaction is open while something is sent. A try whose end
nobody wrote down (the process died, or was told to end) is made again when its lease is over, under
the same id: a receiver that looks at ids takes it once.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from chassis.database import Database
from chassis.ending import end
from chassis.errors import Unavailable
from sqlalchemy.orm import Session

from proctoring.metrics import FAILING_ENDPOINTS, OUTGOING
from proctoring.outgoing import endpoint_store, store
from proctoring.outgoing.carrying import Carrier
from proctoring.outgoing.queue import DeliveryState, Taken
from proctoring.outgoing.schedule import Outcome, Verdict, pause_seconds

log = structlog.get_logger()

_LEASE_MORE_SECONDS = 15.0
"""Beyond a try's own deadline: to write down what came of it."""
_END_SECONDS = 2.0
_STATES = {
    Verdict.DELIVERED: DeliveryState.DELIVERED,
    Verdict.AGAIN: DeliveryState.FAILED,
    Verdict.NEVER: DeliveryState.FAILED,
    Verdict.GONE: DeliveryState.FAILED,
}
"""What a message becomes that is not tried again."""


@dataclass(frozen=True)
class Terms:
    """How often, how long and how much at once."""

    schedule: Sequence[float]
    """Seconds from one try to the next; one try more than there are pauses."""
    seconds: float
    """How long a try may take."""
    at_once: int
    look_seconds: float


Take = Callable[[Session, Mapping[int, int], int, timedelta], list[Taken]]
"""In a transaction, given how much of each endpoint is under way, what room there is, and for how
long who takes it may hold it."""


def due_webhooks(each: int) -> Take:
    """Return what takes webhooks, so many at once of one endpoint at most."""

    def take(session: Session, busy: Mapping[int, int], room: int, lease: timedelta) -> list[Taken]:
        FAILING_ENDPOINTS.set(endpoint_store.failing_count(session))
        return store.take(session, busy, limit=room, each=each, lease=lease)

    return take


def due_letters(session: Session, _: Mapping[int, int], room: int, lease: timedelta) -> list[Taken]:
    """Take letters."""
    return store.take_letters(session, limit=room, lease=lease)


class Sender:
    """`run` is its supervised task."""

    def __init__(self, database: Database, carrier: Carrier, terms: Terms, take: Take) -> None:
        """`take` takes what is due to this carrier's receivers."""
        self._take_due = take
        self._database = database
        self.carrier = carrier
        self._terms = terms
        self._lease = timedelta(seconds=terms.seconds + _LEASE_MORE_SECONDS)
        self._running: dict[asyncio.Task[None], Taken] = {}
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """Say that something is due. Thread-safe; a lost call costs a look's interval."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def run(self) -> None:
        """Send until cancelled; then what is being sent is broken off, and its outcome unknown."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                self._news.clear()
                try:
                    await self._begin_due()
                except Unavailable as failure:
                    log.warning("outgoing.put_off", reason=failure.slug)
                await self._wait()
        finally:
            await end(self._running, seconds=_END_SECONDS)

    async def _begin_due(self) -> None:
        """Begin with what is due, as far as there is room."""
        room = self._terms.at_once - len(self._running)
        if room <= 0:
            return
        busy = Counter(t.endpoint_id for t in self._running.values() if t.endpoint_id is not None)
        for taken in await self._database.run(self._take, busy, room):
            task = asyncio.create_task(self._send(taken), name=f"outgoing-{taken.id}")
            self._running[task] = taken
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        """Make room; what could not be written down is tried again after its lease."""
        del self._running[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("outgoing.not_settled", exc_info=error)
        self._news.set()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._terms.look_seconds):
                await self._news.wait()
        except TimeoutError:
            pass

    async def _try(self, taken: Taken) -> Outcome:
        """Carry it; a defect of ours is told, and is a failed try like any other."""
        try:
            return await self.carrier.carry(taken)
        except Exception:
            log.exception("outgoing.unforeseen", delivery_id=taken.id)
            return Outcome(Verdict.AGAIN, error="unforeseen")

    async def _send(self, taken: Taken) -> None:
        outcome = await self._try(taken)
        chance = random.random()  # noqa: S311  # jitter
        pause = pause_seconds(taken.tries, self._terms.schedule, outcome, chance)
        OUTGOING.labels(self.carrier.name, outcome.verdict.value).inc()
        try:
            state = await self._database.run(self._settle, taken, outcome, pause)
        except Unavailable as failure:
            log.warning("outgoing.not_settled", delivery_id=taken.id, reason=failure.slug)
            return
        self._tell(taken, outcome, state)
        if pause is not None and pause < self._terms.look_seconds:
            asyncio.get_running_loop().call_later(pause, self._news.set)

    def _take(self, busy: Counter[int], room: int) -> list[Taken]:
        with self._database.transaction() as session:
            return self._take_due(session, busy, room, self._lease)

    def _settle(self, taken: Taken, outcome: Outcome, pause: float | None) -> str | None:
        """Write down what came of it; return what the endpoint is from now on, if it failed."""
        state = _STATES[outcome.verdict] if pause is None else DeliveryState.WAITING
        with self._database.transaction() as session:
            failed_at = store.settle(
                session, taken, state, outcome, timedelta(seconds=pause or 0.0)
            )
            if failed_at is None or taken.endpoint_id is None:
                return None
            if state is DeliveryState.DELIVERED:
                store.note_well(session, taken.endpoint_id, outcome.status)
                return None
            return store.note_ill(
                session,
                taken.endpoint_id,
                outcome,
                is_gone=outcome.verdict is Verdict.GONE,
                is_last=state is DeliveryState.FAILED,
                first_failed_at=failed_at,
            )

    def _tell(self, taken: Taken, outcome: Outcome, state: str | None) -> None:
        """Log a try; where it went and what it said stays in the database."""
        log.info(
            "outgoing.tried",
            carrier=self.carrier.name,
            delivery_id=taken.id,
            endpoint_id=taken.endpoint_id,
            topic=taken.topic,
            tries=taken.tries,
            verdict=outcome.verdict.value,
            status=outcome.status,
            error=outcome.error,
        )
        if state in {"failing", "disabled"}:
            log.warning("webhook.endpoint_stopped", endpoint_id=taken.endpoint_id, state=state)
