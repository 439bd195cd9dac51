"""Requests on lanes, byte by byte: what is answered straight reads as uvicorn would answer it.

Each server is real and on a socket. Nearly all tests send the same bytes to two of them, one with
our protocol and one with uvicorn's own, and compare what comes back.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import pytest
import uvicorn
from chassis.errors import Refused
from chassis.http1 import LaneProtocol
from chassis.lanes import Asked, Lane, Promise, Served, open_lanes
from chassis.serving import service
from chassis.tokens import Caller, InvalidToken
from chassis.waiting import eventually
from fastapi import FastAPI

MOST_BYTES = 100_000
NOW = datetime.now(UTC)


class Closed(Refused):
    slug = "closed"
    detail = "No more is taken"


class Doors:
    """Stands in for the token verifier."""

    def verify(self, token: str) -> Caller:
        if token != "good":
            raise InvalidToken
        return Caller(7, frozenset({"student"}), "l", "t", NOW, NOW)


class Server:
    """One server with a lane `/hot` and an ordinary route `/cold`, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.let_go = asyncio.Event()
        self.results: list[asyncio.Future[bytes]] = []
        self.took_long_way = 0
        self.request_seconds = 20.0
        self.port = 0
        self.uvicorn: uvicorn.Server

    @property
    def served(self) -> Served:
        return self.uvicorn.config.app.lanes["/hot"]

    def app(self) -> FastAPI:
        @contextlib.asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            app.state.verifier, app.state.trusted_proxies = Doors(), ()
            open_lanes(
                app, [Lane("/hot", self.ask, 201, MOST_BYTES)], lambda: [(b"oep-load", b"3")]
            )
            yield

        app = service("thing", "1", lifespan, {}, request_seconds=self.request_seconds)

        @app.get("/cold")
        async def cold() -> str:
            return "cold"

        return app

    def ask(self, asked: Asked) -> Promise:
        self.asked.append(asked)
        if asked.body == b"refuse":
            raise Closed
        if asked.body == b"stumble":
            raise RuntimeError("the secret reason")
        result: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        if asked.body == b"wait":
            task = asyncio.create_task(self.let_go.wait())
            task.add_done_callback(lambda _: result.done() or result.set_result(b'"waited"'))
            self.results.append(result)
        else:
            result.set_result(b'"%d of %d"' % (len(asked.body), asked.caller.user_id))
        return Promise(result, say_later if asked.body.startswith(b"late") else say)


def say(content: bytes) -> bytes:
    return content


def say_later(content: bytes) -> bytes:
    if content.startswith(b'"11'):
        raise Closed(retry_after_seconds=2)
    raise RuntimeError("the secret reason")


@contextlib.asynccontextmanager
async def serving(
    protocol: object, *, request_seconds: float = 20.0, **options: object
) -> AsyncIterator[Server]:
    server = Server()
    server.request_seconds = request_seconds
    app = server.app()
    plain = {
        "log_config": None,
        "access_log": False,
        "ws": "none",
        "server_header": False,
        "proxy_headers": False,
    }
    config = uvicorn.Config(app, port=0, http=protocol, **plain, **options)
    server.uvicorn = uvicorn.Server(config)
    server.uvicorn.install_signal_handlers = lambda: None
    with contextlib.ExitStack() as stack:
        patch = pytest.MonkeyPatch()
        stack.callback(patch.undo)
        patch.setattr(server.uvicorn, "capture_signals", contextlib.nullcontext)
        task = asyncio.create_task(server.uvicorn.serve())
        await eventually(lambda: server.uvicorn.started, 20)
        server.port = server.uvicorn.servers[0].sockets[0].getsockname()[1]
        yield server
        server.let_go.set()
        server.uvicorn.should_exit = True
        await asyncio.wait_for(task, 20)


@pytest.fixture
async def ours(monkeypatch) -> AsyncIterator[Server]:
    async with serving(LaneProtocol) as server:
        long_way = Served.__call__

        async def counted(self, *args: object) -> None:
            server.took_long_way += self is server.served
            await long_way(self, *args)

        monkeypatch.setattr(Served, "__call__", counted)
        yield server


@pytest.fixture
async def theirs() -> AsyncIterator[Server]:
    async with serving("httptools") as server:
        yield server


