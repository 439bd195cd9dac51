"""An exam from its creation to its results, and a change of workstation in the middle of it."""

import asyncio
import time

import pytest
from oep_local.attempts import NotAssigned, assign_in

QUESTION = {
    "question_text": "Which colour has the protective conductor?",
    "question_type": "multiple_choice",
    "options": {"A": "blue", "B": "green and yellow", "C": "brown"},
    "correct_answer": ["B"],
    "marks": 2.0,
    "negative_marks": 0.5,
}
CSV = (
    "question_text,question_type,option_a,option_b,correct_answer,marks\r\n"
    "Is copper a conductor?,multiple_choice,yes,no,A,1\r\n"
    "A row without options,multiple_choice,,,A,1\r\n"
)


@pytest.fixture
async def exam(admin, student) -> dict:
    """A published exam of the student's own trade: one question by REST, one by CSV."""
    trade_id, mark = student.user["trade"]["id"], time.time_ns()
    bank = await admin.http.post(
        "/exams/question-banks", json={"name": f"Bank {mark}", "trade_id": trade_id}
    )
    assert bank.status_code == 201
    bank_id = bank.json()["id"]
    question = await admin.http.post(
        "/exams/questions", json=QUESTION | {"question_bank_id": bank_id}
    )
    assert question.status_code == 201
    imported = await admin.http.post(
        f"/exams/question-banks/{bank_id}/import-csv", files={"file": ("q.csv", CSV, "text/csv")}
    )
    assert imported.status_code == 200
    assert imported.json()["imported"] == 1
    assert [error.split(":")[0] for error in imported.json()["errors"]] == ["Row 3"]
    listed = await admin.http.get("/exams/questions", params={"question_bank_id": bank_id})
    made = await admin.http.post(
        "/exams/",
        json={
            "title": f"Exam {mark}",
            "trade_id": trade_id,
            "duration_minutes": 30,
            "total_marks": 3,
            "passing_marks": 2,
            "question_ids": sorted(q["id"] for q in listed.json()),
        },
    )
    assert (made.status_code, made.json()["status"]) == (201, "draft")
    path = f"/exams/{made.json()['id']}"
    assert (await student.http.get(path)).status_code == 404, "a draft is nobody's business"
    published = await admin.http.put(path, json={"status": "published"})
    assert published.status_code == 200
    return (await student.http.get(path)).raise_for_status().json()


@pytest.mark.contract("4.1/18/in-use", "5.2/1/active", "9.1/move/submit")
async def test_an_exam_goes_from_creation_to_results(admin, student, exam):
    assert all(q["correct_answer"] == [] for q in exam["questions"])
    started = await student.http.post(
        "/attempts/start", json={"exam_id": exam["id"], "workstation_id": "PC-1"}
    )
    assert (started.status_code, started.json()["status"]) == (201, "in_progress")
    again = await student.http.post("/attempts/start", json={"exam_id": exam["id"]})
    assert again.status_code == 400
    assert "Use resume endpoint instead" in again.json()["detail"]

    student.attempt_id = started.json()["id"]
    right, wrong = (q["id"] for q in exam["questions"])
    (await student.save(right, ["green and yellow"])).raise_for_status()
    (await student.save(wrong, ["no"])).raise_for_status()
    submitted = (await student.submit()).raise_for_status().json()
    assert (submitted["status"], submitted["marks_obtained"]) == ("graded", 2.0)
    assert (submitted["percentage"], submitted["is_passed"]) == (66.67, True)

    statistics = await admin.http.get(f"/attempts/statistics/{exam['id']}")
    assert statistics.json()["completed_attempts"] == 1
    assert statistics.json()["pass_rate"] == 100.0
    frozen = await admin.http.delete(f"/exams/{exam['id']}")
    assert frozen.status_code == 409


async def test_a_workstation_is_changed_with_approval_and_every_socket_is_told(
    student, hall_in_charge, proctor
):
    attempt = student.attempt_id
    async with (
        student.socket(f"attempts/{attempt}") as socket,
        proctor.socket(f"exams/{student.exam_id}/monitor") as board,
    ):
        await board.until(lambda f: f["type"] == "snapshot")
        wish = {"attempt_id": attempt, "to_workstation": "PC-22", "reason": "The screen flickers"}
        asked = await student.http.post("/transfers/request", json=wish)
        assert (asked.status_code, asked.json()["status"]) == (201, "pending")
        transfer_id = asked.json()["id"]
        told = await socket.until(lambda f: f["type"] == "transfer_requested")
        assert (told["transfer_id"], told["to_workstation"]) == (transfer_id, "PC-22")

        refused = await student.http.post(
            f"/transfers/{transfer_id}/approve", json={"approved": True}
        )
        assert refused.status_code == 403
        done = await hall_in_charge.http.post(
            f"/transfers/{transfer_id}/approve", json={"approved": True}
        )
        assert (done.status_code, done.json()["status"]) == (200, "completed")
        moved = await socket.until(lambda f: f["type"] == "transfer_completed")
        assert len(moved["migration_checksum"]) == 64
        await board.until(
            lambda f: (
                f["type"] == "delta" and f["kind"] == "transfer" and f["attempt_id"] == attempt
            )
        )
    shown = (await student.http.get(f"/attempts/{attempt}")).json()
    assert (shown["workstation_id"], shown["transfer_count"]) == ("PC-22", 1)
    trail = await hall_in_charge.http.get(f"/transfers/audit/{transfer_id}")
    kinds = [entry["event_type"] for entry in trail.json()]
    assert kinds == ["transfer_requested", "transfer_approved", "transfer_completed"]


async def test_attempts_are_made_beforehand_by_the_command(platform, exam, student, tmp_path):
    """`oep attempts assign EXAM --students FILE`, as often as one likes."""
    file = tmp_path / "students.csv"
    file.write_text(f"student_id,name\n{student.user['id']},whoever\n")
    for outcome in ("1 attempts made, 0 students", "0 attempts made, 1 students"):
        said = await asyncio.to_thread(assign_in, platform.layout, str(exam["id"]), file)
        assert said.startswith(outcome)
    listed = await student.http.get("/attempts/me", params={"exam_id": exam["id"]})
    assert [attempt["status"] for attempt in listed.json()] == ["not_started"]
    with pytest.raises(NotAssigned, match="Exam not found"):
        await asyncio.to_thread(assign_in, platform.layout, "NO-SUCH-EXAM", file)
