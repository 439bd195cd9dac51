"""Hears on the bus what other systems or students want to know, and writes it down for each.

Rows and how far was heard are one transaction, and a message is one row for each receiver, so it is
told once however often it is heard and by however many replicas (ADR 65). While nobody listens,
nothing is read. When the stream is lost, what it held is heard from `oep replay`, or not at all.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
import structlog
from chassis.bus import EVENTS, Bus, Delivery, Position, Reader, StreamReset
from chassis.database import Database
from chassis.errors import Unavailable
from sqlalchemy.orm import Session

from proctoring import delivery_store
from proctoring.outgoing import endpoint_store, store
from proctoring.outgoing.letter import FACTS as LETTER_FACTS
from proctoring.outgoing.letter import OLDEST_HOURS, About, Letter, letter
from proctoring.outgoing.topic import FACTS, Message, messages, notice

log = structlog.get_logger()

PLACE = f"{EVENTS}:outgoing"
"""Under which it is remembered how far was heard."""
_AGAIN_SECONDS = 0.5
_OLDEST = timedelta(hours=OLDEST_HOURS)


@dataclass
class Told:
    """What a batch is told as."""

    messages: list[Message] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.messages or self.letters)


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
        mails: Collection[About] = (),
    ) -> None:
        """`kept` is how long rows stay: what is older is not told; `wake` tells the senders.

        `mails` is what students are told by e-mail.
        """
        self._letter_facts = frozenset(f for f, about in LETTER_FACTS.items() if about in mails)
        self._mails = frozenset(mails)
        self._letters_from: datetime | None = None
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
                await self._hear_on(await self._until_wanted())
            except StreamReset:
                log.warning("outgoing.stream_reset")
                await self._begin_anew()
            except Unavailable as failure:
                log.warning("outgoing.again", error=type(failure).__name__)
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _until_wanted(self) -> frozenset[str]:
        """Return which facts somebody wants; until then remember where the stream's end was.

        The end is looked at before the listeners: what is said to a new one lies behind it.
        """
        await self._bus.wait_ready()
        while True:
            self._news.clear()
            head = await self._bus.head(EVENTS)
            if facts := await self._database.run(self._wanted):
                return facts
            self._idle_head = head
            try:
                async with asyncio.timeout(self._look_seconds):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def _hear_on(self, facts: frozenset[str]) -> None:
        """Hear as long as just these facts are wanted."""
        known = self._idle_head or await self._database.run(self._position)
        self._idle_head = None
        if known is None:  # the first time: nobody is to get mail for what was said before
            self._letters_from = self._letters_from or datetime.now(UTC)
        subjects = [f"oep.v1.*.*.{fact}" for fact in sorted(facts)]
        reader = Reader(self._bus, EVENTS, subjects, after=known.sequence if known else 0)
        async with contextlib.aclosing(reader.batches()) as batches:
            async for batch in batches:
                here = reader.position
                if here is None or (known is not None and here.epoch != known.epoch):
                    raise StreamReset
                told = self._read(batch)
                if (told or self._is_time()) and not await self._take(told, here, facts):
                    return

    def _read(self, batch: Iterable[Delivery]) -> Told:
        """Return what of a batch is told to anybody, and by mail what this installation wants."""
        told = read(batch)
        told.letters = [each for each in told.letters if self._is_mailed(each)]
        return told

    def _is_mailed(self, each: Letter) -> bool:
        is_old = self._letters_from is not None and each.occurred_at < self._letters_from
        return each.about in self._mails and not is_old

    async def _begin_anew(self) -> None:
        """Begin with the oldest that is left."""
        with contextlib.suppress(Unavailable):
            await self._bus.wait_ready()
            head, first = await self._bus.head(EVENTS), await self._bus.first_sequence(EVENTS)
            await self._database.run(self._move, Position(max(first - 1, 0), head.epoch))

    def _move(self, here: Position) -> None:
        with self._database.transaction() as session:
            delivery_store.move_to(session, PLACE, here)

    def _is_time(self) -> bool:
        """Say, once in a while, that how far was heard is to be kept though nothing is told."""
        now = time.monotonic()
        if now < self._look_at:
            return False
        self._look_at = now + self._look_seconds
        return True

    async def _take(self, told: Told, here: Position, facts: frozenset[str]) -> bool:
        """Write a batch down; say whether just these facts are wanted still."""
        wanted, has_news = await self._database.run(self._write, told, here, facts)
        if has_news:
            self._wake()
        return wanted == facts

    def _wanted(self) -> frozenset[str]:
        with self._database.transaction() as session:
            return self._facts(session)

    def _facts(self, session: Session) -> frozenset[str]:
        has_listeners = endpoint_store.has_listeners(session)
        return self._letter_facts | (frozenset(FACTS) if has_listeners else frozenset())

    def _position(self) -> Position | None:
        with self._database.transaction() as session:
            return delivery_store.position(session, PLACE)

    def _write(
        self, told: Told, here: Position, facts: frozenset[str]
    ) -> tuple[frozenset[str], bool]:
        """Write rows, and how far was heard.

        Not so when others are wanted now: what is said to a new listener lies behind the place
        that was kept last.
        """
        with self._database.transaction() as session:
            wanted = self._facts(session)
            new = store.add(session, told.messages, self._kept)
            new += store.add_letters(session, told.letters, _OLDEST)
            if wanted == facts:
                delivery_store.move_to(session, PLACE, here)
            return wanted, new > 0


def read(batch: Iterable[Delivery]) -> Told:
    """Return what of a batch may be told; what cannot be read is passed over."""
    told = Told()
    for delivery in batch:
        try:
            said = notice(delivery.data)
            told.messages += messages(said)
            written = letter(said)
        except (msgspec.MsgspecError, UnicodeError, KeyError):
            log.warning("outgoing.passed_over", subject=delivery.subject)
            continue
        if written is not None:
            told.letters.append(written)
    return told
