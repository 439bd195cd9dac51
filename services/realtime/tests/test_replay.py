"""Position and replay (contract §7.2): from the ring, the stream, or `resync`; never a hole."""

import asyncio
import json

import pytest
from chassis.waiting import eventually


async def sequences(client, count):
    found = [await client.frame("notification") for _ in range(count)]
    return [frame["position"]["sequence"] for frame in found]


async def missed(world, attempt, count):
    """Publish notices while nobody listens; return where to go on from and what was missed."""
    client = await world.student(attempt)
    position = client.hello["position"]
    await client.connection.close()
    said = [await world.say_saved(attempt, number) for number in range(1, count + 1)]
    await eventually(lambda: world.node.feed.position(attempt.exam_id).sequence >= said[-1])
    return {"since": position["sequence"], "epoch": position["epoch"]}, said


@pytest.mark.parametrize("modern", [True, False])
async def test_what_was_missed_is_told_in_order_and_then_what_comes(world, modern):
    attempt = world.attempt()
    since, said = await missed(world, attempt, 20)
    client = await world.student(attempt, modern=modern, **since)
    assert client.hello["type"] == "connected"
    assert client.hello["position"]["sequence"] >= said[-1]  # presence is in the stream, too
    said.append(await world.say_saved(attempt))
    assert await sequences(client, 21) == said


async def test_only_what_lies_behind_the_position_is_told(world):
    attempt = world.attempt()
    since, said = await missed(world, attempt, 6)
    client = await world.student(attempt, since=said[2], epoch=since["epoch"])
    assert await sequences(client, 3) == said[3:]


async def test_a_ring_that_is_too_short_is_helped_by_the_stream(make_world):
    world = await make_world(ring_messages=3, warm_messages=0)
    attempt = world.attempt()
    other = world.attempt(exam_id=attempt.exam_id)
    since, said = await missed(world, attempt, 10)
    for _ in range(5):
        last = await world.say_saved(other)
    await eventually(lambda: world.node.feed.position(attempt.exam_id).sequence >= last)
    assert world.node.ring.floor(("exam", attempt.exam_id)) > since["since"]
    client = await world.student(attempt, **since)
    assert await sequences(client, 10) == said


async def test_a_restarted_node_serves_from_its_warm_ring(make_world):
    world = await make_world()
    attempt = world.attempt()
    since, said = await missed(world, attempt, 5)
    await world.stop_node()
    said.append(await world.say_saved(attempt))
    await world.start_node()  # and connect before it has met the stream
    client = await world.student(attempt, **since)
    assert await sequences(client, 6) == said
    assert "resync" not in client.types()
    assert world.node.ring.floor(("exam", attempt.exam_id)) <= since["since"]


async def test_a_restarted_node_without_a_ring_serves_from_the_stream(make_world):
    world = await make_world()
    attempt = world.attempt()
    since, said = await missed(world, attempt, 5)
    await world.stop_node()
    await world.start_node(warm_messages=0)
    client = await world.student(attempt, **since)
    said.append(await world.say_saved(attempt))
    assert await sequences(client, 6) == said


async def test_nothing_is_lost_or_doubled_between_replay_and_live(world):
    attempt = world.attempt()
    since, said = await missed(world, attempt, 1)
    saying = asyncio.create_task(_say_many(world, attempt, 60, said))
    for _ in range(5):
        client = await world.student(attempt, **since)
        got = await sequences(client, 5)
        client.connection.transport.abort()
        assert got == said[: len(got)]
    await saying
    client = await world.student(attempt, **since)
    assert await sequences(client, 61) == said


async def _say_many(world, attempt, count, said):
    for _ in range(count):
        said.append(await world.say_saved(attempt))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"epoch": "1"}, "epoch_changed"),
        ({"since": "x"}, "epoch_changed"),
        ({"since": 10**12}, "position_unknown"),
    ],
)
async def test_a_position_that_is_not_known_leads_to_resync(world, change, reason):
    attempt = world.attempt()
    since, said = await missed(world, attempt, 3)
    client = await world.student(attempt, **(since | change))
    found = await client.frame()
    assert (found["type"], found["reason"]) == ("resync", reason)
    assert found["position"]["sequence"] >= said[-1]  # presence is in the stream, too
    next_one = await world.say_saved(attempt)
    assert await sequences(client, 1) == [next_one]


