"""Extra time: before the start, during the attempt, for a whole exam; seen or not yet."""

from datetime import timedelta

import pytest
from attempts.allowance import Grant, ensure_sound
from attempts.allowing import Allowing
from attempts.errors import CannotSteer, InvalidAllowance, TimeIsUp
from attempts.starting import Seat, Starting
from chassis.origins import NOWHERE
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def allowing(world):
    yield Allowing(world.db, lambda: None)
    world.run("DELETE FROM attempts.allowances; DELETE FROM attempts.exam_allowances")


def seconds(count: int) -> Grant:
    return Grant(count, None, "fire alarm", 9)


def factor(value: float) -> Grant:
    return Grant(None, value, "disability", 9)


@given(st.integers(1, 600), st.floats(1.01, 3))
def test_a_factor_is_worth_its_share_of_the_exams_own_length(attempt_of, minutes, value):
    one = attempt_of(duration_minutes=minutes, allowance_seconds=500)
    given_seconds = factor(value).seconds_for(one)
    assert -0.00001 <= given_seconds - minutes * 60 * (value - 1) < 1.00001


@pytest.mark.parametrize(
    "grant",
    [seconds(29), seconds(4 * 3600 + 1), factor(1.0), factor(3.01), Grant(60, 1.5, "x", 1)],
)
def test_what_is_out_of_bounds_is_refused(grant):
    with pytest.raises(InvalidAllowance):
        ensure_sound(grant)


def test_time_given_before_the_start_is_there_when_the_clock_starts(world, allowing):
    attempt_id = world.attempt("not_started")
    given_to, allowance = allowing.extend(attempt_id, factor(1.25), NOWHERE)
    assert (allowance.seconds, given_to.time_remaining_seconds) == (900, 4500)
    begun = world.lifecycle.begin(attempt_id, world.student)
    assert begun.deadline_at - begun.start_time == timedelta(seconds=4500)


def test_time_given_while_the_attempt_runs_moves_the_deadline_that_expiry_reads(world, allowing):
    attempt_id = world.attempt(begun_seconds_ago=3599)
    before = world.row(attempt_id)["deadline_at"]
    given_to, _ = allowing.extend(attempt_id, seconds(600), NOWHERE)
    assert given_to.deadline_at - before == timedelta(seconds=600)
    assert world.row(attempt_id)["deadline_at"] == given_to.deadline_at
    facts = {note["fact"]: note["data"] for note in world.notes()}
    assert facts["deadline_changed"]["duration_seconds"] == 4200
    assert facts["allowance_granted"]["seconds"] == 600
    overdue = "UPDATE attempts.attempts SET deadline_at = deadline_at - interval '1 hour'"
    assert world.lifecycle.expire_due() == 0
    world.run(overdue)
    assert world.lifecycle.expire_due() == 1


@pytest.mark.parametrize("status", ["submitted", "graded", "expired", "cancelled"])
def test_what_is_over_gets_no_more_time(world, allowing, status):
    with pytest.raises(CannotSteer, match=f"Cannot extend attempt with status: {status}"):
        allowing.extend(world.attempt(status), seconds(60), NOWHERE)


def test_between_the_deadline_and_expiry_it_is_too_late(world, allowing):
    attempt_id = world.attempt(begun_seconds_ago=3601)
    with pytest.raises(TimeIsUp):
        allowing.extend(attempt_id, seconds(60), NOWHERE)
    assert world.notes() == []


def test_all_allowances_together_have_a_limit(world, allowing):
    attempt_id = world.attempt()
    for _ in range(3):
        allowing.extend(attempt_id, seconds(4 * 3600), NOWHERE)
    with pytest.raises(InvalidAllowance):
        allowing.extend(attempt_id, seconds(30), NOWHERE)


