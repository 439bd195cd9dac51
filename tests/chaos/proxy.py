"""A way to one service that loses an answer: the service has answered, and nobody hears it.

Asked to, it calls `on_answer` when the next 2xx to a request of a kind arrives, and
passes it to nobody. Its clients send one request at a time, so the last one is the one answered.
"""

import asyncio
from collections.abc import Awaitable, Callable

from chaos.passage import Passage

_CHUNK = 64 * 1024

OnAnswer = Callable[[], Awaitable[None]]


class LossyProxy(Passage):
    """Passes bytes both ways until it is armed."""

    def __init__(self, upstream_port: int) -> None:
        super().__init__(upstream_port)
        self._on_answer: OnAnswer | None = None
        self._wanted = b""
        self._is_lost = asyncio.Event()

    async def lose_one(self, path: str, on_answer: OnAnswer) -> None:
        """Return when an answer to a request below `path` was lost and `on_answer` is done."""
        self._is_lost.clear()
        self._wanted = f"POST {path}".encode()
        self._on_answer = on_answer
        await self._is_lost.wait()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        request = _Request()
        ways = {
            asyncio.create_task(request.passes(reader, up_writer)),
            asyncio.create_task(self._answers(request, up_reader, writer)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            up_writer.close()

    async def _answers(
        self, request: "_Request", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(_CHUNK):
            is_good = data.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201"))
            is_wanted = is_good and request.line.startswith(self._wanted)
            if is_wanted and (on_answer := self._on_answer) is not None:
                self._on_answer = None
                await on_answer()
                self._is_lost.set()
                return
            writer.write(data)
            await writer.drain()


class _Request:
    """What a client sent last."""

    line = b""

    async def passes(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            if data.startswith((b"POST ", b"GET ")):
                self.line = data[: data.find(b"\r\n")]
            writer.write(data)
            await writer.drain()
