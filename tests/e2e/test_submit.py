"""Design §7: a submit is one transaction, and everybody who must know is told."""

import pytest
from chassis.waiting import eventually

LATE = "Cannot log events for a completed exam"


async def test_a_submit_is_told_to_every_socket_and_board(student, proctor):
    attempt = student.attempt_id
    async with (
        student.socket(f"attempts/{attempt}") as one,
        student.socket(f"attempts/{attempt}") as two,
        proctor.socket(f"exams/{student.exam_id}/monitor") as board,
    ):
        await board.until(lambda f: f["type"] == "snapshot")
        submitted = await student.submit()
        assert submitted.status_code == 200
        status = submitted.json()["status"]
        for socket in (one, two):
            await socket.until(
                lambda f: (
                    f["type"] == "exam_event"
                    and f["event"] in {"attempt_submitted", "attempt_graded"}
                )
            )
        await board.until(
            lambda f: (
                f["type"] == "delta"
                and f["kind"] == "status"
                and f["attempt_id"] == attempt
                and f["data"]["status"] == status
            )
        )


@pytest.mark.contract("5.2/9/idempotent", "9.1/table/events", "9.1/table/result", "9.1/table/save")
async def test_after_a_submit_events_and_answers_are_refused_and_the_result_stands(student):
    early = student.event("window_blur")
    assert (await student.report(early)).status_code == 201
    (await student.save(student.question_ids[0], "something")).raise_for_status()
    first = (await student.submit()).raise_for_status().json()

    late = await student.report(student.event("tab_switch"))
    assert (late.status_code, late.json()["detail"]) == (400, LATE)
    again = await student.report(early)
    assert again.status_code == 201, "a known event is answered with its first result"
    saved = await student.save(student.question_ids[0], "too late")
    assert (saved.status_code, saved.json()["detail"]) == (404, "Active attempt not found")

    second = (await student.submit()).raise_for_status().json()
    assert second["submit_time"] == first["submit_time"]
    result = await student.http.get(f"/attempts/{student.attempt_id}/result")
    assert result.status_code == 200
    assert result.json()["exam"]["questions"]


async def test_logging_out_ends_the_token_everywhere_and_closes_the_socket(student):
    async with student.socket(f"attempts/{student.attempt_id}") as socket:
        (await student.http.post("/auth/logout", json={})).raise_for_status()

        async def refused_everywhere() -> bool:
            answers = [
                await student.http.get("/auth/me"),
                await student.http.get(f"/attempts/{student.attempt_id}"),
                await student.report(student.event()),
            ]
            return {answer.status_code for answer in answers} == {401}

        await eventually(refused_everywhere, 5)
        await eventually(lambda: socket.close_code is not None, 5)
        assert 4500 <= socket.close_code < 5000
