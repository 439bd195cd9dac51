"""The transport: beats and turns without I/O, then bytes on a real socket."""

import asyncio
import contextlib
import json
import time

import pytest
from chassis.waiting import eventually
from hypothesis import given
from hypothesis import strategies as st
from realtime import rfc6455
from realtime.wire.pump import MOST_SECONDS, Pump
from realtime.wire.socket import Socket
from realtime.wire.wheel import Wheel

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
MASK = b"\x37\xfa\x21\x3d"


def frame(opcode, payload=b"", *, first=0x80, mask=MASK):
    head = bytes([first | opcode, (0x80 if mask else 0) | len(payload)])
    if not mask:
        return head + payload
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


class Raw:
    """A client that sends bytes, not messages."""

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer

    async def send(self, data):
        self._writer.write(data)
        await self._writer.drain()

    async def head(self):
        return await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 5)

    async def frame(self, opcode):
        """The payload of the next frame of a kind; others are passed over."""
        async with asyncio.timeout(10):
            while True:
                first, size = await self._reader.readexactly(2)
                if size > 125:
                    more = await self._reader.readexactly(2 if size == 126 else 8)
                    size = int.from_bytes(more, "big")
                payload = await self._reader.readexactly(size)
                if first & 0x0F == opcode:
                    return payload

    async def message(self, type_):
        while True:
            found = json.loads(await self.frame(rfc6455.TEXT))
            if found["type"] == type_:
                return found

    async def close_code(self):
        return int.from_bytes((await self.frame(rfc6455.CLOSE))[:2], "big")

    async def is_ended(self):
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionResetError):
                while await self._reader.read(65_536):
                    pass
        return True


