"""Raised hands and chat: both ways, once under a key, bounded, closed with the attempt."""

import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proctoring.acting import talk_store
from proctoring.acting.holdings import ACTIONS, CHAT
from proctoring.acting.talk import MOST_HANDS, MOST_MESSAGES, WINDOW_SECONDS, wait_seconds
from proctoring.app import HOLDINGS

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECONDS = st.floats(min_value=0, max_value=300)


def instants(seconds: list[float]) -> list[datetime]:
    return [START + timedelta(seconds=each) for each in seconds]


@given(st.lists(SECONDS, max_size=60), st.integers(1, 30))
def test_whoever_waits_as_long_as_he_is_told_may_go_on(seconds, most):
    earlier = instants(seconds)
    now = max(earlier, default=START)
    wait = wait_seconds(earlier, now, most)
    assert 0 <= wait <= WINDOW_SECONDS + 1
    assert wait_seconds(earlier, now + timedelta(seconds=wait), most) == 0
    inside = [at for at in earlier if (now - at).total_seconds() < WINDOW_SECONDS]
    assert (wait == 0) is (len(inside) < most)


def message(text: str = "I cannot read question 3", **more) -> dict:
    return {"message_id": str(uuid.uuid4()), "text": text} | more


async def test_a_hand_is_raised_seen_and_lowered_by_who_helps(hall):
    sat, student = hall.sits()
    path = f"/attempt/{sat.attempt_id}/hand"
    raised = await student.post(path)
    assert (raised.status_code, raised.json()["is_raised"]) == (200, True)
    assert (await student.post(path)).json() == raised.json()
    user_id, proctor = hall.watcher()
    assert (await proctor.delete(path)).status_code == 204
    assert (await proctor.delete(path)).status_code == 204
    up, down = await hall.said(sat.attempt_id)
    assert (up["fact"], up["data"]["is_raised"]) == ("hand_changed", True)
    assert (down["data"]["is_raised"], down["data"]["lowered_by_id"]) == (False, user_id)
    assert (await student.post(path)).json()["is_raised"] is True
    assert (await student.delete(path)).status_code == 204