def test_a_whole_exam_gets_it_once_each_and_later_attempts_inherit_it(world, allowing):
    waiting = world.attempt("not_started", student=1)
    running = world.attempt(student=2)
    late = world.attempt(student=3, begun_seconds_ago=3601)
    done = world.attempt("graded", student=4)
    elsewhere = world.attempt(student=5, exam=world.written)
    given_to = allowing.extend_exam(world.objective, seconds(600), NOWHERE)
    assert {a.id for a in given_to.attempts} == {waiting, running}
    later = world.attempt("not_started", student=6)
    begun = world.lifecycle.begin(later, 6)
    again = world.lifecycle.begin(waiting, 1)
    for one in (begun, again):
        assert one.deadline_at - one.start_time == timedelta(seconds=4200)
    for untouched in (late, done, elsewhere):
        assert world.row(untouched)["allowance_seconds"] == 0
    seat = Seat(7, world.objective, NOWHERE, trade_id=1)
    started = Starting(world.db, lambda: None).start(seat)
    assert started.deadline_at - started.start_time == timedelta(seconds=4200)


def test_a_begin_beside_a_grant_to_the_exam_gets_the_time_exactly_once(world, allowing, at_once):
    starting = Starting(world.db, lambda: None)
    for student in range(500, 512):
        world.run("DELETE FROM attempts.allowances; DELETE FROM attempts.exam_allowances")
        if student % 2:
            world.attempt("not_started", student=student)
        seat = Seat(student, world.objective, NOWHERE, trade_id=1)
        started, granted = at_once(
            lambda seat=seat: starting.start(seat),
            lambda: allowing.extend_exam(world.objective, seconds(600), NOWHERE),
        )
        assert not isinstance(started, Exception), started
        assert not isinstance(granted, Exception), granted
        row = world.row(started.id)
        assert row["allowance_seconds"] == 600
        assert row["deadline_at"] - row["start_time"] == timedelta(seconds=4200)


async def test_staff_sees_who_has_not_seen_it_until_the_client_acknowledges(api, world, allowing):
    one, other = world.attempt(), world.attempt(student=world.other)
    staff = api(9, "hall_in_charge")
    body = {"seconds": 300, "reason": "power cut"}
    given_to = await staff.post(f"/exams/{world.objective}/allowances", json=body)
    assert (given_to.status_code, given_to.json()["attempts"]) == (201, 2)
    [own] = (await api().get(f"/attempts/{one}/allowances")).json()
    assert (own["seconds"], own["reason"], own["acknowledged_at"]) == (300, "power cut", None)
    assert own["granted_by_id"] == 9
    ack = f"/attempts/{one}/allowances/{own['id']}/ack"
    first = (await api().post(ack)).json()["acknowledged_at"]
    assert first is not None
    assert (await api().post(ack)).json()["acknowledged_at"] == first
    unseen = await staff.get(f"/exams/{world.objective}/allowances?unseen_only=true")
    assert [a["attempt_id"] for a in unseen.json()] == [other]
    everything = await staff.get(f"/exams/{world.objective}/allowances")
    assert len(everything.json()) == 2
    assert len(world.notes("allowance_acknowledged")) == 1
    foreign = f"/attempts/{other}/allowances/{unseen.json()[0]['id']}/ack"
    assert (await api().post(foreign)).status_code == 404
    crossed = f"/attempts/{one}/allowances/{unseen.json()[0]['id']}/ack"
    assert (await api().post(crossed)).json()["detail"] == "Allowance not found"


async def test_who_may_give_time_and_what_is_refused(api, world, allowing):
    url = f"/attempts/{world.attempt()}/allowances"
    body = {"factor": 1.5, "reason": "doctor's note"}
    given_to = await api(9, "proctor").post(url, json=body)
    assert given_to.status_code == 201
    assert given_to.json()["allowance"]["seconds"] == 1800
    assert (await api().post(url, json=body)).status_code == 403
    assert (await api(9, "proctor").post("/exams/21/allowances", json=body)).status_code == 403
    for bad in ({"reason": "none"}, {"seconds": 1, "reason": "few"}, {"seconds": 60}):
        assert (await api(9, "admin").post(url, json=bad)).status_code == 422
    foreign = await api(world.other, "student").get(url)
    assert foreign.status_code == 403
    assert (await api(9, "admin").post("/exams/99999/allowances", json=body)).status_code == 404
