"""Until when a snapshot may come, how many, and what the chain is told: the rule alone."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from proctoring.attempt import Attempt, AttemptStatus
from proctoring.delivery import Submission
from proctoring.risk.rules import Happening
from proctoring.risk.scoring import assess
from proctoring.snapshots import snapshot
from proctoring.snapshots.picture import Picture
from proctoring.snapshots.snapshot import (
    MOST_IN_A_WINDOW,
    NO_MORE_SECONDS,
    Draft,
    Source,
    may_come,
    wait_seconds,
)

SUBMIT = datetime(2026, 3, 1, 12, tzinfo=UTC)
GRACE = timedelta(minutes=15)
MOMENT = timedelta(microseconds=1)


def attempt(status: AttemptStatus, *, submitted: bool = True) -> Attempt:
    submission = Submission(1, 2, None, SUBMIT) if submitted else None
    return Attempt(1, 3, 2, status, submission=submission)


@pytest.mark.parametrize("status", [s for s in AttemptStatus if not s.is_closed])
def test_an_open_attempt_takes_whatever_was_taken_when(status):
    open_one = attempt(status, submitted=False)
    assert may_come(open_one, SUBMIT - timedelta(days=9), SUBMIT, GRACE)


@pytest.mark.parametrize("status", [AttemptStatus.SUBMITTED, AttemptStatus.GRADED])
def test_behind_the_submit_what_was_taken_before_it_may_come_for_a_while(status):
    closed = attempt(status)
    assert may_come(closed, SUBMIT, SUBMIT + GRACE, GRACE)
    assert not may_come(closed, SUBMIT + MOMENT, SUBMIT + GRACE, GRACE)
    assert not may_come(closed, SUBMIT - MOMENT, SUBMIT + GRACE + MOMENT, GRACE)


def test_nothing_comes_of_a_cancelled_attempt_or_of_an_unknown_submit():
    assert not may_come(attempt(AttemptStatus.CANCELLED), SUBMIT, SUBMIT, GRACE)
    unknown = attempt(AttemptStatus.GRADED, submitted=False)
    assert not may_come(unknown, SUBMIT, SUBMIT, GRACE)


def test_so_many_in_a_minute_and_so_many_in_all():
    oldest = SUBMIT - timedelta(seconds=50)
    assert wait_seconds(9, 10, MOST_IN_A_WINDOW - 1, oldest, SUBMIT) == 0
    assert wait_seconds(9, 10, MOST_IN_A_WINDOW, oldest, SUBMIT) == 10
    assert wait_seconds(10, 10, 0, None, SUBMIT) == NO_MORE_SECONDS


def test_the_chain_is_told_of_the_picture_and_risk_takes_no_notice():
    draft = Draft(
        1, uuid4(), Source.SCREEN, SUBMIT, bytes(32), 900, Picture("image/webp", 640, 480)
    )
    told = snapshot.event(draft)
    assert told.event_id == draft.snapshot_id
    assert (told.severity.value, told.event_timestamp) == ("info", SUBMIT)
    assert json.loads(told.event_data or "") == {
        "snapshot_id": str(draft.snapshot_id),
        "source": "screen",
        "sha256": "00" * 32,
        "size": 900,
        "width": 640,
        "height": 480,
        "taken_at": "2026-03-01T12:00:00.000000Z",
    }
    many = [
        Happening(n, told.event_type, told.severity, SUBMIT + timedelta(seconds=n))
        for n in range(200)
    ]
    assert assess(many).score == 0
