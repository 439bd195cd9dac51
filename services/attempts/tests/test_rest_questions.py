"""Writing questions (contract §4.1, rows 8, 11, 12; rules of §4.2)."""

import pytest
from attempts.authoring import Authoring
from attempts.errors import QuestionFrozen

OPTIONS = {"A": "one", "B": "two"}


@pytest.fixture
def staff(api, tidy):
    return api(7, "hall_in_charge")


async def added(client, **changed) -> dict:
    fields = {
        "question_bank_id": 1,
        "question_text": "Which?",
        "options": OPTIONS,
        "correct_answer": ["B"],
    }
    response = await client.post("/exams/questions", json=fields | changed)
    assert response.status_code == 201, response.text
    return response.json()


@pytest.mark.contract("4.1/8", "4.1/10", "4.2/question/defaults")
async def test_row_8_a_question_has_the_defaults_of_the_contract(staff):
    made = await added(staff)
    expected = {
        "question_bank_id": 1,
        "question_text": "Which?",
        "question_type": "multiple_choice",
        "options": OPTIONS,
        "correct_answer": ["B"],
        "explanation": None,
        "difficulty": "medium",
        "marks": 1.0,
        "negative_marks": 0.0,
        "tags": None,
        "is_active": True,
        "images": [],
    }
    assert made | expected == made
    assert set(made) == {*expected, "id", "created_at", "updated_at"}
    assert (await staff.get(f"/exams/questions/{made['id']}")).json() == made


@pytest.mark.contract("4.2/question/true-false")
async def test_row_8_true_or_false_needs_no_options(staff):
    made = await added(
        staff,
        question_type="true_false",
        options=None,
        correct_answer=["true"],
        marks=2,
        negative_marks=0.5,
        difficulty="hard",
        tags=["safety"],
        explanation="Because.",
    )
    assert (made["question_type"], made["marks"], made["negative_marks"]) == ("true_false", 2, 0.5)
    assert (made["difficulty"], made["tags"]) == ("hard", ["safety"])


@pytest.mark.contract("4.1/8/no-bank")
async def test_row_8_the_bank_must_exist(staff):
    response = await staff.post(
        "/exams/questions",
        json={
            "question_bank_id": 99,
            "question_text": "?",
            "question_type": "essay",
            "correct_answer": ["free"],
        },
    )
    assert (response.status_code, response.json()["detail"]) == (404, "Question bank not found")


@pytest.mark.contract(
    "4.1/8/invalid", "4.2/question/no-key", "4.2/question/no-options", "4.2/question/key-in-options"
)
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"correct_answer": []}, "correct_answer must contain at least one answer"),
        ({"options": None}, "options are required for multiple choice questions"),
        ({"options": None, "correct_answer": []}, "options are required for multiple choice"),
        ({"correct_answer": ["C"]}, "correct_answer entries must be option keys"),
        ({"marks": -1}, "greater than or equal to 0"),
        ({"negative_marks": -0.5}, "greater than or equal to 0"),
        ({"marks": "four"}, "number"),
        ({"question_type": "riddle"}, "Input should be"),
        ({"difficulty": "odd"}, "Input should be"),
        ({"question_text": "a\0b"}, "NUL"),
        ({"options": {"A": "a\0b"}}, "NUL"),
    ],
)
async def test_row_8_broken_rules_are_named(staff, changed, words):
    fields = {"question_bank_id": 1, "question_text": "?", "options": OPTIONS}
    response = await staff.post(
        "/exams/questions", json=fields | {"correct_answer": ["A"]} | changed
    )
    assert response.status_code == 422
    assert words in response.json()["detail"]
    assert any(words in error["message"] for error in response.json()["errors"])


@pytest.mark.contract("4.2/question/no-key", "4.2/question/no-options")
async def test_row_8_a_key_that_is_left_out_is_missing(staff):
    body = {"question_bank_id": 1, "question_text": "?", "question_type": "essay"}
    response = await staff.post("/exams/questions", json=body)
    assert response.status_code == 422
    assert "correct_answer must contain at least one answer" in response.json()["detail"]
    choice = await staff.post("/exams/questions", json=body | {"question_type": "multiple_choice"})
    assert "options are required for multiple choice questions" in choice.json()["detail"]


