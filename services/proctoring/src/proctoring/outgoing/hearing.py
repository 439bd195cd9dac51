"""Hears on the bus what other systems want to know, and writes it down for each of them.

Rows and how far was heard are one transaction, and a message is one row for each receiver, so it is
told once however often it is heard and by however many replicas (ADR 65). While nobody listens,
nothing is read. When the stream is lost, what it held is heard from `oep replay`, or not at all.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from datetime import timedelta

import msgspec
import structlog
from chassis.bus import EVENTS, Bus, Delivery, Position, Reader, StreamReset
from chassis.database import Database
from chassis.errors import Unavailable

from proctoring import delivery_store
from proctoring.outgoing import endpoint_store, store
from proctoring.outgoing.topic import FACTS, Message, messages, notice

log = structlog.get_logger()

PLACE = f"{EVENTS}:outgoing"
"""Under which it is remembered how far was heard."""
SUBJECTS = tuple(f"oep.v1.*.*.{fact}" for fact in FACTS)
_AGAIN_SECONDS = 0.5


class Hearing:
    """`run` is its supervised task; any number of replicas may run it."""

    def __init__(
        self,
        bus: Bus,
        database: Database,
        *,
        kept: timedelta,
        look_seconds: float,
        wake: Callable[[], None],
    ) -> None:
        """`kept` is how long rows stay: what is older is not told; `wake` tells the senders."""
        self._bus = bus
        self._database = database
        self._kept = kept
        self._look_seconds = look_seconds
        self._wake = wake
        self._idle_head: Position | None = None
        self._look_at = 0.0
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """Say that somebody may listen from now on. Thread-safe."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def run(self) -> None:
        """Hear until cancelled; come back by itself after whatever is away."""
        self._loop = asyncio.get_running_loop()
        while True:
            try:
                await self._until_wanted()
                await self._hear_on()
            except StreamReset:
                log.warning("outgoing.stream_reset")
                await self._begin_anew()
            except Unavailable as failure:
                log.warning("outgoing.again", error=type(failure).__name__)
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _until_wanted(self) -> None:
        """Return when somebody listens; until then remember where the stream's end was.

        The end is looked at before the listeners: what is said to a new one lies behind it.
        """
        await self._bus.wait_ready()
        while True:
            self._news.clear()
            head = await self._bus.head(EVENTS)
            if await self._database.run(self._is_wanted):
                return
            self._idle_head = head
            try:
                async with asyncio.timeout(self._look_seconds):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def _hear_on(self) -> None:
        """Hear as long as anybody listens."""
        known = self._idle_head or await self._database.run(self._position)
        self._idle_head = None
        reader = Reader(self._bus, EVENTS, SUBJECTS, after=known.sequence if known else 0)
        async with contextlib.aclosing(reader.batches()) as batches:
            async for batch in batches:
                here = reader.position
                if here is None or (known is not None and here.epoch != known.epoch):
                    raise StreamReset
                told = read(batch)
                if (told or self._is_time()) and not await self._take(told, here):
                    return

    async def _begin_anew(self) -> None:
        """Begin with the oldest that is left."""
        with contextlib.suppress(Unavailable):
            await self._bus.wait_ready()
            head, first = await self._bus.head(EVENTS), await self._bus.first_sequence(EVENTS)
            await self._database.run(self._write, [], Position(max(first - 1, 0), head.epoch))

    def _is_time(self) -> bool:
        """Say, once in a while, that how far was heard is to be kept though nothing is told."""
        now = time.monotonic()
        if now < self._look_at:
            return False
        self._look_at = now + self._look_seconds
        return True

    async def _take(self, told: list[Message], here: Position) -> bool:
        """Write a batch down; say whether anybody listens still."""
        is_wanted, has_news = await self._database.run(self._write, told, here)
        if has_news:
            self._wake()
        return is_wanted

    def _is_wanted(self) -> bool:
        with self._database.transaction() as session:
            return endpoint_store.has_listeners(session)

    def _position(self) -> Position | None:
        with self._database.transaction() as session:
            return delivery_store.position(session, PLACE)

    def _write(self, told: list[Message], here: Position) -> tuple[bool, bool]:
        with self._database.transaction() as session:
            new = store.add(session, told, self._kept)
            delivery_store.move_to(session, PLACE, here)
            return endpoint_store.has_listeners(session), new > 0


def read(batch: Iterable[Delivery]) -> list[Message]:
    """Return what of a batch is told to anybody; what cannot be read is passed over."""
    found: list[Message] = []
    for delivery in batch:
        try:
            found += messages(notice(delivery.data))
        except (msgspec.MsgspecError, UnicodeError, KeyError):
            log.warning("outgoing.passed_over", subject=delivery.subject)
    return found
