"""Design §5: an event goes from the student's browser into the database and onto the board."""

import asyncio

from chassis.waiting import eventually

COUNT = "SELECT count(*) FROM proctoring_events WHERE attempt_id = %s AND event_id = %s"


async def test_an_event_reaches_the_database_and_every_board(
    student, proctor, rows, shown_on_every_node
):
    await shown_on_every_node(proctor, student, lambda row: row["status"] == "in_progress")
    board = f"exams/{student.exam_id}/monitor"
    async with proctor.socket(board) as one, proctor.socket(board) as two:
        snapshot = await one.until(lambda f: f["type"] == "snapshot")
        mine = [a for a in snapshot["attempts"] if a["attempt_id"] == student.attempt_id]
        assert mine[0]["status"] == "in_progress"
        assert mine[0]["student_name"] == student.user["full_name"]
        await two.until(lambda f: f["type"] == "snapshot")

        event = student.event("copy_paste_attempt")
        answer = await student.report(event)
        assert answer.status_code == 201

        for socket in (one, two):
            delta = await socket.until(
                lambda f: (
                    f["type"] == "delta"
                    and f["kind"] == "event"
                    and f["attempt_id"] == student.attempt_id
                )
            )
            assert delta["data"]["event"]["event_id"] == event["event_id"]
            assert delta["data"]["counts"]["violation"] == 1
            assert delta["position"]["sequence"] > snapshot["position"]["sequence"]
        assert rows(COUNT, student.attempt_id, event["event_id"]) == [(1,)]


async def test_an_event_sent_twice_at_once_is_one_event(student, proctor, rows):
    event = student.event("fullscreen_exit")
    answers = await asyncio.gather(*(student.report(event) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert rows(COUNT, student.attempt_id, event["event_id"]) == [(1,)]


async def test_without_the_bus_events_are_accepted_and_reach_the_board_later(
    platform, student, proctor, rows
):
    async with proctor.socket(f"exams/{student.exam_id}/monitor") as board:
        await board.until(lambda f: f["type"] == "snapshot")
        await asyncio.to_thread(platform.kill, "nats", hold=True)
        try:
            event = student.event("developer_tools_attempt")
            assert (await student.report(event)).status_code == 201
            assert rows(COUNT, student.attempt_id, event["event_id"]) == [(1,)]
            told = [f["data"] for f in board.of_type("delta") if f["kind"] == "event"]
            assert event["event_id"] not in [data["event"]["event_id"] for data in told]
        finally:
            await asyncio.to_thread(platform.cont, "nats")
        await board.until(
            lambda f: (
                f["type"] == "delta"
                and f["kind"] == "event"
                and f["data"]["event"]["event_id"] == event["event_id"]
            ),
            seconds=30,
        )


async def test_without_attempts_nothing_is_stored_and_the_client_is_told_when_to_return(
    platform, student, rows
):
    event = student.event()
    await asyncio.to_thread(platform.kill, "attempts", hold=True)
    try:
        refused = await student.report(event)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["content-type"] == "application/problem+json"
        assert rows(COUNT, student.attempt_id, event["event_id"]) == [(0,)]
    finally:
        await asyncio.to_thread(platform.cont, "attempts")
        await asyncio.to_thread(platform.wait_ready, "attempts")

    async def accepted() -> bool:
        return (await student.report(event)).status_code == 201

    await eventually(accepted, 15)
    assert rows(COUNT, student.attempt_id, event["event_id"]) == [(1,)]
