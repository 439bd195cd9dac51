"""REST of attempts: every literal of contract §5, the order of checks, the shapes."""

import asyncio
import base64
import hashlib
import json
from datetime import UTC, datetime

import pytest
from attempts.assigning import assign
from attempts.blob import checksum_of
from chassis.waiting import eventually
from sqlalchemy import text

ROUTES = [
    ("POST", "begin", None),
    ("GET", "time-status", None),
    ("POST", "answers", {"question_id": 11, "answer": "B"}),
    ("GET", "answers", None),
    ("POST", "submit", {"confirm": True}),
]
STAFF_ROLES = ["admin", "hall_in_charge", "proctor"]


def detail(response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    return response.json()["detail"]


@pytest.mark.contract(
    "2.3/role-missing", "5.1/2/who", "5.1/6/who", "5.1/7/who", "5.1/8/who", "5.1/9/who"
)
@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_only_students_use_the_students_routes(api, world, method, path, body):
    url = f"/attempts/{world.attempt()}/{path}"
    response = await api(world.student, "proctor").request(method, url, json=body)
    assert response.status_code == 403
    assert detail(response) == "User does not have required role. Required: ['student']"


@pytest.mark.contract(
    "5.2/2/not-own", "5.2/6/not-own", "5.2/7/not-active", "5.2/8/not-own", "5.2/9/not-own"
)
@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
@pytest.mark.parametrize("which", ["foreign", "unknown"])
async def test_somebody_elses_attempt_does_not_exist(api, world, method, path, body, which):
    attempt_id = world.attempt(student=world.other) if which == "foreign" else 999_999_999
    response = await api().request(method, f"/attempts/{attempt_id}/{path}", json=body)
    assert response.status_code == 404
    saves = method == "POST" and path == "answers"
    assert detail(response) == ("Active attempt not found" if saves else "Attempt not found")


@pytest.mark.contract("2.3/before-body", "2.3/no-header")
async def test_the_token_is_looked_at_before_the_body(api, world):
    client = api()
    url = f"/attempts/{world.attempt()}/submit"
    response = await client.post(url, json={"confirm": "x"}, headers={"Authorization": ""})
    assert (response.status_code, detail(response)) == (401, "Not authenticated")


@pytest.mark.contract("5.1/2", "5.2/2/concurrent", "5.2/2/answer", "9.4/salt/owner")
async def test_begin_takes_json_without_a_body_twice_at_once(api, world):
    attempt_id = world.attempt("not_started")
    client = api()
    url = f"/attempts/{attempt_id}/begin"
    one, two = await asyncio.gather(client.post(url), client.post(url))
    assert (one.status_code, two.status_code) == (200, 200)
    first, second = one.json(), two.json()
    assert first["start_time"] == second["start_time"]
    assert first["encryption_salt"] == second["encryption_salt"]
    assert second["time_remaining_seconds"] in {3599, 3600}
    assert first["start_time"].endswith("Z")
    assert first["status"] == "in_progress"
    assert first["time_remaining_seconds"] in {3599, 3600}
    assert len(base64.b64decode(first["encryption_salt"], validate=True)) == 16
    assert len(first["encryption_salt"]) == 24


@pytest.mark.contract("5.2/2/body")
@pytest.mark.parametrize("body", [b"", b"{}", b"{nonsense", b"[1]"])
async def test_begin_reads_no_body(api, world, body):
    url = f"/attempts/{world.attempt('not_started')}/begin"
    assert (await api().post(url, content=body)).status_code == 200


@pytest.mark.contract("5.2/2/status")
@pytest.mark.parametrize("status", ["submitted", "graded", "cancelled"])
async def test_begin_names_the_status_that_refuses_it(api, world, status):
    response = await api().post(f"/attempts/{world.attempt(status)}/begin")
    assert response.status_code == 400
    assert detail(response) == f"Cannot begin attempt with status: {status}"


@pytest.mark.contract("5.2/2/active")
async def test_begin_names_the_attempt_that_runs_already(api, world):
    running, waiting = world.attempt(), world.attempt("not_started")
    response = await api().post(f"/attempts/{waiting}/begin")
    assert response.status_code == 400
    assert detail(response) == (
        "You already have an active attempt for this exam. Use resume endpoint instead."
        f" Attempt ID: {running}"
    )


@pytest.mark.contract("5.2/2/window", "9.2/window/entry")
async def test_begin_is_refused_outside_the_exams_window(api, world):
    attempt_id = world.attempt("not_started", exam=world.over)
    response = await api().post(f"/attempts/{attempt_id}/begin")
    assert (response.status_code, detail(response)) == (400, "Exam is no longer available")


@pytest.mark.contract("5.1/3", "5.2/3/order", "5.2/3/newest")
async def test_me_shows_the_attempt_to_be_sat_first(api, world):
    closed_exam = world.attempt("not_started", exam=world.over)
    done = world.attempt("graded", exam=world.written)
    open_exam = world.attempt("not_started", exam=world.written)
    running = world.attempt()
    newest = world.attempt("not_started", exam=world.written)
    response = await api().get("/attempts/me")
    ids = [item["id"] for item in response.json()]
    assert ids == [running, newest, open_exam, closed_exam, done]
    first = response.json()[0]
    assert (first["exam_title"], first["exam_duration_minutes"]) == ("Exam 21", 60)


@pytest.mark.contract("5.2/3/filters")
async def test_me_filters_and_pages(api, world):
    graded = world.attempt("graded")
    world.attempt("not_started", exam=world.written)
    client = api()
    only = await client.get("/attempts/me", params={"status_filter": "graded"})
    assert [item["id"] for item in only.json()] == [graded]
    by_exam = await client.get("/attempts/me", params={"exam_id": world.objective})
    assert [item["id"] for item in by_exam.json()] == [graded]
    assert len((await client.get("/attempts/me", params={"skip": 1})).json()) == 1


@pytest.mark.contract("5.2/3/invalid")
@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "skip=-1", "status_filter=GRADED", "exam_id=x", f"skip={2**64}"],
)
async def test_bad_paging_and_unknown_filters_are_422(api, query):
    response = await api().get(f"/attempts/me?{query}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == f"/query/{query.split('=')[0]}"


@pytest.mark.contract("5.1/4", "5.2/4/progress")
async def test_an_attempt_shows_its_progress(api, world):
    attempt_id = world.attempt()
    client = api()
    await client.post(
        f"/attempts/{attempt_id}/answers",
        json={"question_id": world.truth, "answer": False, "is_flagged": True},
    )
    body = (await client.get(f"/attempts/{attempt_id}")).json()
    assert body["progress"] == {
        "total_questions": 3,
        "answered": 1,
        "unanswered": 2,
        "flagged": 1,
        "progress_percentage": 33.33,
    }
    assert body["questions_flagged"] == [world.truth]
    assert body["encryption_salt"]
    assert body["time_remaining_seconds"] in range(3530, 3541)


@pytest.mark.contract("5.1/4/who", "9.4/salt/owner")
@pytest.mark.parametrize("role", STAFF_ROLES)
async def test_staff_sees_an_attempt_but_never_its_salt(api, world, role):
    response = await api(7, role).get(f"/attempts/{world.attempt()}")
    assert response.status_code == 200
    assert response.json()["encryption_salt"] is None


@pytest.mark.contract("5.1/4/who", "5.2/4/unknown", "5.2/4/foreign")
@pytest.mark.parametrize("role", ["student", "technician", "grader"])
async def test_others_may_not_look(api, world, role):
    response = await api(7, role).get(f"/attempts/{world.attempt()}")
    assert (response.status_code, detail(response)) == (
        403,
        "You can only view your own attempts",
    )
    unknown = await api(7, role).get("/attempts/999999999")
    assert (unknown.status_code, detail(unknown)) == (404, "Attempt not found")


@pytest.mark.parametrize("attempt_id", ["x", str(2**70)])
async def test_ids_that_are_none_are_422(api, attempt_id):
    response = await api().get(f"/attempts/{attempt_id}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/path/attempt_id"


@pytest.mark.contract("5.1/6", "5.2/6/now", "9.2/remaining/before")
async def test_time_status_tells_the_servers_clock(api, world):
    attempt_id = world.attempt()
    body = (await api().get(f"/attempts/{attempt_id}/time-status")).json()
    assert body["server_time"].endswith("Z")
    told = datetime.fromisoformat(body["server_time"])
    assert abs((datetime.now(UTC) - told).total_seconds()) < 30
    assert body["is_expired"] is False
    assert body["duration_minutes"] == 60
    waiting = world.attempt("not_started", exam=world.written, minutes=90)
    full = (await api().get(f"/attempts/{waiting}/time-status")).json()
    assert (full["time_remaining_seconds"], full["start_time"]) == (5400, None)


@pytest.mark.contract("5.2/6/expired", "5.2/7/expired", "9.2/job")
async def test_the_running_service_expires_attempts_by_itself(api, world):
    attempt_id = world.attempt(begun_seconds_ago=3599)
    client = api()

    async def is_expired() -> bool:
        return (await client.get(f"/attempts/{attempt_id}")).json()["status"] == "expired"

    await eventually(is_expired, seconds=10)
    late = world.run(
        "SELECT extract(epoch FROM updated_at - deadline_at) AS seconds"
        " FROM attempts.attempts WHERE id = :id",
        id=attempt_id,
    )
    assert 0 <= late[0]["seconds"] < 2
    body = (await client.get(f"/attempts/{attempt_id}/time-status")).json()
    assert (body["is_expired"], body["time_remaining_seconds"]) == (True, 0)
    save = {"question_id": world.choice, "answer": "B"}
    response = await client.post(f"/attempts/{attempt_id}/answers", json=save)
    assert (response.status_code, detail(response)) == (400, "Attempt time has expired")


@pytest.mark.parametrize(
    "value",
    [["B", "é 😀"], False, 1, 1.0, 1e16, 5e-324, -0.0, 10**40, {"b": [None], "a": "\u0000"}],
)
async def test_the_hash_can_be_recomputed_from_what_the_api_shows(api, world, value):
    url = f"/attempts/{world.attempt()}/answers"
    client = api()
    save = {"question_id": world.choice, "answer": value, "is_flagged": True}
    for answer in [(await client.post(url, json=save)).json(), *(await client.get(url)).json()]:
        said = {name: answer[name] for name in ("answer", "is_flagged", "question_id", "revision")}
        said["attempt_id"] = int(url.split("/")[2])
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        assert answer["revision"] == 1
        assert answer["sha256"] == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.contract("5.1/8", "5.2/7/time", "5.2/8/zero", "5.2/8/sum", "9.1/save/replaces")
async def test_saved_answers_show_the_sum_and_listed_ones_zero(api, world):
    url = f"/attempts/{world.attempt()}/answers"
    client = api()
    save = {"question_id": world.choice, "answer": ["B"], "time_spent_seconds": 20}
    await client.post(url, json=save)
    saved = await client.post(url, json=save | {"is_flagged": True})
    assert saved.status_code == 200
    assert saved.json()["time_spent_seconds"] == 40
    [listed] = (await client.get(url)).json()
    assert listed["id"] == saved.json()["id"]
    assert (listed["answer"], listed["is_flagged"]) == (["B"], True)
    assert (listed["time_spent_seconds"], listed["total_time_spent_seconds"]) == (0, 40)
    assert (listed["is_correct"], listed["marks_awarded"]) == (None, None)


@pytest.mark.contract("5.2/7/question")
async def test_a_question_of_another_exam_is_refused(api, world):
    for question_id in (world.foreign, 999, -1):
        save = {"question_id": question_id, "answer": "x"}
        response = await api().post(f"/attempts/{world.attempt()}/answers", json=save)
        assert response.status_code == 400
        assert detail(response) == "Question does not belong to this exam"
        world.run("UPDATE attempts.attempts SET status = 'cancelled'")


@pytest.mark.contract("5.2/7/body")
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"answer": "x"}, "/question_id"),
        ({"question_id": 11}, "/answer"),
        ({"question_id": "11", "answer": 1}, "/question_id"),
        ({"question_id": 2**64, "answer": 1}, "/question_id"),
        ({"question_id": 11, "answer": 1, "time_spent_seconds": -1}, "/time_spent_seconds"),
        ({"question_id": 11, "answer": 1, "is_flagged": "no"}, "/is_flagged"),
        ({"question_id": 11, "answer": "\ud800"}, "/answer"),
        ({"question_id": 11, "answer": [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}, "/answer"),
    ],
)
async def test_malformed_saves_are_422_with_a_pointer(api, world, body, pointer):
    response = await api().post(f"/attempts/{world.attempt()}/answers", content=json.dumps(body))
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


