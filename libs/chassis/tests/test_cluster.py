"""A bus of three real servers: what lies on all of them, and what happens when one is lost."""

import asyncio
import contextlib
import uuid
from urllib.parse import urlparse

import pytest
from chassis.bus import EVENTS, Bus, BusUnavailable, Reader
from chassis.line import Line
from chassis.waiting import eventually
from nats.aio.client import Server
from nats.errors import StaleConnectionError
from nats.js.api import StreamConfig

pytestmark = pytest.mark.timeout(120)  # leaders are elected in here, which takes up to 9 s each

SWITCHED_SECONDS = 30
MEGABYTE = b"x" * (1 << 20)


@pytest.fixture
async def cluster(nats_cluster):
    await asyncio.to_thread(nats_cluster.heal)  # of what the test before has broken
    return nats_cluster


@contextlib.asynccontextmanager
async def connected(url, **options):
    bus = Bus(url, "cluster-tests", **options)
    await bus.start()
    await bus.wait_ready()
    try:
        yield bus
    finally:
        await bus.close()


def server_of(cluster, bus):
    """The server that a bus is connected to."""
    place = bus.client.connected_url.netloc
    return next(server for server in cluster.servers if server.url.endswith(place))


async def has_left(bus, server):
    await eventually(
        lambda: bus.is_connected and not server.url.endswith(bus.client.connected_url.netloc),
        SWITCHED_SECONDS,
    )


class Talk:
    """Says numbers one after another, each until it is stored, and reads along."""

    def __init__(self, bus):
        self.bus = bus
        self.subject = f"oep.v1.1.{uuid.uuid4().int % 10**9}.said"
        self.said = 0
        self.heard = []

    async def speak(self):
        while True:
            word = str(self.said)
            while not await self._is_said(word):  # noqa: ASYNC110  # it is what is tried
                await asyncio.sleep(0.05)
            self.said += 1
            await asyncio.sleep(0.01)

    async def _is_said(self, word):
        try:
            await self.bus.publish(self.subject, word.encode(), f"{self.subject}-{word}")
        except BusUnavailable:
            return False
        return True

    async def listen(self, reader):
        async for batch in reader.batches():
            self.heard += [int(delivery.data) for delivery in batch]

    @contextlib.asynccontextmanager
    async def going_on(self):
        reader = Reader(self.bus, EVENTS, [self.subject], after=None)
        tasks = [asyncio.create_task(self.listen(reader))]
        await eventually(lambda: reader.position is not None, SWITCHED_SECONDS)
        tasks.append(asyncio.create_task(self.speak()))
        try:
            await self.goes_on()
            yield self
            await self.goes_on()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def goes_on(self):
        """Return when what is said from now on was heard."""
        more = self.said + 10
        await eventually(lambda: len(self.heard) > more, SWITCHED_SECONDS)


async def test_streams_and_buckets_lie_on_all_servers(cluster):
    async with connected(cluster.url, replicas=3) as bus:
        await bus.bucket("OEP_TESTED", ttl_seconds=5)
        for name in (EVENTS, "KV_OEP_TESTED"):
            there = await bus.jetstream.stream_info(name)
            assert there.config.num_replicas == 3
            assert len(there.cluster.replicas) == 2  # beside their leader


async def test_what_lies_on_one_server_is_given_more_and_never_fewer(cluster):
    streams = [StreamConfig(name="OEP_GROWN", subjects=["grown.>"])]
    for wanted, expected in ((1, 1), (3, 3), (1, 3)):
        async with connected(cluster.url, streams=streams, replicas=wanted) as bus:
            await bus.bucket("OEP_GROWN", ttl_seconds=60)
            for name in ("OEP_GROWN", "KV_OEP_GROWN"):
                there = await bus.jetstream.stream_info(name)
                assert (name, there.config.num_replicas) == (name, expected)


async def test_a_server_that_is_stopped_is_left_without_hole_or_double(cluster):
    """By who speaks and listens, by who does nothing, and by who has more to say than it reads."""
    async with contextlib.AsyncExitStack() as stack:
        bus = await stack.enter_async_context(connected(cluster.url, replicas=3))
        server = server_of(cluster, bus)
        idle = await stack.enter_async_context(connected(server.url, replicas=3))
        full = await stack.enter_async_context(connected(server.url, replicas=3))
        assert server_of(cluster, idle) is server_of(cluster, full) is server
        talk = await stack.enter_async_context(Talk(bus).going_on())
        server.suspend()
        too_much = asyncio.create_task(_say_too_much(full, server))
        try:
            await asyncio.gather(*(has_left(one, server) for one in (bus, idle, full)))
            await talk.goes_on()
        finally:
            too_much.cancel()
            await asyncio.gather(too_much, return_exceptions=True)
        assert talk.heard == list(range(len(talk.heard)))


async def _say_too_much(bus, server):
    """Hand on more than a stopped server reads; whoever comes after it is spared."""
    while bus.is_connected and server.url.endswith(bus.client.connected_url.netloc):
        await bus.client.publish("elsewhere", MEGABYTE[:-1024])
        await asyncio.sleep(0)


async def test_a_server_that_is_killed_is_left_without_hole_or_double(cluster):
    async with connected(cluster.url, replicas=3) as bus, Talk(bus).going_on() as talk:
        server = server_of(cluster, bus)
        await asyncio.to_thread(server.kill)
        await has_left(bus, server)
        await talk.goes_on()
        assert talk.heard == list(range(len(talk.heard)))


async def test_who_doubts_a_silent_server_leaves_it_and_waits_for_none_of_its_answers(cluster):
    line = Line()
    await line.connect(
        servers=cluster.url.split(","),
        ping_interval=3600,
        max_reconnect_attempts=-1,
        reconnect_to_server_handler=line.next_server,
    )
    try:
        await line.subscribe("asked", cb=_say_nothing)
        await line.flush()
        server = next(s for s in cluster.servers if s.url.endswith(line.connected_url.netloc))
        waiting = asyncio.create_task(line.request("asked", b"", timeout=3600))
        await eventually(lambda: line._resp_map)
        server.suspend()

        def is_left():
            line.doubt()  # again and again: it may answer once before it stops
            return line.is_connected and not server.url.endswith(line.connected_url.netloc)

        await eventually(is_left, SWITCHED_SECONDS)
        async with asyncio.timeout(SWITCHED_SECONDS):
            with pytest.raises(StaleConnectionError):
                await waiting
    finally:
        await line.close()


async def test_who_answers_a_doubt_is_not_left(cluster):
    async with connected(cluster.url, replicas=3) as bus:
        connection = bus.client.client_id
        bus.client.doubt()
        await bus.client._doubt
        assert bus.client.client_id == connection


async def _say_nothing(message):
    pass


def test_who_was_left_is_tried_last_and_nobody_twice_before_the_others():
    line, servers = Line(), [Server(urlparse(f"nats://10.0.0.{n}:4222")) for n in (1, 2, 3)]
    line._tries["10.0.0.2:4222"] += 1
    tried = [line.next_server(servers, {}) for _ in range(6)]
    names = [server.uri.hostname for server, _ in tried]
    assert set(names[:2]) == {"10.0.0.1", "10.0.0.3"}
    assert set(names[2:5]) == {"10.0.0.1", "10.0.0.2", "10.0.0.3"}
    assert [pause > 0 for _, pause in tried] == [False, False, True, True, True, True]
