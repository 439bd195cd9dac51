"""The deed: look at what the stream holds of an exam's events, and say again what is missing.

Beside a running platform: what stands in the outbox is the relay's, and what is stored after the
look began is not looked at. Of the rest, what the stream has not got is lost, and is said under the
id that it had. So nothing is doubled, whoever runs this when and how often: what the stream has is
seen, and what came in since is known to the stream by its id for longer than a look is believed.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

import msgspec
import structlog
from chassis.bus import (
    EVENTS,
    STREAMS,
    Bus,
    BusUnavailable,
    Delivery,
    Message,
    Reader,
    StreamReset,
)
from chassis.database import Database, DatabaseUnavailable
from chassis.errors import Unavailable

from proctoring.replay import store
from proctoring.replay.held import Held
from proctoring.replay.store import NOWHERE, Notice, Place, Sitting, Window

P = ParamSpec("P")
T = TypeVar("T")
log = structlog.get_logger()

KEPT = timedelta(seconds=next(int(each.max_age or 0) for each in STREAMS if each.name == EVENTS))
"""How long the stream keeps what is said."""

_PAGE = 1_000
_BATCH = 500
_SITTINGS = 500
_EVENTS_AT_ONCE = 5_000
"""Of attempts that are read together; one that has more is read by itself, page by page."""
_LOOK_IS_BELIEVED_SECONDS = 240.0
"""Less than the stream knows ids again (`duplicate_window`)."""
_PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.2
_TRIES = 3


class StreamRestless(Unavailable):
    slug = "stream-restless"
    detail = "The stream was made anew again and again; see what happens to it, then run this again"


@dataclass(frozen=True)
class Order:
    """What is to be put back."""

    exam_id: int | None = None
    since: datetime | None = None
    """As long ago as the stream keeps, when not said."""
    is_dry_run: bool = False
    per_second: int = 5_000
    """How many notices are said in a second at most: live ones share the way."""


@dataclass
class Outcome:
    """What became of one exam, in events."""

    exam_id: int
    stored: int = 0
    held: int = 0
    """The stream had them."""
    waiting: int = 0
    """They stand in the outbox still."""
    rebuilt: int = 0
    missing: int = 0
    """Not in the stream at the end; of a dry run: what would be said again."""


@dataclass
class Look:
    """What the stream holds of an exam; `on` looks on from where the last look ended."""

    bus: Bus
    exam_id: int
    held: Held = field(default_factory=Held)
    looked_at: float = float("-inf")
    _after: int = 0
    _epoch: str | None = None

    @property
    def is_old(self) -> bool:
        return time.monotonic() - self.looked_at > _LOOK_IS_BELIEVED_SECONDS

    async def must_be_the_same(self) -> None:
        """Raise `StreamReset` when the stream is another than the one that was looked at."""
        if (await self.bus.head(EVENTS)).epoch != self._epoch:
            raise StreamReset

    async def on(self) -> None:
        """Look at what has come. Raises `StreamReset` when it is another stream, `Unavailable`."""
        began = time.monotonic()
        head = await self.bus.head(EVENTS)
        if self._epoch not in {None, head.epoch}:
            raise StreamReset
        self._epoch = head.epoch
        await self._read(head.sequence)
        self._after, self.looked_at = head.sequence, began

    async def _read(self, upto: int) -> None:
        subject = f"oep.v1.{self.exam_id}.*.event_recorded"
        reader = Reader(self.bus, EVENTS, [subject], after=self._after)
        async with contextlib.aclosing(reader.batches()) as batches:
            while True:
                batch = await _soon(anext(batches))
                if reader.position is None or reader.position.epoch != self._epoch:
                    raise StreamReset
                for delivery in batch:
                    self._take(delivery)
                if reader.is_at_end or (batch and batch[-1].sequence >= upto):
                    return

    def _take(self, delivery: Delivery) -> None:
        try:
            notice = _decoder.decode(delivery.data)
        except (msgspec.MsgspecError, UnicodeError):
            log.warning("notice.passed_over", subject=delivery.subject)
        else:
            self.held.add(notice.attempt_id, notice.data.event.sequence)


class Rebuilder:
    """Puts back what one stream has lost; the rows give it, nothing is kept here."""

    def __init__(self, bus: Bus, database: Database, tell: Callable[[Outcome], None]) -> None:
        """`tell` hears of an exam as far as it is, page by page."""
        self._bus = bus
        self._database = database
        self._has_read = False
        self._tell = tell

    async def run(self, order: Order) -> list[Outcome]:
        """Go through all exams, or one; begin anew when the stream is lost meanwhile.

        Safe to cancel and to run again. Raises `Unavailable`.
        """
        await _soon(self._bus.wait_ready())
        for _ in range(_TRIES):
            try:
                return await self._all(order)
            except StreamReset:
                log.warning("replay.stream_reset")
        raise StreamRestless

    async def _all(self, order: Order) -> list[Outcome]:
        here = await self._ask(self._now)
        window = Window(order.since or here - KEPT, here)
        exams = await self._ask(self._exams, window.since)
        wanted = [each for each in exams if order.exam_id in {None, each}]
        return [await self._exam(exam_id, window.since, order) for exam_id in wanted]

    async def _exam(self, exam_id: int, since: datetime, order: Order) -> Outcome:
        outcome, look, said = Outcome(exam_id), Look(self._bus, exam_id), Held()
        window = Window(since, await self._ask(self._now))
        await look.on()
        pace = _Pace(order.per_second)
        async for page in self._pages(exam_id, window):
            if look.is_old:
                await look.on()
            lost = _lost(page, look.held, outcome)
            if order.is_dry_run:
                outcome.missing += len(lost)
            else:
                await self._say(lost, look, pace, outcome)
                said.extend(notice.place for notice in lost)
            self._tell(outcome)
        await look.on()
        outcome.missing += sum(place not in look.held for place in said)
        return outcome

    async def _pages(self, exam_id: int, window: Window) -> AsyncGenerator[list[Notice], None]:
        """Yield the notices of an exam's events, attempt by attempt, each in order."""
        last_id = 0
        while sat := await self._ask(self._sittings, exam_id, window.since, last_id):
            last_id = sat[-1].attempt_id
            for group in _grouped(sat):
                place = NOWHERE
                while page := await self._ask(self._notices, exam_id, group, window, place):
                    place = page[-1].place
                    yield page

    async def _say(
        self, lost: Sequence[Notice], look: Look, pace: "_Pace", outcome: Outcome
    ) -> None:
        size = min(_BATCH, pace.tenth)
        for begin in range(0, len(lost), size):
            some = lost[begin : begin + size]
            await pace.wait(len(some))
            await self._publish([notice.message for notice in some], look)
            outcome.rebuilt += len(some)

    async def _publish(self, messages: Sequence[Message], look: Look) -> None:
        """Say all at once, or one by one where some are known; try on for a while."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                await look.must_be_the_same()
                if len(messages) == 1 or not await self._bus.publish_batch(messages):
                    for one in messages:
                        await self._bus.publish(
                            one.subject, one.payload, one.msg_id, is_rebuilt=True
                        )
            except BusUnavailable:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                return

    async def _ask(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Read from the database; try on for a while when it goes away in the middle."""
        deadline = time.monotonic() + (_PATIENCE_SECONDS if self._has_read else 0)
        while True:
            try:
                found = await self._database.run(read, *args, **kwargs)
            except DatabaseUnavailable:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                self._has_read = True
                return found

    def _now(self) -> datetime:
        with self._database.transaction() as session:
            return store.now(session)

    def _exams(self, since: datetime) -> list[int]:
        with self._database.transaction() as session:
            return store.exams(session, since)

    def _sittings(self, exam_id: int, since: datetime, after: int) -> list[Sitting]:
        with self._database.transaction() as session:
            return store.sittings(session, exam_id, since, after, _SITTINGS)

    def _notices(
        self, exam_id: int, sat: Sequence[Sitting], window: Window, after: Place
    ) -> list[Notice]:
        with self._database.transaction() as session:
            return store.notices(session, exam_id, sat, window, after, _PAGE)


