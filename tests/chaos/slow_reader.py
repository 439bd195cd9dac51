"""A student's socket that reads 1 KiB a second and lives: it says so once a second.

It speaks WebSocket by hand on a plain socket with a small buffer: a library would read as fast as
it can, and the system would keep megabytes for it.
"""

import asyncio
import base64
import contextlib
import os
import socket
import struct
import time

BYTES_PER_SECOND = 1_024
_BUFFER_BYTES = 4_096
_SEGMENT_BYTES = 1_400
"""As on a network. One of loopback has 64 KiB, and the system then keeps 2.6 MB for a peer."""
_TURN_SECONDS = 0.25
_PONG = bytes([0x8A, 0x80]) + bytes(4)  # unasked, empty, masked with zeros
_CLOSE = 0x88
_SHAKE_SECONDS = 10.0


class SlowReader:
    """One socket; `run` is its life, until the server has ended it."""

    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self._path = path
        self.began = asyncio.Event()
        self.read_bytes = 0
        self.ended_at: float | None = None
        self._tail = b""

    @property
    def close_code(self) -> int | None:
        """The code of the close frame, if it was the last thing that was read."""
        at = self._tail.rfind(bytes([_CLOSE]))
        rest = self._tail[at:] if at >= 0 else b""
        if len(rest) < 4 or len(rest) != 2 + rest[1]:
            return None
        return int(struct.unpack("!H", rest[2:4])[0])

    async def run(self) -> None:
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT_BYTES)
        line.setblocking(False)
        try:
            with contextlib.suppress(OSError):
                await self._live(line)
        finally:
            self.ended_at = time.monotonic()
            line.close()

    async def _live(self, line: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(line, ("127.0.0.1", self._port))
        await loop.sock_sendall(line, self._handshake())
        async with asyncio.timeout(_SHAKE_SECONDS):
            if not (await loop.sock_recv(line, 12)).startswith(b"HTTP/1.1 101"):
                raise ConnectionRefusedError
        self.began.set()
        pong_at = 0.0
        while True:
            data = await loop.sock_recv(line, int(BYTES_PER_SECOND * _TURN_SECONDS))
            if not data:
                return
            self.read_bytes += len(data)
            self._tail = (self._tail + data)[-128:]
            if time.monotonic() >= pong_at:
                pong_at = time.monotonic() + 1
                await loop.sock_sendall(line, _PONG)
            await asyncio.sleep(_TURN_SECONDS)

    def _handshake(self) -> bytes:
        key = base64.b64encode(os.urandom(16)).decode()
        return (
            f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: oep.v1\r\n\r\n"
        ).encode()
