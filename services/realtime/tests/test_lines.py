"""A node reads the exams of its own sockets, from the first one's joining on, and no others."""

import asyncio
import time

import pytest
from chassis.waiting import eventually


async def test_what_is_said_about_other_exams_does_not_reach_the_node(world):
    mine, other = world.attempt(), world.attempt()
    client = await world.student(mine)
    stats = world.node.bus.client.stats
    before = stats["in_msgs"]
    for _ in range(300):
        await world.say_saved(other)
    said = await world.say_saved(mine)
    assert (await client.frame("notification"))["position"]["sequence"] == said
    assert world.node.feed.exams() == [mine.exam_id]
    assert stats["in_msgs"] - before < 100  # the heartbeats of the reader and the like


async def test_a_node_without_sockets_reads_nothing(world):
    await world.say_saved(world.attempt())
    assert world.node.feed.exams() == []
    assert world.node.feed.behind_seconds() == 0


async def test_an_exam_is_read_on_until_a_while_after_its_last_socket(make_world):
    world = await make_world(linger_seconds=0.2)
    attempt = world.attempt()
    first, second = await world.student(attempt), await world.board(attempt.exam_id)
    await first.connection.close()
    await second.frame("snapshot")
    assert world.node.feed.exams() == [attempt.exam_id]
    await second.connection.close()
    await eventually(lambda: world.node.feed.exams() == [], seconds=10)
    assert world.node.ring.floor(("exam", attempt.exam_id)) is None
    since = second.hello["position"]
    said = [await world.say_saved(attempt) for _ in range(3)]
    back = await world.student(attempt, since=since["sequence"], epoch=since["epoch"])
    found = [(await back.frame("notification"))["position"]["sequence"] for _ in said]
    assert found == said


@pytest.mark.parametrize("warm_messages", [0, 10_000])
async def test_joining_an_exam_that_is_not_read_yet_leaves_no_hole(make_world, warm_messages):
    world = await make_world(warm_messages=warm_messages)
    for _ in range(4):
        attempt = world.attempt()
        said = []
        saying = asyncio.create_task(_say(world, attempt, 40, said))
        await eventually(lambda said=said: len(said) > 5)
        clients = await asyncio.gather(*(world.student(attempt) for _ in range(3)))
        await saying
        for client in clients:
            expected = [s for s in said if s > client.hello["position"]["sequence"]]
            found = [(await client.frame("notification"))["position"]["sequence"] for _ in expected]
            assert found == expected


async def test_what_changed_before_the_exam_was_read_is_asked_for_again(world):
    """The state in the answer may be older than the place from which on everything is told."""
    attempt = world.attempt(duration_seconds=3600)
    asked = []

    def extend_behind_the_answer():
        asked.append(attempt.attempt_id)
        attempt.duration_seconds = 7200

    world.attempts.answered = extend_behind_the_answer
    client = await world.student(attempt)
    assert len(asked) == 2
    assert client.hello["time_remaining_seconds"] > 3600
    await world.student(attempt)
    assert len(asked) == 3  # now it is read, and one answer is enough


async def _say(world, attempt, count, said):
    for _ in range(count):
        said.append(await world.say_saved(attempt))


async def test_a_slow_loop_lags_and_then_has_told_everything(world, monkeypatch):
    """Fault 19: 50 ms for each message, while more come than that allows."""
    attempt = world.attempt()
    client, board = await world.student(attempt), await world.board(attempt.exam_id)
    await board.frame("snapshot")
    line = world.node.feed.line(attempt.exam_id)
    fan_out = line._fan_out

    def slowly(found):
        time.sleep(0.05)
        fan_out(found)

    monkeypatch.setattr(line, "_fan_out", slowly)
    said = await asyncio.gather(*(world.say_saved(attempt) for _ in range(40)))
    found = [(await client.frame("notification", 15))["position"]["sequence"] for _ in said]
    assert found == sorted(said)
    shown = []
    while len(shown) < len(said):
        frame = await board.frame("delta", 15)
        if frame["kind"] == "progress":
            shown.append(frame["position"]["sequence"])
    assert shown == sorted(said)
    assert "resync" not in client.types() + board.types()
