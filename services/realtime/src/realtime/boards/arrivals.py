"""Attempts that are made while an exam is watched: the notice becomes the whole row of a board.

Attempts says that there is one and whose it is (`attempt_created`); people's names are not on the
bus, so auth is asked for those of all who come at once, before any board is told. Then nothing has
to be told twice: the row is in the delta, in order, and in the ring for whoever comes back. Nobody
is asked for an exam that is not watched here.
"""

import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import asdict

import structlog
from chassis.errors import Failure

from realtime.auth_client import Person
from realtime.boards.row import Row, is_whole
from realtime.notices import CREATED, Message
from realtime.presence import Presence
from realtime.proctoring_client import Attention, Tally

log = structlog.get_logger()

People = Callable[[Collection[int]], Awaitable[Mapping[int, Person]]]

_PAUSE_SECONDS = 5.0
"""For how long auth is not asked when it did not answer: everybody's frames wait for it."""


class Arrivals:
    """Makes rows of notices; lives on the event loop."""

    def __init__(
        self, people: People, present: Presence, is_watched: Callable[[int], bool]
    ) -> None:
        """`people` gives those whom auth knows; `is_watched` says whether an exam has a board."""
        self._people = people
        self._present = present
        self._is_watched = is_watched
        self._silent_until = float("-inf")

    async def complete(self, messages: Sequence[Message], total_questions: int) -> None:
        """Put the row into each notice of a new attempt, if its exam is watched.

        Without auth the name is empty, as in a snapshot. Never raises a failure.
        """
        new = [message for message in messages if self._is_wanted(message)]
        if not new:
            return
        people = await self._named({message.notice.data["student_id"] for message in new})
        for message in new:
            student = people.get(message.notice.data["student_id"], Person("", None))
            message.notice.data = self._row(message, student, total_questions)

    def _is_wanted(self, message: Message) -> bool:
        address, data = message.address, message.notice.data
        is_new = address.fact == CREATED and {"student_id", "status"} <= data.keys()
        return is_new and not is_whole(data) and self._is_watched(address.exam_id)

    async def _named(self, user_ids: Collection[int]) -> Mapping[int, Person]:
        if time.monotonic() < self._silent_until:
            return {}
        try:
            return await self._people(user_ids)
        except Failure as failure:
            log.info("arrivals.unnamed", reason=failure.slug, count=len(user_ids))
            self._silent_until = time.monotonic() + _PAUSE_SECONDS
            return {}

    def _row(self, message: Message, student: Person, total_questions: int) -> Row:
        data, attempt_id = message.notice.data, message.address.attempt_id
        tally = Tally()
        return {
            "attempt_id": attempt_id,
            "student_id": data["student_id"],
            "student_name": student.full_name,
            "hall_ticket_number": student.hall_ticket_number,
            "center": student.center,
            "status": data["status"],
            "start_time": None,
            "deadline_at": None,
            "paused_at": None,
            "is_waiting_for_authorisation": bool(data.get("is_waiting_for_authorisation")),
            "workstation_id": data.get("workstation_id"),
            "questions_answered": data.get("questions_answered", 0),
            "total_questions": total_questions,
            **self._present.of(attempt_id).shown,
            "counts": {"info": tally.info, "warning": tally.warning, "violation": tally.violation},
            "last_event": None,
            "risk_score": 0,
            **asdict(Attention()),
        }