@pytest.mark.contract("5.2/9/confirm")
@pytest.mark.parametrize("body", [{}, {"confirm": False}, {"confirm": "true"}, {"confirm": None}])
async def test_submit_must_be_confirmed(api, world, body):
    response = await api().post(f"/attempts/{world.attempt()}/submit", json=body)
    words = "Must confirm submission by setting confirm=true"
    assert response.status_code == 422
    assert words in detail(response)
    assert response.json()["errors"] == [{"pointer": "/confirm", "message": words}]


@pytest.mark.contract("5.2/9/blob")
@pytest.mark.parametrize(
    "blob",
    [
        {"encrypted_answers": "AAAA", "encryption_checksum": checksum_of("AAAA")},
        {"encrypted_answers": "AAAA", "encryption_checksum": "wrong"},
        {"encrypted_answers": "\u0000", "encryption_timestamp": "no time at all"},
        {"encrypted_answers": "\ud800", "encryption_timestamp": 7, "encryption_checksum": []},
        {"encrypted_answers": {"a": [1]}, "encryption_timestamp": None},
        {"encrypted_answers": 5},
    ],
)
async def test_nothing_about_the_blob_makes_submit_fail(api, world, blob):
    attempt_id = world.attempt()
    content = json.dumps({"confirm": True} | blob)
    response = await api().post(f"/attempts/{attempt_id}/submit", content=content)
    assert response.status_code == 200
    assert response.json()["status"] == "graded"
    assert world.row(attempt_id)["encrypted_final_answers"]


