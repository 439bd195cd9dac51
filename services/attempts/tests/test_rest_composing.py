"""Writing exams (contract §4.1, rows 14, 17, 18, 19; rules of §4.2) and freezing them."""

import pytest
from attempts.composing import Composing
from attempts.errors import ExamFrozen

EXAM = {
    "title": "Annual",
    "trade_id": 1,
    "duration_minutes": 90,
    "total_marks": 10,
    "passing_marks": 4,
}


@pytest.fixture
def staff(api, tidy):
    return api(7, "hall_in_charge")


@pytest.fixture
def admin(api, tidy):
    return api(8, "admin")


async def added(client, **changed) -> dict:
    response = await client.post("/exams/", json=EXAM | changed)
    assert response.status_code == 201, response.text
    return response.json()


async def asked(client, exam: dict) -> list[tuple[int, float]]:
    paper = (await client.get(f"/exams/{exam['id']}")).json()
    return [(question["id"], question["marks"]) for question in paper["questions"]]


@pytest.mark.contract("4.1/14", "4.2/exam/defaults", "4.2/exam/draft")
async def test_row_14_an_exam_starts_as_a_draft_of_its_author(staff):
    made = await added(staff)
    expected = EXAM | {
        "description": None,
        "start_time": None,
        "end_time": None,
        "total_questions": 0,
        "shuffle_questions": False,
        "shuffle_options": False,
        "show_results_immediately": False,
        "allow_review": True,
        "instructions": None,
        "status": "draft",
        "created_by": 7,
        "max_attempts": None,
        "requires_authorisation": False,
        "device_policy": "allow",
        "camera_required": False,
        "version": 1,
        "second_marking": "none",
        "second_marking_tolerance": 0.0,
    }
    assert made | expected == made
    assert made["trade"]["code"] == "ELEC"
    assert made["exam_code"].startswith("ELEC-")
    extra = {"id", "trade", "exam_code", "created_at", "updated_at"}
    assert set(made) == {*expected, *extra}


async def test_an_exam_asks_for_the_camera_when_staff_say_so_also_after_its_first_attempt(
    staff, api, tidy
):
    asking = await added(staff, camera_required=True)
    assert asking["camera_required"] is True
    url = f"/exams/{asking['id']}"
    tidy.attempt("not_started", exam=asking["id"])
    assert (await api(tidy.student).get(url)).json()["camera_required"] is True
    changed = await staff.put(url, json={"camera_required": False})
    assert (changed.status_code, changed.json()["camera_required"]) == (200, False)
    assert (await staff.put(url, json={"camera_required": "yes"})).status_code == 422


@pytest.mark.contract("4.1/16", "4.2/exam/order", "4.2/exam/total-questions")
async def test_row_14_questions_stand_in_the_given_order(staff, tidy):
    ids = [tidy.truth, tidy.choice, tidy.several]
    made = await added(staff, question_ids=ids)
    assert [question for question, _ in await asked(staff, made)] == ids
    assert made["total_questions"] == 3
    orders = tidy.run(
        "SELECT order_number FROM attempts.exam_questions WHERE exam_id = :id ORDER BY id",
        id=made["id"],
    )
    assert [row["order_number"] for row in orders] == [1, 2, 3]
    assert (await added(staff, question_ids=ids, total_questions=2))["total_questions"] == 2


@pytest.mark.contract("4.2/exam/overrides")
async def test_row_14_questions_may_bring_their_marks(staff, tidy):
    links = [{"question_id": tidy.truth, "marks_override": 7.5}, {"question_id": tidy.choice}]
    made = await added(staff, questions=links)
    assert await asked(staff, made) == [(tidy.truth, 7.5), (tidy.choice, 4.0)]


async def test_row_14_times_without_offset_are_utc(staff):
    made = await added(
        staff, start_time="2026-05-01T09:00:00", end_time="2026-05-01T18:00:00+05:30"
    )
    assert made["start_time"] == "2026-05-01T09:00:00Z"
    assert made["end_time"] == "2026-05-01T12:30:00Z"


