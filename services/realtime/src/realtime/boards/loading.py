"""What a board begins with: attempts and proctoring are asked, once for all who wait for it.

An exam may have thousands of attempts, so rows are made some at a time: between two portions the
event loop serves everybody else.
"""

import asyncio
from dataclasses import asdict

from realtime.attempts_client import AttemptsClient, Roster, Seat
from realtime.boards.row import COUNTED, Row
from realtime.endings import Endings
from realtime.presence import Presence
from realtime.proctoring_client import Attention, Board, ProctoringClient, Tally

_PORTION = 200
_NOTHING, _QUIET = Tally(), Attention()


class Loader:
    """Asks the two services that know an exam. Raises their failures, and `NotFound`."""

    def __init__(
        self,
        attempts: AttemptsClient,
        proctoring: ProctoringClient,
        present: Presence,
        endings: Endings,
    ) -> None:
        self._attempts = attempts
        self._proctoring = proctoring
        self._present = present
        self._endings = endings

    async def rows(self, exam_id: int) -> list[Row]:
        """Return an exam's attempts as they are now or a little later."""
        roster, board, _ = await asyncio.gather(
            self._attempts.roster(exam_id),
            self._proctoring.board(exam_id),
            self._endings.recall(exam_id),
        )
        rows: list[Row] = []
        for first in range(0, len(roster.seats), _PORTION):
            rows += [self._row(roster, s, board) for s in roster.seats[first : first + _PORTION]]
            await asyncio.sleep(0)
        return rows

    async def counts(self, exam_id: int) -> dict[int, dict[str, int]]:
        """Return the counts that no notice carries, of the attempts where there is anything."""
        board = await self._proctoring.board(exam_id, with_tallies=False)
        return {
            i: {name: getattr(each, name) for name in COUNTED}
            for i, each in board.attention.items()
        }

    def _row(self, roster: Roster, seat: Seat, board: Board) -> Row:
        """Return one attempt as contract §8.2 shows it."""
        state = seat.state
        tally = board.tallies.get(state.attempt_id, _NOTHING)
        last = tally.last_event
        return {
            "attempt_id": state.attempt_id,
            "student_id": state.student_id,
            "student_name": seat.student_name,
            "hall_ticket_number": seat.hall_ticket_number,
            "center": seat.center,
            "status": state.status,
            "start_time": state.start_time,
            "deadline_at": state.deadline_at,
            "paused_at": state.paused_at,
            "is_waiting_for_authorisation": state.is_waiting_for_authorisation,
            "workstation_id": seat.workstation_id,
            "questions_answered": seat.questions_answered,
            "total_questions": roster.total_questions,
            **self._present.of(state.attempt_id).shown,
            "counts": {"info": tally.info, "warning": tally.warning, "violation": tally.violation},
            "last_event": None if last is None else asdict(last),
            "risk_score": board.risks.get(state.attempt_id, 0),
            **asdict(board.attention.get(state.attempt_id, _QUIET)),
        }
