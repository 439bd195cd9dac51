"""Grading over REST: who may, what comes back, and what every wrong input is answered."""

import itertools

import pytest
from chassis.waiting import eventually

PEOPLE = itertools.count(8_000)
WHY = "The book says otherwise"
NEW = {
    "title": "Essay",
    "criteria": [
        {
            "title": "Content",
            "levels": [{"title": "none", "marks": 0}, {"title": "all", "marks": 4}],
        },
        {
            "title": "Language",
            "weight": 2,
            "max_marks": 3,
            "levels": [{"title": "poor", "marks": 1, "description": "hard to read"}],
        },
    ],
}


@pytest.fixture
def admin(api, tidy):
    return api(8, "admin")


@pytest.fixture
def graders() -> tuple[int, int]:
    """Two people: new ones, because who is assigned is remembered for seconds."""
    return next(PEOPLE), next(PEOPLE)


@pytest.fixture
def grader(api, tidy, graders):
    return api(graders[0], "grader")


@pytest.fixture
def attempt_id(world, exam_of, desk, graders):
    """A submitted attempt with a written answer that waits for marks by one of `graders`."""
    exam_id = exam_of({world.foreign: 8, world.choice: 2})
    for grader_id in graders:
        desk.by_user[grader_id] = {("grader", exam_id)}
    attempt_id = world.attempt(exam=exam_id)
    world.answer(attempt_id, world.foreign, '"words"')
    world.lifecycle.submit(attempt_id, world.student, None)
    return attempt_id


async def test_a_rubric_is_made_read_listed_and_replaced(admin, grader):
    made = await admin.post("/exams/rubrics", json=NEW)
    assert made.status_code == 201
    rubric = made.json()
    assert (rubric["title"], rubric["version"], rubric["created_by"]) == ("Essay", 1, 8)
    content, language = rubric["criteria"]
    assert (content["max_marks"], content["weight"]) == (4.0, 1.0)
    assert (language["max_marks"], language["weight"]) == (3.0, 2.0)
    assert language["levels"][0]["description"] == "hard to read"
    assert (await grader.get(f"/exams/rubrics/{rubric['id']}")).json() == rubric
    assert rubric in (await grader.get("/exams/rubrics?limit=1000")).json()
    changed = await admin.put(
        f"/exams/rubrics/{rubric['id']}", json={"title": "Short", "criteria": NEW["criteria"][:1]}
    )
    assert changed.status_code == 200
    assert (changed.json()["version"], len(changed.json()["criteria"])) == (2, 1)
    missing = await admin.get("/exams/rubrics/999999")
    assert (missing.status_code, missing.json()["detail"]) == (404, "Rubric not found")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": "x", "criteria": []},
        {"title": "", "criteria": NEW["criteria"]},
        {"title": "x", "criteria": [{"title": "c", "levels": []}]},
        {"title": "x", "criteria": [{"title": "c", "levels": [{"title": "l", "marks": 0}]}]},
        {"title": "x", "criteria": [{"title": "c", "levels": [{"title": "l", "marks": -1}]}]},
        {
            "title": "x",
            "criteria": [{"title": "c", "max_marks": 1, "levels": [{"title": "l", "marks": 2}]}],
        },
        {"title": "\0", "criteria": NEW["criteria"]},
    ],
)
async def test_a_rubric_that_measures_nothing_is_422(admin, body):
    assert (await admin.post("/exams/rubrics", json=body)).status_code == 422


