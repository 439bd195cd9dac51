"""What happens between an admitted handshake and its last frame: students, and who speaks to them.

A visit says who may, what is told first and how it goes on from a position; it knows connections
and nothing of the transport that carries them.
"""

import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import structlog

from realtime import frames
from realtime.admission import Admission
from realtime.attempts_client import AttemptState
from realtime.broadcast import Bucket
from realtime.broadcaster import Broadcaster
from realtime.broadcasting import Broadcasting
from realtime.channels import Channel
from realtime.connection import NO_PLACE, Connection
from realtime.errors import HistoryGone
from realtime.feed import Feed
from realtime.metrics import REPLAYS
from realtime.notices import Message
from realtime.student import Parts, Student
from realtime.timekeeping import Timekeeper

log = structlog.get_logger()

Since = tuple[int, str]
Rest = Coroutine[Any, Any, None]


class Stay(Protocol):
    """Who takes a socket's frames, and hears of its end."""

    def receive(self, text: str | bytes) -> None: ...
    def end(self) -> None: ...


class Visit(Protocol):
    """A socket from its handshake until it stays."""

    limit_bytes: int

    def channel(self, path: int) -> Channel: ...
    async def admit(self, connection: Connection) -> None: ...
    def begin(self, connection: Connection, since: Since | None) -> tuple[Stay, Rest | None]:
        """Say what is told first; return who stays, and what goes on beside it."""


@dataclass(frozen=True, slots=True)
class Staying:
    """A stay of two functions."""

    receive: Callable[[str | bytes], None]
    end: Callable[[], None]


class StudentVisit:
    """A student with one attempt (contract §7); what stays of it is a `Student`."""

    __slots__ = ("_parts", "_place", "_state", "limit_bytes")

    def __init__(self, parts: Parts) -> None:
        self.limit_bytes = parts.limit_bytes
        self._parts = parts
        self._state: AttemptState | None = None
        self._place = NO_PLACE

    def channel(self, path: int) -> Channel:
        return Channel("attempt", path)

    async def admit(self, connection: Connection) -> None:
        """Let the connection in and set the attempt's clock. Raises as `Admission`."""
        parts = self._parts
        state, sent = await parts.admission.admit_student(connection)
        if await parts.feed.join(state.exam_id, connection, sent):
            # What happened before the exam was read is told by this answer.
            with leaving_if_refused(parts.feed, state.exam_id, connection):
                state, sent = await parts.admission.own_attempt(connection)
        self._state, self._place = state, connection.joined_at
        parts.keeper.learn(state, sent)
        parts.presence.opened(connection, state.exam_id)

    def begin(self, connection: Connection, since: Since | None) -> tuple[Stay, Rest | None]:
        """Say `connected` at once; return the student, and the replay if there is one."""
        state = self._state
        assert state is not None  # noqa: S101  # admitted before
        keeper, now, told_at = self._parts.keeper, self._parts.keeper.now(), time.monotonic()
        timing = keeper.timing(state.attempt_id) or keeper.learn(state, told_at)
        connection.send(
            frames.connected(
                connection.id,
                connection.channel.id,
                now,
                timing.remaining_seconds(now),
                connection.joined_at,
                paused_at=timing.paused_at,
                is_waiting_for_authorisation=state.is_waiting_for_authorisation,
            )
        )
        student = Student(connection, state.exam_id, timing, self._parts)
        if since is not None:
            return student, self._resume(connection, since, student, told_at)
        if connection.joined_at != self._place:  # the stream was lost between the two
            connection.send(frames.resync("stream_reset", connection.joined_at, now))
        connection.go_live(connection.joined_at.sequence)
        return student, None

    async def _resume(
        self, connection: Connection, since: Since, student: Student, told_at: float
    ) -> None:
        assert self._state is not None  # noqa: S101  # admitted before
        try:
            await replay(self._parts.feed, self._state.exam_id, connection, since)
        except HistoryGone as gone:
            tell_resync(connection, gone, self._parts.keeper)
            connection.go_live(connection.joined_at.sequence)
        student.tell_time_if_changed(told_at)


class BroadcastVisit:
    """Staff who speak to one attempt (contract §8.1); they are told nothing but answers."""

    def __init__(
        self,
        admission: Admission,
        feed: Feed,
        keeper: Timekeeper,
        broadcasting: Broadcasting,
        bucket: Bucket,
        *,
        limit_bytes: int,
    ) -> None:
        self.limit_bytes = limit_bytes
        self._admission = admission
        self._feed = feed
        self._keeper = keeper
        self._broadcasting = broadcasting
        self._bucket = bucket
        self._exam_id = 0

    def channel(self, path: int) -> Channel:
        return Channel("broadcast", path)

    async def admit(self, connection: Connection) -> None:
        """Let the connection in. Raises as `Admission`."""
        state = await self._admission.admit_broadcaster(connection)
        self._exam_id = state.exam_id
        await self._feed.join(self._exam_id, connection, time.monotonic())

    def begin(self, connection: Connection, _: Since | None) -> tuple[Stay, Rest | None]:
        """Say nothing; return who takes the frames. The connection never goes live."""
        sender = Broadcaster(
            connection,
            self._exam_id,
            self._keeper,
            self._broadcasting,
            self._admission,
            self._bucket,
        )
        return Staying(sender.receive, partial(self._end, connection)), None

    def _end(self, connection: Connection) -> None:
        """Leave: what was received is still said."""
        self._feed.leave(self._exam_id, connection)


@contextlib.contextmanager
def leaving_if_refused(feed: Feed, exam_id: int, connection: Connection) -> Iterator[None]:
    """Leave an exam's line, which was joined, when the rest of admission fails."""
    try:
        yield
    except BaseException:
        feed.leave(exam_id, connection)
        raise


async def replay(
    feed: Feed,
    exam_id: int,
    connection: Connection,
    since: Since,
    complete: Callable[[Sequence[Message]], Awaitable[None]] | None = None,
) -> None:
    """Tell what was missed and go live. Raises `HistoryGone` with the connection still holding.

    `complete` is awaited for the messages before they are told.
    """
    after, epoch = since
    while True:
        joined_at = connection.joined_at
        history = await feed.history(exam_id, connection.channel, after, epoch)
        if complete is not None:
            await complete(history)
        if connection.joined_at == joined_at:
            connection.go_live(after, history)
            return
        # The stream was met, or was reset, meanwhile: what was held is gone, so ask again.


def tell_resync(connection: Connection, gone: HistoryGone, keeper: Timekeeper) -> None:
    """Say that what was missed can not be told in full; the connection still holds."""
    REPLAYS.labels("resync").inc()
    connection.send(frames.resync(gone.reason, connection.joined_at, keeper.now()))
