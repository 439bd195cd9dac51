"""What a connection becomes by its first bytes, and what is left of a handshake when it is over."""

import asyncio
import gc
import uuid
from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace

import httpx
import pytest
import uvicorn
from chassis.tokens import Caller
from chassis.waiting import eventually
from realtime import frames, rfc6455
from realtime.channels import Channel
from realtime.connection import Connection
from realtime.wire.door import Door, PeerGone, of
from realtime.wire.gate import Gate
from realtime.wire.socket import Socket, Wire
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HEAD = (
    "GET /some/path?a=1 HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\n"
    f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\n"
).encode()
NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)


class Transport(asyncio.Transport):
    """Remembers what was written; has no socket to give."""

    def __init__(self):
        super().__init__()
        self.writes = []
        self.protocol = None
        self.is_closed = False

    def get_extra_info(self, name, default=None):
        assert name != "socket", "asking makes an object that stays with the connection"
        known = {"peername": ("192.0.2.7", 4711), "sockname": ("192.0.2.1", 80)}
        return known.get(name, default)

    def set_protocol(self, protocol):
        self.protocol = protocol

    def write(self, data):
        self.writes.append(bytes(data))

    def close(self):
        self.is_closed = True

    def pause_reading(self):
        pass

    def resume_reading(self):
        pass

    def get_write_buffer_size(self):
        return 0


class Front:
    """A gate in front of an app that does nothing until it is told to."""

    def __init__(self):
        self.scopes = []
        self.may_end = asyncio.Event()
        self.state = ServerState()
        self.transport = Transport()
        config = uvicorn.Config(
            self._app, ws=Door, http=Gate, log_config=None, interface="asgi3", proxy_headers=False
        )
        config.load()
        self.gate = Gate(config, self.state, {})
        self.gate.connection_made(self.transport)

    async def _app(self, scope, receive, send):
        self.scopes.append(scope)
        await self.may_end.wait()

    async def end(self):
        self.may_end.set()
        await asyncio.gather(*self.state.tasks)


@pytest.fixture
async def front():
    made = Front()
    yield made
    await made.end()


async def test_a_plain_handshake_becomes_a_door_and_a_scope(front):
    assert front.state.connections == {front.gate}
    front.gate.data_received(HEAD)
    await eventually(lambda: front.scopes)
    assert isinstance(front.transport.protocol, Door)
    assert front.state.connections == {front.transport.protocol}
    [scope] = front.scopes
    assert (scope["type"], scope["path"], scope["query_string"]) == (
        "websocket",
        "/some/path",
        b"a=1",
    )
    assert scope["client"] == ("192.0.2.7", 4711)
    assert [value for name, value in scope["headers"] if name == b"x-twice"] == [b"1", b"2"]


@pytest.mark.parametrize(
    "data",
    [
        HEAD[:40],
        HEAD.replace(b"WebSocket", b"h2c"),
        HEAD.replace(b"HTTP/1.1", b"HTTP/1.0"),
        b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01 no HTTP at all\r\n\r\n",
    ],
    ids=["cut", "another upgrade", "1.0", "no upgrade", "no HTTP"],
)
async def test_everything_else_is_uvicorns_with_every_byte(front, data, monkeypatch):
    heard = []
    monkeypatch.setattr(HttpToolsProtocol, "connection_made", lambda self, transport: None)
    monkeypatch.setattr(HttpToolsProtocol, "data_received", lambda self, d: heard.append(d))
    front.gate.data_received(data)
    assert type(front.transport.protocol) is HttpToolsProtocol
    assert heard == [data]
    assert not front.scopes


async def test_a_server_that_ends_closes_who_has_not_asked_anything(front):
    front.gate.shutdown()
    assert front.transport.is_closed
    front.gate.connection_lost(None)
    assert not front.state.connections


def socket_with(frame):
    """A socket that has one frame to send."""
    wire = Wire(0.01, lambda *_: None, lambda *_: None, 3)
    caller = Caller(1, frozenset(), "l", "t", NOW, NOW)
    socket = Socket(wire)
    connection = Connection(
        caller, Channel("attempt", 1), socket, is_modern=False, limit_bytes=10_000
    )
    connection.send(frame)
    heard = []
    socket.begin(connection, SimpleNamespace(receive=heard.append), None)
    return socket, heard


