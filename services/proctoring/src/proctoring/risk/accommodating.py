"""The deed of switching rules off for one attempt, with the score that follows from it at once."""

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
        exam_ids = {attempt.attempt_id: attempt.exam_id}
        with self._database.transaction() as session:
            store.make(session, exam_ids, newest())
            store.hold(session, list(exam_ids), passing_over=False)
            store.accommodate(session, attempt.attempt_id, rule_ids, reason, author_id)
            assessing.assess(session, exam_ids, is_forced=True)
            decided = store.accommodations(session, list(exam_ids))[attempt.attempt_id]
        self._wake()
        return decided
