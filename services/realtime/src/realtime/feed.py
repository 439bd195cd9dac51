"""Which exams this node reads, and what was missed: from the ring, or from the stream.

A line (`line`) is read from the first socket of its exam until a while after the last one has left,
so that sockets that come back find their past in memory. A part of a history is never told: what
cannot be told in full is `HistoryGone`, and when the stream itself was lost everybody hears
`resync`.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog
from chassis.bus import EVENTS, Bus, BusUnavailable, Position, StreamReset

from realtime import channels, notices
from realtime.channels import Channel
from realtime.connection import NO_PLACE, Connection
from realtime.errors import HistoryGone
from realtime.line import Line
from realtime.metrics import JOINS, LINES, REPLAYS
from realtime.notices import Message
from realtime.ring import Ring

log = structlog.get_logger()

_REPLAYS_AT_ONCE = 16
_JOIN_SECONDS = 1.0
_SWEEP_SECONDS = 1.0


class Feed:
    """The lines of a node; `run` is the supervised task that owns their readers."""

    def __init__(
        self,
        bus: Bus,
        ring: Ring[Message],
        *,
        fold: Callable[[Message], None],
        fan_out: Callable[[Message], None],
        settle: Callable[[], None],
        prepare: Callable[[int], Awaitable[None]],
        complete: Callable[[Sequence[Message]], Awaitable[None]],
        restart: Callable[[Line], None],
        end: Callable[[Line], None],
        warm_messages: int,
        replay_seconds: float,
        linger_seconds: float,
    ) -> None:
        """Hand the first six to each line; `end` hears of a line that is read no more."""
        self._bus = bus
        self._ring = ring
        self._end = end
        self._new_line = partial(
            Line,
            bus=bus,
            ring=ring,
            fold=fold,
            fan_out=fan_out,
            settle=settle,
            prepare=prepare,
            complete=complete,
            restart=restart,
            warm_messages=warm_messages,
        )
        self._replay_seconds = replay_seconds
        self._linger_seconds = linger_seconds
        self._replays = asyncio.Semaphore(_REPLAYS_AT_ONCE)
        self._lines: dict[int, Line] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._is_met = False

    @property
    def is_warm(self) -> bool:
        """Whether the bus has been met, so that a socket which comes finds its place."""
        return self._is_met

    def exams(self) -> list[int]:
        return list(self._lines)

    def line(self, exam_id: int) -> Line | None:
        return self._lines.get(exam_id)

    def position(self, exam_id: int) -> Position:
        """Return up to where an exam was told; nowhere when it is not read."""
        line = self._lines.get(exam_id)
        return NO_PLACE if line is None else line.position

    def behind_seconds(self) -> float:
        """Return for how long some exam may have been missing something."""
        return max((line.behind_seconds() for line in self._lines.values()), default=0.0)

    async def join(self, exam_id: int, connection: Connection, asked_at: float) -> bool:
        """Give a connection that is in the hub already its place in the exam's line.

        Return whether what was asked at the monotonic instant `asked_at` may be too old, because
        the line was not read then. While the bus is away the place is nowhere, and `resync` follows
        when it is back. Safe to cancel; otherwise the connection is to `leave` in the end.
        """
        JOINS[connection.channel.kind].inc()
        line = self._lines.get(exam_id) or self._open(exam_id)
        line.members[connection] = None
        line.empty_since = None
        try:
            await self._begun(line)
        except asyncio.CancelledError:
            self.leave(exam_id, connection)
            raise
        if line.began_at > asked_at:
            connection.start_over(line.position)
            return True
        connection.settle(line.position)
        return False

    def leave(self, exam_id: int, connection: Connection) -> None:
        """Forget a connection; harmless when it is not there."""
        line = self._lines.get(exam_id)
        if line is not None:
            line.members.pop(connection, None)
            if not line.members:
                line.empty_since = time.monotonic()

    async def run(self) -> None:
        """Close lines that nobody listens to, until cancelled; then none is read any more."""
        try:
            await self._bus.wait_ready()
            self._is_met = True
            while True:
                await asyncio.sleep(_SWEEP_SECONDS)
                before = time.monotonic() - self._linger_seconds
                for line in list(self._lines.values()):
                    if line.empty_since is not None and line.empty_since < before:
                        await self._close(line)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def history(
        self, exam_id: int, channel: Channel, since: int, epoch: str
    ) -> list[Message]:
        """Return what came on a channel of an exam behind `since`, complete and in order.

        It reaches up to the exam's `position`. A student's past is looked for in the stream when
        the ring is too short; a board gets a snapshot sooner. Raises `HistoryGone`.
        """
        line = await self._warm(exam_id)
        upto = line.position
        if epoch != upto.epoch:
            raise HistoryGone("epoch_changed")
        if since > upto.sequence:
            await self._must_exist(since)
            return []
        found = self._ring.after(channel, since, line.channel)
        if found is not None:
            REPLAYS.labels("ring").inc()
            return found
        if channel.kind == "exam":
            raise HistoryGone("history_too_old")
        subject = channels.subject(exam_id, channel.id, "*")
        found = await self._from_stream(line, subject, since, upto)
        REPLAYS.labels("stream").inc()
        return found

    def _open(self, exam_id: int) -> Line:
        line = self._lines[exam_id] = self._new_line(exam_id)
        self._tasks[exam_id] = asyncio.create_task(line.run(), name=f"line-{exam_id}")
        LINES.set(len(self._lines))
        log.info("line.opened", exam_id=exam_id)
        return line

    async def _close(self, line: Line) -> None:
        del self._lines[line.exam_id]
        LINES.set(len(self._lines))
        self._ring.shut(line.channel)
        self._end(line)
        task = self._tasks.pop(line.exam_id)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        log.info("line.closed", exam_id=line.exam_id)

    async def _begun(self, line: Line) -> None:
        if not line.has_begun.is_set() and self._bus.is_connected:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_JOIN_SECONDS):
                    await line.has_begun.wait()

    async def _warm(self, exam_id: int) -> Line:
        line = self._lines[exam_id]
        try:
            async with asyncio.timeout(self._replay_seconds):
                await line.is_warm.wait()
        except TimeoutError as error:
            raise HistoryGone("history_unavailable") from error
        return line

    async def _must_exist(self, since: int) -> None:
        """Tell a node that lags from a position that never was."""
        try:
            head = await self._bus.head(EVENTS)
        except BusUnavailable as error:
            raise HistoryGone("history_unavailable") from error
        if since > head.sequence:
            raise HistoryGone("position_unknown")

    async def _from_stream(
        self, line: Line, subject: str, since: int, upto: Position
    ) -> list[Message]:
        try:
            async with asyncio.timeout(self._replay_seconds), self._replays:
                deliveries = await self._bus.replay(EVENTS, [subject], since, upto.sequence)
        except StreamReset as error:
            raise HistoryGone("history_too_old") from error
        except (BusUnavailable, TimeoutError) as error:
            raise HistoryGone("history_unavailable") from error
        if line.position.epoch != upto.epoch:
            raise HistoryGone("epoch_changed")
        news = (delivery for delivery in deliveries if not delivery.is_rebuilt)
        read = (notices.read(delivery, upto.epoch) for delivery in news)
        return [message for message in read if message is not None]
