"""Sockets that listen: they cost a client little, and every frame is seen with the time it came.

As much of RFC 6455 as a listener needs: the handshake, frames of a server, pongs for its pings.
"""

import asyncio
import base64
import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import cast

from load.client import clock

_ACCEPTED = b"HTTP/1.1 101"
_END_OF_HEAD = b"\r\n\r\n"
_TEXT, _CLOSE, _PING, _PONG = 0x81, 0x88, 0x89, 0x8A
_NO_MASK = b"\0\0\0\0"
_SHORT, _LONG = 126, 127
_WENT = 1006
_TRIES = 20
_AGAIN_SECONDS = 1.0

Hear = Callable[[bytes, float], None]
"""A frame's text, and when it came."""


class Refused(Exception):
    """A socket was not let in."""


class Listener(asyncio.Protocol):
    """One socket; `hear` gets each text frame, the first one included."""

    def __init__(self, request: bytes, hear: Hear) -> None:
        self._request = request
        self._hear = hear
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._is_open = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done with the first frame."""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the connection is gone."""
        self.is_lost = False
        self.close_code: int | None = None
        """What the server closed with; 1006 when it just went."""
        self._is_ours = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = clock()
        self._buffer += data
        if not self._is_open:
            end = self._buffer.find(_END_OF_HEAD)
            if end < 0:
                return
            if not self._buffer.startswith(_ACCEPTED):
                self._fail(bytes(self._buffer[:end]).decode("latin-1"))
                return
            self._is_open = True
            del self._buffer[: end + len(_END_OF_HEAD)]
        self._take(now)

    def connection_lost(self, _: Exception | None) -> None:
        self.is_lost = True
        if self.close_code is None and self._is_open and not self._is_ours:
            self.close_code = _WENT
        self._fail("lost")
        if not self.ended.done():
            self.ended.set_result(None)

    def say(self, text: bytes) -> None:
        """Send a text frame of up to 125 bytes."""
        if self._transport is not None:
            self._transport.write(bytes((_TEXT, 0x80 | len(text))) + _NO_MASK + text)

    def close(self) -> None:
        self._is_ours = True
        if self._transport is not None:
            self._transport.abort()

    def _take(self, now: float) -> None:
        at, buffer = 0, self._buffer
        while (found := _frame(buffer, at)) is not None:
            first, end = found
            if buffer[at] == _TEXT:
                self._hear(bytes(buffer[first:end]), now)
                if not self.opened.done():
                    self.opened.set_result(None)
            elif buffer[at] == _PING:
                self._answer(bytes(buffer[first:end]))
            elif buffer[at] == _CLOSE:
                self.close_code = int.from_bytes(buffer[first : first + 2], "big") or _WENT
                self._fail(f"closed: {bytes(buffer[first:end])!r}")
                self._hang_up(bytes(buffer[first:end]))
            at = end
        if at:
            del buffer[:at]

    def _answer(self, payload: bytes) -> None:
        if self._transport is not None:
            self._transport.write(bytes((_PONG, 0x80 | len(payload))) + _NO_MASK + payload)

    def _hang_up(self, payload: bytes) -> None:
        """Say goodbye as we were told to, and go."""
        if self._transport is not None:
            self._transport.write(bytes((_CLOSE, 0x80 | len(payload))) + _NO_MASK + payload)
            self._transport.close()

    def _fail(self, why: str) -> None:
        if not self.opened.done():
            self.opened.set_exception(Refused(why))
            self.opened.exception()  # nobody may wait for it any more


def _frame(buffer: bytearray, at: int) -> tuple[int, int] | None:
    """Return where a frame's payload begins and ends; None when it is not all here."""
    if len(buffer) < at + 2:
        return None
    length, first = buffer[at + 1], at + 2
    if length >= _SHORT:
        first += 2 if length < _LONG else 8
        if len(buffer) < first:
            return None
        length = int.from_bytes(buffer[at + 2 : first], "big")
    end = first + length
    return (first, end) if len(buffer) >= end else None


def handshake(path: str, token: str) -> bytes:
    """Return a request for a socket that speaks `oep.v1`; `path` may have a query."""
    key = base64.b64encode(os.urandom(16)).decode()
    joint = "&" if "?" in path else "?"
    lines = [
        f"GET /api/v1/ws/{path}{joint}token={token} HTTP/1.1",
        "host: oep",
        "upgrade: websocket",
        "connection: Upgrade",
        f"sec-websocket-key: {key}",
        "sec-websocket-version: 13",
        "sec-websocket-protocol: oep.v1",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def open_all(
    port: int, wanted: Sequence[tuple[bytes, Hear]], *, at_once: int = 100
) -> list[Listener]:
    """Open sockets and wait for the first frame of each; who is refused comes again.

    Raises `Refused` for who was refused every time.
    """
    gate = asyncio.Semaphore(at_once)

    async def one(request: bytes, hear: Hear) -> Listener:
        async with gate:
            for _ in range(_TRIES - 1):
                with contextlib.suppress(Refused):
                    return await opened(port, request, hear)
                await asyncio.sleep(_AGAIN_SECONDS)
            return await opened(port, request, hear)

    return await asyncio.gather(*(one(request, hear) for request, hear in wanted))


async def opened(port: int, request: bytes, hear: Hear) -> Listener:
    """Open one socket and wait for its first frame. Raises `Refused`, `OSError`."""
    listener = Listener(request, hear)
    await asyncio.get_running_loop().create_connection(lambda: listener, "127.0.0.1", port)
    try:
        await listener.opened
    except asyncio.CancelledError:
        listener.close()
        raise
    return listener


@contextlib.contextmanager
def closing(listeners: Sequence[Listener]) -> Iterator[None]:
    """Close open sockets in the end."""
    try:
        yield
    finally:
        for listener in listeners:
            listener.close()