@pytest.mark.contract(
    "5.1/9", "5.2/9/idempotent", "9.1/table/submit", "9.3/graded", "9.3/percentage"
)
async def test_submit_answers_with_the_result_and_again_with_the_same(api, world):
    attempt_id = world.attempt()
    client = api()
    save = {"question_id": world.choice, "answer": ["Neutral wire"]}
    await client.post(f"/attempts/{attempt_id}/answers", json=save)
    first = await client.post(f"/attempts/{attempt_id}/submit", json={"confirm": True})
    second = await client.post(f"/attempts/{attempt_id}/submit", json={"confirm": True})
    assert first.json() == second.json()
    body = first.json()
    assert (body["status"], body["auto_graded"], body["is_passed"]) == ("graded", True, False)
    assert (body["marks_obtained"], body["total_marks"], body["percentage"]) == (4.0, 14.0, 28.57)
    assert (body["correct_answers"], body["incorrect_answers"], body["unattempted"]) == (1, 0, 2)
    assert body["graded_at"].endswith("Z")


@pytest.mark.contract("5.2/9/status", "9.1/table/submit")
@pytest.mark.parametrize("status", ["not_started", "cancelled"])
async def test_submit_names_the_status_that_refuses_it(api, world, status):
    url = f"/attempts/{world.attempt(status)}/submit"
    response = await api().post(url, json={"confirm": True})
    assert response.status_code == 400
    assert detail(response) == f"Cannot submit attempt with status: {status}"


