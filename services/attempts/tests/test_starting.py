"""Start, resume, statistics: contract §5.2 rows 1, 5 and 12."""

import dataclasses
from functools import partial

import pytest
from attempts.auth_client import People, Person
from attempts.errors import ActiveAttemptExists, ExamNotAvailable, NoAttemptsLeft, WorkstationBound
from attempts.starting import Seat, Starting
from chassis.origins import Origin

HERE = Origin("10.0.0.7", "Firefox")


class Auth:
    """Stands in for auth: every student belongs to one trade."""

    def __init__(self, trade_id: int | None) -> None:
        self.trade_id = trade_id

    async def known(self, user_ids) -> People:
        return People({i: Person("Asha", None, trade_id=self.trade_id) for i in user_ids})


@pytest.fixture
def starting(world) -> Starting:
    return Starting(world.db, lambda: None)


@pytest.fixture
def seat(world):
    def make(**changed) -> Seat:
        fields = {"student_id": world.student, "exam_id": world.objective, "trade_id": 1}
        return Seat(**{"origin": HERE} | fields | changed)

    return make


@pytest.fixture
def with_auth(app):
    state = app.app.state
    before = state.parts

    def use(trade_id: int | None) -> None:
        state.parts = dataclasses.replace(before, names=Auth(trade_id))

    yield use
    state.parts = before


def detail(response) -> str:
    return response.json()["detail"]


@pytest.mark.contract(
    "5.1/1", "5.2/1/copies", "5.2/1/keeps", "5.2/1/makes", "9.1/move/created", "9.5/start"
)
async def test_start_makes_a_running_attempt_with_all_that_is_known(api, world, with_auth):
    with_auth(1)
    body = {"exam_id": world.objective, "workstation_id": "WS-1", "browser_info": {"ua": "x"}}
    response = await api().post("/attempts/start", json=body)
    assert response.status_code == 201
    shown = response.json()
    assert (shown["status"], shown["duration_minutes"]) == ("in_progress", 60)
    assert shown["time_remaining_seconds"] in {3599, 3600}
    assert (shown["workstation_id"], shown["initial_workstation_id"]) == ("WS-1", "WS-1")
    assert len(shown["encryption_salt"]) == 24
    row = world.row(shown["id"])
    assert (row["browser_info"], row["total_marks"]) == ({"ua": "x"}, 14.0)
    assert row["ip_address"] == "127.0.0.1"
    facts = [note["fact"] for note in world.notes()]
    assert facts == ["attempt_created", "status_changed", "deadline_changed"]
    [entry] = world.run(
        "SELECT event_type, user_id FROM attempts.audit_logs WHERE attempt_id = :id", id=row["id"]
    )
    assert entry == {"event_type": "attempt_started", "user_id": world.student}


@pytest.mark.contract("5.2/1/assigned", "9.1/move/begin")
async def test_start_without_auth_is_unavailable_only_when_the_trade_decides(api, world):
    body = {"exam_id": world.objective}
    response = await api().post("/attempts/start", json=body)
    assert response.status_code == 503
    assert "retry-after" in response.headers
    assigned = world.attempt("not_started")
    response = await api().post("/attempts/start", json=body)
    assert (response.status_code, response.json()["id"]) == (201, assigned)


@pytest.mark.contract("5.2/1/trade")
@pytest.mark.parametrize("trade", [2, None])
async def test_another_trades_exam_is_not_available(api, world, with_auth, trade):
    with_auth(trade)
    response = await api().post("/attempts/start", json={"exam_id": world.objective})
    assert response.status_code == 400
    assert detail(response) == "Exam is not available for attempts"
    assert world.run("SELECT 1 FROM attempts.attempts") == []


@pytest.mark.contract("5.2/1/status", "5.2/1/window", "9.2/window/entry")
@pytest.mark.parametrize("exam", ["draft", "over"])
async def test_a_closed_exam_is_not_available(api, world, exam):
    response = await api().post("/attempts/start", json={"exam_id": getattr(world, exam)})
    assert (response.status_code, detail(response)) == (400, "Exam is not available for attempts")


@pytest.mark.contract("5.2/1/no-exam", "5.2/1/active", "5.2/1/exam-id")
async def test_start_says_what_is_missing_or_runs_already(api, world):
    response = await api().post("/attempts/start", json={"exam_id": 999_999})
    assert (response.status_code, detail(response)) == (404, "Exam not found")
    running = world.attempt()
    response = await api().post("/attempts/start", json={"exam_id": world.objective})
    assert response.status_code == 400
    assert detail(response) == (
        "You already have an active attempt for this exam. Use resume endpoint instead."
        f" Attempt ID: {running}"
    )
    assert (await api().post("/attempts/start", json={})).status_code == 422
    foreign = await api(9, "admin").post("/attempts/start", json={"exam_id": world.objective})
    assert detail(foreign) == "User does not have required role. Required: ['student']"


@pytest.mark.contract("5.2/1/assigned")
@pytest.mark.parametrize("is_assigned", [True, False])
def test_of_several_starts_at_once_one_starts_and_the_others_are_told(
    world, starting, seat, at_once, is_assigned
):
    if is_assigned:
        world.attempt("not_started")
    results = at_once(*[partial(starting.start, seat())] * 4)
    assert sum(isinstance(r, ActiveAttemptExists) for r in results) == 3, results
    assert len(world.run("SELECT 1 FROM attempts.attempts")) == 1
    assert len(world.notes("status_changed")) == 1


