"""One exam's part of the stream, as this node reads it: a reader, a position, and who listens.

A node reads the exams of its own sockets and no others (ADR 29). Each has a consumer of its own,
filtered on the server, so that joining or leaving one never interrupts another, and so that the
check for gaps stays simple: what one consumer delivers is numbered without holes.

A line begins at the head of the stream. What lies a little before is read into the ring without
being told; what lies behind is told, all of it, in order. When that cannot be kept up, the line
begins anew and says so: never a silent hole.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog
from chassis.bus import EVENTS, Bus, BusUnavailable, Delivery, Position, Reader, StreamReset

from realtime import channels, notices
from realtime.channels import Channel
from realtime.connection import NO_PLACE, Connection
from realtime.metrics import BOARD_AGE, READER_LAG
from realtime.notices import Message
from realtime.ring import Ring

log = structlog.get_logger()


class Line:
    """An exam that this node serves; `run` reads it until cancelled."""

    def __init__(
        self,
        exam_id: int,
        bus: Bus,
        ring: Ring[Message],
        *,
        fold: Callable[[Message], None],
        fan_out: Callable[[Message], None],
        settle: Callable[[], None],
        prepare: Callable[[int], Awaitable[None]],
        complete: Callable[[Sequence[Message]], Awaitable[None]],
        restart: Callable[["Line"], None],
        warm_messages: int,
    ) -> None:
        """`fold` sees every message, `fan_out` only live ones, `restart` says that there is a gap.

        `settle` is called when all that came at once was fanned out, before anything else happens.
        `prepare` is awaited for the exam when the head is known and nothing behind it was told,
        `complete` for what came at once of new attempts, before any of it is told.
        What lies among the last `warm_messages` before the head is read without being told.
        """
        self.exam_id = exam_id
        self.channel = Channel("exam", exam_id)
        self.members: dict[Connection, None] = {}
        self.position = NO_PLACE
        """Everything of this exam up to here was told; before the first contact it is nowhere."""
        self.began_at = float("inf")
        """The monotonic instant from which on everything is told."""
        self.empty_since: float | None = None
        self.has_begun = asyncio.Event()
        self.is_warm = asyncio.Event()
        self._bus = bus
        self._ring = ring
        self._fold = fold
        self._fan_out = fan_out
        self._settle = settle
        self._prepare = prepare
        self._complete = complete
        self._restart = restart
        self._warm_messages = warm_messages
        self._reader: Reader | None = None
        self._read = 0
        self._heard: dict[int, int] = {}
        """The number of the last event of each attempt (proctoring counts without holes)."""
        self._current_at = time.monotonic()

    def behind_seconds(self) -> float:
        """Return for how long it may have been missing something; 0 when it is up to date."""
        if self._bus.is_connected and self._reader is not None and self._reader.is_at_end:
            self._current_at = time.monotonic()
        return max(0.0, time.monotonic() - self._current_at)

    async def run(self) -> None:
        """Read until cancelled; begin anew behind the head whenever the stream was reset."""
        while True:
            try:
                await self._read_on()
            except StreamReset:
                log.warning("line.stream_reset", exam_id=self.exam_id)
                self.position = NO_PLACE
                await asyncio.sleep(0.1)
            except BusUnavailable:
                await asyncio.sleep(0.2)
            except Exception:
                log.exception("line.failed", exam_id=self.exam_id)  # somebody may have missed it
                self.position = NO_PLACE
                await asyncio.sleep(0.5)

    async def _read_on(self) -> None:
        after, warm_until = await self._begin()
        subject = channels.exam_subject(self.exam_id)
        self._reader = reader = Reader(self._bus, EVENTS, [subject], after=after)
        async for batch in reader.batches():
            if reader.position is None or reader.position.epoch != self.position.epoch:
                raise StreamReset
            read = [(delivery, self._news(delivery)) for delivery in batch]
            new = [m for _, m in read if m is not None and m.address.fact == notices.CREATED]
            if new and new[-1].sequence > warm_until:
                await self._complete(new)
            self._take(read, warm_until)
            if self._read >= warm_until or reader.is_at_end:
                self.is_warm.set()

    async def _begin(self) -> tuple[int, int]:
        """Return behind what to read, and up to where it is only past."""
        await self._bus.wait_ready()
        if self.position != NO_PLACE:
            return self._read, self.position.sequence
        head = await self._bus.head(EVENTS)
        first = await self._bus.first_sequence(EVENTS)
        after = max(first - 1, head.sequence - self._warm_messages, 0)
        self.is_warm.clear()
        await self._prepare(self.exam_id)
        self._ring.open(self.channel, after)
        self._read, self.position, self.began_at = after, head, time.monotonic()
        self._heard.clear()
        self._restart(self)
        self.has_begun.set()
        return after, head.sequence

    def _take(self, read: Sequence[tuple[Delivery, Message | None]], warm_until: int) -> None:
        for delivery, message in read:
            self._read = delivery.sequence
            if message is not None:
                self._fold(message)
                self._ring.append(message)
            if delivery.sequence <= warm_until:
                continue
            self.position = Position(delivery.sequence, self.position.epoch)
            if message is not None:
                self._fan_out(message)
        self._settle()
        if read and read[-1][0].sequence > warm_until:
            now = time.time()
            READER_LAG.observe(max(0.0, now - read[-1][0].at.timestamp()))
            said = next((m for d, m in read if m is not None and d.sequence > warm_until), None)
            if said is not None:
                _observe_age(said, now)

    def _news(self, delivery: Delivery) -> Message | None:
        """Return what is to be told; None, too, of what was put back into the stream (ADR 34).

        That was told or shown to everybody who is here, or something newer was.
        """
        if delivery.is_rebuilt:
            return None
        message = notices.read(delivery, self.position.epoch)
        if message is None:
            log.warning("notice.passed_over", subject=delivery.subject)
            return None
        return message if self._is_news(message) else None

    def _is_news(self, message: Message) -> bool:
        """Say whether an event is later than all of its attempt so far; other facts always are.

        A relay says again what it could not mark, for longer than the stream may know it again.
        """
        number = notices.event_number(message)
        attempt_id = message.address.attempt_id
        if number is None or number > self._heard.get(attempt_id, 0):
            if number is not None:
                self._heard[attempt_id] = number
            return True
        return False


def _observe_age(message: Message, now: float) -> None:
    """Note how old the oldest of a batch was; what says no time of its own says nothing."""
    with contextlib.suppress(ValueError):
        BOARD_AGE.observe(max(0.0, now - datetime.fromisoformat(message.notice.at).timestamp()))