@pytest.mark.contract("5.2/10/statuses", "9.1/table/result")
@pytest.mark.parametrize("status", ["not_started", "in_progress", "expired", "cancelled"])
async def test_there_is_no_result_before_the_end(api, world, status):
    response = await api().get(f"/attempts/{world.attempt(status)}/result")
    assert (response.status_code, detail(response)) == (400, "Results not available yet")


@pytest.mark.contract("5.1/10/who", "5.2/10/unknown", "5.2/10/foreign")
async def test_results_are_for_the_owner_and_for_staff(api, world):
    url = f"/attempts/{world.attempt('graded')}/result"
    response = await api(world.other).get(url)
    assert (response.status_code, detail(response)) == (403, "You can only view your own results")
    for role in STAFF_ROLES:
        assert (await api(7, role).get(url)).status_code == 200
    unknown = await api().get("/attempts/999999/result")
    assert (unknown.status_code, detail(unknown)) == (404, "Attempt not found")


async def finished(api, world, exam: int, answers: dict) -> dict:
    attempt_id = world.attempt(exam=exam)
    client = api()
    for question_id, value in answers.items():
        save = {"question_id": question_id, "answer": value}
        await client.post(f"/attempts/{attempt_id}/answers", json=save)
    await client.post(f"/attempts/{attempt_id}/submit", json={"confirm": True})
    return (await client.get(f"/attempts/{attempt_id}/result")).json()


