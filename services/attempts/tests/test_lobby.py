"""The lobby: nobody begins before he is let in, and of two who let him in the first is stored."""

import dataclasses
from functools import partial

import pytest
from attempts.auth_client import People, Person
from attempts.authorising import Authorising, Crowd
from attempts.composing import Composing
from attempts.errors import AlreadyAuthorised, CannotSteer, WaitingForAuthorisation
from attempts.order import Order
from attempts.starting import Seat, Starting
from attempts.steering import Steering
from chassis.origins import NOWHERE

WAITING = "Waiting for authorisation by a proctor"


@pytest.fixture
def authorising(world) -> Authorising:
    return Authorising(world.db, lambda: None)


@pytest.fixture
def lobby(rules) -> None:
    rules(requires_authorisation=True)


@pytest.fixture
def with_trade(app):
    class Auth:
        async def known(self, user_ids) -> People:
            return People({i: Person("Asha", None, trade_id=1) for i in user_ids})

        of = known

    state = app.app.state
    before = state.parts
    state.parts = dataclasses.replace(before, names=Auth())
    yield
    state.parts = before


def order(attempt_id: int, by_id: int = 9) -> Order:
    return Order(attempt_id, by_id, "seen the hall ticket", NOWHERE)


def entries(world, attempt_id: int) -> list[dict]:
    return world.run(
        "SELECT event_type, user_id, details FROM attempts.audit_logs"
        " WHERE attempt_id = :id ORDER BY id",
        id=attempt_id,
    )


@pytest.mark.usefixtures("lobby")
def test_begin_waits_until_a_proctor_has_let_the_student_in(world, authorising):
    attempt_id = world.attempt("not_started")
    with pytest.raises(WaitingForAuthorisation, match=WAITING):
        world.lifecycle.begin(attempt_id, world.student)
    assert world.notes() == []
    authorised = authorising.authorise(order(attempt_id))
    assert authorised.authorised_by_id == 9
    assert not authorised.is_waiting_for_authorisation
    assert world.lifecycle.begin(attempt_id, world.student).status == "in_progress"
    [note] = world.notes("attempt_authorised")
    assert note["data"] == {
        "authorised_at": authorised.authorised_at.isoformat().replace("+00:00", "Z"),
        "authorised_by_id": 9,
        "is_waiting_for_authorisation": False,
        "student_id": world.student,
    }
    [first, _] = entries(world, attempt_id)
    assert (first["event_type"], first["user_id"]) == ("attempt_authorised", 9)
    assert first["details"] == {"reason": "seen the hall ticket"}


def test_without_a_lobby_nobody_waits_and_being_let_in_beforehand_counts(world, authorising, rules):
    attempt_id = world.attempt("not_started")
    authorising.authorise(order(attempt_id))
    rules(requires_authorisation=True)
    assert world.lifecycle.begin(attempt_id, world.student).status == "in_progress"
    other = world.attempt("not_started", student=world.other)
    rules(requires_authorisation=False)
    assert world.lifecycle.begin(other, world.other).status == "in_progress"


def test_the_second_proctor_is_told_who_was_first(world, authorising):
    attempt_id = world.attempt("not_started")
    first = authorising.authorise(order(attempt_id, by_id=7))
    with pytest.raises(AlreadyAuthorised, match="Attempt is authorised already, by user 7") as told:
        authorising.authorise(order(attempt_id, by_id=8))
    assert told.value.members["authorised_by_id"] == 7
    assert world.row(attempt_id)["authorised_by_id"] == 7
    assert world.row(attempt_id)["version"] == first.version


@pytest.mark.parametrize("status", ["in_progress", "submitted", "graded", "expired", "cancelled"])
def test_what_has_begun_cannot_be_authorised(world, authorising, status):
    with pytest.raises(CannotSteer, match=f"Cannot authorise attempt with status: {status}"):
        authorising.authorise(order(world.attempt(status)))


