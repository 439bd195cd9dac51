"""Two deeds at once on one attempt, over real connections: one wins, the other is told."""

from functools import partial

import pytest
from attempts.allowance import Grant
from attempts.allowing import Allowing
from attempts.answer import Save
from attempts.errors import (
    AlreadyCancelled,
    AlreadyPaused,
    CannotBegin,
    CannotSteer,
    CannotSubmit,
    TimeIsUp,
)
from attempts.order import Order
from attempts.progress import Refused
from attempts.steering import Steering
from chassis.origins import NOWHERE

TIMES = 12
MORE = Grant(600, None, "fire alarm", 9)


@pytest.fixture
def steering(world) -> Steering:
    return Steering(world.db, lambda: None)


@pytest.fixture
def allowing(world) -> Allowing:
    return Allowing(world.db, lambda: None)


def order(attempt_id: int) -> Order:
    return Order(attempt_id, 9, "fire alarm", NOWHERE, "other")


def nearly_over(world, student: int) -> int:
    """Make an attempt whose deadline falls into the race."""
    return world.attempt(student=student, begun_seconds_ago=3599.98)


def expiring(world, attempt_id: int) -> bool:
    """Let the clock tick a few times; say whether the attempt expired."""
    for _ in range(8):
        world.lifecycle.expire_due()
    return world.row(attempt_id)["status"] == "expired"


def statuses(world, attempt_id: int) -> list[str]:
    notes = world.notes("status_changed")
    return [n["data"]["status"] for n in notes if n["attempt_id"] == attempt_id]


def test_extend_beside_expire_either_adds_the_time_or_says_that_it_is_up(world, allowing, at_once):
    for student in range(TIMES):
        attempt_id = nearly_over(world, student)
        extended, expired = at_once(
            partial(allowing.extend, attempt_id, MORE, NOWHERE),
            partial(expiring, world, attempt_id),
        )
        row = world.row(attempt_id)
        if isinstance(extended, Exception):
            assert isinstance(extended, TimeIsUp | CannotSteer), extended
            assert row["allowance_seconds"] == 0
        else:
            assert not expired
            assert (row["status"], row["allowance_seconds"]) == ("in_progress", 600)


def test_what_is_due_is_never_extended(world, allowing, at_once):
    attempt_id = world.attempt(begun_seconds_ago=3601)
    extended, _ = at_once(
        partial(allowing.extend, attempt_id, MORE, NOWHERE), world.lifecycle.expire_due
    )
    assert isinstance(extended, TimeIsUp | CannotSteer), extended
    assert world.row(attempt_id)["allowance_seconds"] == 0


def test_cancel_beside_submit_has_one_winner(world, steering, at_once):
    for student in range(TIMES):
        attempt_id = world.attempt(student=student)
        cancelled, submitted = at_once(
            partial(steering.cancel, order(attempt_id)),
            partial(world.lifecycle.submit, attempt_id, student, None),
        )
        status = world.row(attempt_id)["status"]
        assert statuses(world, attempt_id) == [status]
        if status == "graded":
            assert isinstance(cancelled, CannotSteer)
        else:
            assert status == "cancelled"
            assert isinstance(submitted, CannotSubmit)


def test_pause_beside_expire_has_one_winner(world, steering, at_once):
    for student in range(TIMES):
        attempt_id = nearly_over(world, student)
        paused, expired = at_once(
            partial(steering.pause, order(attempt_id), None), partial(expiring, world, attempt_id)
        )
        row = world.row(attempt_id)
        if isinstance(paused, Exception):
            assert isinstance(paused, TimeIsUp | CannotSteer), paused
            assert row["paused_at"] is None
        else:
            assert not expired
            assert row["status"] == "in_progress"
            world.lifecycle.expire_due()
            assert world.row(attempt_id)["status"] == "in_progress"


def test_begin_beside_cancel_ends_cancelled_and_says_the_truth(world, steering, at_once):
    for student in range(TIMES):
        attempt_id = world.attempt("not_started", student=student)
        begun, cancelled = at_once(
            partial(world.lifecycle.begin, attempt_id, student),
            partial(steering.cancel, order(attempt_id)),
        )
        assert not isinstance(cancelled, Exception), cancelled
        assert world.row(attempt_id)["status"] == "cancelled"
        if isinstance(begun, CannotBegin):
            assert statuses(world, attempt_id) == ["cancelled"]
        else:
            assert statuses(world, attempt_id) == ["in_progress", "cancelled"]


def test_of_two_pauses_one_wins(world, steering, at_once):
    attempt_id = world.attempt()
    results = at_once(*[partial(steering.pause, order(attempt_id), None)] * 4)
    lost = [r for r in results if isinstance(r, AlreadyPaused)]
    assert [r.by_id for r in lost] == [order(attempt_id).by_id] * 3
    assert len(world.notes("attempt_paused")) == 1


def test_of_two_cancellations_one_wins(world, steering, at_once):
    attempt_id = world.attempt()
    results = at_once(*[partial(steering.cancel, order(attempt_id))] * 4)
    lost = [r for r in results if isinstance(r, AlreadyCancelled)]
    assert [r.by_id for r in lost] == [order(attempt_id).by_id] * 3
    assert statuses(world, attempt_id) == ["cancelled"]


def test_of_two_extensions_both_count(world, allowing, at_once):
    attempt_id = world.attempt()
    before = world.row(attempt_id)["deadline_at"]
    at_once(*[partial(allowing.extend, attempt_id, MORE, NOWHERE)] * 4)
    row = world.row(attempt_id)
    assert row["allowance_seconds"] == 2400
    assert (row["deadline_at"] - before).total_seconds() == 2400


def test_a_save_beside_a_pause_is_stored_or_refused_as_a_whole(world, steering, at_once):
    for student in range(TIMES):
        attempt_id = world.attempt(student=student)
        wish = Save(attempt_id, student, world.choice, "B")
        _, [saved] = at_once(
            partial(steering.pause, order(attempt_id), None),
            partial(world.saving.save_all, [wish]),
        )
        stored = world.reading.own_answers(attempt_id, student)
        assert len(stored) == (0 if isinstance(saved, Refused) else 1)
