"""What a proctor's board starts from: one snapshot per exam, shared by all who ask at once.

A snapshot is read after its position was taken, so it holds everything up to there; what came later
is told behind it from the ring, and twice told is harmless because notices carry absolute values.
"""

import asyncio
import time
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import structlog
from chassis.bus import Position
from chassis.errors import Failure, NotFound

from realtime import frames, presence
from realtime.attempts_client import AttemptsClient, Roster, Seat
from realtime.connection import NO_PLACE, Connection
from realtime.errors import ExamNotFound, NeighbourAway
from realtime.feed import Feed
from realtime.frames import Frame
from realtime.notices import Message
from realtime.presence import Presence, Seen
from realtime.proctoring_client import Attention, Board, ProctoringClient, Tally
from realtime.ring import Ring

log = structlog.get_logger()

_RETRY_SECONDS = 0.5


@dataclass(frozen=True)
class Snapshot:
    """A built frame, complete up to `position`."""

    frame: Frame
    position: Position
    made_at: float


class Boards:
    """Makes snapshots and gives them to boards; `run` serves those that must start over."""

    def __init__(
        self,
        attempts: AttemptsClient,
        proctoring: ProctoringClient,
        present: Presence,
        feed: Feed,
        ring: Ring[Message],
        *,
        shared_seconds: float,
    ) -> None:
        """Give the same snapshot to all who ask within `shared_seconds`."""
        self._shared_seconds = shared_seconds
        self._attempts = attempts
        self._proctoring = proctoring
        self._present = present
        self._feed = feed
        self._ring = ring
        self._making: dict[int, asyncio.Task[Snapshot]] = {}
        self._made: dict[int, Snapshot] = {}
        self._waiting: dict[Connection, None] = {}
        self._wake = asyncio.Event()

    async def snapshot(self, exam_id: int) -> Snapshot:
        """Return a snapshot that is new enough to be shared.

        Raises `ExamNotFound`, and `NeighbourAway` when a service that is needed is down.
        """
        made = self._made.get(exam_id)
        if made is not None and self._is_good(exam_id, made):
            return made
        making = self._making.get(exam_id)
        if making is None:
            making = asyncio.create_task(self._make(exam_id), name=f"snapshot-{exam_id}")
            self._making[exam_id] = making
            making.add_done_callback(partial(self._done, exam_id))
        try:
            return await asyncio.shield(making)
        except NotFound as error:
            raise ExamNotFound from error
        except Failure as error:
            raise NeighbourAway from error

    async def show(self, connection: Connection) -> None:
        """Send a snapshot, then everything behind it, then go live. Raises as `snapshot`."""
        while True:
            snapshot = await self.snapshot(connection.channel.id)
            history = self._behind(connection, snapshot.position)
            if history is not None:
                connection.send(snapshot.frame)
                connection.go_live(snapshot.position.sequence, history)
                return
            self._made.pop(connection.channel.id, None)
            await asyncio.sleep(0)

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

    def forget(self, connection: Connection) -> None:
        self._waiting.pop(connection, None)

    def _done(self, exam_id: int, making: asyncio.Task[Snapshot]) -> None:
        self._making.pop(exam_id, None)
        if not making.cancelled():
            making.exception()  # whoever waited has heard it; perhaps nobody did

    def _is_good(self, exam_id: int, made: Snapshot) -> bool:
        is_fresh = time.monotonic() - made.made_at < self._shared_seconds
        return is_fresh and made.position.epoch == self._feed.position(exam_id).epoch

    def _behind(self, connection: Connection, position: Position) -> list[Message] | None:
        if position.epoch != self._feed.position(connection.channel.id).epoch:
            return None
        if position == NO_PLACE:
            return []  # the bus is away; `resync` follows
        return self._ring.after(connection.channel, position.sequence)

    async def _make(self, exam_id: int) -> Snapshot:
        position, made_at = self._feed.position(exam_id), time.monotonic()
        roster, board = await asyncio.gather(
            self._attempts.roster(exam_id), self._proctoring.board(exam_id)
        )
        rows = [_row(roster, seat, board, self._seen(seat)) for seat in roster.seats]
        frame = frames.snapshot(exam_id, roster.as_of, position, rows)
        snapshot = self._made[exam_id] = Snapshot(frame, position, made_at)
        return snapshot

    def _seen(self, seat: Seat) -> Seen:
        return self._present.of(seat.state.attempt_id)


def _row(roster: Roster, seat: Seat, board: Board, seen: Seen) -> dict[str, Any]:
    """Return one attempt as contract §8.2 shows it."""
    state = seat.state
    tally = board.tallies.get(state.attempt_id, Tally())
    waiting = board.attention.get(state.attempt_id, Attention())
    return {
        "attempt_id": state.attempt_id,
        "student_id": state.student_id,
        "student_name": seat.student_name,
        "hall_ticket_number": seat.hall_ticket_number,
        "status": state.status,
        "start_time": state.start_time,
        "deadline_at": state.deadline_at,
        "paused_at": state.paused_at,
        "is_waiting_for_authorisation": state.is_waiting_for_authorisation,
        "workstation_id": seat.workstation_id,
        "questions_answered": seat.questions_answered,
        "total_questions": roster.total_questions,
        **presence.shown(seen),
        "counts": {"info": tally.info, "warning": tally.warning, "violation": tally.violation},
        "last_event": tally.last_event,
        **asdict(waiting),
    }