@pytest.mark.usefixtures("lobby")
def test_start_makes_an_attempt_that_waits_and_starts_it_once_it_may(world, authorising):
    starting = Starting(world.db, lambda: None)
    seat = Seat(world.student, world.objective, NOWHERE, "WS-1", trade_id=1)
    with pytest.raises(WaitingForAuthorisation) as told:
        starting.start(seat)
    attempt_id = told.value.members["attempt_id"]
    row = world.row(attempt_id)
    assert (row["status"], row["workstation_id"]) == ("not_started", None)
    created, note = world.notes()
    assert created["fact"] == "attempt_created"
    assert (note["data"]["status"], note["data"]["is_waiting_for_authorisation"]) == (
        "not_started",
        True,
    )
    with pytest.raises(WaitingForAuthorisation) as again:
        starting.start(dataclasses.replace(seat, workstation_id="WS-2"))
    assert again.value.members == told.value.members
    authorising.authorise(order(attempt_id))
    started = starting.start(dataclasses.replace(seat, workstation_id="WS-2"))
    assert (started.id, started.status, started.workstation_id) == (
        attempt_id,
        "in_progress",
        "WS-2",
    )


@pytest.mark.usefixtures("lobby")
def test_starts_at_once_make_one_attempt_that_waits(world, at_once):
    starting = Starting(world.db, lambda: None)
    seat = Seat(world.student, world.objective, NOWHERE, trade_id=1)
    told = at_once(*[partial(starting.start, seat)] * 6)
    assert {type(t) for t in told} == {WaitingForAuthorisation}
    [attempt_id] = {t.members["attempt_id"] for t in told}
    assert world.run("SELECT id FROM attempts.attempts") == [{"id": attempt_id}]


@pytest.fixture
def composing(world) -> Composing:
    return Composing(world.db, lambda: None)


def lobby_notes(world) -> list[tuple[int, bool]]:
    notes = world.notes("lobby_changed")
    return [(n["attempt_id"], n["data"]["is_waiting_for_authorisation"]) for n in notes]


def test_whoever_waits_hears_when_the_exam_changes_its_mind(world, rules, authorising, composing):
    rules(requires_authorisation=False)
    one = world.attempt("not_started")
    other = world.attempt("not_started", student=world.other)
    let_in = world.attempt("not_started", student=5)
    authorising.authorise(order(let_in))
    for student, status in ((6, "in_progress"), (7, "cancelled")):
        world.attempt(status, student=student)
    elsewhere = world.attempt("not_started", student=8, exam=world.written)
    change = partial(composing.change, world.objective, links=None)
    change({"requires_authorisation": True})
    assert lobby_notes(world) == [(one, True), (other, True)]
    change({"requires_authorisation": True, "description": None})
    change({"description": None})
    assert len(lobby_notes(world)) == 2, "nothing has changed"
    change({"requires_authorisation": False})
    assert lobby_notes(world)[2:] == [(one, False), (other, False)]
    [note] = [n for n in world.notes("lobby_changed") if n["attempt_id"] == one][:1]
    assert note["subject"] == f"oep.v1.{world.objective}.{one}.lobby_changed"
    assert note["data"]["student_id"] == world.student
    assert elsewhere not in dict(lobby_notes(world))


def test_nobody_hears_of_the_lobby_after_his_begin(world, rules, composing, at_once):
    rules(requires_authorisation=False)
    for student in range(12):
        composing.change(world.objective, {"requires_authorisation": False}, None)
        attempt_id = world.attempt("not_started", student=student)
        begun, changed = at_once(
            partial(world.lifecycle.begin, attempt_id, student),
            partial(composing.change, world.objective, {"requires_authorisation": True}, None),
        )
        assert not isinstance(changed, Exception), changed
        facts = [note["fact"] for note in world.notes() if note["attempt_id"] == attempt_id]
        if isinstance(begun, Exception):
            assert isinstance(begun, WaitingForAuthorisation), begun
            assert facts == ["lobby_changed"]
            world.run("DELETE FROM attempts.attempts WHERE id = :id", id=attempt_id)
        else:
            assert facts == ["status_changed", "deadline_changed"]


