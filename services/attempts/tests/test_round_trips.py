"""Every way of `begin` and of saving is one round trip to Postgres, counted on the wire (ADR 19).

Issue 3: "`begin` and answer save: one round trip each to Postgres beyond the token check."
"""

import asyncio
import contextlib
import dataclasses
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from attempts import submitting
from attempts.allowance import Grant
from attempts.allowing import Allowing
from attempts.answer import Save
from attempts.attempt import Status
from attempts.errors import (
    ActiveAttemptExists,
    AttemptNotFound,
    CannotBegin,
    ExamClosed,
    OtherDevice,
    WaitingForAuthorisation,
)
from attempts.exam import Sight
from attempts.grouping import Grouping
from attempts.lifecycle import Lifecycle
from attempts.papers import Papers
from attempts.progress import Refusal, Refused, Saved
from attempts.reading import Reading
from attempts.saving import Saving
from attempts.starting import Seat, Starting
from attempts.store import beginning, saving
from attempts.store.beginning import Wish
from attempts.using import Device, EndedOf
from chassis.database import Database
from chassis.origins import NOWHERE
from chassis.tokens import Ended
from oep_local.wire import Wire
from sqlalchemy import event, text

DESK, PHONE = Device("desk"), Device("phone")
CONNECTIONS = 3


@dataclass
class Far:
    """The deeds over a wire."""

    db: Database
    line: Wire
    lifecycle: Lifecycle
    saving: Saving

    def trips(self, deed: Callable[[], Any]) -> tuple[int, Any]:
        """Return how many round trips a deed took, and what it returned or raised."""
        self.warm()
        before = self.line.turns
        try:
            done = deed()
        except Exception as error:  # noqa: BLE001  # the test looks at it
            done = error
        return self.line.turns - before, done

    def warm(self) -> None:
        """Make the connections and let them know the statements."""
        with contextlib.ExitStack() as stack:
            for _ in range(CONNECTIONS):
                connection = stack.enter_context(self.db.single())
                beginning.begin(connection, Wish(0, 0, None, NOWHERE), Ended())
                saving.save(connection, [Save(0, 0, 0)], Ended())


@pytest.fixture
def far(world, urls, wire) -> Iterator[Far]:
    line = wire(urls.app_url)
    db = Database(line.url, pool_size=CONNECTIONS)
    yield Far(db, line, Lifecycle(db, list, world.key), Saving(db, list))
    db.dispose()


