"""Hears on the bus what attempts says: which attempts were submitted, and what their clients claim.

What a batch says and how far was read is one transaction, so nothing is lost and nothing counts
twice, however often it is read and by however many replicas. Taking events in never waits for this:
when the stream is lost, or older than it keeps, attempts is asked instead (ADR 0015).
"""

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import datetime

import msgspec
import structlog
from chassis.bus import EVENTS, Bus, Delivery, Position, Reader, StreamReset
from chassis.database import Database
from chassis.errors import Unavailable

from proctoring import delivering, delivery_store
from proctoring.attempts_client import AttemptsClient
from proctoring.delivery import Submission, merged

log = structlog.get_logger()

SUBJECT = "oep.v1.*.*.status_changed"
_AGAIN_SECONDS = 0.5
_ASKED_AT_ONCE = 1_000
_SUBMITTED = {"submitted", "graded"}


class _Data(msgspec.Struct):
    status: str
    submit_time: datetime | None = None
    last_event_sequence: int | None = None


class _Notice(msgspec.Struct):
    exam_id: int
    attempt_id: int
    data: _Data


_decoder = msgspec.json.Decoder(_Notice)


class Inbox:
    """`run` is its supervised task; any number of replicas may run it."""

    def __init__(self, bus: Bus, database: Database, attempts: AttemptsClient) -> None:
        self._bus = bus
        self._database = database
        self._attempts = attempts

    async def run(self) -> None:
        """Hear until cancelled; come back by itself after whatever is away."""
        while True:
            try:
                await self._read_on()
            except StreamReset:
                log.warning("inbox.stream_reset")
                await self._ask_instead()
            except Unavailable as failure:
                log.warning("inbox.again", error=type(failure).__name__)
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _read_on(self) -> None:
        known = await self._database.run(self._position)
        reader = Reader(self._bus, EVENTS, [SUBJECT], after=known.sequence if known else 0)
        async with contextlib.aclosing(reader.batches()) as batches:
            async for batch in batches:
                here = reader.position
                if here is None or (known is not None and here.epoch != known.epoch):
                    raise StreamReset
                if batch:
                    await self._database.run(self._hear, read(batch), here)

    async def _ask_instead(self) -> None:
        """Settle by question what could not be heard, then hear on from what is left."""
        try:
            await self._bus.wait_ready()
            head, first = await self._bus.head(EVENTS), await self._bus.first_sequence(EVENTS)
            last = 0
            while asked := await self._database.run(self._unsettled, last):
                found = await self._attempts.ask(asked, with_questions=False)
                known = [a.submission for a in found.values() if a.submission is not None]
                await self._database.run(self._hear, known, None)
                last = asked[-1]
            await self._database.run(self._hear, [], Position(max(first - 1, 0), head.epoch))
        except Unavailable as failure:
            log.warning("inbox.again", error=type(failure).__name__)
            await asyncio.sleep(_AGAIN_SECONDS)

    def _position(self) -> Position | None:
        with self._database.transaction() as session:
            return delivery_store.position(session, EVENTS)

    def _unsettled(self, after: int) -> list[int]:
        with self._database.transaction() as session:
            return delivery_store.unsettled(session, after, _ASKED_AT_ONCE)

    def _hear(self, submissions: list[Submission], here: Position | None) -> None:
        with self._database.transaction() as session:
            delivering.hear(session, submissions, here)


def read(batch: Iterable[Delivery]) -> list[Submission]:
    """Return the submissions that a batch tells of; what cannot be read is passed over."""
    found = []
    for delivery in batch:
        try:
            notice = _decoder.decode(delivery.data)
        except (msgspec.MsgspecError, UnicodeError):
            log.warning("notice.passed_over", subject=delivery.subject)
            continue
        data = notice.data
        if data.status in _SUBMITTED:
            found.append(
                Submission(
                    notice.attempt_id, notice.exam_id, data.last_event_sequence, data.submit_time
                )
            )
    return merged(found)