def test_of_two_who_authorise_at_once_the_first_is_stored(world, authorising, at_once):
    for student in range(12):
        attempt_id = world.attempt("not_started", student=student)
        results = at_once(
            *[partial(authorising.authorise, order(attempt_id, by)) for by in (7, 8, 9)]
        )
        [won] = [r for r in results if not isinstance(r, Exception)]
        assert world.row(attempt_id)["authorised_by_id"] == won.authorised_by_id
        lost = [r for r in results if isinstance(r, Exception)]
        assert {type(r) for r in lost} == {AlreadyAuthorised}
        assert {r.members["authorised_by_id"] for r in lost} == {won.authorised_by_id}
    assert len(world.notes("attempt_authorised")) == 12


@pytest.mark.usefixtures("lobby")
def test_begin_beside_authorise_begins_or_says_that_it_waits(world, authorising, at_once):
    for student in range(12):
        attempt_id = world.attempt("not_started", student=student)
        begun, authorised = at_once(
            partial(world.lifecycle.begin, attempt_id, student),
            partial(authorising.authorise, order(attempt_id)),
        )
        assert not isinstance(authorised, Exception), authorised
        if isinstance(begun, Exception):
            assert isinstance(begun, WaitingForAuthorisation), begun
            assert world.row(attempt_id)["status"] == "not_started"
            begun = world.lifecycle.begin(attempt_id, student)
        assert (begun.status, begun.authorised_by_id) == ("in_progress", 9)


def test_cancel_beside_authorise_ends_cancelled(world, authorising, at_once):
    for student in range(12):
        attempt_id = world.attempt("not_started", student=student)
        cancelled, authorised = at_once(
            partial(Steering(world.db, lambda: None).cancel, order(attempt_id)),
            partial(authorising.authorise, order(attempt_id)),
        )
        assert cancelled.status == "cancelled"
        if isinstance(authorised, Exception):
            assert isinstance(authorised, CannotSteer)
            assert authorised.detail == "Cannot authorise attempt with status: cancelled"


@pytest.mark.usefixtures("lobby")
def test_a_whole_lobby_is_let_in_with_one_call_and_each_once(world, authorising):
    waiting = [world.attempt("not_started", student=s) for s in range(250)]
    authorising.authorise(order(waiting[0], by_id=7))
    running = world.attempt("in_progress", student=900)
    foreign = world.attempt("not_started", student=901, exam=world.written)
    crowd = Crowd(world.objective, None, 9, "all seen", NOWHERE)
    done = authorising.authorise_crowd(crowd)
    assert [a.id for a in done.authorised] == waiting[1:]
    assert done.refused == ()
    named = [waiting[0], running, foreign, 999_999]
    again = authorising.authorise_crowd(dataclasses.replace(crowd, attempt_ids=named))
    assert again.authorised == ()
    assert {i: why.slug for i, why in again.refused} == {
        waiting[0]: "already-authorised",
        running: "cannot-steer",
        foreign: "attempt-not-found",
        999_999: "attempt-not-found",
    }
    assert world.row(foreign)["authorised_at"] is None


async def test_the_exam_says_whether_there_is_a_lobby_also_after_its_first_attempt(api, tidy):
    staff = api(1, "admin")
    body = {"title": "Lobby", "trade_id": 1, "duration_minutes": 30, "total_marks": 4}
    body |= {"passing_marks": 2, "question_ids": [tidy.choice]}
    made = (await staff.post("/exams/", json=body)).json()
    assert (made["requires_authorisation"], made["device_policy"]) == (False, "allow")
    url = f"/exams/{made['id']}"
    tidy.attempt("not_started", exam=made["id"])
    change = {"requires_authorisation": True, "device_policy": "refuse"}
    changed = await staff.put(url, json=change)
    assert changed.status_code == 200
    assert {name: changed.json()[name] for name in change} == change
    assert (await staff.put(url, json={"device_policy": "maybe"})).status_code == 422
    assert (await staff.put(url, json={"requires_authorisation": None})).status_code == 422
    told = (await staff.post("/exams/", json=body | change)).json()
    assert {name: told[name] for name in change} == change


