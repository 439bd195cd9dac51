"""A way to one service that loses an answer: the service has answered, and nobody hears it.

Asked to, it calls `on_answer` when the next 2xx arrives from the service, and passes it to nobody.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

_CHUNK = 64 * 1024

OnAnswer = Callable[[], Awaitable[None]]


class LossyProxy:
    """Passes bytes both ways until it is armed."""

    def __init__(self, upstream_port: int) -> None:
        self.port = 0
        self._upstream_port = upstream_port
        self._on_answer: OnAnswer | None = None
        self._is_lost = asyncio.Event()
        self._serving: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["LossyProxy"]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)

    async def lose_one(self, on_answer: OnAnswer) -> None:
        """Return when an answer was lost and `on_answer` is done."""
        self._is_lost.clear()
        self._on_answer = on_answer
        await self._is_lost.wait()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # a handler is one
        self._serving.add(task)
        try:
            with contextlib.suppress(OSError):
                await self._connect(reader, writer)
        finally:
            self._serving.discard(task)
            writer.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        ways = {
            asyncio.create_task(_pass(reader, up_writer)),
            asyncio.create_task(self._answers(up_reader, writer)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            up_writer.close()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            is_good = data.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201"))
            if is_good and (on_answer := self._on_answer) is not None:
                self._on_answer = None
                await on_answer()
                self._is_lost.set()
                return
            writer.write(data)
            await writer.drain()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
