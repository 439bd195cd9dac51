"""What a proctor is shown between handshake and last frame: a whole board, or a window of it.

The whole board is contract §8.2: a snapshot, then each delta as a frame of its own; what is due is
written together, some tens of milliseconds apart. A window (ADR 30) is one page of the board in the
order of who needs somebody first, and then what changes on it.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial

import structlog
from chassis.errors import Failure

from realtime import frames, incoming
from realtime.admission import Admission
from realtime.boards.pace import Pace, Paced
from realtime.boards.watching import Boards
from realtime.boards.window import Extent, asked_by_frame, asked_by_query
from realtime.channels import Channel
from realtime.connection import Connection
from realtime.errors import HistoryGone
from realtime.feed import Feed
from realtime.incoming import Auth, Malformed, Pong, Reauth, TimeSync
from realtime.renewing import renewed
from realtime.timekeeping import Timekeeper
from realtime.visits import Rest, Since, Stay, Staying, leaving_if_refused, replay, tell_resync

log = structlog.get_logger()

Receive = Callable[[str | bytes], None]


class BoardVisit:
    """A proctor who watches an exam (contract §8.2)."""

    def __init__(
        self,
        admission: Admission,
        feed: Feed,
        keeper: Timekeeper,
        boards: Boards,
        *,
        limit_bytes: int,
    ) -> None:
        self.limit_bytes = limit_bytes
        self._admission = admission
        self._feed = feed
        self._keeper = keeper
        self._boards = boards

    def channel(self, path: int) -> Channel:
        return Channel("exam", path)

    async def admit(self, connection: Connection) -> None:
        """Let the connection in once its exam could be read. Raises as `Admission`, `Boards`."""
        await self._admission.admit_board(connection)
        exam_id = connection.channel.id
        await self._feed.join(exam_id, connection, time.monotonic())
        with leaving_if_refused(self._feed, exam_id, connection):
            await self._admission.in_time(self._boards.ready(exam_id))

    def begin(self, connection: Connection, since: Since | None) -> tuple[Stay, Rest | None]:
        """Say `connected` at once; snapshot or replay follow."""
        self._greet(connection)
        connection.put_between(Paced)
        rest = self._show(connection) if since is None else self._resume(connection, since)
        return self._stay(connection), rest

    def _stay(self, connection: Connection) -> Stay:
        return Staying(self._receiver(connection), partial(self._end, connection))

    def _end(self, connection: Connection) -> None:
        self._boards.forget(connection)
        self._feed.leave(connection.channel.id, connection)

    def _greet(self, connection: Connection) -> None:
        exam_id, now = connection.channel.id, self._keeper.now()
        connection.send(frames.board_connected(connection.id, exam_id, now, connection.joined_at))

    def _receiver(self, connection: Connection) -> Receive:
        def receive(text: str | bytes) -> None:
            match incoming.parse(text):
                case Pong() | Auth():
                    return
                case Reauth(token):
                    now = self._keeper.now()
                    connection.send(renewed(self._admission, connection, token, now))
                case TimeSync():  # "are you there?": a cut cable is silent, and pings are rare
                    connection.send(frames.ping(self._keeper.now()))
                case Malformed(message, code):
                    connection.send(frames.error(message, code, self._keeper.now()))
                case _:
                    answer = "Message type is for students only"
                    code = "UNKNOWN_MESSAGE_TYPE"
                    connection.send(frames.error(answer, code, self._keeper.now()))

        return receive

    async def _show(self, connection: Connection) -> None:
        try:
            await self._boards.show(connection)
        except Failure as failure:
            log.info("board.waits", reason=failure.slug)
            self._boards.start_over(connection)

    async def _resume(self, connection: Connection, since: Since) -> None:
        try:
            complete = self._boards.complete
            await replay(self._feed, connection.channel.id, connection, since, complete)
        except HistoryGone as gone:
            tell_resync(connection, gone, self._keeper)
            await self._show(connection)


class WindowVisit(BoardVisit):
    """A proctor who looks at a window of a board, and at another one when he asks for it."""

    def __init__(
        self,
        admission: Admission,
        feed: Feed,
        keeper: Timekeeper,
        boards: Boards,
        *,
        limit_bytes: int,
        query: Mapping[str, str],
    ) -> None:
        """Begin with the window that the handshake's query asks for."""
        super().__init__(admission, feed, keeper, boards, limit_bytes=limit_bytes)
        self._query = query
        self._extent = Extent()
        self._turns: Pace | None = None

    def channel(self, path: int) -> Channel:
        """Return what is listened to. Raises `HandshakeInvalid` when no such window can be."""
        self._extent = asked_by_query(self._query)
        return Channel("window", path)

    def begin(self, connection: Connection, _: Since | None) -> tuple[Stay, Rest | None]:
        """Say `connected` at once; a page follows, wherever the client left off."""
        self._greet(connection)
        return self._stay(connection), self._show(connection)

    def _end(self, connection: Connection) -> None:
        if self._turns is not None:
            self._turns.stop()
        super()._end(connection)

    def _receiver(self, connection: Connection) -> Receive:
        others = super()._receiver(connection)

        def turn() -> bool:
            self._boards.turn(connection, self._extent)
            return True

        self._turns = turns = Pace(turn)

        def receive(text: str | bytes) -> None:
            match asked_by_frame(text):
                case Extent() as extent:
                    self._extent = extent  # of a flood of them, the last one is shown
                    turns.due()
                case Malformed(message, code):
                    connection.send(frames.error(message, code, self._keeper.now()))
                case _:
                    others(text)

        return receive

    async def _show(self, connection: Connection) -> None:
        self._boards.turn(connection, self._extent)
        await super()._show(connection)