@pytest.mark.usefixtures("lobby")
async def test_the_way_through_the_lobby_over_rest(api, world):
    attempt_id = world.attempt("not_started")
    url = f"/attempts/{attempt_id}"
    refused = await api().post(f"{url}/begin")
    assert refused.status_code == 409
    problem = refused.json()
    assert (problem["type"], problem["detail"], problem["attempt_id"]) == (
        "urn:oep:problem:waiting-for-authorisation",
        WAITING,
        attempt_id,
    )
    shown = (await api().get(url)).json()
    assert (shown["authorised_at"], shown["is_waiting_for_authorisation"]) == (None, True)
    room = (await api(9, "proctor").get(f"/exams/{world.objective}/lobby")).json()
    assert room["requires_authorisation"] is True
    [waiting] = room["attempts"]
    assert (waiting["attempt_id"], waiting["student_name"]) == (attempt_id, "")
    assert waiting["is_waiting_for_authorisation"] is True
    let_in = await api(9, "hall_in_charge").post(f"{url}/authorise")
    assert let_in.status_code == 200
    assert let_in.json()["is_waiting_for_authorisation"] is False
    again = await api(8, "proctor").post(f"{url}/authorise", json={"reason": "me too"})
    assert (again.status_code, again.json()["authorised_by_id"]) == (409, 9)
    assert again.json()["detail"] == "Attempt is authorised already, by user 9"
    begun = await api().post(f"{url}/begin")
    assert (begun.status_code, begun.json()["status"]) == (200, "in_progress")
    assert (await api(9, "admin").get(f"/exams/{world.objective}/lobby")).json()["attempts"] == []


@pytest.mark.usefixtures("with_trade")
@pytest.mark.parametrize(
    ("deed", "done", "status"),
    [
        ("authorise", "authorised", "not_started"),
        ("pause", "paused", "in_progress"),
        ("cancel", "cancelled", "in_progress"),
    ],
)
async def test_the_second_proctor_is_told_the_name_of_the_first(api, world, deed, done, status):
    url, body = f"/attempts/{world.attempt(status)}/{deed}", {"reason": "power cut"}
    assert (await api(7, "admin").post(url, json=body)).status_code == 200
    second = await api(8, "admin").post(url, json=body)
    assert second.status_code == 409
    assert second.json()["detail"] == f"Attempt is {done} already, by Asha"
    assert second.json()[f"{done}_by_id"] == 7


@pytest.mark.usefixtures("lobby", "with_trade")
async def test_a_start_in_the_lobby_names_the_attempt_that_it_made(api, world):
    refused = await api().post("/attempts/start", json={"exam_id": world.objective})
    assert (refused.status_code, refused.json()["detail"]) == (409, WAITING)
    attempt_id = refused.json()["attempt_id"]
    done = await api(9, "proctor").post(f"/exams/{world.objective}/authorise")
    assert (done.status_code, done.json()) == (200, {"authorised": [attempt_id], "refused": []})
    started = await api().post("/attempts/start", json={"exam_id": world.objective})
    assert (started.status_code, started.json()["id"]) == (201, attempt_id)


async def test_only_those_named_see_the_lobby_and_let_in(api, world):
    attempt_id = world.attempt("not_started")
    calls = [
        ("GET", f"/exams/{world.objective}/lobby"),
        ("POST", f"/exams/{world.objective}/authorise"),
        ("POST", f"/attempts/{attempt_id}/authorise"),
    ]
    for role in ("student", "technician", "hall_auth", "grader"):
        for method, url in calls:
            assert (await api(9, role).request(method, url)).status_code == 403, (role, url)
    admin = api(1, "admin")
    for method, url in (
        ("GET", "/exams/999999/lobby"),
        ("POST", "/exams/999999/authorise"),
        ("POST", "/attempts/999999/authorise"),
    ):
        assert (await admin.request(method, url)).status_code == 404
    many = {"attempt_ids": [attempt_id] * 1001}
    too_many = await admin.post(f"/exams/{world.objective}/authorise", json=many)
    assert too_many.status_code == 422