GOOD = b"authorization: Bearer good\r\nx-request-id: r-1\r\nuser-agent: \xc3\xa9 4\r\n"


def post(body: bytes = b"{}", *, path: bytes = b"/hot", more: bytes = b"") -> bytes:
    head = b"POST %b HTTP/1.1\r\nhost: x\r\n%b%bcontent-length: %d\r\n\r\n"
    return head % (path, GOOD, more, len(body)) + body


async def talk(server: Server, *pieces: bytes) -> bytes:
    """Send pieces, the last one asking to close, and return all that comes until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)
    async with asyncio.timeout(20):
        heard = await reader.read()
    writer.close()
    return re.sub(rb"\b[0-9a-f]{32}\b", b"0" * 32, heard)  # ids that were made


def answers(heard: bytes) -> list[tuple[bytes, list[bytes], bytes]]:
    """Return status line, headers in order of their names, and body of each answer."""
    found = []
    while heard:
        head, _, rest = heard.partition(b"\r\n\r\n")
        first, *headers = head.split(b"\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        size = int(length[1]) if length else 0
        steady = [b"date: now" if h.startswith(b"date: ") else h for h in headers]
        found.append((first, sorted(steady), rest[:size]))
        heard = rest[size:]
    return found


CLOSE = b"GET /cold HTTP/1.1\r\nhost: x\r\nx-request-id: r-2\r\nconnection: close\r\n\r\n"
CHUNKED = b"POST /hot HTTP/1.1\r\nhost: x\r\n" + GOOD + b"transfer-encoding: chunked\r\n\r\n"

STRAIGHT = {
    "a plain one": post(),
    "an empty body": post(b""),
    "a large body": post(b"x" * MOST_BYTES),
    "refused at once": post(b"refuse"),
    "a defect at once": post(b"stumble"),
    "refused later": post(b"late refusal"[:11]),
    "a defect later": post(b"late"),
    "that closes": post(more=b"connection: close\r\n"),
    "with other headers": post(more=b"x-forwarded-for: 10.0.0.9\r\naccept: */*\r\nx: \r\n"),
    "in strange letters": post().replace(b"authorization", b"AUTHORIZATION"),
}
LONG_WAY = {
    "too large": post(b"x" * (MOST_BYTES + 1)),
    "a stranger": post().replace(b"good", b"evil"),
    "nobody": post().replace(b"authorization", b"nothing"),
    "in chunks": CHUNKED + b"2\r\n{}\r\n0\r\n\r\n",
    "in chunks, with trailers": CHUNKED + b"2\r\n{}\r\n0\r\nauthorization: Bearer evil\r\n\r\n",
    "with a query": post(path=b"/hot?a=1"),
    "in escapes": post(path=b"/%68ot"),
    "in full": post(path=b"http://x/hot"),
    "of HTTP/1.0": post().replace(b"HTTP/1.1", b"HTTP/1.0"),
    "of HTTP/1.0 that would stay": post(more=b"connection: keep-alive\r\n").replace(
        b"HTTP/1.1", b"HTTP/1.0"
    ),
    "that expects a word": post(more=b"expect: 100-continue\r\n"),
    "without a body": post(b"").replace(b"content-length: 0\r\n", b""),
    "another method": post().replace(b"POST", b"PUT"),
    "HEAD": b"HEAD /hot HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    "another path": post(path=b"/hot/"),
    "for a socket": post(more=b"connection: upgrade, close\r\nupgrade: websocket\r\n"),
}
AMBIGUOUS = {
    "length and chunks": post(b"0\r\n\r\n" + CLOSE, more=b"transfer-encoding: chunked\r\n"),
    "chunks and length": CHUNKED.replace(b"\r\n\r\n", b"\r\ncontent-length: 2\r\n\r\n")
    + b"2\r\n{}\r\n0\r\n\r\n",
    "two lengths": post(more=b"content-length: 20\r\n"),
    "two equal lengths": post(more=b"content-length: 2\r\n"),
    "lengths in a list": post().replace(b"content-length: 2", b"content-length: 2, 2"),
    "a signed length": post().replace(b"content-length: 2", b"content-length: +2"),
    "a length in hex": post().replace(b"content-length: 2", b"content-length: 0x2"),
    "a length of digits elsewhere": post().replace(b"length: 2", b"length: \xd9\xa2"),
    "a huge length": post().replace(b"content-length: 2", b"content-length: " + b"9" * 30),
    "a space before the colon": post().replace(b"content-length:", b"content-length :"),
    "a folded header": post(more=b"x: a\r\n b\r\n"),
    "bare line feeds": post().replace(b"\r\n", b"\n"),
    "a null in a header": post(more=b"x: a\0b\r\n"),
    "an unknown coding": post(more=b"transfer-encoding: gzip\r\n"),
    "chunks of another name": post(more=b"transfer-encoding: xchunked\r\n"),
    "no version": b"POST /hot\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


async def compare(ours: Server, theirs: Server, kinds: Mapping[str, bytes]) -> None:
    """Send each to both, with one more behind it that closes, and compare all that comes of it."""
    for kind, sent in kinds.items():
        heard = [answers(await talk(server, sent, CLOSE)) for server in (ours, theirs)]
        assert heard[0] == heard[1], kind
        assert heard[0], f"{kind}: something is answered"
        assert ours.asked == theirs.asked, kind
        assert "secret" not in repr(heard)


async def test_what_is_plain_is_answered_straight_and_as_uvicorn_would(ours, theirs):
    await compare(ours, theirs, STRAIGHT)
    assert ours.took_long_way == 0


async def test_what_is_not_plain_goes_the_way_of_uvicorn(ours, theirs):
    await compare(ours, theirs, LONG_WAY)
    assert ours.took_long_way > 0


async def test_what_could_be_read_in_two_ways_is_read_as_uvicorn_reads_it(ours, theirs):
    await compare(ours, theirs, AMBIGUOUS)
    await compare(ours, theirs, {f"{k}, later": post() + v for k, v in AMBIGUOUS.items()})


@pytest.mark.parametrize("protocol", [LaneProtocol, "httptools"], ids=["ours", "theirs"])
async def test_who_waits_too_long_is_told_that_nothing_is_known_and_may_go_on_asking(protocol):
    async with serving(protocol, request_seconds=0.1) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(post(b"wait"))
        async with asyncio.timeout(20):
            heard = await reader.readuntil(b'"status":503')
        assert b"503 Service Unavailable" in heard
        assert b"retry-after: 2" in heard.lower()
        assert b"urn:oep:problem:outcome-unknown" in heard
        [result] = server.results
        assert result.cancelled(), "nobody waits for it any more"
        server.let_go.set()
        writer.write(CLOSE)
        async with asyncio.timeout(20):
            rest = await reader.read()
        assert b'"cold"' in rest, "the connection goes on"
        assert b"waited" not in rest, "what came too late is told to nobody"
        writer.close()


async def test_a_later_request_of_a_connection_has_its_own_time():
    async with serving(LaneProtocol, request_seconds=0.4) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        async with asyncio.timeout(20):
            writer.write(post(b"quick"))
            await reader.readuntil(b'"5 of 7"')
            first_at = time.monotonic()
            await eventually(lambda: time.monotonic() > first_at + 0.2)
            writer.write(post(b"wait"))
            asked_at = time.monotonic()
            await reader.readuntil(b"outcome-unknown")
        assert asked_at - first_at >= 0.2
        assert time.monotonic() - asked_at >= 0.39
        writer.close()


async def test_an_id_that_cannot_be_one_is_replaced(ours):
    sent = post().replace(b"x-request-id: r-1", b"x-request-id: r 1")
    [(_, headers, _), _] = answers(await talk(ours, sent, CLOSE))
    assert b"x-request-id: " + b"0" * 32 in headers
    assert re.fullmatch(r"[0-9a-f]{32}", ours.asked[0].request_id)


async def test_a_request_may_come_in_any_pieces(ours, theirs):
    whole = post(b"abc" * 20) + post(b"late") + post(b"refuse") + CLOSE
    expected = answers(await talk(theirs, whole))
    for size in (1, 7, 60):
        ours.asked.clear()
        pieces = [whole[n : n + size] for n in range(0, len(whole), size)]
        assert answers(await talk(ours, *pieces)) == expected
        assert [asked.body for asked in ours.asked] == [b"abc" * 20, b"late", b"refuse"]


async def test_what_is_pipelined_is_answered_in_its_order(ours):
    cold = CLOSE.replace(b"connection: close\r\n", b"")
    pipe = [post(b"wait"), post(b"1"), cold, post(b"late"), post(b"22"), CLOSE]
    talking = asyncio.create_task(talk(ours, b"".join(pipe)))
    await eventually(lambda: ours.asked, 20)
    assert [asked.body for asked in ours.asked] == [b"wait"], "the next one waits for its turn"
    ours.let_go.set()
    heard = answers(await talking)
    assert [body for _, _, body in heard if b"500" not in body] == [
        b'"waited"',
        b'"1 of 7"',
        b'"cold"',
        b'"2 of 7"',
        b'"cold"',
    ]
    assert [first[9:12] for first, _, _ in heard] == [
        b"201",
        b"201",
        b"200",
        b"500",
        b"201",
        b"200",
    ]


async def test_a_request_that_comes_while_one_is_under_way_waits_for_it(ours):
    reader, writer = await asyncio.open_connection("127.0.0.1", ours.port)
    writer.write(post(b"wait"))
    await eventually(lambda: ours.asked, 20)
    writer.write(post(b"1") + CLOSE)
    ours.let_go.set()
    async with asyncio.timeout(20):
        heard = answers(await reader.read())
    writer.close()
    assert [body for _, _, body in heard] == [b'"waited"', b'"1 of 7"', b'"cold"']


async def test_half_a_request_is_never_asked(ours):
    _, writer = await asyncio.open_connection("127.0.0.1", ours.port)
    writer.write(post(b"x" * 50)[:-1])
    await writer.drain()
    writer.close()
    await talk(ours, CLOSE)
    await eventually(lambda: not ours.uvicorn.server_state.connections, 20)
    assert ours.asked == []


async def test_who_has_gone_loses_the_answer_and_nothing_else(ours, caplog):
    _, writer = await asyncio.open_connection("127.0.0.1", ours.port)
    writer.write(post(b"wait"))
    await eventually(lambda: ours.asked, 20)
    writer.transport.abort()
    await eventually(lambda: not ours.uvicorn.server_state.connections, 20)
    before = ours.uvicorn.server_state.total_requests
    ours.let_go.set()
    await eventually(lambda: ours.uvicorn.server_state.total_requests == before + 1, 20)
    assert len(answers(await talk(ours, post(), CLOSE))) == 2
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_shutting_down_waits_for_the_answer_and_closes_behind_it(ours):
    idle, its_writer = await asyncio.open_connection("127.0.0.1", ours.port)
    talking = asyncio.create_task(talk(ours, post(b"wait")))
    await eventually(lambda: ours.asked, 20)
    ours.uvicorn.should_exit = True
    async with asyncio.timeout(20):
        assert await idle.read() == b"", "who is owed nothing is let go at once"
    its_writer.close()
    ours.let_go.set()
    [(first, headers, body)] = answers(await talking)
    assert (first, body) == (b"HTTP/1.1 201 Created", b'"waited"')
    assert b"connection: close" in headers


async def test_a_connection_that_rests_too_long_is_closed():
    async with serving(LaneProtocol, timeout_keep_alive=0.1) as server:
        assert len(answers(await talk(server, post()))) == 1


@pytest.mark.parametrize("at_once", [1, 40])
async def test_who_does_not_read_is_not_asked_for_more(ours, at_once):
    def long(asked: Asked) -> Promise:
        ours.asked.append(asked)
        result: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        result.set_result(b"x" * 1_000_000)
        return Promise(result, say)

    ours.served.lane = Lane("/hot", long, 201, MOST_BYTES)
    reader, writer = await asyncio.open_connection("127.0.0.1", ours.port)
    for _ in range(40 // at_once):
        writer.write(post() * at_once)
        await talk(ours, CLOSE)
    assert 0 < len(ours.asked) < 40
    writer.write(CLOSE)
    async with asyncio.timeout(20):
        heard = await reader.read()
    writer.close()
    assert heard.count(b"201 Created") == 40
