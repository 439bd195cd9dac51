"""Deeds of looking at actions and of acknowledging them.

What is live is judged when it is read, too: an attempt that is closed by now has nothing live.
Blocking: for worker threads.
"""

from collections.abc import Callable

from chassis import outbox
from chassis.database import Database

from proctoring.acting import closing, notices, store
from proctoring.acting.action import Action, Kind, State
from proctoring.acting.errors import ActionNotFound
from proctoring.attempt import Attempt
from proctoring.tables import OUTBOX


class Seeing:
    """Shows actions and takes the students' acknowledgements."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """`wake` tells the relay that something was committed."""
        self._database = database
        self._wake = wake

    def of_attempt(self, attempt: Attempt, *, live: bool | None, for_student: bool) -> list[Action]:
        """Return an attempt's actions, oldest first; the student sees those that were done."""
        with self._database.transaction() as session:
            has_ended = attempt.status.is_closed and closing.close(session, [attempt.attempt_id])
            found = store.of_attempt(session, attempt.attempt_id, live=live)
        if has_ended:
            self._wake()
        hidden = {State.ASKED, State.REFUSED} if for_student else set()
        return [each for each in found if each.state not in hidden]

    def of_exam(
        self, exam_id: int, *, live: bool | None, kind: Kind | None, skip: int, limit: int
    ) -> list[Action]:
        with self._database.transaction() as session:
            return store.of_exam(session, exam_id, live=live, kind=kind, skip=skip, limit=limit)

    def acknowledge(self, attempt: Attempt, number: int) -> Action:
        """Note that the student's client has shown it; what is not live stays as it is.

        Raises `ActionNotFound`, also for one that was never done.
        """
        with self._database.transaction() as session:
            if attempt.status.is_closed:
                closing.close(session, [attempt.attempt_id])
            found = next(iter(store.lock(session, [number])), None)
            if found is None or found.attempt_id != attempt.attempt_id:
                raise ActionNotFound
            if found.state in {State.ASKED, State.REFUSED}:
                raise ActionNotFound
            seen = found.acknowledged(store.clock(session))
            if seen != found:
                store.save(session, [seen])
                outbox.add(session, OUTBOX, [notices.action_acknowledged(seen)])
        self._wake()
        return seen
