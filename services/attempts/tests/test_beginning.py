"""Beginning in one round trip: the same as the longer way, and never instead of a needed look."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from attempts import auditing, clockwork
from attempts.allowance import Grant
from attempts.allowing import Allowing
from attempts.errors import ActiveAttemptExists, ExamClosed, Overtaken, WaitingForAuthorisation
from attempts.store import allowances, attempts
from attempts.using import Device
from chassis.origins import Origin
from sqlalchemy import text

SLY = Origin("10.0.0.9", 'sly "exam_id":-1 "deadline_at":"@" browser')
DESK = Device("desk", SLY)
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
GRANT = Grant(600, None, "The hall opened late", 7)


def told(world, attempt_id: int) -> list:
    """What others are told of an attempt, but for its ids and times."""
    found = []
    for note in world.notes():
        if note["attempt_id"] == attempt_id:
            data = {k: v for k, v in note["data"].items() if not k.endswith(("_at", "_time"))}
            remaining = data.pop("time_remaining_seconds")
            assert remaining in {3599, 3600}
            found.append((note["fact"], sorted(note["data"]), data))
    return found


def logged(world, attempt_id: int) -> list:
    with world.db.transaction() as session:
        assert auditing.flaw_in(session, f"attempt:{attempt_id}") is None
    rows = world.run("SELECT * FROM attempts.audit_logs WHERE attempt_id = :id", id=attempt_id)
    own = {"id", "chain", "attempt_id", "details", "created_at", "previous_hash", "hash"}
    return [(row["details"], {k: v for k, v in row.items() if k not in own}) for row in rows]


def test_a_begin_is_one_statement(world, statements):
    world.lifecycle.begin(world.attempt("not_started"), world.student, DESK)
    attempt_id = world.attempt("not_started", exam=world.written)
    with statements() as seen:
        begun = world.lifecycle.begin(attempt_id, world.student, DESK)
    assert len(seen) == 1
    assert begun.status == "in_progress"


def test_both_ways_begin_alike(world):
    at_once = world.attempt("not_started")
    longer = world.attempt("not_started", student=world.other)
    one = world.lifecycle.begin(at_once, world.student, DESK)
    with world.db.transaction() as session:
        two = clockwork.start(session, attempts.lock(session, longer), DESK.login_id)
    own = {"id", "student_id", "as_of", "encryption_salt", "created_at", "updated_at"}
    own |= {"start_time", "deadline_at", "active_since"}
    assert {k: v for k, v in vars(one).items() if k not in own} == {
        k: v for k, v in vars(two).items() if k not in own
    }
    assert one.deadline_at - one.start_time == two.deadline_at - two.start_time
    assert one.active_since == one.start_time
    for fact, keys, data in told(world, longer):
        assert (fact, keys, data | {"student_id": world.student}) in told(world, at_once)
    assert [fact for fact, _, _ in told(world, at_once)] == ["status_changed", "deadline_changed"]


@pytest.mark.contract("9.5/begin")
def test_the_audit_knows_who_began_from_where_and_until_when(world):
    attempt_id = world.attempt("not_started")
    begun = world.lifecycle.begin(attempt_id, world.student, DESK)
    [(details, entry)] = logged(world, attempt_id)
    assert details == {"deadline_at": begun.deadline_at.isoformat().replace("+00:00", "Z")}
    assert (entry["event_type"], entry["description"]) == ("attempt_begun", "Attempt begun")
    assert (entry["user_id"], entry["exam_id"]) == (world.student, world.objective)
    assert (entry["ip_address"], entry["user_agent"]) == (SLY.ip_address, SLY.user_agent)
    assert entry["success"]


@pytest.mark.contract("9.2/deadline")
def test_the_deadline_is_the_start_and_the_whole_time(world):
    attempt_id = world.attempt("not_started")
    world.run(
        "UPDATE attempts.attempts SET allowance_seconds = 90, spent_seconds = 30 WHERE id = :id",
        id=attempt_id,
    )
    begun = world.lifecycle.begin(attempt_id, world.student)
    assert (begun.deadline_at - begun.start_time).total_seconds() == 3660
    assert begun.time_remaining_seconds == 3660


def test_a_chain_goes_on_behind_what_was_logged_before(world):
    attempt_id = world.attempt("not_started")
    with world.db.transaction() as session:
        attempt = world.reading.own_attempt(attempt_id, world.student)
        auditing.add(session, auditing.about(attempt, "looked_at", "Looked at"))
    world.lifecycle.begin(attempt_id, world.student, DESK)
    assert [entry["place"] for _, entry in logged(world, attempt_id)] == [1, 2]


def test_what_stands_in_the_way_is_named(world):
    with pytest.raises(ExamClosed):
        world.lifecycle.begin(world.attempt("not_started", exam=world.over), world.student)
    running = world.attempt()
    with pytest.raises(ActiveAttemptExists, match=str(running)):
        world.lifecycle.begin(world.attempt("not_started"), world.student)


def test_nobody_begins_at_once_who_has_to_wait_in_the_lobby(world):
    world.run(
        "UPDATE attempts.exams SET requires_authorisation = true WHERE id = :id", id=world.objective
    )
    try:
        with pytest.raises(WaitingForAuthorisation):
            world.lifecycle.begin(world.attempt("not_started"), world.student)
    finally:
        world.run("UPDATE attempts.exams SET requires_authorisation = false")


def test_what_the_exam_was_given_before_is_inherited(world):
    Allowing(world.db, list).extend_exam(world.objective, GRANT, SLY)
    try:
        begun = world.lifecycle.begin(world.attempt("not_started"), world.student)
    finally:
        world.run("DELETE FROM attempts.allowances; DELETE FROM attempts.exam_allowances")
    assert (begun.deadline_at - begun.start_time).total_seconds() == 4200


@pytest.mark.parametrize("minutes", [1, 45, 60, 100])
def test_each_grant_is_inherited_once_and_worth_what_the_rule_says(world, minutes):
    allowing = Allowing(world.db, list)
    factors = [1.01, 1.1, 1.25, 1 + 1 / 3, 1.333, 1.7, 2.2, 2.999, 3.0]
    grants = [GRANT, *(Grant(None, factor, "Extra time", 7) for factor in factors)]
    had = world.attempt("not_started", minutes=minutes)
    try:
        allowing.extend_exam(world.objective, GRANT, SLY)
        for grant in grants[1:]:
            allowing.extend_exam(world.objective, grant, SLY)
        attempt_id = world.attempt("not_started", student=world.other, minutes=minutes)
        begun = world.lifecycle.begin(attempt_id, world.other)
        same = world.lifecycle.begin(had, world.student)
        given = allowing.of_attempt(attempt_id, world.other, sees_all=False)
    finally:
        world.run("DELETE FROM attempts.allowances; DELETE FROM attempts.exam_allowances")
    worth = [grant.seconds_for(begun) for grant in grants]
    assert [one.seconds for one in given] == worth
    assert [(one.factor, one.reason, one.granted_by_id) for one in given] == [
        (grant.factor, grant.reason, grant.granted_by_id) for grant in grants
    ]
    whole = minutes * 60 + sum(worth)
    assert (begun.deadline_at - begun.start_time).total_seconds() == whole
    assert begun.allowance_seconds == same.allowance_seconds == sum(worth)
    assert all(note["data"]["duration_seconds"] == whole for note in _deadlines(world, attempt_id))


def _deadlines(world, attempt_id: int) -> list[dict]:
    found = [n for n in world.notes("deadline_changed") if n["attempt_id"] == attempt_id]
    assert found
    return found


def test_a_refused_begin_inherits_nothing_yet(world, rules):
    rules(requires_authorisation=True)
    Allowing(world.db, list).extend_exam(world.objective, GRANT, SLY)
    attempt_id = world.attempt("not_started")
    try:
        with pytest.raises(WaitingForAuthorisation):
            world.lifecycle.begin(attempt_id, world.student)
        given = world.run("SELECT id FROM attempts.allowances WHERE attempt_id = :i", i=attempt_id)
    finally:
        world.run("DELETE FROM attempts.allowances; DELETE FROM attempts.exam_allowances")
    assert (given, world.row(attempt_id)["allowance_seconds"], world.notes()) == ([], 0, [])


def test_a_begin_waits_for_a_grant_to_its_exam_and_has_it(world, at_once):
    """The attempt is made while the grant is written: only its exam can tell it of the grant."""
    granted, made = threading.Event(), threading.Event()

    def grant() -> None:
        with world.db.transaction() as session:
            allowances.hold_exam(session, world.objective, is_shared=False)
            allowances.store_for_exam(session, world.objective, GRANT)
            granted.set()
            assert made.wait(10)
            deadline = time.monotonic() + 10
            while not world.run(WAITING)[0]["count"]:
                assert time.monotonic() < deadline, "the begin does not wait"

    def begin():
        assert granted.wait(10)
        attempt_id = world.attempt("not_started")
        made.set()
        return world.lifecycle.begin(attempt_id, world.student)

    try:
        failed, begun = at_once(grant, begin)
    finally:
        world.run("DELETE FROM attempts.allowances; DELETE FROM attempts.exam_allowances")
    assert failed is None
    assert (begun.deadline_at - begun.start_time).total_seconds() == 4200


@pytest.mark.contract("5.2/2/concurrent")
def test_two_begins_at_once_are_one_begin(world, at_once):
    """Contract §5.2, 2: the first caller's start time stands."""
    for _ in range(10):
        world.sweep()
        attempt_id = world.attempt("not_started")
        begin = partial(world.lifecycle.begin, attempt_id, world.student, DESK)
        one, two, three = at_once(begin, begin, begin)
        assert one.start_time == two.start_time == three.start_time
        assert len(world.notes("status_changed")) == 1
        assert len(logged(world, attempt_id)) == 1


def test_the_constraint_still_holds_where_somebody_starts_without_the_lock(world):
    """As the version before this one does while a replica of it is left."""
    attempt_id = world.attempt("not_started")
    starting = (
        "INSERT INTO attempts.attempts (student_id, exam_id, status, duration_minutes,"
        " encryption_salt, start_time, deadline_at)"
        " VALUES (:student, :exam, 'in_progress', 60, repeat('A', 22) || '==', now(),"
        " now() + interval '1 hour')"
    )
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
    with world.looking.connect() as other, ThreadPoolExecutor(1) as threads:
        other.execute(text(starting), {"student": world.student, "exam": world.objective})
        begin = threads.submit(world.lifecycle.begin, attempt_id, world.student, DESK)
        deadline = time.monotonic() + 10
        while not world.run(waiting)[0]["count"]:
            assert time.monotonic() < deadline
        other.commit()
        with pytest.raises(Overtaken):
            begin.result(10)
    assert world.row(attempt_id)["status"] == "not_started"