async def test_an_answer_is_marked_by_rubric_and_shown_with_it(
    admin, grader, api, world, attempt_id
):
    rubric = (await admin.post("/exams/rubrics", json=NEW)).json()
    exam_id = world.row(attempt_id)["exam_id"]
    path = f"/exams/{exam_id}/questions/{world.foreign}/rubric"
    attached = await admin.put(path, json={"rubric_id": rubric["id"]})
    assert attached.json()["rubric"]["id"] == rubric["id"]
    [desk] = (await grader.get(f"/exams/{exam_id}/marking")).json()
    assert desk == {
        "attempt_id": attempt_id,
        "question_id": world.foreign,
        "question_text": f"Question {world.foreign}?",
        "question_type": "essay",
        "marks": 8.0,
        "rubric_id": rubric["id"],
        "answer": "words",
    }
    content, language = rubric["criteria"]
    criteria = [
        {"criterion_id": content["id"], "level_id": content["levels"][1]["id"], "comment": "full"},
        {"criterion_id": language["id"], "level_id": language["levels"][0]["id"]},
    ]
    marks = f"/attempts/{attempt_id}/answers/{world.foreign}/marks"
    marked = await grader.put(marks, json={"criteria": criteria, "feedback": "Well done"})
    assert (marked.status_code, marked.json()["marks_awarded"]) == (200, 4.8)
    result = (await api(world.student, "student").get(f"/attempts/{attempt_id}/result")).json()
    assert result["status"] == "graded"
    [answer] = result["answers"]
    [marking] = answer["markings"]
    assert (marking["feedback"], marking["marks"]) == ("Well done", 4.8)
    assert [one["comment"] for one in marking["criteria"]] == ["full", None]
    assert "grader_id" not in marking


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/marks_awarded"),
        ({"marks_awarded": "3"}, "/marks_awarded"),
        ({"marks_awarded": -1}, "/marks_awarded"),
        ({"marks_awarded": 3, "criteria": [{"criterion_id": 1, "level_id": 1}]}, "/marks_awarded"),
        ({"criteria": []}, "/criteria"),
        ({"criteria": [{"criterion_id": 1}]}, "/criteria/0/level_id"),
        ({"marks_awarded": 3, "feedback": "\0"}, "/feedback"),
    ],
)
async def test_marks_that_are_none_are_422_and_say_where(grader, world, attempt_id, body, pointer):
    answer = await grader.put(f"/attempts/{attempt_id}/answers/{world.foreign}/marks", json=body)
    assert answer.status_code == 422
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}


async def test_second_marking_over_rest(admin, api, world, attempt_id, graders):
    exam_id = world.row(attempt_id)["exam_id"]
    changed = await admin.put(
        f"/exams/{exam_id}", json={"second_marking": "blind", "second_marking_tolerance": 0.5}
    )
    assert changed.json()["second_marking"] == "blind"
    marks = f"/attempts/{attempt_id}/answers/{world.foreign}/marks"
    anne, boris = (api(grader_id, "grader") for grader_id in graders)
    assert (await anne.put(marks, json={"marks_awarded": 2})).json()["marks_awarded"] is None
    again = await anne.put(marks, json={"marks_awarded": 2})
    assert again.status_code == 409
    assert (
        again.json()["detail"]
        == "You have marked this answer already; somebody else must do it now"
    )
    assert (await boris.put(marks, json={"marks_awarded": 6})).json()["marks_awarded"] is None
    queue = f"/exams/{exam_id}/marking?state=moderate"
    assert len((await admin.get(queue)).json()) == 1
    assert (await boris.get(queue)).json() == []
    path = f"/attempts/{attempt_id}/answers/{world.foreign}/moderate"
    assert (await anne.put(path, json={"marks_awarded": 3})).status_code == 403
    decided = await admin.put(path, json={"marks_awarded": 3})
    assert (decided.status_code, decided.json()["marks_awarded"]) == (200, 3.0)
    assert (await admin.get(f"/exams/{exam_id}/marking?state=later")).status_code == 422


async def test_a_corrected_key_is_regraded_by_the_clock(admin, world, exam_of):
    exam_id = exam_of({world.choice: 4})
    attempt_id = world.attempt(exam=exam_id)
    world.answer(attempt_id, world.choice, '"C"')
    await world.db.run(world.lifecycle.submit, attempt_id, world.student, None)
    path = f"/exams/{exam_id}/questions/{world.choice}/correct-key"
    asked = await admin.post(path, json={"correct_answer": ["C"], "reason": WHY})
    assert asked.status_code == 202
    assert (asked.json()["pending_count"], asked.json()["exam_version"]) == (1, 2)

    async def is_done() -> bool:
        [work] = (await admin.get(f"/exams/{exam_id}/regrades")).json()
        return work["completed_at"] is not None

    await eventually(is_done, 10)
    versions = (await admin.get(f"/attempts/{attempt_id}/grades")).json()
    assert [(v["reason"], v["marks_obtained"]) for v in versions] == [
        ("submit", -1.0),
        ("key_corrected", 4.0),
    ]
    again = await admin.post(f"/attempts/{attempt_id}/regrade")
    assert (again.status_code, again.json()["marks_obtained"]) == (200, 4.0)
    analysis = (await admin.get(f"/exams/{exam_id}/item-analysis")).json()
    assert (analysis["n"], analysis["standard_deviation"]) == (1, None)
    assert analysis["items"][0]["difficulty"] == 1.0


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"correct_answer": ["C"]}, "/reason"),
        ({"correct_answer": ["C"], "reason": "too short"}, "/reason"),
        ({"correct_answer": ["C"], "reason": " " * 20}, "/reason"),
        ({"reason": WHY}, "/void"),
        ({"reason": WHY, "void": "all", "correct_answer": None}, "/void"),
        ({"reason": WHY, "void": "no_marks", "correct_answer": ["C"]}, "/void"),
        ({"reason": WHY, "correct_answer": []}, "/correct_answer"),
        ({"reason": WHY, "correct_answer": ["Z"]}, "/correct_answer"),
        ({"reason": WHY, "correct_answer": "C"}, "/correct_answer"),
    ],
)
async def test_a_correction_that_is_none_is_422_and_says_where(admin, world, body, pointer):
    world.attempt()
    path = f"/exams/{world.objective}/questions/{world.choice}/correct-key"
    answer = await admin.post(path, json=body)
    assert answer.status_code == 422, answer.text
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}


