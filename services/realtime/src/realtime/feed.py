"""One reader of the bus per node: it turns the stream into messages and hands them on, in order.

It also answers what was missed: from the ring, or from the stream when that is older. It never
tells a part of a history: what cannot be told in full is `HistoryGone`, and when the stream itself
was lost every listener hears `resync`.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog
from chassis.bus import EVENTS, Bus, BusUnavailable, Delivery, Position, Reader, StreamReset

from realtime import channels, notices
from realtime.channels import Channel
from realtime.errors import HistoryGone
from realtime.metrics import REPLAYS
from realtime.notices import Message
from realtime.ring import Ring

log = structlog.get_logger()

_REPLAYS_AT_ONCE = 16
_NOWHERE = Position(0, "")


class Feed:
    """Where this node stands in the stream; `run` is its supervised task."""

    def __init__(
        self,
        bus: Bus,
        ring: Ring[Message],
        *,
        fold: Callable[[Message], None],
        fan_out: Callable[[Message], None],
        restart: Callable[[str, Position], None],
        warm_messages: int,
        replay_seconds: float,
    ) -> None:
        """`fold` sees every message, `fan_out` only live ones, `restart` says that there is a gap.

        The first `warm_messages` before the head are read into the ring without being told.
        """
        self._bus = bus
        self._ring = ring
        self._fold = fold
        self._fan_out = fan_out
        self._restart = restart
        self._warm_messages = warm_messages
        self._replay_seconds = replay_seconds
        self._replays = asyncio.Semaphore(_REPLAYS_AT_ONCE)
        self._reader: Reader | None = None
        self._read = 0
        self._is_warm = asyncio.Event()
        self._current_at = float("-inf")
        self.position = _NOWHERE
        """Everything up to here was told; before the first contact it is nowhere, epoch ''."""

    @property
    def is_warm(self) -> bool:
        return self._is_warm.is_set()

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
                log.warning("feed.stream_reset")
                self.position = _NOWHERE
                await asyncio.sleep(0.1)
            except BusUnavailable:
                await asyncio.sleep(0.2)
            except Exception:
                log.exception("feed.failed")  # somebody may have missed it: all resync
                self.position = _NOWHERE
                await asyncio.sleep(0.5)

    async def history(
        self, channel: Channel, since: int, epoch: str, subject: str | None = None
    ) -> list[Message]:
        """Return what came on `channel` behind `since` up to `position`, complete and in order.

        `subject` allows the stream to be asked when the ring is too short. Raises `HistoryGone`.
        """
        await self._wait_warm()
        upto = self.position
        if epoch != upto.epoch:
            raise HistoryGone("epoch_changed")
        if since > upto.sequence:
            await self._must_exist(since)
            return []
        found = self._ring.after(channel, since)
        if found is not None:
            REPLAYS.labels("ring").inc()
            return found
        if subject is None:
            raise HistoryGone("history_too_old")
        found = await self._from_stream(subject, since, upto)
        REPLAYS.labels("stream").inc()
        return found

    async def _wait_warm(self) -> None:
        try:
            async with asyncio.timeout(self._replay_seconds):
                await self._is_warm.wait()
        except TimeoutError as error:
            raise HistoryGone("history_unavailable") from error

    async def _must_exist(self, since: int) -> None:
        """Tell a node that lags from a position that never was."""
        try:
            head = await self._bus.head(EVENTS)
        except BusUnavailable as error:
            raise HistoryGone("history_unavailable") from error
        if since > head.sequence:
            raise HistoryGone("position_unknown")

    async def _from_stream(self, subject: str, since: int, upto: Position) -> list[Message]:
        try:
            async with asyncio.timeout(self._replay_seconds), self._replays:
                deliveries = await self._bus.replay(EVENTS, [subject], since, upto.sequence)
        except StreamReset as error:
            raise HistoryGone("history_too_old") from error
        except (BusUnavailable, TimeoutError) as error:
            raise HistoryGone("history_unavailable") from error
        if self.position.epoch != upto.epoch:
            raise HistoryGone("epoch_changed")
        read = (notices.read(delivery, upto.epoch) for delivery in deliveries)
        return [message for message in read if message is not None]

    async def _read_on(self) -> None:
        after, warm_until = await self._begin()
        self._reader = reader = Reader(self._bus, EVENTS, [channels.ALL_SUBJECTS], after=after)
        async for batch in reader.batches():
            if reader.position is None or reader.position.epoch != self.position.epoch:
                raise StreamReset
            self._take(batch, warm_until)
            if self._read >= warm_until or reader.is_at_end:
                self._is_warm.set()
            if reader.is_at_end:
                self._current_at = time.monotonic()

    async def _begin(self) -> tuple[int, int]:
        """Return behind what to read, and up to where it is only past."""
        await self._bus.wait_ready()
        if self.position != _NOWHERE:
            return self._read, self.position.sequence
        head = await self._bus.head(EVENTS)
        first = await self._bus.first_sequence(EVENTS)
        after = max(first - 1, head.sequence - self._warm_messages, 0)
        self._is_warm.clear()
        self._ring.restart(after)
        self._read, self.position = after, head
        self._restart("stream_reset", head)
        return after, head.sequence

    def _take(self, batch: Sequence[Delivery], warm_until: int) -> None:
        for delivery in batch:
            self._read = delivery.sequence
            message = notices.read(delivery, self.position.epoch)
            if message is None:
                log.warning("notice.passed_over", subject=delivery.subject)
            else:
                self._fold(message)
                self._ring.append(message)
            if delivery.sequence <= warm_until:
                continue
            self.position = Position(delivery.sequence, self.position.epoch)
            if message is not None:
                self._fan_out(message)