def until_waiting(world, count: int) -> None:
    """Return when so many deeds wait for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    waiting += " AND datname = current_database()"
    deadline = time.monotonic() + 10
    while world.run(waiting)[0]["count"] < count:
        assert time.monotonic() < deadline, "the deeds do not wait"


def left(world, is_user: bool) -> EndedOf:
    """Return what knows that the desk has signed out, or that its user was deactivated."""
    if is_user:
        return lambda _: Ended(until={world.student: datetime.now(UTC)})
    return lambda _: Ended(frozenset({"desk"}))


@pytest.fixture
def while_locked(world) -> Callable[..., list[Any]]:
    """Return a function that starts deeds, and changes their attempt once they all wait for it."""

    def run(attempt_id: int, change: str, *deeds: Callable[[], Any]) -> list[Any]:
        with world.looking.connect() as other, ThreadPoolExecutor(len(deeds)) as threads:
            query = text("SELECT FROM attempts.attempts WHERE id = :id FOR UPDATE")
            other.execute(query, {"id": attempt_id})
            doing = [threads.submit(deed) for deed in deeds]
            until_waiting(world, len(deeds))
            other.execute(text(change), {"id": attempt_id})
            other.commit()
            return [one.result(10) for one in doing]

    return run


# The paper


def test_an_exam_that_somebody_has_read_before(world, far):
    papers = Papers(far.db, Reading(far.db))
    papers.shown(world.objective, Sight(world.other))
    count, shown = far.trips(lambda: papers.shown(world.objective, Sight(world.student)))
    assert (count, shown[:1]) == (1, b"{")


# The clock


def test_a_tick_that_finds_nothing_to_do(world, far):
    far.lifecycle.agenda()
    count, agenda = far.trips(far.lifecycle.agenda)
    assert (count, set(dataclasses.asdict(agenda).values())) == (1, {False})


# Begin


def test_a_first_begin(world, far):
    attempt_id = world.attempt("not_started")
    count, begun = far.trips(lambda: far.lifecycle.begin(attempt_id, world.student, DESK))
    assert (count, begun.status) == (1, Status.IN_PROGRESS)


def test_a_begin_that_inherits_what_the_whole_exam_was_given(world, far):
    allowing = Allowing(world.db, list)
    try:
        allowing.extend_exam(world.objective, Grant(600, None, "The hall opened late", 7), NOWHERE)
        allowing.extend_exam(world.objective, Grant(None, 1.5, "Power cut", 7), NOWHERE)
        attempt_id = world.attempt("not_started")
        count, begun = far.trips(lambda: far.lifecycle.begin(attempt_id, world.student, DESK))
    finally:
        world.run("DELETE FROM attempts.allowances; DELETE FROM attempts.exam_allowances")
    assert (count, begun.allowance_seconds) == (1, 2400)


def test_a_begin_again_on_the_same_device(world, far):
    attempt_id = world.attempt("not_started")
    first = world.lifecycle.begin(attempt_id, world.student, DESK)
    count, again = far.trips(lambda: far.lifecycle.begin(attempt_id, world.student, DESK))
    assert (count, again.start_time) == (1, first.start_time)


@pytest.mark.parametrize("policy", ["allow", "flag"])
def test_a_begin_again_on_another_device(world, far, rules, policy):
    rules(device_policy=policy)
    attempt_id = world.attempt("not_started")
    world.lifecycle.begin(attempt_id, world.student, DESK)
    count, again = far.trips(lambda: far.lifecycle.begin(attempt_id, world.student, PHONE))
    assert (count, again.active_login_id, again.device_changes) == (1, "phone", 1)


def test_a_begin_of_an_attempt_whose_device_was_freed(world, far):
    attempt_id = world.attempt()
    count, begun = far.trips(lambda: far.lifecycle.begin(attempt_id, world.student, PHONE))
    assert (count, begun.active_login_id, begun.device_changes) == (1, "phone", 0)


def test_begins_at_the_same_moment_take_one_each(world, far, while_locked):
    attempt_id = world.attempt("not_started")
    begin = partial(far.lifecycle.begin, attempt_id, world.student, DESK)
    nothing = "UPDATE attempts.attempts SET notes = 'looked at' WHERE id = :id"
    count, begun = far.trips(lambda: while_locked(attempt_id, nothing, begin, begin, begin))
    assert count == 3
    assert len({one.start_time for one in begun}) == 1


def test_begins_of_two_attempts_of_a_student_at_the_same_moment_take_one_each(
    world, far, while_locked
):
    """The second one waits for the first to have looked: it need not run into a constraint."""
    one, two = world.attempt("not_started"), world.attempt("not_started")
    nothing = "UPDATE attempts.attempts SET notes = 'looked at' WHERE id = :id"

    def begin(attempt_id: int) -> Any:
        try:
            return far.lifecycle.begin(attempt_id, world.student, DESK)
        except ActiveAttemptExists as error:
            return error

    def begin_two() -> Any:
        until_waiting(world, 1)
        return begin(two)

    deeds = (partial(begin, one), begin_two)
    count, (begun, refused) = far.trips(lambda: while_locked(one, nothing, *deeds))
    assert (count, begun.id, type(refused)) == (2, one, ActiveAttemptExists)


def test_a_refused_begin(world, far, rules):
    begin, own = far.lifecycle.begin, world.student
    closed = world.attempt("not_started", exam=world.over)
    foreign = world.attempt("not_started", student=world.other)
    waiting = world.attempt("not_started", exam=world.objective)
    rules(requires_authorisation=True)
    for attempt_id, why in (
        (closed, ExamClosed),
        (foreign, AttemptNotFound),
        (2**40, AttemptNotFound),
        (waiting, WaitingForAuthorisation),
        (world.attempt("cancelled"), CannotBegin),
        (world.attempt("graded"), CannotBegin),
    ):
        count, told = far.trips(partial(begin, attempt_id, own, DESK))
        assert (count, type(told)) == (1, why)


def test_a_begin_beside_another_running_attempt(world, far):
    running, attempt_id = world.attempt(), world.attempt("not_started")
    count, told = far.trips(lambda: far.lifecycle.begin(attempt_id, world.student, DESK))
    assert (count, type(told)) == (1, ActiveAttemptExists)
    assert str(running) in told.detail


def test_a_begin_on_a_second_device_that_is_refused(world, far, rules):
    rules(device_policy="refuse")
    attempt_id = world.attempt("not_started")
    world.lifecycle.begin(attempt_id, world.student, DESK)
    count, told = far.trips(lambda: far.lifecycle.begin(attempt_id, world.student, PHONE))
    assert (count, type(told)) == (1, OtherDevice)


@pytest.mark.parametrize("is_user", [False, True])
def test_a_begin_on_a_second_device_when_the_first_has_signed_out(world, far, rules, is_user):
    rules(device_policy="refuse")
    attempt_id = world.attempt("not_started")
    world.lifecycle.begin(attempt_id, world.student, DESK)
    knowing = Lifecycle(far.db, list, world.key, ended_of=left(world, is_user))
    count, begun = far.trips(lambda: knowing.begin(attempt_id, world.student, PHONE))
    assert (count, begun.active_login_id, begun.device_changes) == (1, "phone", 1)


def test_a_begin_that_meets_a_new_attempt_of_the_student(world, far, urls):
    """It waits for the start to be over, and need not run into a constraint and ask again."""
    assigned = world.attempt("not_started", exam=world.written)
    db, is_stored = Database(urls.app_url, pool_size=1), threading.Event()

    def wait_for_the_begin(_connection, _cursor, statement: str, *_: Any) -> None:
        if "INSERT INTO attempts.audit_logs" in statement:
            is_stored.set()
            until_waiting(world, 1)

    event.listen(db.engine, "before_cursor_execute", wait_for_the_begin)
    world.run("UPDATE attempts.attempts SET status = 'cancelled' WHERE id = :id", id=assigned)
    seat = Seat(world.student, world.written, NOWHERE, trade_id=1)
    with ThreadPoolExecutor(1) as threads:
        starting = threads.submit(Starting(db, list).start, seat)
        assert is_stored.wait(10)
        world.run("UPDATE attempts.attempts SET status = 'not_started' WHERE id = :id", id=assigned)
        count, told = far.trips(lambda: far.lifecycle.begin(assigned, world.student, DESK))
        new = starting.result(10)
    db.dispose()
    assert (count, type(told), new.status) == (1, ActiveAttemptExists, Status.IN_PROGRESS)
    assert str(new.id) in told.detail


# Saving


@pytest.fixture
def wish(world) -> Callable[..., Save]:
    def make(attempt_id: int, value: Any = "B", **more: Any) -> Save:
        fields = {"student_id": world.student, "question_id": world.choice, "login_id": "desk"}
        return Save(attempt_id, value=value, **fields | more)

    return make


def test_an_answer_a_change_a_clearing_a_flag_and_the_same_again(world, far, wish):
    attempt_id = world.attempt()
    for one in (
        wish(attempt_id),
        wish(attempt_id, "C", time_spent_seconds=3, message_id="m1"),
        wish(attempt_id, "C"),
        wish(attempt_id, "C", message_id="m1"),
        wish(attempt_id, ""),
        wish(attempt_id, None, is_flagged=True),
        wish(attempt_id, None, is_flagged=False, is_flag_only=True),
    ):
        count, [outcome] = far.trips(partial(far.saving.save_all, [one]))
        assert (count, type(outcome)) == (1, Saved), one


@pytest.mark.parametrize("value", [{"b": 1, "a": "{}"}, "two words", "ä", 1e16])
def test_null_over_an_answer_of_which_only_python_knows_the_canonical_text(world, far, wish, value):
    attempt_id = world.attempt()
    world.saving.save(wish(attempt_id, value))
    again = wish(attempt_id, None, is_flagged=True, message_id="m1")
    count, [outcome] = far.trips(lambda: far.saving.save_all([again]))
    [stored] = world.reading.own_answers(attempt_id, world.student)
    assert (count, outcome.receipt.sha256) == (1, stored.sha256)
    world.saving.save(wish(attempt_id, "later"))
    count, [repeated] = far.trips(lambda: far.saving.save_all([again]))
    assert (count, repeated.receipt) == (1, outcome.receipt)


def test_a_save_whose_attempt_others_change_while_it_waits(world, far, wish, while_locked):
    attempt_id = world.attempt()
    paused = "UPDATE attempts.attempts SET paused_at = now() WHERE id = :id"
    save = partial(far.saving.save_all, [wish(attempt_id)])
    count, [[outcome]] = far.trips(lambda: while_locked(attempt_id, paused, save))
    assert (count, outcome) == (1, Refused(Refusal.ATTEMPT_PAUSED)), "seen in the same round trip"


def test_saves_of_one_answer_at_the_same_moment_take_one_each(world, far, wish, while_locked):
    attempt_id = world.attempt()
    nothing = "UPDATE attempts.attempts SET notes = 'looked at' WHERE id = :id"
    saves = [partial(far.saving.save_all, [wish(attempt_id, v, message_id=v)]) for v in "ABC"]
    count, outcomes = far.trips(lambda: while_locked(attempt_id, nothing, *saves))
    assert count == 3
    assert sorted(outcome.receipt.revision for [outcome] in outcomes) == [1, 2, 3]


def test_a_save_of_another_device_that_is_flagged(world, far, wish, rules):
    rules(device_policy="flag")
    attempt_id = world.attempt("not_started")
    world.lifecycle.begin(attempt_id, world.student, DESK)
    one = wish(attempt_id, login_id="phone")
    count, [outcome] = far.trips(lambda: far.saving.save_all([one]))
    assert (count, type(outcome)) == (1, Saved)
    assert world.row(attempt_id)["active_login_id"] == "phone"


def test_a_save_of_another_device_that_is_refused(world, far, wish, rules):
    rules(device_policy="refuse")
    attempt_id = world.attempt("not_started")
    world.lifecycle.begin(attempt_id, world.student, DESK)
    one = wish(attempt_id, login_id="phone")
    count, [outcome] = far.trips(lambda: far.saving.save_all([one]))
    assert (count, outcome) == (1, Refused(Refusal.OTHER_DEVICE))


@pytest.mark.parametrize("is_user", [False, True])
def test_a_save_of_another_device_when_the_first_has_signed_out(world, far, wish, rules, is_user):
    rules(device_policy="refuse")
    attempt_id = world.attempt("not_started")
    world.lifecycle.begin(attempt_id, world.student, DESK)
    knowing = Saving(far.db, list, left(world, is_user))
    one = wish(attempt_id, login_id="phone")
    count, [outcome] = far.trips(lambda: knowing.save_all([one]))
    assert (count, type(outcome)) == (1, Saved)
    assert world.row(attempt_id)["active_login_id"] == "phone"


def test_a_refused_save(world, far, wish):
    paused = world.attempt(student=world.other)
    world.run("UPDATE attempts.attempts SET paused_at = now() WHERE id = :id", id=paused)
    for one, why in (
        (wish(world.attempt("graded")), Refusal.ATTEMPT_NOT_ACTIVE),
        (wish(world.attempt("expired")), Refusal.TIME_EXPIRED),
        (
            wish(world.attempt(student=5, begun_seconds_ago=3601), student_id=5),
            Refusal.TIME_EXPIRED,
        ),
        (wish(paused, student_id=world.other), Refusal.ATTEMPT_PAUSED),
        (wish(world.attempt(), question_id=world.foreign), Refusal.INVALID_QUESTION),
        (wish(paused), Refusal.ATTEMPT_NOT_FOUND),
        (wish(2**40), Refusal.ATTEMPT_NOT_FOUND),
    ):
        count, [outcome] = far.trips(partial(far.saving.save_all, [one]))
        assert (count, outcome.reason) == (1, why)


def test_five_hundred_saves_of_many_attempts_take_one_together(world, far, wish):
    ids = [world.attempt(student=student) for student in range(2000, 2250)]
    saves = [
        wish(i, student_id=2000 + n, question_id=question, message_id=f"m{question}")
        for n, i in enumerate(ids)
        for question in (world.choice, world.several)
    ]
    count, outcomes = far.trips(lambda: far.saving.save_all(saves))
    assert (count, {type(outcome) for outcome in outcomes}) == (1, {Saved})


def test_what_a_group_says_twice_about_one_answer_takes_one_each(world, far, wish):
    attempt_id = world.attempt()
    twice = [wish(attempt_id, "A"), wish(attempt_id, "B")]
    repeated = [wish(attempt_id, "C", message_id="m"), wish(attempt_id, "C", message_id="m")]
    for group in (twice, repeated):
        count, outcomes = far.trips(partial(far.saving.save_all, group))
        assert (count, [type(outcome) for outcome in outcomes]) == (2, [Saved, Saved])


@pytest.mark.parametrize("count", [2, 40])
def test_a_group_of_submits_takes_the_trips_of_one(world, far, count):
    def submit(*students: int) -> tuple[int, Any]:
        group = [submitting.Wish(world.attempt(student=who), who) for who in students]
        return far.trips(partial(far.lifecycle.submit_all, group))

    single, _ = submit(8_000)
    many, outcomes = submit(*range(8_001, 8_001 + count))
    assert [type(outcome) for outcome in outcomes] == [submitting.Submission] * count
    assert many == single


# Over REST, beyond the token check


@pytest.fixture
async def rest(app, far) -> AsyncIterator[Far]:
    state, before = app.app.state, app.app.state.parts
    saves = Grouping(far.db, far.saving.save_all)
    writing = asyncio.create_task(saves.run())
    state.parts = dataclasses.replace(before, database=far.db, lifecycle=far.lifecycle, saves=saves)
    yield far
    state.parts = before
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)


async def test_begin_and_save_over_rest(api, world, rest):
    url, student = f"/attempts/{world.attempt('not_started')}", api()
    body = {"question_id": world.choice, "answer": "B"}
    foreign = {"question_id": world.foreign, "answer": "B"}
    for path, said, status in (
        ("begin", None, 200),
        ("begin", None, 200),
        ("answers", body, 200),
        ("answers", body, 200),
        ("answers", body | {"answer": None, "is_flagged": True}, 200),
        ("answers", foreign, 400),
    ):
        await rest.db.run(rest.warm)
        before = rest.line.turns
        response = await student.post(f"{url}/{path}", json=said)
        assert (response.status_code, rest.line.turns - before) == (status, 1), (path, said)


async def test_saves_that_wait_at_the_same_moment_take_one_together(world, wish, rest, app):
    ids = [world.attempt(student=student) for student in range(3000, 3050)]
    saves = [wish(i, student_id=3000 + n) for n, i in enumerate(ids)]
    await rest.db.run(rest.warm)
    before = rest.line.turns
    stored = await asyncio.gather(*map(app.app.state.parts.saves.put, saves))
    assert ([one.answer.attempt_id for one in stored], rest.line.turns - before) == (ids, 1)