async def test_history_that_no_longer_reaches_back_leads_to_resync(make_world):
    world = await make_world(ring_messages=2, warm_messages=0)
    attempt = world.attempt()
    since, said = await missed(world, attempt, 4)
    await world.bus.jetstream.purge_stream("OEP_EVENTS", seq=said[2])
    client = await world.student(attempt, **since)
    found = await client.frame()
    assert (found["type"], found["reason"]) == ("resync", "history_too_old")


async def test_a_bus_that_comes_back_leaves_no_hole(make_world, nats_server):
    world = await make_world(stale_seconds=0.5)
    attempt = world.attempt()
    client = await world.student(attempt)
    board = await world.board(attempt.exam_id)
    await board.frame("snapshot")
    first = await world.say_saved(attempt)
    await client.frame("notification")
    nats_server.stop()
    try:
        assert (await board.frame("system_event"))["event"] == "feed_stale"
        await client.send({"type": "checkpoint", "question_id": 1, "answer": "a"})
        await client.frame("checkpoint_ack")
        await client.send({"type": "time_sync"})
        await client.frame("time_update")
        late = await world.student(attempt)
        assert late.hello["position"]["sequence"] >= first
    finally:
        nats_server.start()
    await eventually(lambda: world.bus.is_connected, seconds=10)
    said = [await world.say_saved(attempt) for _ in range(5)]
    assert await sequences(client, 5) == said
    assert await sequences(late, 5) == said
    assert (await board.frame("system_event", seconds=10))["event"] == "feed_current"
    deltas = [f["position"]["sequence"] for f in board.frames if f["type"] == "delta"]
    while not deltas or deltas[-1] < said[-1]:
        deltas.append((await board.frame("delta"))["position"]["sequence"])
    assert set(said) <= set(deltas)
    assert deltas == sorted(set(deltas))
    assert "resync" not in client.types() + board.types()


async def test_a_wiped_bus_makes_everyone_resync(make_world, nats_server):
    world = await make_world()
    attempt = world.attempt()
    await world.say_saved(attempt)
    client = await world.student(attempt)
    board = await world.board(attempt.exam_id)
    await board.frame("snapshot")
    epoch = client.hello["position"]["epoch"]
    nats_server.wipe()
    found = await client.frame("resync", seconds=15)
    assert found["position"]["epoch"] != epoch
    assert (await board.frame("resync", seconds=15))["reason"] == "stream_reset"
    fresh = await board.frame("snapshot", seconds=15)
    assert fresh["position"]["epoch"] == found["position"]["epoch"]
    said = await world.say_saved(attempt)
    assert await sequences(client, 1) == [said]
    back = await world.student(attempt, since=0, epoch=epoch)
    assert (await back.frame())["reason"] == "epoch_changed"


async def test_a_node_that_starts_without_a_bus_serves_and_resyncs_later(make_world, nats_server):
    world = await make_world()
    attempt = world.attempt()
    await world.stop_node()
    nats_server.stop()
    try:
        await world.start_node()
        client = await world.student(attempt)
        assert client.hello["position"] == {"sequence": 0, "epoch": ""}
        await client.send({"type": "checkpoint", "question_id": 1, "answer": "a"})
        await client.frame("checkpoint_ack")
    finally:
        nats_server.start()
    assert (await client.frame("resync", seconds=15))["position"]["epoch"]
    await eventually(lambda: world.bus.is_connected, seconds=10)
    said = await world.say_saved(attempt)
    assert await sequences(client, 1) == [said]


async def test_a_transfer_that_was_missed_is_told_again(world):
    attempt = world.attempt()
    since, _ = await missed(world, attempt, 1)
    said = await world.say(attempt, "transfer_rejected", transfer_id=9, attempt_id=1, reason="No")
    await eventually(lambda: world.node.feed.position(attempt.exam_id).sequence >= said)
    client = await world.student(attempt, **since)
    rejected = await client.frame("transfer_rejected")
    assert (rejected["reason"], rejected["position"]["sequence"]) == ("No", said)


async def test_an_action_is_told_to_a_student_who_was_away_when_it_was_asked_for(world):
    attempt = world.attempt()
    first = await world.student(attempt)
    since = first.hello["position"]
    await first.connection.close()
    said = await world.say(
        attempt,
        "action_requested",
        id=4,
        action_id="6f",
        action="warn",
        text="Put the phone away",
        warning_code="PHONE",
        requested_by="ann",
    )
    again = await world.student(attempt, since=since["sequence"], epoch=since["epoch"])
    told = await again.frame("warning")
    assert (told["position"]["sequence"], told["id"]) == (said, 4)