class _Pace:
    """Lets through so many a second."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._next = time.monotonic()

    @property
    def tenth(self) -> int:
        """How many are let through in a tenth of a second."""
        return max(1, self._per_second // 10)

    async def wait(self, count: int) -> None:
        now = time.monotonic()
        await asyncio.sleep(max(0.0, self._next - now))
        self._next = max(self._next, now) + count / self._per_second


class _Event(msgspec.Struct):
    sequence: int


class _Data(msgspec.Struct):
    event: _Event


class _Notice(msgspec.Struct):
    attempt_id: int
    data: _Data


_decoder = msgspec.json.Decoder(_Notice)


def _grouped(sat: Iterable[Sitting]) -> Iterator[list[Sitting]]:
    """Return attempts that are few enough events to be read together."""
    group: list[Sitting] = []
    for each in sat:
        if group and sum(one.event_count for one in group) + each.event_count > _EVENTS_AT_ONCE:
            yield group
            group = []
        group.append(each)
    if group:
        yield group


def _lost(page: Iterable[Notice], held: Held, outcome: Outcome) -> list[Notice]:
    """Return what is to be said again, and count the rest."""
    lost = []
    for notice in page:
        outcome.stored += 1
        if notice.is_waiting:
            outcome.waiting += 1
        elif notice.place in held:
            outcome.held += 1
        else:
            lost.append(notice)
    return lost


async def _soon(awaited: Awaitable[T]) -> T:
    """Await something that a bus which is there gives soon."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await awaited
    except TimeoutError as error:
        raise BusUnavailable from error
