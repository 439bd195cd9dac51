"""Proctors act on students: through the gateway, with the real attempts, on sockets and boards."""

import asyncio
import uuid

import pytest
from chassis.waiting import eventually


def wish(action: str = "message", **body) -> dict:
    words = {"text": "Please sit down"} if action in {"message", "warn"} else {"reason": "fire"}
    return {"action_id": str(uuid.uuid4()), "action": action} | words | body


def event_of(name: str, **data):
    def is_it(frame) -> bool:
        is_named = frame["type"] == "system_event" and frame["event"] == name
        return is_named and data.items() <= frame["data"].items()

    return is_it


def delta_of(kind: str, attempt_id: int, **data):
    def is_it(frame) -> bool:
        is_about = frame["type"] == "delta" and frame["attempt_id"] == attempt_id
        return is_about and frame["kind"] == kind and data.items() <= frame["data"].items()

    return is_it


async def test_a_message_to_three_students_is_live_until_each_has_acknowledged_it(
    three_students, proctor, shown_on_every_node
):
    ids = [student.attempt_id for student in three_students]
    one, _, late = three_students
    exam = f"/proctoring/exams/{one.exam_id}/actions"
    async with (
        one.socket(f"attempts/{ids[0]}") as first,
        one.socket(f"attempts/{ids[0]}") as second,
        proctor.socket(f"exams/{one.exam_id}/monitor") as board,
    ):
        await board.until(lambda f: f["type"] == "snapshot")
        async with late.socket(f"attempts/{ids[2]}") as away:
            since = away.position
        body = wish(text="Ten minutes left", attempt_ids=ids)
        sent = (await proctor.http.post(exam, json=body)).raise_for_status().json()
        assert [item["status"] for item in sent["results"]] == [201] * 3
        assert (await proctor.http.post(exam, json=body)).json() == sent

        for socket in (first, second):
            told = await socket.until(lambda f: f.get("message") == "Ten minutes left")
            assert (told["type"], told["severity"]) == ("notification", "info")
            assert told["position"]["sequence"] > 0
        for attempt_id in ids:
            await board.until(delta_of("action", attempt_id, action="message"))

        path = f"/proctoring/attempt/{ids[0]}/actions/{told['id']}/acknowledge"
        for _ in range(2):
            done = (await one.http.post(path)).raise_for_status().json()
            assert done["state"] == "acknowledged"
        await second.until(event_of("action_acknowledged", id=told["id"]))
        await board.until(delta_of("action", ids[0], acknowledged_at=done["acknowledged_at"]))

        listed = (await proctor.http.get(exam, params={"live": "true"})).json()
        unseen = {a["attempt_id"] for a in listed if a["action_id"] == body["action_id"]}
        assert unseen == set(ids[1:])
    for each, count in zip(three_students, (0, 1, 1), strict=True):
        await shown_on_every_node(
            proctor, each, lambda row, count=count: row["live_action_count"] == count
        )

    place = {"since": since["sequence"], "epoch": since["epoch"]}
    async with late.socket(f"attempts/{ids[2]}", **place) as back:
        await back.until(lambda f: f.get("message") == "Ten minutes left")
    live = f"/proctoring/attempt/{ids[1]}/actions"
    [mine] = (await three_students[1].http.get(live, params={"live": "true"})).json()
    assert mine["text"] == "Ten minutes left"


async def test_of_two_proctors_who_pause_at_once_one_wins_and_the_other_is_told_by_whom(
    student, proctor, second_proctor
):
    path = f"/proctoring/attempt/{student.attempt_id}/actions"
    people = (proctor, second_proctor)
    async with (
        student.socket(f"attempts/{student.attempt_id}") as socket,
        proctor.socket(f"exams/{student.exam_id}/monitor") as board,
    ):
        answers = await asyncio.gather(*(p.http.post(path, json=wish("pause")) for p in people))
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        won = answers[0].status_code == 201
        winner = people[0] if won else people[1]
        refused = answers[1 if won else 0].json()
        name = winner.user["username"]
        assert refused["detail"] == f"Attempt is paused already, by {name}"
        assert (refused["by_id"], refused["by"]) == (winner.user["id"], name)
        await socket.until(event_of("attempt_paused"))
        await socket.until(event_of("action_requested", action="pause", requested_by=name))
        await board.until(delta_of("action", student.attempt_id, action="pause"))

        resumed = [await p.http.post(path, json=wish("resume")) for p in people]
        assert [answer.status_code for answer in resumed] == [201, 409]
        told = resumed[1].json()["detail"]
        assert told == f"Attempt is resumed already, by {proctor.user['username']}"


