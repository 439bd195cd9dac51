"""The deed of switching rules off for attempts, with the scores that follow from it at once."""

from collections.abc import Callable, Sequence

from chassis.database import Database

from proctoring.attempt import Attempt
from proctoring.risk import assessing, store
from proctoring.risk.accommodation import Accommodation
from proctoring.risk.rules import newest


class Accommodating:
    """Decisions are appended, never changed. Blocking: for worker threads."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """`wake` tells the relay that something was committed."""
        self._database = database
        self._wake = wake

    def decide(
        self, attempt: Attempt, rule_ids: Sequence[str], reason: str, author_id: int
    ) -> list[Accommodation]:
        """Let exactly `rule_ids` not count from now on; return all decisions, oldest first."""
        return self.decide_for([attempt], rule_ids, reason, author_id)[attempt.attempt_id]

    def decide_for(
        self, attempts: Sequence[Attempt], rule_ids: Sequence[str], reason: str, author_id: int
    ) -> dict[int, list[Accommodation]]:
        """Let exactly `rule_ids` not count for any of `attempts`: for all of them or for none.

        Returns all decisions by attempt, oldest first.
        """
        exam_ids = {attempt.attempt_id: attempt.exam_id for attempt in attempts}
        with self._database.transaction() as session:
            store.make(session, exam_ids, newest())
            store.hold(session, list(exam_ids), passing_over=False)
            for attempt_id in sorted(exam_ids):
                store.accommodate(session, attempt_id, rule_ids, reason, author_id)
            assessing.assess(session, exam_ids, is_forced=True)
            decided = store.accommodations(session, list(exam_ids))
        self._wake()
        return decided
