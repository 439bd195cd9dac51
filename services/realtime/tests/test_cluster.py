"""A bus of three servers, one of which is stopped: nodes go on, and nobody is taken for lost."""

import asyncio
import contextlib
import uuid

import pytest
from chassis.bus import BusUnavailable
from chassis.waiting import eventually

pytestmark = pytest.mark.timeout(120)  # leaders are elected in here, which takes up to 9 s

LONG_SECONDS = 40
SAID = 30


@pytest.fixture
async def nodes(make_world, nats_cluster):
    await asyncio.to_thread(nats_cluster.heal)
    yield [await make_world(nats_cluster, node_id=name) for name in ("n1", "n2")]
    await asyncio.to_thread(nats_cluster.heal)


async def said(world, attempt):
    """Say it until it is stored, as an outbox does: whose answer was lost says the same again."""
    notice_id = str(uuid.uuid4())
    while True:
        with contextlib.suppress(BusUnavailable):
            return await world.say_saved(attempt, notice_id=notice_id)
        await asyncio.sleep(0.1)


async def test_a_server_of_the_bus_that_is_stopped_costs_nobody_anything(nats_cluster, nodes):
    one = nodes[0]
    attempt = one.attempt()
    student, board = await one.student(attempt), await one.board(attempt.exam_id)
    await board.frame("snapshot")
    names = {world.node.leases._node for world in nodes}
    for world in nodes:
        await eventually(lambda w=world: names <= w.node.leases.alive, LONG_SECONDS)
    lost = []
    for world in nodes:
        world.node.presence.lost = lost.append
    left = one.node.bus.client.connected_url.netloc
    server = next(each for each in nats_cluster.servers if each.url.endswith(left))

    places = [await said(one, attempt) for _ in range(SAID)]
    server.suspend()
    places += [await said(one, attempt) for _ in range(SAID)]

    for client, kind in ((student, "notification"), (board, "delta")):
        found = []
        while len(found) < len(places):
            frame = await client.frame(kind, seconds=LONG_SECONDS)
            if frame.get("kind", "progress") == "progress":
                found.append(frame["position"]["sequence"])
        assert found == places
        assert "resync" not in client.types()
    await eventually(
        lambda: one.node.bus.is_connected and one.node.bus.client.connected_url.netloc != left,
        LONG_SECONDS,
    )
    for world in nodes:
        held_since = world.node.leases._steady_since
        await eventually(
            lambda w=world, since=held_since: (
                names <= w.node.leases.alive and w.node.leases._steady_since >= since
            ),
            LONG_SECONDS,
        )
    assert lost == []
    assert one.node.presence.of(attempt.attempt_id).socket_count == 1
