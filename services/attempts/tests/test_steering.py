"""Cancel, pause, go on, reopen: what the staff does, and what it does to the clock."""

from datetime import timedelta

import pytest
from attempts.answer import Save
from attempts.errors import (
    AlreadyPaused,
    AlreadyReopened,
    CannotSteer,
    NoTimeLeft,
    NotPaused,
    TimeIsUp,
)
from attempts.order import Order
from attempts.progress import Refusal, Refused, Saved
from attempts.steering import Steering
from chassis.errors import Conflict
from chassis.origins import NOWHERE


@pytest.fixture
def steering(world) -> Steering:
    return Steering(world.db, lambda: None)


def order(attempt_id: int) -> Order:
    return Order(attempt_id, 9, "fire alarm", NOWHERE, "technical")


def rewind(world, attempt_id: int, seconds: int) -> None:
    """Let a pause have begun earlier."""
    world.run(
        "UPDATE attempts.attempts SET paused_at = paused_at - make_interval(secs => :s),"
        " pause_ends_at = pause_ends_at - make_interval(secs => :s),"
        " start_time = start_time - make_interval(secs => :s),"
        " deadline_at = deadline_at - make_interval(secs => :s) WHERE id = :id",
        s=seconds,
        id=attempt_id,
    )


@pytest.mark.contract("9.1/move/cancel", "9.5/cancellation")
@pytest.mark.parametrize("status", ["not_started", "in_progress", "submitted", "expired"])
def test_whatever_is_not_graded_can_be_cancelled(world, steering, status):
    attempt_id = world.attempt(status)
    cancelled = steering.cancel(order(attempt_id))
    assert (cancelled.status, cancelled.close_reason) == ("cancelled", "technical")
    assert world.row(attempt_id)["close_note"] == "fire alarm"
    [note] = world.notes()
    assert (note["data"]["previous_status"], note["data"]["status"]) == (status, "cancelled")
    [entry] = world.run(
        "SELECT event_type, user_id, details FROM attempts.audit_logs WHERE attempt_id = :id",
        id=attempt_id,
    )
    assert (entry["event_type"], entry["user_id"]) == ("attempt_cancelled", 9)
    assert entry["details"]["reason_code"] == "technical"


@pytest.mark.contract("9.1/move/cancel")
@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("graded", "Cannot cancel attempt with status: graded"),
        ("cancelled", "Attempt is cancelled already$"),
    ],
)
def test_a_graded_or_cancelled_attempt_stays_what_it_is(world, steering, status, words):
    with pytest.raises(Conflict, match=words):
        steering.cancel(order(world.attempt(status)))
    assert world.notes() == []


def test_the_clock_stands_still_in_a_pause_and_the_deadline_moves_by_it(world, steering):
    attempt_id = world.attempt(begun_seconds_ago=600)
    before = world.row(attempt_id)["deadline_at"]
    paused = steering.pause(order(attempt_id), None)
    assert paused.time_remaining_seconds in {2999, 3000}
    rewind(world, attempt_id, 10_000)
    shown = world.reading.attempt(attempt_id, 9, sees_all=True)
    assert (shown.time_remaining_seconds, shown.is_past_deadline) == (
        paused.time_remaining_seconds,
        False,
    )
    assert world.lifecycle.expire_due() == 0
    going = steering.unpause(order(attempt_id))
    assert abs(going.time_remaining_seconds - paused.time_remaining_seconds) <= 1
    assert going.paused_seconds in {10_000, 10_001}
    assert abs(going.deadline_at - before) < timedelta(seconds=5)
    assert going.elapsed_seconds in {600, 601}
    facts = [note["fact"] for note in world.notes()]
    assert facts == ["attempt_paused", "attempt_resumed", "deadline_changed"]


def test_nothing_is_saved_in_a_pause_and_the_refusal_says_so(world, steering):
    attempt_id = world.attempt()
    wish = Save(attempt_id, world.student, world.choice, "B")
    steering.pause(order(attempt_id), None)
    [outcome] = world.saving.save_all([wish])
    assert outcome == Refused(Refusal.ATTEMPT_PAUSED)
    steering.unpause(order(attempt_id))
    assert isinstance(world.saving.save_all([wish])[0], Saved)


def test_a_submit_in_a_pause_ends_it(world, steering):
    attempt_id = world.attempt(begun_seconds_ago=600)
    steering.pause(order(attempt_id), None)
    rewind(world, attempt_id, 5_000)
    done = world.lifecycle.submit(attempt_id, world.student, None).attempt
    assert (done.status, done.is_paused) == ("graded", False)
    assert done.time_taken_seconds in {600, 601}


def test_a_pause_that_lasts_too_long_ends_the_attempt_if_the_staff_said_so(world, steering):
    ended, endless = world.attempt(), world.attempt(student=world.other)
    steering.pause(order(ended), 60)
    steering.pause(order(endless), None)
    assert world.lifecycle.end_pauses() == 0
    rewind(world, ended, 61)
    rewind(world, endless, 61)
    assert world.lifecycle.end_pauses() == 1
    row = world.row(ended)
    assert (row["status"], row["submit_reason"]) == ("graded", "pause")
    assert world.row(endless)["status"] == "in_progress"


def test_what_is_paused_or_over_cannot_be_paused(world, steering):
    attempt_id = world.attempt()
    with pytest.raises(NotPaused):
        steering.unpause(order(attempt_id))
    steering.pause(order(attempt_id), None)
    with pytest.raises(AlreadyPaused, match="Attempt is paused already, by user "):
        steering.pause(order(attempt_id), None)
    with pytest.raises(TimeIsUp):
        steering.pause(order(world.attempt(student=3, begun_seconds_ago=3601)), None)
    with pytest.raises(CannotSteer, match="Cannot pause attempt with status: not_started"):
        steering.pause(order(world.attempt("not_started", student=4)), None)


