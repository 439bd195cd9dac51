"""A changed table of routes and other addresses are live while a thousand sockets stay open."""

import asyncio
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
    async with Realtime() as realtime:
        live = f"--live={tmp_path / 'live'}"
        given = ["--limit=account-burst=9", live, f"--upstream=realtime=127.0.0.1:{realtime.port}"]
        rig = own_rig(*given)
        async with asyncio.timeout(SECONDS):
            clients = [Client() for _ in range(SOCKETS)]
            for some in range(0, SOCKETS, 100):
                await asyncio.gather(*(c.open(rig.envoy.port) for c in clients[some : some + 100]))
            assert all(await asyncio.gather(*(c.answers(b"before") for c in clients)))
            assert rig.http.get("/app/").json()["upstream"] == "web"

            # No pages any more, another replica of attempts, other limits of realtime.
            ports = {name: [each.port for each in stubs] for name, stubs in rig.stubs.items()}
            ports["attempts"] = ports.pop("web")
            changed = [*given, "--upstream=web=", "--limit=upstream-sockets=5000"]
            regenerate(ports, *changed)

            def is_live():
                return (
                    rig.http.get("/app/").status_code == 404
                    and rig.http.get("/api/v1/attempts/1").json()["upstream"] == "web"
                )

            await asyncio.to_thread(wait_until, is_live, "the new routes and addresses are live")
            assert all(await asyncio.gather(*(c.answers(b"after") for c in clients)))
            late = await Client().open(rig.envoy.port)
            assert await late.answers(b"late")
        stat = "http.public.downstream_cx_upgrades_active"
        assert rig.envoy.stat(stat) == SOCKETS + 1
        assert rig.envoy.stat("listener_manager.listener_modified") == 0
        for each in (*clients, late):
            each.close()
