"""Each limit of the README's table, met through the real binary: what passes and what does not.

`pytest --log-cli-level=INFO tests/contract/gateway/test_gateway_floods.py` says besides how long it
took; the table "What was measured" in deploy/gateway/README.md is from that.
"""

import asyncio
import contextlib
import logging
import os
import resource
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

log = logging.getLogger(__name__)

AWAY = "Service temporarily unavailable"
# A machine that is short of time connects too slowly for thousands (`connect_timeout`, 1 s).
SCHOOL = int(os.environ.get("OEP_SCHOOL", "400"))
AT_ONCE = SCHOOL // 2
LOGIN = (
    b"POST /api/v1/auth/hall-ticket-login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: 2\r\n\r\n{}"
)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
PATH = "/api/v1/attempts/1"
SETTINGS, MAX_CONCURRENT_STREAMS = 4, 3


def told(what, began):
    log.info("%s: %.2f s", what, time.perf_counter() - began)


class Auth:
    """Stands for auth, which hashes: nobody is answered before half of the school waits."""

    def __init__(self):
        self.waiting = 0
        self.enough = asyncio.Event()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0, backlog=SCHOOL)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()

    async def _talk(self, reader, writer):
        with contextlib.suppress(
            asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError
        ):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if b"-login " in head:
                    await reader.readexactly(2)
                    self.waiting += 1
                    if self.waiting >= AT_ONCE:
                        self.enough.set()
                    await self.enough.wait()
                writer.write(OK)
        writer.close()


@pytest.fixture
def enough_files():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], 4 * SCHOOL), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_a_school_behind_one_address_signs_in_at_once_and_nobody_is_refused(
    own_rig, enough_files
):
    """As installed: no limit is changed. All have asked before the first is answered."""
    async with Auth() as auth, asyncio.timeout(60):
        rig = await asyncio.to_thread(own_rig, f"--upstream=auth=127.0.0.1:{auth.port}")
        lines = []
        while len(lines) < SCHOOL:
            opened = (asyncio.open_connection("127.0.0.1", rig.envoy.port) for _ in range(200))
            lines += await asyncio.gather(*opened)
        began = time.perf_counter()
        for _, writer in lines:
            writer.write(LOGIN)
        heads = await asyncio.gather(*(reader.readuntil(b"\r\n\r\n") for reader, _ in lines))
        told(f"{SCHOOL:,} logins of one address at once", began)
        for _, writer in lines:
            writer.transport.abort()
    assert [head.split()[1] for head in heads] == [b"200"] * SCHOOL
    assert auth.waiting == SCHOOL


def test_who_guesses_is_stopped_and_comes_back_at_the_pace_that_is_allowed(own_rig, is_problem):
    rig = own_rig("--limit=login-burst=20", "--limit=login-per-minute=120")

    def guess(_):
        return rig.http.post("/api/v1/auth/login").status_code

    with ThreadPoolExecutor(10) as many:
        said = list(many.map(guess, range(60)))
    passed = said.count(200)
    assert 20 <= passed < 30, "the burst, and two a second"
    assert set(said) == {200, 429}
    began = time.perf_counter()
    while rig.http.post("/api/v1/auth/login").status_code == 429:
        assert time.perf_counter() - began < 10
        time.sleep(0.05)
    told("a place for the next login", began)
    refused = [rig.http.post("/api/v1/auth/login") for _ in range(3)][-1]
    is_problem(refused, 429, "Too many requests")


def test_addresses_beyond_those_that_are_counted_take_the_place_of_the_silent(own_rig):
    rig = own_rig(
        "--limit=address-burst=1", "--limit=address-per-minute=1", "--limit=counted-at-once=2"
    )

    def ask(number):
        transport = httpx.HTTPTransport(local_address=f"127.0.0.{number}")
        with httpx.Client(transport=transport, base_url=rig.http.base_url) as http:
            return http.get("/health").status_code

    assert [ask(2), ask(2), ask(3), ask(4)] == [200, 429, 200, 200]
    assert ask(2) == 200, "the first was forgotten"


@pytest.fixture
def slow(own_rig):
    limits = ("head-seconds=1", "request-seconds=2", "silence-seconds=1")
    return own_rig(*(f"--limit={each}" for each in limits))