def test_reopening_carries_answers_flags_and_the_time_that_was_left(world, steering):
    old = world.attempt(begun_seconds_ago=600)
    wish = Save(old, world.student, world.choice, "B", is_flagged=True)
    world.saving.save_all([wish])
    world.lifecycle.submit(old, world.student, None)
    new = steering.reopen(order(old), None)
    assert (new.status, new.reopened_from_id) == ("not_started", old)
    created, status = (note for note in world.notes() if note["attempt_id"] == new.id)
    assert (created["fact"], status["fact"]) == ("attempt_created", "status_changed")
    assert created["data"]["questions_answered"] == new.questions_answered
    assert new.time_remaining_seconds in {2998, 2999, 3000}
    assert (new.questions_answered, new.questions_flagged) == (1, (world.choice,))
    [answer] = world.reading.own_answers(new.id, world.student)
    assert (answer.value, answer.marks_awarded) == ("B", None)
    assert world.row(old)["status"] == "graded"
    begun = world.lifecycle.begin(new.id, world.student)
    length = (begun.deadline_at - begun.start_time).total_seconds()
    assert length == new.time_remaining_seconds
    with pytest.raises(AlreadyReopened, match=str(new.id)):
        steering.reopen(order(old), None)


def test_a_reopened_attempt_keeps_the_letters_that_the_student_answered_by(world, steering):
    shuffle = "UPDATE attempts.exams SET shuffle_options = :on WHERE id = :id"
    world.run(shuffle, on=True, id=world.objective)
    try:
        for student in range(700, 706):
            old = world.attempt(student=student, begun_seconds_ago=600)
            [shown] = [q for q in world.shown(world.objective, student) if q["id"] == world.choice]
            key = next(k for k, option in shown["options"].items() if option == "Neutral wire")
            world.saving.save_all([Save(old, student, world.choice, key)])
            steering.cancel(order(old))
            new = steering.reopen(order(old), None)
            assert world.shown(world.objective, student)[0]["options"] == shown["options"]
            world.lifecycle.begin(new.id, student)
            done = world.lifecycle.submit(new.id, student, None).attempt
            assert done.score.marks_obtained == 4.0
    finally:
        world.run(shuffle, on=False, id=world.objective)


def test_reopening_what_ran_out_of_time_needs_extra_time(world, steering):
    old = world.attempt(begun_seconds_ago=3700)
    world.lifecycle.expire_due()
    with pytest.raises(NoTimeLeft):
        steering.reopen(order(old), None)
    new = steering.reopen(order(old), 300)
    assert (new.time_remaining_seconds, new.duration_seconds) == (300, 300)


@pytest.mark.parametrize("status", ["not_started", "in_progress"])
def test_only_what_is_over_can_be_reopened(world, steering, status):
    with pytest.raises(CannotSteer, match=f"Cannot reopen attempt with status: {status}"):
        steering.reopen(order(world.attempt(status)), 60)


ROUTES = {
    "cancel": ({"admin", "proctor"}, {"reason": "left the hall"}),
    "pause": ({"admin", "proctor"}, {"reason": "power cut", "max_seconds": 60}),
    "unpause": ({"admin", "proctor"}, {"reason": "power is back"}),
    "reopen": ({"admin"}, {"reason": "wrong button"}),
}


@pytest.mark.contract("5.1/cancel/who")
@pytest.mark.parametrize("path", ROUTES)
async def test_only_those_named_steer_attempts(api, world, path):
    allowed, body = ROUTES[path]
    url = f"/attempts/{world.attempt()}/{path}"
    everybody = {"student", "technician", "hall_auth", "grader", "hall_in_charge", "proctor"}
    for role in sorted(everybody - allowed):
        assert (await api(9, role).post(url, json=body)).status_code == 403
    admin = api(9, "admin")
    assert (await admin.post(url, json={"reason": ""})).status_code == 422
    missing = await admin.post(f"/attempts/999999/{path}", json=body)
    assert (missing.status_code, missing.json()["detail"]) == (404, "Attempt not found")


@pytest.mark.contract("5.1/cancel", "5.1/cancel/who")
async def test_the_staffs_way_over_rest(api, world):
    attempt_id = world.attempt()
    proctor, url = api(9, "proctor"), f"/attempts/{attempt_id}"
    paused = await proctor.post(f"{url}/pause", json={"reason": "power cut", "max_seconds": 600})
    assert paused.status_code == 200
    assert paused.json()["paused_at"] is not None
    assert paused.json()["encryption_salt"] is None
    save = {"question_id": world.choice, "answer": "B"}
    refused = await api().post(f"{url}/answers", json=save)
    assert (refused.status_code, refused.json()["detail"]) == (400, "Attempt is paused")
    going = await proctor.post(f"{url}/unpause", json={"reason": "power is back"})
    assert going.json()["paused_at"] is None
    assert (await api().post(f"{url}/answers", json=save)).status_code == 200
    cancelled = await proctor.post(f"{url}/cancel", json={"reason": "left the hall"})
    assert (cancelled.json()["status"], cancelled.json()["close_reason"]) == ("cancelled", "other")
    again = await proctor.post(f"{url}/cancel", json={"reason": "left the hall"})
    assert again.status_code == 409
    assert again.json()["detail"] == "Attempt is cancelled already, by user 9"
    assert again.json()["cancelled_by_id"] == 9
    reopened = await api(1, "admin").post(f"{url}/reopen", json={"reason": "wrong student"})
    assert (reopened.status_code, reopened.json()["reopened_from_id"]) == (201, attempt_id)
