"""Hears on the bus which attempts are closed, and ends what is open of them.

How far was heard is kept in the transaction of what it led to, in a place of its own, so that any
number of replicas may hear. A stream that was lost takes nothing with it that the sweep would not
find out by asking attempts.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable

import msgspec
import structlog
from chassis.bus import EVENTS, Bus, Delivery, Position, Reader, StreamReset
from chassis.database import Database
from chassis.errors import Unavailable

from proctoring import delivery_store
from proctoring.acting import closing

log = structlog.get_logger()

SUBJECT = "oep.v1.*.*.status_changed"
PLACE = f"{EVENTS}:acting"
_CLOSED = {"submitted", "graded", "cancelled"}
_AGAIN_SECONDS = 0.5


class _Data(msgspec.Struct):
    status: str


class _Notice(msgspec.Struct):
    attempt_id: int
    data: _Data


_decoder = msgspec.json.Decoder(_Notice)


class Hearing:
    """`run` is its supervised task; any number of replicas may run it."""

    def __init__(self, bus: Bus, database: Database, wake: Callable[[], None]) -> None:
        """`wake` tells the relay that something was committed."""
        self._bus = bus
        self._database = database
        self._wake = wake

    async def run(self) -> None:
        """Hear until cancelled; come back by itself after whatever is away."""
        while True:
            try:
                await self._read_on()
            except StreamReset:
                log.warning("hearing.stream_reset")
                await self._begin_anew()
            except Unavailable as failure:
                log.warning("hearing.again", error=type(failure).__name__)
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _read_on(self) -> None:
        known = await self._database.run(self._position)
        reader = Reader(self._bus, EVENTS, [SUBJECT], after=known.sequence if known else None)
        async with contextlib.aclosing(reader.batches()) as batches:
            async for batch in batches:
                here = reader.position
                if here is None or (known is not None and here.epoch != known.epoch):
                    raise StreamReset
                if batch or known is None:
                    await self._database.run(self._hear, closed(batch), here)
                    known = here
                    self._wake()

    async def _begin_anew(self) -> None:
        """Hear on from the head; what was said in between the sweep finds out."""
        with contextlib.suppress(Unavailable):
            await self._bus.wait_ready()
            await self._database.run(self._hear, [], await self._bus.head(EVENTS))
            return
        await asyncio.sleep(_AGAIN_SECONDS)

    def _position(self) -> Position | None:
        with self._database.transaction() as session:
            return delivery_store.position(session, PLACE)

    def _hear(self, attempt_ids: list[int], here: Position) -> None:
        with self._database.transaction() as session:
            closing.close(session, attempt_ids)
            delivery_store.move_to(session, PLACE, here)


def closed(batch: Iterable[Delivery]) -> list[int]:
    """Return the attempts of which a batch says that they are closed; the unreadable is nothing."""
    found = set()
    for delivery in batch:
        try:
            notice = _decoder.decode(delivery.data)
        except (msgspec.MsgspecError, UnicodeError):
            log.warning("notice.passed_over", subject=delivery.subject)
            continue
        if notice.data.status in _CLOSED:
            found.add(notice.attempt_id)
    return sorted(found)