def test_who_sends_slowly_or_nothing_is_not_waited_for_and_a_socket_may_be_silent(slow):
    with connect(f"ws://127.0.0.1:{slow.envoy.port}/api/v1/ws/attempts/1") as line:
        line.recv()
        with ThreadPoolExecutor() as side_by_side:
            head = side_by_side.submit(
                trickle, slow, b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n"
            )
            start = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n".encode()
            whole = side_by_side.submit(trickle, slow, start, b"x")
            silent = side_by_side.submit(trickle, slow, start, b"")
            found = {
                "a head that comes slowly": head.result(),
                "a body that comes slowly": whole.result(),
                "a body that does not come": silent.result(),
            }
        line.send("still here")
        assert line.recv() == "heard still here"
    for name, (_, seconds) in found.items():
        log.info("%s, refused after %.2f s", name, seconds)
    assert {name: status for name, (status, _) in found.items()} == dict.fromkeys(found, 408)
    seconds = [each for _, each in found.values()]
    assert max(seconds) < 6
    assert seconds[1] > 1.5, "a body has its own time, which is longer"


def trickle(rig, start, piece):
    """Send a request piece by piece; return what was said, and after how many seconds."""
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", rig.envoy.port), timeout=0.2) as raw:
        raw.sendall(start)
        while time.perf_counter() - began < 10:
            with contextlib.suppress(TimeoutError):
                said = raw.recv(4096)
                return int(said.split()[1] if said else 0), time.perf_counter() - began
            if piece:
                raw.sendall(piece)
    return None, time.perf_counter() - began


def test_a_connection_too_many_is_closed_at_once_and_one_that_ends_makes_room(own_rig, wait_until):
    rig = own_rig("--limit=connections=2")

    def ask():
        with contextlib.suppress(httpx.HTTPError), httpx.Client(timeout=5) as http:
            return http.get(f"{rig.http.base_url}/health").status_code
        return None

    held = [socket.create_connection(("127.0.0.1", rig.envoy.port)) for _ in range(2)]
    stat = "http.public.downstream_cx_active"
    wait_until(lambda: rig.envoy.stat(stat) == 2, "two connections are held")
    began = time.perf_counter()
    assert ask() is None
    told("a connection too many is refused", began)
    held.pop().close()
    wait_until(lambda: ask() == 200, "there is room again")
    held.pop().close()


def test_a_page_may_ask_for_so_many_things_at_once_on_one_connection(own_rig):
    rig = own_rig("--limit=streams=7")
    with socket.create_connection(("127.0.0.1", rig.envoy.port), timeout=10) as raw:
        raw.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, SETTINGS, 0, 0, 0, 0, 0]))
        stream = raw.makefile("rb")
        length, kind = int.from_bytes(stream.read(3)), stream.read(6)[0]
        settings = dict(struct.iter_unpack(">HI", stream.read(length)))
    assert kind == SETTINGS
    assert settings[MAX_CONCURRENT_STREAMS] == 7


@pytest.mark.parametrize("kib", [31, 33])
def test_a_head_may_be_as_large_as_the_table_says(rig, kib):
    response = rig.http.get(PATH, headers={"X-Big": "x" * (kib * 1024 - 300)})
    assert response.status_code == (200 if kib == 31 else 431)


def test_what_a_service_cannot_take_is_refused_at_once(own_rig, is_problem, wait_until):
    """One is being answered, one waits for the connection, the third is told to come back."""
    limits = ("connections=1", "waiting=1", "sockets=2")
    rig = own_rig(*(f"--limit=upstream-{each}" for each in limits))
    rig.stubs["attempts"][0].free.clear()
    with ThreadPoolExecutor() as pool:
        held = [pool.submit(rig.http.get, PATH)]
        answered = "cluster.attempts.upstream_rq_active"
        wait_until(lambda: rig.envoy.stat(answered) == 1, "one is being answered")
        held.append(pool.submit(rig.http.get, PATH))
        waits = "cluster.attempts.upstream_rq_pending_active"
        wait_until(lambda: rig.envoy.stat(waits) == 1, "one waits for a connection")
        began = time.perf_counter()
        is_problem(rig.http.get(PATH), 503, AWAY)
        told("a request beyond those that may wait is refused", began)
        rig.stubs["attempts"][0].free.set()
        assert [each.result().status_code for each in held] == [200, 200]
    door = f"ws://127.0.0.1:{rig.envoy.port}/api/v1/ws/attempts/1"
    with connect(door) as one, connect(door) as two:
        assert one.recv() == two.recv()
        with pytest.raises(InvalidStatus) as full, connect(door):
            pass
        assert one.ping().wait(10), "who was there stays"
    assert full.value.response.status_code == 503


def test_repeats_are_few_when_everybody_would_repeat(own_rig):
    rig = own_rig("--limit=upstream-retries=1", attempts=2)
    for stub in rig.stubs["attempts"]:
        stub.stop()
    with ThreadPoolExecutor(12) as many:
        said = list(many.map(lambda _: rig.http.get(PATH).status_code, range(24)))
    assert set(said) == {503}
    assert rig.envoy.stat("cluster.attempts.upstream_rq_retry") > 0
    assert rig.envoy.stat("cluster.attempts.upstream_rq_retry_overflow") > 0