async def test_the_answer_and_the_first_frame_leave_in_one_write(front):
    front.gate.data_received(HEAD + b"\x81\x82\0\0\0\0hi\x81\x83\0\0")
    await eventually(lambda: front.scopes)
    frame = frames.ping(NOW)
    socket, heard = socket_with(frame)
    of(front.scopes[0]).hand_over(socket)
    [written] = front.transport.writes
    head, _, rest = written.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head  # RFC 6455, section 1.3
    assert rest == frame.wire
    assert front.transport.protocol is socket
    assert heard == ["hi"]
    socket.data_received(b"\0\0abc")  # the rest of what was cut
    assert heard == ["hi", "abc"]


async def test_a_door_whose_peer_has_gone_gives_nothing_away(front):
    front.gate.data_received(HEAD)
    await eventually(lambda: front.scopes)
    door = front.transport.protocol
    door.connection_lost(None)
    for ask in (lambda: door.hand_over(socket_with(frames.ping(NOW))[0]), lambda: door.accept("a")):
        with pytest.raises(PeerGone):
            ask()
    assert front.transport.writes == []


# on a real node


async def test_what_is_sent_right_behind_the_handshake_is_heard(world):
    attempt = world.attempt()
    token = world.tokens.token(attempt.student_id)
    reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
    path = f"/api/v1/ws/attempts/{attempt.attempt_id}?token={token}".encode()
    ask = b'{"type":"no such"}'
    writer.write(HEAD.replace(b"/some/path?a=1", path) + b"\x81" + bytes([0x80 | len(ask)]))
    writer.write(b"\0\0\0\0" + ask)
    async with asyncio.timeout(5):
        await reader.readuntil(b"UNKNOWN_MESSAGE_TYPE")
    writer.transport.abort()


async def test_plain_http_is_answered_on_one_connection_again_and_again(world):
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{world.port}") as client:
        found = [(await client.get("/health/live")).status_code for _ in range(3)]
    assert found == [200, 200, 200]


def ours():
    """How many objects of this service there are, by their type."""
    gc.collect()
    types = (type(found) for found in gc.get_objects())
    homes = ("realtime.", "uvicorn.")
    return Counter(t.__name__ for t in types if str(t.__module__).startswith(homes))


@pytest.mark.parametrize("is_modern", [True, False])
async def test_of_a_handshake_nothing_stays_but_what_an_idle_student_needs(world, is_modern):
    first, count = world.attempt(), 7
    await world.student(first, modern=is_modern)  # what is made once is there
    before, attempts = ours(), [world.attempt(exam_id=first.exam_id) for _ in range(count)]
    clients = [await world.student(attempt, modern=is_modern) for attempt in attempts]
    await eventually(lambda: not world.server.server_state.tasks)
    await eventually(lambda: not world.node.presence._waiting)
    more = {name: found for name, found in (ours() - before).items() if found >= count}
    # Some are also in the ring, which is bounded.
    stay = more.keys() - {"Message", "Address", "Position", "Notice", "Channel"}
    assert stay == {
        "Audience",
        "Connection",
        "Cursor",
        "Socket",
        "Student",
        "Timing",
        "_Own",
    }
    assert {more[name] for name in stay} == {count}
    assert len({uuid.UUID(client.hello["connection_id"]) for client in clients}) == count


async def test_two_who_are_inside_a_message_do_not_share_a_reader(world):
    ask = b'{"type":"time_sync"}'
    frame = b"\x81" + bytes([0x80 | len(ask)]) + b"\1\2\3\4"
    frame += bytes(byte ^ (i % 4 + 1) for i, byte in enumerate(ask))
    lines = []
    for _ in range(2):
        attempt = world.attempt()
        token = world.tokens.token(attempt.student_id)
        path = f"/api/v1/ws/attempts/{attempt.attempt_id}?token={token}".encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        writer.write(HEAD.replace(b"/some/path?a=1", path))
        async with asyncio.timeout(5):
            await reader.readuntil(b"connected")
        lines.append((reader, writer))
    sockets = [found for found in world.server.server_state.connections if type(found) is Socket]
    for place in range(0, len(frame), 5):
        for _, writer in lines:
            writer.write(frame[place : place + 5])
            await writer.drain()
        wanted = place + 5 < len(frame)
        await eventually(lambda w=wanted: {s._reader is not None for s in sockets} == {w})
    for reader, writer in lines:
        async with asyncio.timeout(5):
            await reader.readuntil(b'"time_update"')
        writer.transport.abort()


def test_an_empty_pong_is_known_at_sight():
    pong = b"\x8a\x80abcd"
    assert rfc6455.is_empty_pong(pong)
    assert rfc6455.Reader(100).feed(pong) == [rfc6455.Pong(b"")]
    for other in (pong[:5], pong + b"\x8a", b"\x8a\0abcd", b"\x89\x80abcd", b"\x8a\x81abcd", b""):
        assert not rfc6455.is_empty_pong(other)
