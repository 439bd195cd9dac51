"""Design §6: who comes back with a position gets what he missed, once, on any node."""

import asyncio

import pytest


def told(frame: dict, question_id: int) -> bool:
    return frame["type"] == "notification" and f"Question {question_id} " in frame["message"]


async def test_what_was_missed_is_replayed_in_order_and_once(student):
    path = f"attempts/{student.attempt_id}"
    first, second, third = student.question_ids[:3]
    async with student.socket(path) as socket:
        (await student.save(first, "seen live")).raise_for_status()
        await socket.until(lambda f: told(f, first))
        position = socket.position
    (await student.save(second, "missed")).raise_for_status()
    (await student.save(third, "missed too")).raise_for_status()
    query = {"since": position["sequence"], "epoch": position["epoch"]}
    for _ in range(4):  # the gateway deals these out to both nodes
        async with student.socket(path, **query) as back:
            await back.until(lambda f: told(f, third))
            asked = [f["message"] for f in back.of_type("notification")]
            assert asked == [f"Question {q} saved" for q in (second, third)]
            assert back.frames[0]["type"] == "connected"
            assert back.of_type("resync") == []


async def test_a_position_of_another_epoch_gets_a_resync(student):
    path = f"attempts/{student.attempt_id}"
    async with student.socket(path, since=1, epoch="12345") as socket:
        resync = await socket.until(lambda f: f["type"] == "resync")
        assert resync["position"]["epoch"] != "12345"


async def test_a_saved_answer_is_acknowledged_here_and_told_to_the_other_sockets(student):
    path = f"attempts/{student.attempt_id}"
    question = student.question_ids[0]
    async with student.socket(path) as here, student.socket(path) as there:
        await here.send(type="checkpoint", question_id=question, answer="by socket", sequence=3)
        ack = await here.until(lambda f: f["type"] == "checkpoint_ack")
        assert (ack["question_id"], ack["sequence"]) == (question, 3)
        await there.until(lambda f: told(f, question))
        assert here.of_type("notification") == []
    answers = (await student.http.get(f"/attempts/{student.attempt_id}/answers")).json()
    assert [a["answer"] for a in answers if a["question_id"] == question] == ["by socket"]


@pytest.mark.parametrize("node", ["realtime#1", "realtime#2"])
async def test_a_killed_node_loses_nothing(platform, student, node):
    path = f"attempts/{student.attempt_id}"
    sockets = [student.socket(path) for _ in range(4)]
    for socket in sockets:
        await socket.__aenter__()
    positions = [socket.position for socket in sockets]
    await asyncio.to_thread(platform.kill, node)
    question = student.question_ids[1]
    (await student.save(question, f"while {node} was down")).raise_for_status()
    for position in positions:
        query = {"since": position["sequence"], "epoch": position["epoch"]}
        async with student.socket(path, **query) as back:
            await back.until(lambda f: told(f, question))
            assert len([f for f in back.frames if told(f, question)]) == 1
    for socket in sockets:
        await socket.__aexit__()
    await asyncio.to_thread(platform.wait_ready, node)