@pytest.mark.contract("4.1/11", "4.1/put/present")
async def test_row_11_only_what_is_sent_changes(staff):
    made = await added(staff, explanation="Because.")
    path = f"/exams/questions/{made['id']}"
    response = await staff.put(path, json={"marks": 3, "explanation": None})
    assert response.status_code == 200
    body = response.json()
    assert body == made | {"marks": 3, "explanation": None, "updated_at": body["updated_at"]}
    assert (await staff.get(path)).json() == body


@pytest.mark.contract("4.1/11/invalid", "4.1/put/merged")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"options": {"A": "one"}}, "correct_answer entries must be option keys"),
        ({"options": None}, "options are required for multiple choice questions"),
        ({"correct_answer": []}, "correct_answer must contain at least one answer"),
        ({"question_type": "true_false"}, "must be true or false"),
        ({"question_text": None}, "valid string"),
    ],
)
async def test_row_11_the_rules_hold_for_the_merged_question(staff, change, words):
    made = await added(staff)
    path = f"/exams/questions/{made['id']}"
    response = await staff.put(path, json=change)
    assert response.status_code == 422
    assert words in response.json()["detail"]
    assert (await staff.get(path)).json() == made, "nothing was stored"


@pytest.mark.contract("4.1/11/unknown")
async def test_row_11_an_unknown_question_is_not_found(staff):
    response = await staff.put("/exams/questions/99999", json={"marks": 1})
    assert (response.status_code, response.json()["detail"]) == (404, "Question not found")


async def test_a_question_without_a_key_may_stay_without(staff, tidy):
    made = await added(staff, question_type="essay", options=None, correct_answer=["free"])
    tidy.run("UPDATE attempts.questions SET correct_answer = '[]' WHERE id = :id", id=made["id"])
    path = f"/exams/questions/{made['id']}"
    assert (await staff.put(path, json={"difficulty": "easy"})).status_code == 200
    assert (await staff.put(path, json={"correct_answer": []})).status_code == 422


@pytest.mark.contract("4.1/12", "4.1/12/unknown")
async def test_row_12_a_question_is_deleted_without_a_body(staff):
    made = await added(staff)
    deleted = await staff.delete(f"/exams/questions/{made['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    again = await staff.delete(f"/exams/questions/{made['id']}")
    assert (again.status_code, again.json()["detail"]) == (404, "Question not found")


@pytest.mark.contract("4.1/12/in-use")
async def test_row_12_a_question_of_an_exam_stays(staff, tidy):
    response = await staff.delete(f"/exams/questions/{tidy.choice}")
    assert response.status_code == 409
    assert (await staff.get(f"/exams/questions/{tidy.choice}")).status_code == 200


async def test_the_first_attempt_freezes_the_questions_of_its_exam(staff, tidy):
    made = await added(staff)
    exam = await staff.post(
        "/exams/",
        json={
            "title": "E",
            "trade_id": 1,
            "duration_minutes": 30,
            "total_marks": 1,
            "passing_marks": 1,
            "question_ids": [made["id"]],
        },
    )
    path = f"/exams/questions/{made['id']}"
    assert (await staff.put(path, json={"marks": 2})).status_code == 200
    seen = (await staff.get(f"/exams/{exam.json()['id']}")).json()
    assert seen["version"] == exam.json()["version"] + 1, "its exams count a new version"
    tidy.attempt("not_started", exam=exam.json()["id"])
    refused = await staff.put(path, json={"correct_answer": ["A"]})
    assert refused.status_code == 409
    assert (await staff.put(path, json={"marks": 2, "tags": ["old"]})).status_code == 200


def test_a_change_waits_for_an_attempt_that_is_being_made(tidy, while_attempt_is_made):
    """Never an attempt and, after it, another question."""
    deeds = Authoring(tidy.db)
    with pytest.raises(QuestionFrozen):
        while_attempt_is_made(
            tidy.draft, lambda: deeds.change_question(tidy.unseen, {"marks": 9.0})
        )
    [row] = tidy.run("SELECT marks FROM attempts.questions WHERE id = :id", id=tidy.unseen)
    assert row["marks"] == 4.0
