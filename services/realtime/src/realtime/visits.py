"""What happens between an admitted handshake and its last frame: students, and who speaks to them.

A visit says who may, what is told first and how it goes on from a position; it knows connections
and nothing of the transport that carries them.
"""

import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from typing import Any, Protocol

import structlog
from chassis.origins import NOWHERE

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
from realtime.presence import Presence
from realtime.saving import Saver
from realtime.student import Student
from realtime.timekeeping import Timekeeper

log = structlog.get_logger()

Since = tuple[int, str]
Receive = Callable[[str | bytes], None]
Rest = Coroutine[Any, Any, None]


class Visit(Protocol):
    """One socket's stay."""

    limit_bytes: int

    def channel(self, path: int) -> Channel: ...
    async def admit(self, connection: Connection) -> None: ...
    def begin(self, connection: Connection, since: Since | None) -> tuple[Receive, Rest | None]: ...
    def end(self, connection: Connection) -> None: ...


class StudentVisit:
    """A student with one attempt (contract §7)."""

    __slots__ = (
        "_admission",
        "_bucket",
        "_exam_id",
        "_feed",
        "_keeper",
        "_place",
        "_presence",
        "_saver",
        "_state",
        "limit_bytes",
    )

    def __init__(
        self,
        admission: Admission,
        feed: Feed,
        keeper: Timekeeper,
        presence: Presence,
        saver: Saver,
        bucket: Bucket,
        *,
        limit_bytes: int,
    ) -> None:
        self.limit_bytes = limit_bytes
        self._admission = admission
        self._feed = feed
        self._keeper = keeper
        self._presence = presence
        self._saver = saver
        self._bucket = bucket
        self._exam_id: int | None = None
        self._state: AttemptState | None = None
        """What attempts said; not needed any more when the visit has begun."""
        self._place = NO_PLACE

    def channel(self, path: int) -> Channel:
        return Channel("attempt", path)

    async def admit(self, connection: Connection) -> None:
        """Let the connection in and set the attempt's clock. Raises as `Admission`."""
        self._state, sent = await self._admission.admit_student(connection)
        async with place_in(self._feed, self._state.exam_id, connection, sent) as is_new:
            if is_new:  # what happened before the exam was read is told by this answer
                self._state, sent = await self._admission.own_attempt(connection)
        self._exam_id, self._place = self._state.exam_id, connection.joined_at
        self._keeper.learn(self._state, sent)
        self._presence.opened(connection, self._state.exam_id)

    def begin(self, connection: Connection, since: Since | None) -> tuple[Receive, Rest | None]:
        """Say `connected` at once; return who takes the frames, and the replay if there is one."""
        assert self._state is not None  # noqa: S101  # admitted before
        attempt_id, now = connection.channel.id, self._keeper.now()
        timing = self._keeper.timing(attempt_id) or self._keeper.learn(
            self._state, time.monotonic()
        )
        told_at = time.monotonic()
        remaining = timing.remaining_seconds(now)
        connection.send(
            frames.connected(
                connection.id,
                attempt_id,
                now,
                remaining,
                connection.joined_at,
                paused_at=timing.paused_at,
                is_waiting_for_authorisation=self._state.is_waiting_for_authorisation,
            )
        )
        self._state, connection.origin = None, NOWHERE  # were for admission only
        student = Student(
            connection, timing, self._keeper, self._saver, self._admission, self._bucket
        )
        if since is not None:
            return student.receive, self._resume(connection, since, student, told_at)
        if connection.joined_at != self._place:  # the stream was lost between the two
            connection.send(frames.resync("stream_reset", connection.joined_at, now))
        connection.go_live(connection.joined_at.sequence)
        return student.receive, None

    def end(self, connection: Connection) -> None:
        self._keeper.forget(connection.channel)
        if self._exam_id is not None:
            self._presence.closed(connection, self._exam_id)
            self._feed.leave(self._exam_id, connection)

    async def _resume(
        self, connection: Connection, since: Since, student: Student, told_at: float
    ) -> None:
        assert self._exam_id is not None  # noqa: S101  # admitted before
        try:
            await replay(self._feed, self._exam_id, connection, since)
        except HistoryGone as gone:
            tell_resync(connection, gone, self._keeper)
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

    def begin(self, connection: Connection, _: Since | None) -> tuple[Receive, Rest | None]:
        """Say nothing; return who takes the frames. The connection never goes live."""
        sender = Broadcaster(
            connection,
            self._exam_id,
            self._keeper,
            self._broadcasting,
            self._admission,
            self._bucket,
        )
        return sender.receive, None

    def end(self, connection: Connection) -> None:
        """Leave: what was received is still said."""
        self._feed.leave(self._exam_id, connection)


@contextlib.asynccontextmanager
async def place_in(
    feed: Feed, exam_id: int, connection: Connection, asked_at: float
) -> AsyncGenerator[bool]:
    """Join an exam's line, as `Feed.join` says; leave it when the rest of admission fails."""
    try:
        yield await feed.join(exam_id, connection, asked_at)
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