@pytest.mark.contract(
    "5.1/10",
    "5.2/10/statuses",
    "5.3/exam",
    "5.3/questions",
    "5.3/numbers",
    "5.3/answers",
    "9.3/override",
    "9.1/table/result",
)
async def test_the_result_holds_everything_that_the_page_reads(api, world):
    given = {world.choice: ["stray", "B"], world.several: ["Line wire"], world.truth: "FALSE"}
    body = await finished(api, world, world.objective, given)
    exam = body["exam"]
    assert (exam["id"], exam["title"], exam["exam_code"]) == (world.objective, "Exam 21", "E21")
    assert exam["passing_percentage"] == 50.0
    assert [
        (q["id"], q["question_type"], q["marks"], q["correct_answer"]) for q in exam["questions"]
    ] == [
        (world.choice, "mcq_single", 4.0, "Neutral wire"),
        (world.several, "mcq_multiple", 6.0, ["Earth wire", "Line wire"]),
        (world.truth, "true_false", 4.0, False),
    ]
    shown = {a["question_id"]: (a["answer"], a["marks_awarded"]) for a in body["answers"]}
    assert shown == {
        world.choice: ("Neutral wire", 4.0),
        world.several: (["Line wire"], -1.0),
        world.truth: (False, 4.0),
    }
    assert (body["score"], body["total_marks"], body["total_questions"]) == (7.0, 14.0, 3)
    assert body["time_taken_seconds"] in range(60, 70)
    assert body["is_passed"] is True
    assert (body["exam_title"], body["exam_total_marks"], body["exam_passing_marks"]) == (
        "Exam 21",
        14.0,
        7.0,
    )


@pytest.mark.contract("5.3/unmarked", "9.3/by-hand/missing", "9.1/table/result")
async def test_marks_are_left_out_while_nobody_gave_them(api, world):
    body = await finished(api, world, world.written, {world.choice: "A", world.short: "ohm"})
    assert (body["status"], body["is_passed"]) == ("submitted", None)
    by_question = {a["question_id"]: a for a in body["answers"]}
    assert "marks_awarded" not in by_question[world.short]
    assert by_question[world.choice]["marks_awarded"] == -1.0
    assert by_question[world.short]["is_correct"] is None


@pytest.mark.contract("5.3/no-review")
async def test_an_exam_without_review_shows_no_key_of_a_wrong_answer(api, world):
    body = await finished(api, world, world.written, {world.choice: "A"})
    assert [q["correct_answer"] for q in body["exam"]["questions"]] == [None, None]
    assert body["score"] == -1.0


@pytest.mark.contract("5.1/11")
async def test_staff_lists_attempts_newest_first_without_names_while_auth_is_away(api, world):
    old, new = world.attempt(), world.attempt("graded", student=world.other)
    response = await api(7, "hall_in_charge").get("/attempts/")
    assert [item["id"] for item in response.json()] == [new, old]
    assert [item["student_id"] for item in response.json()] == [world.other, world.student]
    assert response.json()[0]["student_name"] == ""
    assert len((await api(7, "admin").get(f"/attempts?student_id={world.other}")).json()) == 1