async def test_extra_time_is_given_once_however_often_it_is_asked_for(student, proctor):
    path = f"/proctoring/attempt/{student.attempt_id}/actions"
    body = wish("extend", seconds=300)
    answers = await asyncio.gather(*(proctor.http.post(path, json=body) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    given = await student.http.get(f"/attempts/{student.attempt_id}/allowances")
    assert [allowance["seconds"] for allowance in given.json()] == [300]


async def test_without_attempts_nothing_is_stored_and_the_same_order_succeeds_later(
    platform, student, proctor
):
    path = f"/proctoring/attempt/{student.attempt_id}/actions"
    body = wish("pause")
    await asyncio.to_thread(platform.kill, "attempts", hold=True)
    try:
        refused = await proctor.http.post(path, json=body)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
    finally:
        await asyncio.to_thread(platform.cont, "attempts")
        await asyncio.to_thread(platform.wait_ready, "attempts")

    async def accepted() -> bool:
        return (await proctor.http.post(path, json=body)).status_code == 201

    await eventually(accepted, 20)
    [action] = (await proctor.http.get(path)).json()
    assert (action["action"], action["state"]) == ("pause", "live")


async def test_chat_and_a_raised_hand_reach_the_board_and_the_answer_every_socket(
    student, phone, proctor
):
    path = f"/proctoring/attempt/{student.attempt_id}"
    async with (
        student.socket(f"attempts/{student.attempt_id}") as desk,
        phone.socket(f"attempts/{student.attempt_id}") as other,
        proctor.socket(f"exams/{student.exam_id}/monitor") as board,
    ):
        (await student.http.post(f"{path}/hand")).raise_for_status()
        await board.until(delta_of("hand", student.attempt_id, is_raised=True))
        await other.until(event_of("hand_changed", is_raised=True))
        asked = {"message_id": str(uuid.uuid4()), "text": "The mouse is broken"}
        (await student.http.post(f"{path}/messages", json=asked)).raise_for_status()
        seen = await board.until(delta_of("message", student.attempt_id, text=asked["text"]))
        await other.until(event_of("message_sent", message_id=asked["message_id"]))
        assert student.user["full_name"] not in str(seen)

        read = {"up_to_id": seen["data"]["id"]}
        (await proctor.http.post(f"{path}/messages/read", json=read)).raise_for_status()
        await desk.until(event_of("messages_read", up_to_id=read["up_to_id"]))
        answer = {"message_id": str(uuid.uuid4()), "text": "A new one is coming"}
        (await proctor.http.post(f"{path}/messages", json=answer)).raise_for_status()
        (await proctor.http.delete(f"{path}/hand")).raise_for_status()
        for socket in (desk, other):
            told = await socket.until(lambda f: f.get("message") == answer["text"])
            assert told["sender"] == proctor.user["username"]
            await socket.until(event_of("hand_changed", is_raised=False))
        await board.until(delta_of("hand", student.attempt_id, is_raised=False))


@pytest.mark.parametrize("ends", ["terminated", "submitted"])
async def test_what_is_live_claimed_or_raised_ends_with_the_attempt(
    student, proctor, second_proctor, shown_on_every_node, ends
):
    path = f"/proctoring/attempt/{student.attempt_id}"
    (await proctor.http.post(f"{path}/claim")).raise_for_status()
    taken = await second_proctor.http.post(f"{path}/claim")
    assert taken.status_code == 409
    assert taken.json()["claimed_by"] == proctor.user["username"]
    to = {"to_user_id": second_proctor.user["id"], "reason": "end of my shift"}
    (await proctor.http.post(f"{path}/claim/hand-over", json=to)).raise_for_status()
    (await student.http.post(f"{path}/hand")).raise_for_status()

    def is_claimed_and_raised(row) -> bool:
        is_claimed = row["claimed_by"] == second_proctor.user["username"]
        return bool(is_claimed and row["hand_raised_at"])

    await shown_on_every_node(proctor, student, is_claimed_and_raised)
    async with (
        student.socket(f"attempts/{student.attempt_id}") as socket,
        proctor.socket(f"exams/{student.exam_id}/monitor") as board,
    ):
        snapshot = await board.until(lambda f: f["type"] == "snapshot")
        [row] = [a for a in snapshot["attempts"] if a["attempt_id"] == student.attempt_id]
        assert row["claimed_by"] == second_proctor.user["username"]
        assert row["hand_raised_at"]
        warned = await proctor.http.post(f"{path}/actions", json=wish("warn", warning_code="PHONE"))
        live = warned.raise_for_status().json()
        told = await socket.until(lambda f: f["type"] == "warning")
        assert (told["warning_code"], told["id"]) == ("PHONE", live["id"])
        if ends == "terminated":
            body = wish("terminate", reason="caught twice", reason_code="misconduct")
            ended = (await proctor.http.post(f"{path}/actions", json=body)).raise_for_status()
            assert ended.json()["state"] == "expired"
        else:
            (await student.submit()).raise_for_status()
        await socket.until(lambda f: f["type"] == "exam_event")
        await board.until(delta_of("action", student.attempt_id, id=live["id"], action="warn"))
        for kind, data in (
            ("claim", {"change": "closed", "claimed_by_id": None}),
            ("hand", {"is_raised": False, "lowered_by_id": None}),
        ):
            await board.until(delta_of(kind, student.attempt_id, **data))
        await board.until(lambda f: f["type"] == "delta" and "expired_at" in f["data"])
    states = {a["id"]: a["state"] for a in (await student.http.get(f"{path}/actions")).json()}
    assert states[live["id"]] == "expired"
    late = {"message_id": str(uuid.uuid4()), "text": "Wait"}
    refused = await student.http.post(f"{path}/messages", json=late)
    assert refused.status_code == 400
    assert refused.json()["detail"].startswith("Attempt is ")
