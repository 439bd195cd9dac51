"""Changes of exams and questions are audited with their author and address (contract §9.5)."""

import pytest

EXAM = {"title": "E", "trade_id": 1, "duration_minutes": 5, "total_marks": 1, "passing_marks": 1}
QUESTION = {
    "question_bank_id": 1,
    "question_text": "Which secret?",
    "options": {"A": "one"},
    "correct_answer": ["A"],
}


@pytest.fixture
def admin(api, tidy):
    return api(8, "admin")


def logged(world, after: int) -> list[dict]:
    return world.run(
        "SELECT * FROM attempts.audit_logs WHERE id > :after AND event_category = 'content'"
        " ORDER BY id",
        after=after,
    )


def last(world) -> int:
    [row] = world.run("SELECT coalesce(max(id), 0) AS id FROM attempts.audit_logs")
    return row["id"]


@pytest.mark.contract("9.5/exam-changes")
async def test_the_life_of_an_exam_is_audited(admin, tidy):
    before = last(tidy)
    made = (await admin.post("/exams/", json=EXAM, headers={"User-Agent": "desk"})).json()
    await admin.put(f"/exams/{made['id']}", json={"title": "New", "questions": []})
    await admin.put(f"/exams/{made['id']}", json={"passing_marks": 2})
    await admin.delete(f"/exams/{made['id']}")
    rows = logged(tidy, before)
    assert [row["event_type"] for row in rows] == ["exam_created", "exam_changed", "exam_deleted"]
    assert {(row["user_id"], row["exam_id"], row["success"]) for row in rows} == {
        (8, made["id"], True)
    }
    assert rows[0]["user_agent"] == "desk"
    assert rows[1]["details"] == {"fields": ["questions", "title"]}


@pytest.mark.contract("9.5/question-changes")
async def test_the_life_of_a_question_is_audited_without_its_key(admin, tidy):
    before = last(tidy)
    made = (await admin.post("/exams/questions", json=QUESTION)).json()
    path = f"/exams/questions/{made['id']}"
    await admin.put(path, json={"marks": 3, "correct_answer": ["A"]})
    await admin.put(path, json={"correct_answer": []})
    await admin.delete(path)
    rows = logged(tidy, before)
    assert [row["event_type"] for row in rows] == [
        "question_created",
        "question_changed",
        "question_deleted",
    ]
    assert {row["details"]["question_id"] for row in rows} == {made["id"]}
    assert rows[1]["details"]["fields"] == ["correct_answer", "marks"]
    assert "secret" not in str(rows)


async def test_an_import_is_audited_once(admin, tidy):
    before = last(tidy)
    del admin.headers["Content-Type"]
    sheet = b"question_text,question_type\nWhy?,essay\nHow?,essay\n"
    response = await admin.post("/exams/question-banks/1/import-csv", files={"file": sheet})
    assert response.status_code == 200
    [row] = logged(tidy, before)
    assert row["event_type"] == "questions_imported"
    assert row["details"] == {"question_bank_id": 1, "imported": 2}