async def test_a_hand_raised_many_times_at_once_is_raised_once(hall):
    sat, student = hall.sits()
    path = f"/attempt/{sat.attempt_id}/hand"
    answers = await asyncio.gather(*(student.post(path) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(await hall.said(sat.attempt_id, "hand_changed")) == 1


async def test_hands_that_go_up_and_down_like_a_flag_have_to_wait(hall):
    sat, student = hall.sits()
    path = f"/attempt/{sat.attempt_id}/hand"
    for _ in range(MOST_HANDS):
        assert (await student.post(path)).status_code == 200
        await student.delete(path)
    refused = await student.post(path)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= WINDOW_SECONDS


async def test_student_and_staff_write_to_each_other_and_see_what_was_read(hall):
    sat, student = hall.sits()
    proctor_id, proctor = hall.watcher()
    path = f"/attempt/{sat.attempt_id}/messages"
    asked = await student.post(path, json=message())
    assert (asked.status_code, asked.json()["is_from_student"]) == (201, True)
    answered = await proctor.post(path, json=message("Reload the page"))
    assert answered.json()["sender_name"] == f"proctor-{proctor_id}"
    for client in (student, proctor, hall.watcher("hall_in_charge")[1]):
        assert (await client.get(path)).json() == [asked.json(), answered.json()]
    newer = await student.get(path, params={"after_id": asked.json()["id"]})
    assert newer.json() == [answered.json()]

    up_to = {"up_to_id": answered.json()["id"]}
    assert (await proctor.post(f"{path}/read", json=up_to)).json()["up_to_id"] == asked.json()["id"]
    assert (await proctor.post(f"{path}/read", json=up_to)).json()["up_to_id"] == 0
    seen, unseen = (await student.get(path)).json()
    assert seen["read_at"] is not None
    assert unseen["read_at"] is None
    facts = await hall.said(sat.attempt_id)
    assert [n["fact"] for n in facts] == ["message_sent", "message_sent", "messages_read"]
    assert facts[0]["data"]["sender"] is None, "a student's name is nobody's business on the bus"
    assert facts[1]["data"]["text"] == "Reload the page"
    assert facts[2]["data"]["is_by_student"] is False


async def test_a_message_sent_again_is_stored_once_and_another_under_its_id_is_refused(hall):
    sat, student = hall.sits()
    path, body = f"/attempt/{sat.attempt_id}/messages", message()
    answers = await asyncio.gather(*(student.post(path, json=body) for _ in range(5)))
    assert len({answer.text for answer in answers}) == 1
    assert len(await hall.said(sat.attempt_id, "message_sent")) == 1
    refused = await student.post(path, json=body | {"text": "something else"})
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:oep:problem:message-id-taken",
    )
    assert (await hall.proctor().post(path, json=body)).status_code == 409


async def test_who_writes_like_a_program_is_told_how_long_to_wait(hall):
    sat, student = hall.sits()
    path = f"/attempt/{sat.attempt_id}/messages"
    answers = await asyncio.gather(
        *(student.post(path, json=message()) for _ in range(MOST_MESSAGES + 3))
    )
    assert sorted(a.status_code for a in answers) == [201] * MOST_MESSAGES + [429] * 3
    refused = next(a for a in answers if a.status_code == 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= WINDOW_SECONDS
    assert (await hall.proctor().post(path, json=message())).status_code == 201


@pytest.mark.parametrize("status", ["submitted", "graded", "cancelled"])
async def test_a_closed_attempt_takes_nothing_new_but_still_answers_what_it_took(hall, status):
    sat, student = hall.sits()
    path, body = f"/attempt/{sat.attempt_id}", message()
    first = await student.post(f"{path}/messages", json=body)
    hall.rig.stub.set_status(sat, status)
    for refused in (
        await student.post(f"{path}/messages", json=message()),
        await hall.proctor().post(f"{path}/messages", json=message()),
        await student.post(f"{path}/hand"),
    ):
        assert (refused.status_code, refused.json()["detail"]) == (400, f"Attempt is {status}")
    assert (await student.post(f"{path}/messages", json=body)).json() == first.json()
    assert (await student.get(f"{path}/messages")).json() == [first.json()]


async def test_a_raised_hand_goes_down_with_the_attempt(hall):
    sat, student = hall.sits()
    await student.post(f"/attempt/{sat.attempt_id}/hand")
    hall.rig.stub.set_status(sat, "graded")
    await hall.rig.app.state.acting.sweep.close()
    hand = await hall.rig.rows(talk_store.last_hand, sat.attempt_id)
    assert not hand.is_raised
    assert hand.lowered_by_id is None


async def test_nobody_else_listens_or_speaks(hall):
    sat, _ = hall.sits()
    path = f"/attempt/{sat.attempt_id}/messages"
    _, other = hall.sits()
    for client in (other, hall.watcher("proctor", exam_id=1)[1], hall.rig.client(5, "grader")):
        assert (await client.get(path)).status_code == 403
        assert (await client.post(path, json=message())).status_code == 403
    foreign = await other.post(f"/attempt/{sat.attempt_id}/hand")
    assert (foreign.status_code, foreign.json()["detail"]) == (404, "Exam attempt not found")


async def test_erasure_takes_the_words_and_leaves_that_something_was_said(hall):
    (sat, student), (kept, other) = hall.sits(), hall.sits()
    proctor = hall.proctor()
    for each, client in ((sat, student), (kept, other)):
        await client.post(f"/attempt/{each.attempt_id}/messages", json=message("I am ill"))
        await hall.act(proctor, each.attempt_id, text="Get well")
    assert await hall.rig.rows(talk_store.count_words, sat.attempt_id) == 2
    assert await hall.rig.rows(talk_store.erase_messages, [sat.attempt_id]) == 2
    assert await hall.rig.rows(talk_store.count_words, sat.attempt_id) == 0
    assert await hall.rig.rows(talk_store.erase_messages, [sat.attempt_id]) == 0
    [erased] = (await proctor.get(f"/attempt/{sat.attempt_id}/messages")).json()
    assert (erased["text"], erased["is_from_student"]) == (None, True)
    [action] = (await proctor.get(f"/attempt/{sat.attempt_id}/actions")).json()
    assert action["text"] == ""
    names = {holding.name for holding in HOLDINGS}
    assert {"chat_and_action_words", "actions"} <= names, "retention would not reach them"
    for holding in (CHAT, ACTIONS):
        [exported] = await hall.rig.rows(holding.export, kept.attempt_id)
        assert not [name for name in exported if "sender" in name or "by" in name]
    [untouched] = (await proctor.get(f"/attempt/{kept.attempt_id}/messages")).json()
    assert untouched["text"] == "I am ill"


@pytest.mark.parametrize("text", ["", "   ", "x" * 1001, "a\0b", "\ud800", None, 5])
async def test_what_is_no_message_is_refused(hall, text):
    sat, student = hall.sits()
    path, body = f"/attempt/{sat.attempt_id}/messages", json.dumps(message(text=text))
    answer = await student.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


@pytest.mark.parametrize("path", ["claim", "hand", "messages", "actions", "actions/1/acknowledge"])
async def test_numbers_that_no_attempt_can_have_are_unknown_not_an_error(hall, path):
    admin, student = hall.rig.client(5, "admin"), hall.rig.client(6, "student")
    body = hall.wish() if path == "actions" else message()
    for number in (0, -1, 2**31, 2**70):
        for client in (admin, student):
            answer = await client.post(f"/attempt/{number}/{path}", json=body)
            assert answer.status_code in {403, 404}, answer.text
