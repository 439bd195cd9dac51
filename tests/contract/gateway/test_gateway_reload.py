"""A changed table of routes and other addresses are live while a thousand sockets stay open."""

import asyncio
import contextlib
import resource
from typing import Self

import pytest

SOCKETS = 1_000
HEAD = (
    "GET /api/v1/ws/attempts/1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
SECONDS = 30


class Realtime:
    """Stands for realtime: accepts sockets and says everything back, without reading frames."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0, backlog=SOCKETS)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET /health/ready"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            writer.write(ACCEPTED)
            while said := await reader.read(64):
                writer.write(said)
        writer.close()


class Client:
    """One socket through the gateway."""

    async def open(self, port: int) -> "Client":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._writer.write(HEAD.encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        return self

    async def answers(self, word: bytes) -> bool:
        self._writer.write(word)
        return await self._reader.readexactly(len(word)) == word

    def close(self) -> None:
        self._writer.transport.abort()


@pytest.fixture
def enough_files():
    """Both ends of each socket are ours, and both of the gateway's are its own."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert before[1] > 3 * SOCKETS, "ulimit -Hn"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], 3 * SOCKETS), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_a_reload_closes_no_socket(own_rig, regenerate, enough_files, wait_until, tmp_path):
    live = f"--live={tmp_path / 'live'}"
    async with Realtime() as realtime, contextlib.AsyncExitStack() as at_the_end:
        given = ["--limit=account-burst=9", live, f"--upstream=realtime=127.0.0.1:{realtime.port}"]
        rig = own_rig(*given)

        async def opened() -> Client:
            client = await Client().open(rig.envoy.port)
            at_the_end.callback(client.close)
            return client

        await at_the_end.enter_async_context(asyncio.timeout(SECONDS))
        clients: list[Client] = []
        while len(clients) < SOCKETS:
            clients += await asyncio.gather(*(opened() for _ in range(100)))
        assert all(await asyncio.gather(*(each.answers(b"before") for each in clients)))
        assert rig.http.get("/app/").json()["upstream"] == "web"

        # No pages any more, another replica of attempts, another limit of realtime.
        ports = {name: [each.port for each in stubs] for name, stubs in rig.stubs.items()}
        ports["attempts"] = ports.pop("web")
        regenerate(ports, *given, "--upstream=web=", "--limit=upstream-sockets=5000")

        def is_live() -> bool:
            pages, attempts = (rig.http.get(path) for path in ("/app/", "/api/v1/attempts/1"))
            return pages.status_code == 404 and attempts.json()["upstream"] == "web"

        await asyncio.to_thread(wait_until, is_live, "the new routes and addresses are live")
        assert all(await asyncio.gather(*(each.answers(b"after") for each in clients)))
        assert await (await opened()).answers(b"late")
        assert rig.envoy.stat("http.public.downstream_cx_upgrades_active") == SOCKETS + 1
        assert rig.envoy.stat("listener_manager.listener_modified") == 0
