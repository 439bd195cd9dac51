import asyncio
import resource

import nats as client
import pytest
from nats.errors import Error as NatsError
from oep_local import plan, ports, supervisor
from oep_local.nats import is_sick
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


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """Run one server under the supervisor, which looks often."""
    monkeypatch.setattr(supervisor, "SICK_SECONDS", 0.2)
    with Platform(tmp_path / "state", stages=lambda layout: [[plan.nats(layout, 1)]]) as platform:
        yield platform


async def test_a_server_whose_disk_was_full_takes_messages_again(alone):
    """It gives a stream up at the first write that fails (fault 24): the supervisor starts it anew.

    A limit on the size of its files stands for the disk, and goes with the process.
    """
    part = alone.state.read_run()["parts"]["nats"]
    connection = await client.connect(alone.nats_url)
    stream = connection.jetstream(timeout=2)
    await stream.add_stream(name="KEPT", subjects=["kept.>"])
    await stream.publish("kept.one", b"1")
    resource.prlimit(part["pid"], resource.RLIMIT_FSIZE, (8, resource.RLIM_INFINITY))
    with pytest.raises(NatsError):
        await stream.publish("kept.one", bytes(100_000))
    await in_the_end(lambda: stream.publish("kept.one", b"2"))
    assert (await stream.stream_info("KEPT")).state.messages == 2
    await connection.close()
    assert alone.state.read_run()["parts"]["nats"]["restarts"] == 1


def test_a_server_that_says_nothing_is_not_sick():
    assert not is_sick(ports.free_port())
