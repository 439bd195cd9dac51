"""Reviews on the real database: people, and reviews brought to the step that a test needs."""

import itertools
from dataclasses import dataclass
from datetime import timedelta

import pytest
from chassis.database import Database
from proctoring.attempt import Attempt, AttemptStatus
from proctoring.review.case import (
    AppealDecision,
    AppealRuling,
    Opening,
    Review,
    Ruling,
    Terms,
)
from proctoring.review.reasons import ReasonCode
from proctoring.review.reviewing import Reviewing
from sqlalchemy import text

TERMS = Terms(timedelta(days=7), timedelta(days=14), timedelta(days=21))
STUDENT, OPENER, JUDGE, OTHER = 7, 20, 21, 22
ATTEMPTS = itertools.count(2_000_000)
CONFIRMED, CLEARED = ReasonCode.FORBIDDEN_MATERIAL, ReasonCode.NO_BREACH


@dataclass
class Desk:
    """The deeds, and shortcuts to each step."""

    reviewing: Reviewing
    owner: Database

    def opened(self, attempt_id: int = 0, exam_id: int = 3) -> Review:
        attempt = Attempt(attempt_id or next(ATTEMPTS), STUDENT, exam_id, AttemptStatus.SUBMITTED)
        return self.reviewing.open(attempt, Opening(OPENER, "a phone"))

    def decided(self, code: ReasonCode = CONFIRMED) -> Review:
        ruling = Ruling(JUDGE, code, "seen on the video", "ask the hall")
        return self.reviewing.decide(self.opened().id, ruling)

    def appealed(self) -> Review:
        return self.reviewing.appeal(self.decided().id, "It was my calculator")

    def overturned(self) -> Review:
        ruling = AppealRuling(OTHER, AppealDecision.OVERTURNED, "it was", "no harm done")
        return self.reviewing.decide_appeal(self.appealed().id, ruling)

    def let_time_pass(self, review_id: int) -> None:
        """Move the review's deadlines to a minute ago, as its owner may."""
        past = "now() - interval '1 min'"
        self.change(
            f"decision_due_at = {past},"
            f" appeal_until = CASE WHEN appeal_until IS NOT NULL THEN {past} END,"
            f" appeal_due_at = CASE WHEN appeal_due_at IS NOT NULL THEN {past} END",
            review_id,
        )

    def change(self, assignments: str, review_id: int) -> None:
        with self.owner.transaction() as session:
            statement = f"UPDATE proctoring.reviews SET {assignments} WHERE id = :id"  # noqa: S608
            session.execute(text(statement), {"id": review_id})


@pytest.fixture
def desk(rig, owner) -> Desk:
    return Desk(Reviewing(rig.database, TERMS, lambda: None), owner)