@pytest.mark.contract("5.1/11/who", "2.3/role-missing")
async def test_students_may_not_list_attempts(api):
    response = await api().get("/attempts/")
    assert response.status_code == 403
    assert detail(response) == (
        "User does not have required role. Required: ['admin', 'hall_in_charge']"
    )


@pytest.mark.parametrize("path", ["/attempts/me", "/attempts/", "/exams/", "/exams/trades"])
async def test_paths_work_with_and_without_their_last_slash(api, world, path):
    client = api(world.student, "student,admin")
    bare = path.rstrip("/")
    for form in (bare, f"{bare}/"):
        assert (await client.get(form)).status_code == 200


@pytest.mark.contract("5.1/marks", "5.1/marks/who")
async def test_a_grader_marks_what_the_machine_could_not(api, world):
    body = await finished(api, world, world.written, {world.choice: "B", world.short: "ohm"})
    client = api(7, "grader")
    url = f"/attempts/{body['id']}/answers/{world.short}/marks"
    refused = await api().put(url, json={"marks_awarded": 2})
    assert refused.status_code == 403
    assert (await client.put(url, json={"marks_awarded": 4.5})).status_code == 422
    given = await client.put(url, json={"marks_awarded": 4})
    assert (given.status_code, given.json()["marks_awarded"]) == (200, 4.0)
    assert given.json()["is_correct"] is True
    result = (await api().get(f"/attempts/{body['id']}/result")).json()
    assert (result["status"], result["score"], result["is_passed"]) == ("graded", 8.0, True)
    again = await client.put(url, json={"marks_awarded": 1})
    assert again.status_code == 400


@pytest.mark.parametrize("role", ["proctor", "grader", "technician", "hall_in_charge", "admin"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("POST", "start", marks=pytest.mark.contract("5.1/1/who")),
        pytest.param("GET", "me", marks=pytest.mark.contract("5.1/3/who")),
        pytest.param("POST", "1/resume", marks=pytest.mark.contract("5.1/5/who")),
    ],
)
async def test_what_is_a_students_own_is_for_students(api, method, path, role):
    response = await api(7, role).request(method, f"/attempts/{path}", json={"exam_id": 21})
    assert response.status_code == 403
    assert detail(response) == "User does not have required role. Required: ['student']"


@pytest.mark.contract("5.1/11/who")
@pytest.mark.parametrize("role", ["proctor", "grader", "technician", "hall_auth"])
async def test_nobody_but_staff_lists_attempts(api, role):
    assert (await api(7, role).get("/attempts/")).status_code == 403


@pytest.mark.contract("5.1/11")
async def test_the_staffs_list_is_filtered_and_paged(api, world):
    one = world.attempt()
    two = world.attempt("graded", exam=world.written)
    three = world.attempt("graded", student=world.other)
    staff = api(7, "admin")

    async def ids(query: str) -> list[int]:
        found = (await staff.get(f"/attempts/?{query}")).json()
        return [item["id"] for item in found]

    assert await ids("") == [three, two, one]
    assert await ids(f"exam_id={world.objective}") == [three, one]
    assert await ids(f"student_id={world.student}") == [two, one]
    assert await ids("status_filter=graded") == [three, two]
    assert await ids("skip=1&limit=1") == [two]
    for query in ("status_filter=GRADED", "limit=0", "student_id=x"):
        assert (await staff.get(f"/attempts/?{query}")).status_code == 422


@pytest.mark.contract("5.2/7/body", "5.2/7/defaults", "5.1/7")
async def test_a_save_needs_a_question_and_an_answer_that_may_be_null(api, world):
    url = f"/attempts/{world.attempt()}/answers"
    saved = await api().post(url, json={"question_id": world.choice, "answer": None})
    assert saved.status_code == 200
    body = saved.json()
    assert (body["question_id"], body["answer"]) == (world.choice, None)
    assert (body["is_flagged"], body["time_spent_seconds"]) == (False, 0)