READS = [
    ("GET", "/attempts/{attempt}/grades", "grader"),
    ("GET", "/exams/{exam}/marking", "grader"),
    ("GET", "/exams/rubrics", "grader"),
    ("GET", "/exams/rubrics/1", "grader"),
    ("PUT", "/attempts/{attempt}/answers/15/marks", "grader"),
    ("PUT", "/attempts/{attempt}/answers/15/moderate", "hall_in_charge"),
    ("POST", "/attempts/{attempt}/regrade", "hall_in_charge"),
    ("POST", "/exams/rubrics", "hall_in_charge"),
    ("PUT", "/exams/rubrics/1", "hall_in_charge"),
    ("PUT", "/exams/{exam}/questions/15/rubric", "hall_in_charge"),
    ("POST", "/exams/{exam}/questions/15/correct-key", "hall_in_charge"),
    ("GET", "/exams/{exam}/regrades", "hall_in_charge"),
    ("GET", "/exams/{exam}/item-analysis", "hall_in_charge"),
]


@pytest.mark.parametrize(("method", "path", "least"), READS)
async def test_students_and_proctors_have_no_part_in_grading(
    api, world, attempt_id, graders, method, path, least
):
    exam_id = world.row(attempt_id)["exam_id"]
    url = path.format(attempt=attempt_id, exam=exam_id)
    forbidden = {"student", "proctor", "technician"} | ({"grader"} - {least})
    for role in forbidden:
        answer = await api(world.student, role).request(method, url, json={})
        assert answer.status_code == 403, role
    for role in {least, "admin"}:
        answer = await api(graders[0], role).request(method, url, json={})
        assert answer.status_code in {200, 404, 422}, answer.text
    if least == "grader" and "rubrics" not in path:
        answer = await api(next(PEOPLE), "grader").request(method, url, json={})
        assert answer.json()["detail"] == "You are not assigned to this exam"


@pytest.mark.parametrize(("method", "path", "_"), READS)
async def test_what_does_not_exist_is_404_or_422_never_500(api, tidy, method, path, _):
    for number in ("999999999999", "0", "-3", "x"):
        url = path.format(attempt=number, exam=number)
        for body in (
            {},
            {"marks_awarded": 1},
            {"rubric_id": 3},
            NEW,
            {"reason": WHY, "void": "no_marks"},
        ):
            answer = await api(7, "admin").request(method, url, json=body)
            assert answer.status_code in {200, 201, 404, 409, 422}, answer.text


async def test_objective_exams_answer_graded_at_once_and_written_ones_submitted(
    api, world, attempt_id
):
    student = api(world.student, "student")
    objective = world.attempt()
    world.answer(objective, world.choice, '"B"')
    done = (await student.post(f"/attempts/{objective}/submit", json={"confirm": True})).json()
    assert (done["status"], done["is_passed"], done["marks_obtained"]) == ("graded", False, 4.0)
    assert done["graded_at"] is not None
    waits = (await student.post(f"/attempts/{attempt_id}/submit", json={"confirm": True})).json()
    assert (waits["status"], waits["is_passed"], waits["graded_at"]) == ("submitted", None, None)
    [answer] = (await student.get(f"/attempts/{attempt_id}/result")).json()["answers"]
    assert "marks_awarded" not in answer
    assert "markings" not in answer
