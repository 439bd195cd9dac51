"""A lobby, one device at a time, and a pause: what people and their sockets see of it."""

import time

import pytest
from chassis.waiting import eventually

WAITING = "Waiting for authorisation by a proctor"
OTHER = "Attempt is open on another device"


@pytest.fixture
async def exam_id(admin, student) -> int:
    """A published exam with a lobby, one device at a time, of the student's own trade."""
    trade_id, mark = student.user["trade"]["id"], time.time_ns()
    bank = await admin.http.post(
        "/exams/question-banks", json={"name": f"Bank {mark}", "trade_id": trade_id}
    )
    question = await admin.http.post(
        "/exams/questions",
        json={
            "question_bank_id": bank.raise_for_status().json()["id"],
            "question_text": "Is copper a conductor?",
            "options": {"A": "yes", "B": "no"},
            "correct_answer": ["A"],
            "marks": 2,
            "negative_marks": 0,
        },
    )
    made = await admin.http.post(
        "/exams/",
        json={
            "title": f"Exam {mark}",
            "trade_id": trade_id,
            "duration_minutes": 30,
            "total_marks": 2,
            "passing_marks": 1,
            "question_ids": [question.raise_for_status().json()["id"]],
            "requires_authorisation": True,
            "device_policy": "refuse",
        },
    )
    path = f"/exams/{made.raise_for_status().json()['id']}"
    (await admin.http.put(path, json={"status": "published"})).raise_for_status()
    return made.json()["id"]


async def waiting_attempt(student, exam_id: int) -> int:
    refused = await student.http.post("/attempts/start", json={"exam_id": exam_id})
    assert (refused.status_code, refused.json()["detail"]) == (409, WAITING)
    return refused.json()["attempt_id"]


def has_event(name: str):
    return lambda frame: frame["type"] == "system_event" and frame["event"] == name


async def test_a_student_waits_in_the_lobby_until_he_is_let_in(
    student, hall_in_charge, admin, exam_id
):
    attempt_id = await waiting_attempt(student, exam_id)
    async with (
        student.socket(f"attempts/{attempt_id}") as socket,
        admin.socket(f"exams/{exam_id}/monitor") as board,
    ):
        assert socket.frames[0]["is_waiting_for_authorisation"] is True
        assert socket.frames[0]["time_remaining_seconds"] == 1800
        snapshot = await board.until(lambda f: f["type"] == "snapshot")
        assert [row["is_waiting_for_authorisation"] for row in snapshot["attempts"]] == [True]
        refused = await student.http.post(f"/attempts/{attempt_id}/begin")
        assert (refused.status_code, refused.json()["detail"]) == (409, WAITING)
        lobby = (await hall_in_charge.http.get(f"/exams/{exam_id}/lobby")).json()
        assert [row["attempt_id"] for row in lobby["attempts"]] == [attempt_id]

        done = await hall_in_charge.http.post(f"/attempts/{attempt_id}/authorise")
        assert done.status_code == 200
        await socket.until(has_event("attempt_authorised"))
        await board.until(
            lambda f: (
                f["type"] == "delta" and f["data"].get("is_waiting_for_authorisation") is False
            )
        )
        begun = await student.http.post(f"/attempts/{attempt_id}/begin")
        assert (begun.status_code, begun.json()["status"]) == (200, "in_progress")


async def test_a_second_login_is_refused_until_the_first_is_released(
    student, phone, hall_in_charge, exam_id
):
    attempt_id = await waiting_attempt(student, exam_id)
    path = f"/attempts/{attempt_id}"
    (await hall_in_charge.http.post(f"{path}/authorise")).raise_for_status()
    (await student.http.post(f"{path}/begin")).raise_for_status()
    exam = (await student.http.get(f"/exams/{exam_id}")).json()
    answer = {"question_id": exam["questions"][0]["id"], "answer": ["yes"]}
    async with student.socket(f"attempts/{attempt_id}") as socket:
        for refused in (
            await phone.http.post(f"{path}/begin"),
            await phone.http.post(f"{path}/answers", json=answer),
        ):
            assert (refused.status_code, refused.json()["detail"]) == (409, OTHER)
        with pytest.raises(AssertionError, match="closed with 4503"):
            await phone.socket(f"attempts/{attempt_id}").__aenter__()

        freed = await hall_in_charge.http.post(
            f"{path}/release-device", json={"reason": "the desk has no power"}
        )
        assert freed.status_code == 200
        (await phone.http.post(f"{path}/begin")).raise_for_status()
        (await phone.http.post(f"{path}/answers", json=answer)).raise_for_status()
        await socket.send(type="checkpoint", **answer)
        told = await socket.until(lambda f: f["type"] == "checkpoint_error")
        assert (told["error"], told["error_code"]) == (OTHER, "OTHER_DEVICE")
    async with phone.socket(f"attempts/{attempt_id}") as socket:
        await socket.send(type="checkpoint", **answer)
        await socket.until(lambda f: f["type"] == "checkpoint_ack")


async def test_signing_out_frees_the_attempt(student, phone, hall_in_charge, exam_id):
    attempt_id = await waiting_attempt(student, exam_id)
    path = f"/attempts/{attempt_id}"
    (await hall_in_charge.http.post(f"{path}/authorise")).raise_for_status()
    (await student.http.post(f"{path}/begin")).raise_for_status()
    assert (await phone.http.post(f"{path}/begin")).status_code == 409
    (await student.http.post("/auth/logout", json={})).raise_for_status()

    async def is_begun() -> bool:
        return (await phone.http.post(f"{path}/begin")).status_code == 200

    await eventually(is_begun, 20)


async def test_who_connects_in_the_middle_of_a_pause_sees_the_clock_stand_still(
    student, hall_in_charge, admin, exam_id
):
    attempt_id = await waiting_attempt(student, exam_id)
    path = f"/attempts/{attempt_id}"
    (await hall_in_charge.http.post(f"{path}/authorise")).raise_for_status()
    (await student.http.post(f"{path}/begin")).raise_for_status()
    paused = await admin.http.post(f"{path}/pause", json={"reason": "fire alarm"})
    stood_at = paused.raise_for_status().json()["time_remaining_seconds"]
    async with (
        student.socket(f"attempts/{attempt_id}") as socket,
        admin.socket(f"exams/{exam_id}/monitor") as board,
    ):
        hello = socket.frames[0]
        assert hello["time_remaining_seconds"] == stood_at
        assert hello["paused_at"] == paused.json()["paused_at"]
        snapshot = await board.until(lambda f: f["type"] == "snapshot")
        assert snapshot["attempts"][0]["paused_at"] == paused.json()["paused_at"]
        await socket.send(type="time_sync")
        update = await socket.until(lambda f: f["type"] == "time_update")
        assert update["time_remaining_seconds"] == stood_at
        going = await admin.http.post(f"{path}/unpause", json={"reason": "false alarm"})
        going.raise_for_status()
        await socket.until(has_event("attempt_resumed"))
        await board.until(lambda f: f["type"] == "delta" and f["data"].get("paused_at", 0) is None)
