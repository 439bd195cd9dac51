"""What the slow ones of `slowloris` promise whoever holds them."""

import asyncio

from abuse import slowloris
from abuse.slowloris import Kind


async def test_readers_leave_when_they_are_let_go_although_something_comes_just_then(monkeypatch):
    monkeypatch.setattr(slowloris, "_PIECE_SECONDS", 0.002)

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(b"x" * 64)
            await asyncio.sleep(0.001)

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    async with server, asyncio.timeout(20):
        for _ in range(10):
            async with slowloris.hold(address, 60, Kind.READER) as held:
                await asyncio.sleep(0.05)
            assert all(task.done() for task in held.tasks)
