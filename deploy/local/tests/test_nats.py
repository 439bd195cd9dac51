import asyncio

import nats as client
import pytest
from nats.errors import Error as NatsError
from oep_local import plan
from oep_local.rig import Platform


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """Run the bus of `oep up --nats 3`, and nothing else."""
    folder = tmp_path_factory.mktemp("three")
    with Platform(
        folder / "state",
        {"nats": 3},
        stages=lambda layout: [[plan.nats(layout, n) for n in (1, 2, 3)]],
    ) as platform:
        yield platform


@pytest.mark.timeout(120)  # leaders are elected in here
async def test_a_cluster_outlives_the_loss_of_any_member(three):
    connection = await client.connect(three.nats_url.split(","))
    stream = connection.jetstream(timeout=30)
    made = await in_the_end(
        lambda: stream.add_stream(name="KEPT", subjects=["kept.>"], num_replicas=3)
    )
    assert made.cluster.leader in {"oep-1", "oep-2", "oep-3"}
    for number in ("2", "3"):
        once = {"Nats-Msg-Id": number}
        await in_the_end(lambda n=number, o=once: stream.publish("kept.one", n.encode(), headers=o))
        await asyncio.to_thread(three.kill, f"nats#{number}")
        await asyncio.to_thread(three.wait_ready, f"nats#{number}")
    assert (await in_the_end(lambda: stream.stream_info("KEPT"))).state.messages == 2
    await connection.close()


async def in_the_end(ask):
    """Ask until there is somebody to answer: a leader may have to be elected."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await ask()
            except NatsError:
                await asyncio.sleep(0.1)


async def test_messages_outlive_a_kill_and_a_restart(nats_server):
    connection = await client.connect(nats_server.url)
    stream = connection.jetstream()
    await stream.add_stream(name="KEPT", subjects=["kept.>"])
    await stream.publish("kept.one", b"1")
    await connection.close()
    nats_server.kill()
    nats_server.start()
    connection = await client.connect(nats_server.url)
    assert (await connection.jetstream().stream_info("KEPT")).state.messages == 1
    await connection.close()


async def test_a_wipe_forgets_every_stream(nats_server):
    connection = await client.connect(nats_server.url)
    await connection.jetstream().add_stream(name="FORGOTTEN", subjects=["gone.>"])
    await connection.close()
    nats_server.wipe()
    connection = await client.connect(nats_server.url)
    assert await connection.jetstream().streams_info() == []
    await connection.close()
