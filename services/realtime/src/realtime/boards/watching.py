"""Boards and the connections that watch them: who is shown what first, and who must start over.

A board is loaded behind the position that was taken before anybody was asked; what came meanwhile
is folded in from the ring. So it is complete, and one load serves all boards of its exam that open
within `shared_seconds`, however many. A board that nobody watches any more is forgotten when it is
older than that.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import structlog
from chassis.bus import Position
from chassis.errors import Failure, NotFound

from realtime.boards.arrivals import Arrivals
from realtime.boards.board import Board
from realtime.boards.loading import Loader
from realtime.boards.window import Extent, Window
from realtime.channels import Channel
from realtime.connection import NO_PLACE, Connection
from realtime.errors import ExamNotFound, NeighbourAway
from realtime.feed import Feed
from realtime.notices import Message
from realtime.ring import Ring

log = structlog.get_logger()

_RETRY_SECONDS = 0.5
_TEND_SECONDS = 0.5
_AGAIN_SECONDS = 0.1
_COUNTS_AT_MOST = 2

Done = TypeVar("Done")


class Boards:
    """All boards of a node; `run` serves those who must start over, `tend` keeps rows right."""

    def __init__(
        self,
        loader: Loader,
        arrivals: Arrivals,
        feed: Feed,
        ring: Ring[Message],
        as_of: Callable[[int], datetime],
        *,
        shared_seconds: float,
    ) -> None:
        """Load an exam anew for whoever comes when its rows are older than `shared_seconds`."""
        self._loader = loader
        self._arrivals = arrivals
        self._feed = feed
        self._ring = ring
        self._as_of = as_of
        self._shared_seconds = shared_seconds
        self._boards: dict[int, Board] = {}
        self._totals: dict[int, int] = {}
        """How many questions an exam has, also while no board of it is kept."""
        self._loading: dict[int, asyncio.Task[Board]] = {}
        self._counting: dict[int, asyncio.Task[None]] = {}
        self._watched: dict[Connection, Window | None] = {}
        self._extents: dict[Connection, Extent] = {}
        self._waiting: dict[Connection, None] = {}
        self._wake = asyncio.Event()

    def apply(self, message: Message) -> None:
        """Fold a live notice into the board of its exam, if anybody watches that."""
        board = self._boards.get(message.address.exam_id)
        if board is not None:
            board.apply(message)

    async def complete(self, messages: Sequence[Message]) -> None:
        """Make whole rows of the new attempts in some messages of one exam, before they are told.

        What is here of them already is passed over, so it may be done again.
        """
        if messages:
            total = self._totals.get(messages[0].address.exam_id, 0)
            await self._arrivals.complete(messages, total)

    def drop(self, exam_id: int) -> None:
        """Forget an exam: its line is read no more, or is another one."""
        self._boards.pop(exam_id, None)
        self._totals.pop(exam_id, None)

    async def ready(self, exam_id: int) -> Board:
        """Return a board that is new enough to be shown, as far as the feed is.

        Raises `ExamNotFound`, and `NeighbourAway` when a service that is needed is down.
        """
        try:
            board = self._boards.get(exam_id)
            if board is None or board.is_incomplete or not self._is_fresh(board):
                board = await self._load_once(exam_id)
            while not self._is_of_now(board):
                board = await self._load_once(exam_id)
            for _ in range(_COUNTS_AT_MOST):  # the first may be one that was asked for too early
                if board.is_uncounted:
                    await self._count_once(board)
        except NotFound as error:
            raise ExamNotFound from error
        except Failure as error:
            raise NeighbourAway from error
        return board

    async def show(self, connection: Connection) -> None:
        """Show a board, or the window that was asked for, and go live. Raises as `ready`.

        A board gets a snapshot and then everything behind it, a window its page.
        """
        self._watched.setdefault(connection, None)
        board = await self.ready(connection.channel.id)
        if connection not in self._watched:
            return  # it has left
        position = self._feed.position(board.exam_id)
        extent = self._extents.get(connection)
        if extent is None:
            connection.send(board.snapshot(position))
        else:
            self._open(connection, board, extent)
        connection.go_live(position.sequence)

    def turn(self, connection: Connection, extent: Extent) -> None:
        """Show another window, if one is shown already; else this will be the first."""
        self._extents[connection] = extent
        board = self._boards.get(connection.channel.id)
        if board is not None and self._watched.get(connection) is not None:
            self._open(connection, board, extent)

    def start_over(self, connection: Connection) -> None:
        """Show a board everything anew as soon as that is possible; it holds until then."""
        self._waiting[connection] = None
        self._wake.set()

    async def run(self) -> None:
        """Serve the boards that must start over, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                connection = next(iter(self._waiting))
                try:
                    if connection.closing is None:
                        await self.show(connection)
                except Failure as failure:
                    log.info("board.waits", reason=failure.slug)
                    await asyncio.sleep(_RETRY_SECONDS)
                    if connection in self._waiting:  # to the end of the line
                        self._waiting[connection] = self._waiting.pop(connection)
                else:
                    self._waiting.pop(connection, None)

    async def tend(self, renew_seconds: float) -> None:
        """Count anew what no notice tells, and load anew what is old or lacks somebody."""
        while True:
            await asyncio.sleep(_TEND_SECONDS)
            for exam_id, board in list(self._boards.items()):
                try:
                    await self._tend(exam_id, board, renew_seconds)
                except Failure as failure:
                    log.info("board.waits", reason=failure.slug)

    async def stop(self) -> None:
        """End what is being loaded or counted."""
        tasks = [*self._loading.values(), *self._counting.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def forget(self, connection: Connection) -> None:
        """Let a connection go; `tend` lets go of its board."""
        self._waiting.pop(connection, None)
        self._extents.pop(connection, None)
        self._close(connection)

    def _open(self, connection: Connection, board: Board, extent: Extent) -> None:
        self._close(connection)
        self._watched[connection] = window = board.window(extent)
        window.join(connection)

    def _close(self, connection: Connection) -> None:
        window = self._watched.pop(connection, None)
        if window is not None:
            window.leave(connection)

    async def _tend(self, exam_id: int, board: Board, renew_seconds: float) -> None:
        if not (self._is_fresh(board) or self._is_watched(exam_id)):
            self._boards.pop(exam_id, None)
        elif self._is_old(board, renew_seconds):
            await self._load_once(exam_id)
        elif board.is_uncounted:
            await self._count_once(board)

    def _is_watched(self, exam_id: int) -> bool:
        return any(connection.channel.id == exam_id for connection in self._watched)

    def _is_old(self, board: Board, renew_seconds: float) -> bool:
        """Whoever is missing may be missing for good, so that is no reason to ask all the time."""
        is_due = time.monotonic() - board.loaded_at > renew_seconds
        return is_due or (board.is_incomplete and not self._is_fresh(board))

    def _is_fresh(self, board: Board) -> bool:
        return time.monotonic() - board.loaded_at < self._shared_seconds

    def _is_of_now(self, board: Board) -> bool:
        return board.position.epoch == self._feed.position(board.exam_id).epoch

    async def _load_once(self, exam_id: int) -> Board:
        return await self._once(self._loading, exam_id, partial(self._load, exam_id))

    async def _count_once(self, board: Board) -> None:
        await self._once(self._counting, board.exam_id, partial(self._count, board))

    @staticmethod
    async def _once(
        going_on: dict[int, asyncio.Task[Done]],
        exam_id: int,
        work: Callable[[], Coroutine[Any, Any, Done]],
    ) -> Done:
        """Do something, or wait for who does it already; one who gives up does not end it."""
        task = going_on.get(exam_id)
        if task is None:
            task = going_on[exam_id] = asyncio.create_task(work())
            task.add_done_callback(partial(_done, going_on, exam_id))
        return await asyncio.shield(task)

    async def _count(self, board: Board) -> None:
        number = board.counts_due
        board.recount(await self._loader.counts(board.exam_id), number)

    async def _load(self, exam_id: int) -> Board:
        while True:
            position, loaded_at = self._feed.position(exam_id), time.monotonic()
            rows = await self._loader.rows(exam_id)
            behind = self._behind(exam_id, position)
            if behind is not None:
                break
            await asyncio.sleep(_AGAIN_SECONDS)
        board = self._boards.setdefault(exam_id, Board(exam_id, partial(self._as_of, exam_id)))
        board.load(rows, position, loaded_at)
        self._totals[exam_id] = max((row["total_questions"] for row in rows), default=0)
        for message in behind:
            board.apply(message)
        return board

    def _behind(self, exam_id: int, position: Position) -> list[Message] | None:
        """Return what was told behind a position; None when that cannot be said in full."""
        if position.epoch != self._feed.position(exam_id).epoch:
            return None
        if position == NO_PLACE:
            return []  # the bus is away; `resync` follows
        return self._ring.after(Channel("exam", exam_id), position.sequence)


def _done(going_on: dict[int, asyncio.Task[Done]], exam_id: int, task: asyncio.Task[Done]) -> None:
    del going_on[exam_id]
    if not task.cancelled():
        task.exception()  # whoever waited has heard it; perhaps nobody did