@pytest.mark.contract(
    "4.1/14/invalid", "4.2/exam/passing", "4.2/exam/unknown-ids", "4.2/exam/repeated-ids"
)
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"passing_marks": 11}, "passing_marks cannot exceed total_marks"),
        ({"question_ids": [11, 11]}, "must not be repeated"),
        ({"question_ids": [11, 9999]}, "unknown question ids: 9999"),
        ({"questions": [{"question_id": 9999}]}, "unknown question ids: 9999"),
        (
            {"question_ids": [11], "questions": [{"question_id": 11}]},
            "stands instead of question_ids",
        ),
        ({"question_ids": [2**70]}, "less than or equal"),
        ({"duration_minutes": 0}, "greater than or equal to 1"),
        ({"title": None}, "valid string"),
        ({"max_attempts": 0}, "greater than or equal to 1"),
        ({"start_time": "0001-01-01T00:00:00Z"}, "between 1990 and 2200"),
        (
            {"start_time": "2026-05-02T00:00:00Z", "end_time": "2026-05-01T00:00:00Z"},
            "end_time must lie after start_time",
        ),
    ],
)
async def test_row_14_broken_rules_are_named(staff, changed, words):
    response = await staff.post("/exams/", json=EXAM | changed)
    assert response.status_code == 422
    assert words in response.json()["detail"]
    assert any(words in error["message"] for error in response.json()["errors"])


@pytest.mark.contract("4.2/exam/required")
@pytest.mark.parametrize("field", EXAM)
async def test_row_14_required_fields_are_required(staff, field):
    body = {name: value for name, value in EXAM.items() if name != field}
    response = await staff.post("/exams/", json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == f"/{field}"


@pytest.mark.contract("4.1/14/no-trade")
async def test_row_14_the_trade_must_exist(staff):
    response = await staff.post("/exams/", json=EXAM | {"trade_id": 99})
    assert (response.status_code, response.json()["detail"]) == (404, "Trade not found")


async def test_an_exam_code_is_nobody_elses(staff):
    made = await added(staff, exam_code="ANNUAL-26")
    other = await added(staff)
    for response in (
        await staff.post("/exams/", json=EXAM | {"exam_code": "ANNUAL-26"}),
        await staff.put(f"/exams/{other['id']}", json={"exam_code": made["exam_code"]}),
    ):
        assert response.status_code == 400
        assert response.json()["detail"] == "Exam with code ANNUAL-26 already exists"


@pytest.mark.contract("4.1/17", "4.1/put/present")
async def test_row_17_only_what_is_sent_changes(staff):
    made = await added(staff, description="Old")
    change = {"status": "published", "description": None, "passing_marks": 5, "max_attempts": 2}
    response = await staff.put(f"/exams/{made['id']}", json=change)
    assert response.status_code == 200
    body = response.json()
    assert body == made | change | {"version": 2, "updated_at": body["updated_at"]}


async def test_a_version_counts_changes_of_content_only(staff):
    made = await added(staff)
    path = f"/exams/{made['id']}"
    assert (await staff.put(path, json={"title": "New"})).json()["version"] == 1
    assert (await staff.put(path, json={"duration_minutes": 90})).json()["version"] == 1
    assert (await staff.put(path, json={"duration_minutes": 91})).json()["version"] == 2
    assert (await staff.put(path, json={"questions": []})).json()["version"] == 3


@pytest.mark.contract("4.2/exam/overrides")
async def test_row_17_questions_are_replaced(staff, tidy):
    made = await added(staff, question_ids=[tidy.truth, tidy.choice])
    links = [{"question_id": tidy.several, "marks_override": 2}, {"question_id": tidy.truth}]
    response = await staff.put(f"/exams/{made['id']}", json={"questions": links})
    assert response.status_code == 200
    assert await asked(staff, made) == [(tidy.several, 2.0), (tidy.truth, 4.0)]
    one = await staff.put(f"/exams/{made['id']}", json={"questions": links[:1]})
    assert one.json()["total_questions"] == 1


@pytest.mark.contract("4.1/17/invalid", "4.1/put/merged")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"passing_marks": 10.5}, "passing_marks cannot exceed total_marks"),
        ({"total_marks": 3}, "passing_marks cannot exceed total_marks"),
        ({"questions": [{"question_id": 9999}]}, "unknown question ids: 9999"),
        ({"questions": [{"question_id": 11}, {"question_id": 11}]}, "must not be repeated"),
        ({"status": "open"}, "Input should be"),
        ({"title": None}, "valid string"),
    ],
)
async def test_row_17_the_rules_hold_for_the_merged_exam(staff, change, words):
    made = await added(staff)
    response = await staff.put(f"/exams/{made['id']}", json=change)
    assert response.status_code == 422
    assert words in response.json()["detail"]
    seen = (await staff.get(f"/exams/{made['id']}")).json()
    assert seen == made | {"questions": []}, "nothing was stored"


@pytest.mark.contract("4.1/17/unknown")
async def test_row_17_an_unknown_exam_is_not_found(staff):
    response = await staff.put("/exams/9999", json={"title": "X"})
    assert (response.status_code, response.json()["detail"]) == (404, "Exam not found")