async def put_back(world, attempt, fact, **data):
    """Say again what was said before the stream was lost, as `oep replay` does."""
    at = "2026-01-05T10:00:00Z"
    notice = {"id": "proctoring-1", "fact": fact, "at": at, "data": data}
    subject = f"oep.v1.{attempt.exam_id}.{attempt.attempt_id}.{fact}"
    return await world.bus.publish(subject, json.dumps(notice).encode(), None, is_rebuilt=True)


def event_of(number):
    counts = {"info": number, "warning": 0, "violation": 0}
    last = {
        "event_type": "focus",
        "severity": "info",
        "received_at": at_noon(number),
        "late": False,
    }
    return {"event": {"sequence": number}, "counts": counts, "last_event": last}


def at_noon(number):
    return f"2026-01-05T12:00:{number:02}Z"


async def deltas(board, count):
    found = []
    while len(found) < count:
        frame = await board.frame("delta")
        if frame["kind"] == "event":
            found.append(frame["data"]["event"]["sequence"])
    return found


async def test_what_was_put_back_is_told_to_nobody_and_turns_no_board_back(world):
    attempt = world.attempt()
    board = await world.board(attempt.exam_id)
    await board.frame("snapshot")
    began = board.hello["position"]
    await world.say(attempt, "event_recorded", **event_of(51))
    for number in range(1, 51):
        await put_back(world, attempt, "event_recorded", **event_of(number))
    await world.say(attempt, "event_recorded", **event_of(52))
    assert await deltas(board, 2) == [51, 52]
    late = await world.board(attempt.exam_id)
    [row] = (await late.frame("snapshot"))["attempts"]
    assert row["counts"]["info"] == 52
    since = {"since": began["sequence"], "epoch": began["epoch"]}
    back = await world.board(attempt.exam_id, **since)
    await world.say(attempt, "event_recorded", **event_of(53))
    assert await deltas(back, 3) == [51, 52, 53]


@pytest.mark.parametrize("ring", [{}, {"warm_messages": 0, "ring_messages": 1}], ids=["warm", "no"])
async def test_what_was_put_back_is_no_part_of_a_students_past(make_world, ring):
    """Neither of the ring of a node that starts, nor of what it looks for in the stream."""
    world = await make_world(**ring)
    attempt = world.attempt()
    since, said = await missed(world, attempt, 3)
    for number in range(1, 4):
        await put_back(world, attempt, "answer_saved", question_id=number, kind="answer")
    said.append(await world.say_saved(attempt))
    await world.stop_node()
    await world.start_node(**ring)
    client = await world.student(attempt, **since)
    said.append(await world.say_saved(attempt))
    assert await sequences(client, 5) == said


async def test_an_event_that_comes_again_is_told_to_nobody(world):
    """A relay says again what it could not mark; after ten minutes the stream takes it for new."""
    attempt = world.attempt()
    other = world.attempt(exam_id=attempt.exam_id)
    board = await world.board(attempt.exam_id)
    await board.frame("snapshot")
    began = board.hello["position"]
    for number in (1, 2, 3, 2, 3, 1, 4):
        await world.say(attempt, "event_recorded", **event_of(number))
    await world.say(other, "event_recorded", **event_of(1))
    assert await deltas(board, 5) == [1, 2, 3, 4, 1]
    since = {"since": began["sequence"], "epoch": began["epoch"]}
    back = await world.board(attempt.exam_id, **since)
    assert await deltas(back, 5) == [1, 2, 3, 4, 1]


async def test_events_are_counted_anew_in_a_new_stream(world, nats_server):
    attempt = world.attempt()
    board = await world.board(attempt.exam_id)
    await world.say(attempt, "event_recorded", **event_of(3))
    assert await deltas(board, 1) == [3]
    await asyncio.to_thread(nats_server.wipe)
    await board.frame("resync", seconds=15)
    await board.frame("snapshot", seconds=15)
    await eventually(lambda: world.bus.is_connected, seconds=10)
    await world.say(attempt, "event_recorded", **event_of(2))
    assert await deltas(board, 1) == [2]