@pytest.fixture
async def dial():
    """A factory of raw clients; a handshake may be changed, or followed by bytes at once."""
    writers = []

    async def make(world, attempt=None, *, behind=b"", is_open=True, **changes):
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        writers.append(writer)
        raw = Raw(reader, writer)
        attempt = attempt or world.attempt()
        token = world.tokens.token(attempt.student_id)
        headers = {
            "Host": "x",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": KEY,
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Protocol": "oep.v1",
        } | changes
        lines = [f"GET /api/v1/ws/attempts/{attempt.attempt_id}?token={token} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        await raw.send("\r\n".join(lines).encode() + b"\r\n\r\n" + behind)
        if is_open:
            assert b" 101 " in await raw.head()
            await raw.message("connected")
        return raw

    yield make
    for writer in writers:
        writer.transport.abort()


# the wheel


@given(st.integers(1, 9), st.lists(st.integers(), unique=True, max_size=60))
def test_everyone_is_due_once_in_a_round(spokes, items):
    wheel = Wheel(spokes)
    for item in items:
        wheel.add(item)
    assert len(wheel) == len(items)
    assert sorted(item for _ in range(spokes) for item in wheel.turn()) == sorted(items)


def test_a_wheel_is_even_and_forgets_who_was_taken_off():
    wheel = Wheel(4)
    spokes = {item: wheel.add(item) for item in range(8)}
    assert sorted(spokes.values()) == [0, 0, 1, 1, 2, 2, 3, 3]
    wheel.discard(5, spokes[5])
    wheel.discard(5, spokes[5])
    assert [len(wheel.turn()) for _ in range(4)] == [2, 1, 2, 2]


# the pump


class Sink:
    def __init__(self):
        self.flushed = 0

    def flush(self):
        self.flushed += 1


async def test_what_comes_after_a_pause_leaves_in_the_same_turn():
    pump, sink = Pump(gap_seconds=60), Sink()
    pump.add(sink)
    assert sink.flushed == 0
    await asyncio.sleep(0)
    assert sink.flushed == 1


async def test_what_follows_at_once_waits_for_the_end_of_the_gap():
    pump, sink = Pump(gap_seconds=0.05), Sink()
    pump.add(sink)
    await asyncio.sleep(0)
    pump.add(sink)
    await asyncio.sleep(0)
    assert sink.flushed == 1
    await eventually(lambda: sink.flushed == 2)


class SlowSink(Sink):
    """Takes its time, as thousands of sockets do."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds
        self.at = []

    def flush(self):
        super().flush()
        self.at.append(time.monotonic())
        while time.monotonic() < self.at[-1] + self.seconds:
            pass


@pytest.mark.parametrize(("seconds", "rest"), [(0.01, 0.02), (0.2, 0.0)], ids=["short", "long"])
async def test_a_beat_that_took_long_is_followed_by_a_longer_pause_up_to_a_bound(seconds, rest):
    pump, sink = Pump(gap_seconds=0), SlowSink(seconds)
    pump.add(sink)
    await eventually(lambda: sink.flushed == 1)
    pump.add(sink)
    await eventually(lambda: sink.flushed == 2)
    apart = sink.at[1] - sink.at[0]
    assert apart >= seconds + rest - 0.002  # the loop's clock is whole milliseconds
    assert pump._next_at - asyncio.get_running_loop().time() <= MOST_SECONDS


# on a real socket


async def test_after_admission_no_task_is_left_and_the_server_knows_the_socket(world):
    client = await world.student(world.attempt())
    state = world.server.server_state
    await eventually(lambda: not state.tasks)
    assert [type(found) for found in state.connections] == [Socket]
    assert not hasattr(next(iter(state.connections)), "__dict__")
    await client.connection.close()
    await eventually(lambda: not state.connections and not len(world.node.wire.wheel))
    assert len(world.node.hub) == 0


async def test_a_message_may_come_byte_by_byte(world, dial):
    raw = await dial(world)
    for byte in frame(rfc6455.TEXT, b'{"type":"time_sync"}'):
        await raw.send(bytes([byte]))
    assert await raw.message("time_update")


async def test_what_follows_the_handshake_at_once_is_not_lost(world, dial):
    raw = await dial(world)
    ping, ask = frame(rfc6455.PING, b"here?"), frame(rfc6455.TEXT, b'{"type":"time_sync"}')
    await raw.send(frame(rfc6455.TEXT, b'{"type":"no such"}') + ping + ask)
    assert (await raw.message("error"))["error_code"] == "UNKNOWN_MESSAGE_TYPE"
    assert await raw.message("time_update")


async def test_what_is_sent_before_the_admission_is_over_waits_and_is_not_lost(world):
    attempt = world.attempt()
    client = await world.connect(f"attempts/{attempt.attempt_id}")
    await client.send({"type": "auth", "token": world.tokens.token(attempt.student_id)})
    for _ in range(200):
        await client.send({"type": "no such"})
    assert (await client.frame())["type"] == "connected"
    answers = [await client.frame("error") for _ in range(200)]
    assert {answer["error_code"] for answer in answers} <= {"UNKNOWN_MESSAGE_TYPE", "RATE_LIMITED"}


async def test_a_ping_is_answered_with_its_payload(world, dial):
    raw = await dial(world)
    await raw.send(frame(rfc6455.PING, b"payload"))
    assert await raw.frame(rfc6455.PONG) == b"payload"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(rfc6455.TEXT, b"plain", mask=None), 1002),
        (frame(rfc6455.TEXT, b"rsv", first=0xC0), 1002),
        (frame(rfc6455.TEXT, b"\xff"), 1007),
        (b"\x81\xff" + (1 << 20).to_bytes(8, "big") + MASK, 1009),
    ],
)
async def test_what_the_protocol_forbids_is_closed_with_its_code(world, dial, data, code):
    raw = await dial(world)
    await raw.send(data)
    assert await raw.close_code() == code
    assert await raw.is_ended()


async def test_a_close_is_answered_with_its_code_and_the_end(world, dial):
    raw = await dial(world)
    await raw.send(frame(rfc6455.CLOSE, (4321).to_bytes(2, "big")))
    assert await raw.close_code() == 4321
    assert await raw.is_ended()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Sec-WebSocket-Version": "8"}, b"426"),
        ({"Sec-WebSocket-Key": "short"}, b"400"),
    ],
)
async def test_what_is_no_handshake_is_refused(world, dial, changes, status):
    raw = await dial(world, is_open=False, **changes)
    assert (await raw.head()).split()[1] == status
    assert await raw.is_ended()
    await eventually(lambda: not world.server.server_state.connections)


async def test_who_gives_no_sign_of_life_is_dropped_and_who_does_stays(make_world, dial):
    world = await make_world(websocket_ping_seconds=0.2, silence_seconds=0.4)
    alive = await world.student(world.attempt())  # its library answers pings
    deaf = await dial(world)
    assert await deaf.is_ended()
    await eventually(lambda: len(world.node.hub) == 1)
    await alive.send({"type": "time_sync"})
    assert await alive.frame("time_update")


async def test_a_peer_that_reads_nothing_is_cut_and_the_others_hear_everything(make_world, dial):
    world = await make_world(outbound_limit_bytes=20_000)
    slow, quick = world.attempt(), world.attempt()
    raw, reader = await dial(world, slow), await world.student(quick)
    raw._reader._transport.pause_reading()
    big = json.dumps({"type": "warning", "message": "x" * 60_000, "warning_code": "w"})
    count = 0
    while len(world.node.hub) == 2 and count < 400:
        await world.say(slow, "broadcast_sent", frame=big)
        count += 1
        if any(c.closing for c in world.node.hub):
            break
    assert [c.closing.code for c in world.node.hub if c.closing] == [4008]
    await world.say(quick, "broadcast_sent", frame='{"type":"warning","message":"m"}')
    assert await reader.frame("warning")


async def test_many_messages_at_once_leave_in_few_writes_and_in_order(world, monkeypatch):
    attempt = world.attempt()
    client = await world.student(attempt)
    writes = []
    flush = Socket.flush
    monkeypatch.setattr(Socket, "flush", lambda self: (writes.append(self), flush(self))[1])
    for number in range(200):
        await world.say(
            attempt, "broadcast_sent", frame=json.dumps({"type": "warning", "n": number})
        )
    assert [(await client.frame("warning"))["n"] for _ in range(200)] == list(range(200))
    assert len(writes) < 200


async def test_a_server_that_ends_says_so_to_all_and_does_not_wait(make_world, dial):
    world = await make_world()
    clients = [await world.student(world.attempt()) for _ in range(3)]
    raw = await dial(world)
    world.server.ended.set()
    await asyncio.wait_for(asyncio.shield(world._task), 15)
    assert [(await client.closed())[0] for client in clients] == [4000] * 3
    assert await raw.close_code() == 4000