@pytest.mark.contract("5.2/1/max-attempts")
def test_max_attempts_counts_every_try_and_null_is_unlimited(world, starting, seat):
    world.attempt("graded")
    world.attempt("cancelled")
    limit = "UPDATE attempts.exams SET max_attempts = :most WHERE id = :id"
    world.run(limit, most=2, id=world.objective)
    try:
        with pytest.raises(NoAttemptsLeft):
            starting.is_trade_needed(world.student, world.objective)
        with pytest.raises(NoAttemptsLeft):
            starting.start(seat())
        world.run(limit, most=3, id=world.objective)
        assert starting.start(seat()).status == "in_progress"
    finally:
        world.run(
            "UPDATE attempts.exams SET max_attempts = NULL WHERE id = :id", id=world.objective
        )


def test_a_refused_start_leaves_nothing_behind(world, starting, seat):
    with pytest.raises(ExamNotAvailable):
        starting.start(seat(trade_id=2))
    assert world.run("SELECT 1 FROM attempts.attempts") == []


@pytest.mark.contract("5.1/5", "5.2/5/body", "5.2/5/binds", "5.2/5/other", "9.5/workstation")
async def test_resume_binds_the_first_workstation_and_no_other(api, world):
    url = f"/attempts/{world.attempt()}/resume"
    assert (await api().post(url, json={})).json()["workstation_id"] is None
    bound = await api().post(url, json={"workstation_id": "WS-1"})
    assert bound.status_code == 200
    assert (bound.json()["workstation_id"], bound.json()["initial_workstation_id"]) == (
        "WS-1",
        "WS-1",
    )
    assert (await api().post(url, json={"workstation_id": "WS-1"})).status_code == 200
    assert (await api().post(url)).status_code == 200
    other = await api().post(url, json={"workstation_id": "WS-2"})
    assert other.status_code == 400
    assert detail(other) == "Workstation change requires an approved transfer"
    log = world.run("SELECT details FROM attempts.audit_logs ORDER BY id DESC LIMIT 1")
    assert log == [{"details": {"workstation_id": "WS-1"}}]


@pytest.mark.contract("5.2/5/status")
@pytest.mark.parametrize("status", ["not_started", "submitted", "graded", "cancelled"])
async def test_resume_names_the_status_that_refuses_it(api, world, status):
    response = await api().post(f"/attempts/{world.attempt(status)}/resume", json={})
    assert response.status_code == 400
    assert detail(response) == f"Cannot resume attempt with status: {status}"


@pytest.mark.contract("5.2/5/expired")
async def test_resume_after_the_deadline_says_that_time_ran_out(api, world):
    graded = world.attempt("graded", exam=world.written)
    reason = "UPDATE attempts.attempts SET submit_reason = 'deadline' WHERE id = :id"
    world.run(reason, id=graded)
    expired = world.attempt("expired")
    due = world.attempt(begun_seconds_ago=3601, exam=world.over)
    for attempt_id in (graded, expired, due):
        response = await api().post(f"/attempts/{attempt_id}/resume", json={})
        assert response.status_code == 400
        assert detail(response) == "Attempt time has expired. It has been auto-submitted."


@pytest.mark.contract("5.2/5/not-own")
async def test_somebody_elses_attempt_cannot_be_resumed(api, world):
    response = await api().post(f"/attempts/{world.attempt(student=world.other)}/resume", json={})
    assert (response.status_code, detail(response)) == (404, "Attempt not found")


def test_an_assigned_attempt_keeps_the_workstation_it_is_bound_to(world, starting, seat):
    attempt_id = world.attempt("not_started")
    bind = "UPDATE attempts.attempts SET workstation_id = 'WS-1' WHERE id = :id"
    world.run(bind, id=attempt_id)
    with pytest.raises(WorkstationBound):
        starting.start(seat(workstation_id="WS-2"))
    assert starting.start(seat(workstation_id="WS-1")).id == attempt_id


@pytest.mark.contract(
    "5.1/12", "5.1/12/who", "5.2/12/counts", "5.2/12/averages", "5.2/12/null", "5.2/12/unknown"
)
async def test_statistics_count_and_average_what_is_graded(api, world):
    staff = api(9, "hall_in_charge")
    url = f"/attempts/statistics/{world.objective}"
    empty = (await staff.get(url)).json()
    assert empty == {
        "total_attempts": 0,
        "completed_attempts": 0,
        "in_progress_attempts": 0,
        "average_score": None,
        "pass_rate": None,
        "average_time_taken_minutes": None,
        "score_bins": [0] * 10,
    }
    for marks, student in ((10, 1), (0, 2), (0, 3)):
        done = world.attempt("graded", student=student, begun_seconds_ago=600)
        world.run(
            "UPDATE attempts.attempts SET marks_obtained = :m, is_passed = :p WHERE id = :id",
            m=marks,
            p=marks > 5,
            id=done,
        )
    world.attempt("submitted", student=4)
    world.attempt(student=5)
    scores = "UPDATE attempts.attempts SET percentage = :p WHERE student_id = :s"
    for student, percentage in ((1, 100), (2, -12.5), (3, 29.99), (4, 50)):
        world.run(scores, p=percentage, s=student)
    shown = (await staff.get(url)).json()
    assert shown["score_bins"] == [1, 0, 1, 0, 0, 0, 0, 0, 0, 1]
    assert (shown["total_attempts"], shown["completed_attempts"]) == (5, 4)
    assert shown["in_progress_attempts"] == 1
    assert (shown["average_score"], shown["pass_rate"]) == (3.33, 33.33)
    assert 10 <= shown["average_time_taken_minutes"] < 10.5
    world.run("UPDATE attempts.attempts SET marks_obtained = 0, is_passed = false")
    zero = (await staff.get(url)).json()
    assert (zero["average_score"], zero["pass_rate"]) == (0, 0)
    missing = await staff.get("/attempts/statistics/999999")
    assert (missing.status_code, detail(missing)) == (404, "Exam not found")
    assert (await api(9, "proctor").get(url)).status_code == 403