@pytest.mark.contract("4.2/exam/frozen")
@pytest.mark.parametrize(
    "change",
    [
        {"duration_minutes": 91},
        {"total_marks": 11},
        {"passing_marks": 5},
        {"total_questions": 7},
        {"shuffle_questions": True},
        {"shuffle_options": True},
        {"questions": []},
    ],
)
async def test_the_first_attempt_freezes_what_is_asked(staff, tidy, change):
    made = await added(staff)
    tidy.attempt("not_started", exam=made["id"])
    response = await staff.put(f"/exams/{made['id']}", json=change | {"title": "New"})
    assert response.status_code == 409
    assert next(iter(change)) in response.json()["detail"]
    assert (await staff.get(f"/exams/{made['id']}")).json()["title"] == "Annual"


async def test_a_sat_exam_may_still_be_described_opened_and_closed(staff, tidy):
    made = await added(staff)
    tidy.attempt("not_started", exam=made["id"])
    change = {
        "title": "New",
        "description": "d",
        "instructions": "i",
        "start_time": "2026-05-01T09:00:00Z",
        "end_time": "2026-05-01T18:00:00Z",
        "status": "published",
        "show_results_immediately": True,
        "allow_review": False,
        "max_attempts": 1,
        "exam_code": "OTHER",
        "duration_minutes": 90,
    }
    response = await staff.put(f"/exams/{made['id']}", json=change)
    assert response.status_code == 200
    assert response.json() | change == response.json()


@pytest.mark.contract("4.1/18", "4.1/18/unknown")
async def test_row_18_admin_deletes_an_exam_and_its_questions_stay(admin, tidy):
    made = await added(admin, question_ids=[tidy.choice])
    deleted = await admin.delete(f"/exams/{made['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    again = await admin.delete(f"/exams/{made['id']}")
    assert (again.status_code, again.json()["detail"]) == (404, "Exam not found")
    assert (await admin.get(f"/exams/questions/{tidy.choice}")).status_code == 200


@pytest.mark.contract("4.1/18/in-use")
async def test_row_18_an_exam_with_attempts_stays(admin, tidy):
    made = await added(admin, question_ids=[tidy.choice])
    tidy.attempt("cancelled", exam=made["id"])
    assert (await admin.delete(f"/exams/{made['id']}")).status_code == 409
    assert await asked(admin, made) == [(tidy.choice, 4.0)], "its questions too"


@pytest.mark.contract("4.1/18/who")
async def test_row_18_only_admin_deletes_exams(staff):
    made = await added(staff)
    response = await staff.delete(f"/exams/{made['id']}")
    assert response.status_code == 403
    assert response.json()["detail"] == "User does not have required role. Required: ['admin']"


@pytest.mark.contract("4.1/19")
async def test_row_19_an_exam_is_exported_with_its_keys(staff, tidy):
    body = (await staff.get(f"/exams/{tidy.objective}/export-qti")).json()
    questions = body.pop("questions")
    assert body == {
        "exam_id": tidy.objective,
        "title": "Exam 21",
        "description": None,
        "duration_minutes": 60,
        "total_marks": 14.0,
    }
    assert questions[1] == {
        "order": 2,
        "question_text": "Question 12?",
        "type": "multiple_choice",
        "options": {"A": "Earth wire", "B": "Neutral wire", "C": "Line wire"},
        "correct_answer": ["A", "C"],
        "marks": 6.0,
        "difficulty": "medium",
    }
    assert [question["order"] for question in questions] == [1, 2, 3]


@pytest.mark.contract("4.1/19/unknown")
async def test_row_19_an_unknown_exam_is_not_found(staff):
    response = await staff.get("/exams/9999/export-qti")
    assert (response.status_code, response.json()["detail"]) == (404, "Exam not found")


def test_a_change_waits_for_an_attempt_that_is_being_made(tidy, while_attempt_is_made):
    """Nobody gets another exam than the one that was stored when his attempt was made."""
    deeds = Composing(tidy.db, list)
    with pytest.raises(ExamFrozen):
        while_attempt_is_made(
            tidy.draft, lambda: deeds.change(tidy.draft, {"duration_minutes": 61}, None)
        )
    [row] = tidy.run("SELECT duration_minutes FROM attempts.exams WHERE id = :i", i=tidy.draft)
    assert row["duration_minutes"] == 60


def test_writing_an_exam_costs_the_same_however_many_questions_it_has(tidy, statements):
    """No statement per row: 3 questions and 1 question cost the same number of statements."""
    deeds = Composing(tidy.db, list)
    fields = EXAM | {"start_time": None, "end_time": None}
    ids = [tidy.truth, tidy.choice, tidy.several]
    with statements() as one:
        deeds.add(fields, [(ids[0], None)])
    with statements() as three:
        deeds.add(fields, [(number, None) for number in ids])
    assert len(one) == len(three)