@pytest.mark.contract("9.1/save/empty", "9.1/save/counts", "5.2/4/progress")
@pytest.mark.parametrize("nothing", ["", []])
async def test_an_answer_that_was_cleared_is_none(api, world, nothing):
    attempt_id = world.attempt()
    client = api()
    for value in (["Neutral wire"], nothing):
        save = {"question_id": world.choice, "answer": value}
        await client.post(f"/attempts/{attempt_id}/answers", json=save)
    [listed] = (await client.get(f"/attempts/{attempt_id}/answers")).json()
    assert listed["answer"] == nothing
    shown = (await client.get(f"/attempts/{attempt_id}")).json()
    assert (shown["questions_answered"], shown["progress"]["answered"]) == (0, 0)


@pytest.mark.contract("5.2/2/no-exam")
async def test_a_begin_without_its_exam_is_404(api, world):
    """The database does not let it come so far; an import by hand might."""
    attempt_id = world.attempt("not_started")
    with world.looking.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        gone = "UPDATE attempts.attempts SET exam_id = 999999 WHERE id = :id"
        connection.execute(text(gone), {"id": attempt_id})
    response = await api().post(f"/attempts/{attempt_id}/begin")
    assert (response.status_code, detail(response)) == (404, "Exam not found")


@pytest.mark.contract("5.3/score-zero", "5.3/numbers", "5.3/exam")
async def test_a_result_without_any_mark_has_a_score_of_zero(api, world):
    attempt_id = world.attempt("submitted", exam=world.written, begun_seconds_ago=90)
    world.answer(attempt_id, world.short, '"ohm"')
    body = (await api().get(f"/attempts/{attempt_id}/result")).json()
    assert (body["marks_obtained"], body["score"]) == (None, 0)
    assert (body["total_questions"], body["time_taken_seconds"]) == (2, 90)
    assert body["exam"]["passing_percentage"] == 50.0


@pytest.mark.contract("9.3/always-served")
@pytest.mark.parametrize("shown_at_once", [True, False])
async def test_the_result_is_served_whatever_the_exam_says(api, world, shown_at_once):
    change = "UPDATE attempts.exams SET show_results_immediately = :on WHERE id = :id"
    world.run(change, on=shown_at_once, id=world.objective)
    try:
        body = await finished(api, world, world.objective, {world.choice: "B"})
    finally:
        world.run(change, on=False, id=world.objective)
    assert (body["status"], body["score"]) == ("graded", 4.0)
    assert body["exam"]["questions"][0]["correct_answer"] == "Neutral wire"


@pytest.mark.contract("9.4/salt/with-row", "9.4/salt/owner")
async def test_the_salt_is_made_with_the_attempt_and_stays(api, world, tidy):
    await tidy.db.run(assign, tidy.db, "E21", [world.student])
    client = api()
    [listed] = (await client.get("/attempts/me")).json()
    url = f"/attempts/{listed['id']}"
    before = (await client.get(url)).json()["encryption_salt"]
    assert len(base64.b64decode(before, validate=True)) == 16
    for _ in range(2):
        assert (await client.post(f"{url}/begin")).json()["encryption_salt"] == before
    assert (await client.get(url)).json()["encryption_salt"] == before
    assert (await api(7, "admin").get(url)).json()["encryption_salt"] is None


@pytest.mark.contract("9.4/stored", "9.4/checksum", "9.2/grace/submit")
async def test_a_whole_blob_is_kept_as_it_was_sent_also_after_the_deadline(api, world):
    attempt_id = world.attempt("expired", begun_seconds_ago=3700)
    blob = base64.b64encode(bytes(range(200))).decode()
    digest = hashlib.sha256(blob.encode("ascii")).digest()
    sent = {
        "encrypted_answers": blob,
        "encryption_timestamp": "2026-03-01T10:00:00.123Z",
        "encryption_checksum": base64.b64encode(digest).decode(),
    }
    assert len(sent["encryption_checksum"]) == 44
    response = await api().post(f"/attempts/{attempt_id}/submit", json={"confirm": True} | sent)
    assert (response.status_code, response.json()["status"]) == (200, "graded")
    row = world.row(attempt_id)
    assert row["encrypted_final_answers"] == blob
    assert row["encryption_timestamp"] == sent["encryption_timestamp"]
    assert row["encryption_checksum"] == sent["encryption_checksum"]
    assert row["encryption_flaw"] is None
