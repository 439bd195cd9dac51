"""Sockets to which anything is said: a live node closes them by the book, or answers, and goes on.

Each case is a socket of its own, straight at a node and let in with a real token. What it says is
made by hypothesis (`frames.lines`) or is a bomb. In the end of each, whoever sits beside it, on the
same node and on his own line, must still be answered, and no log may tell of a failure of ours.
"""

import asyncio
import base64
import contextlib
import os
import struct
from collections.abc import AsyncIterator

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from realtime.rfc6455 import Close, Reader
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from abuse import frames
from abuse.scene import Scene
from abuse.smuggling import lines_of
from abuse.tally import Tally

DOCUMENTED = {1000, 1002, 1007, 1009, 4000, 4008, 4013, 4029, 4500, 4501, 4503, 4504, 4509}
"""Close codes of RFC 6455 and of contract §7.1; 1011 is a failure of ours."""
_CLOSE, _PING = 0x8, 0x9
_PATH = "/api/v1/ws/attempts/{attempt_id}?token={token}"
_SECONDS = 10.0
_SEAT_TRIES = 20
_LIMIT_BYTES = 64 * 1024
_NODES = ("realtime", "realtime#2")


class Mouth:
    """One socket that says bytes and hears frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def say(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self._writer.write(data)
            async with asyncio.timeout(_SECONDS):
                await self._writer.drain()

    async def outcome(self) -> str:
        """Say a last ping; return the close code, `answered` or `cut`."""
        await self.say(frames.raw(_PING, b"there?"))
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._last_word()
        except (asyncio.IncompleteReadError, ConnectionError):
            return "cut"
        except TimeoutError:
            return "silence"

    async def _last_word(self) -> str:
        while True:
            opcode, payload = await self._frame()
            if opcode == _CLOSE:
                return str(struct.unpack("!H", payload[:2])[0]) if payload else "no code"
            if payload == b"there?":
                return "answered"

    async def _frame(self) -> tuple[int, bytes]:
        first, length = await self._reader.readexactly(2)
        if length == 126:
            [length] = struct.unpack("!H", await self._reader.readexactly(2))
        elif length == 127:
            [length] = struct.unpack("!Q", await self._reader.readexactly(8))
        return first & 0x0F, await self._reader.readexactly(length)

    def leave(self) -> None:
        self._writer.transport.abort()


@contextlib.asynccontextmanager
async def opened(base: str, attempt_id: int, token: str) -> AsyncIterator[Mouth]:
    """Shake hands by hand. Raises `ConnectionRefusedError` for whoever is not let in."""
    host, port = base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    path = _PATH.format(attempt_id=attempt_id, token=token)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: oep.v1\r\n\r\n".encode()
    )
    mouth = Mouth(reader, writer)
    try:
        async with asyncio.timeout(_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise ConnectionRefusedError(head.decode())
        yield mouth
    finally:
        mouth.leave()


async def try_all(scene: Scene, tally: Tally, examples: int) -> None:
    """Say `examples` lines that are made up, and every bomb; each beside somebody who stays."""
    attempt_id, token = scene.attempt(), str(scene.actors["student owner"].token)
    base = scene.platform.service_url("realtime")
    before = {node: len(scene.platform.log(node)) for node in _NODES}
    url = base.replace("http", "ws", 1) + _PATH.format(attempt_id=attempt_id, token=token)
    async with _seated(url) as neighbour:
        for name, bomb in frames.BOMBS.items():
            answer = await _said(base, attempt_id, token, [bomb])
            tally.saw(name, answer, _wrong(answer, [bomb]) or await _is_deaf(neighbour))
        for line in await asyncio.to_thread(_made_up, tally.seed, examples):
            answer = await _said(base, attempt_id, token, line)
            shown = b" | ".join(line)[:300]
            tally.saw(f"{shown!r}", answer, _wrong(answer, line) or await _is_deaf(neighbour))
    for node, size in before.items():
        _look_for_failures(node, scene.platform.log(node)[size:], tally)


@contextlib.asynccontextmanager
async def _seated(url: str) -> AsyncIterator[ClientConnection]:
    """Sit beside the others, once let in: a node that is short of time says to come back (4013)."""
    neighbour = await connect(url, proxy=None, subprotocols=[Subprotocol("oep.v1")])
    for _ in range(_SEAT_TRIES):
        with contextlib.suppress(ConnectionClosed):
            await neighbour.recv()
            break
        neighbour = await connect(url, proxy=None, subprotocols=[Subprotocol("oep.v1")])
    hearing = asyncio.create_task(_hear(neighbour))
    try:
        yield neighbour
    finally:
        hearing.cancel()
        await neighbour.close()


async def _hear(neighbour: ClientConnection) -> None:
    """Take what is said, so that pongs are not held up behind it."""
    async for _ in neighbour:
        pass


async def _said(base: str, attempt_id: int, token: str, line: list[bytes]) -> str:
    async with opened(base, attempt_id, token) as mouth:
        for piece in line:
            await mouth.say(piece)
        return await mouth.outcome()


def _made_up(seed: int, examples: int) -> list[list[bytes]]:
    """Return what hypothesis makes of a seed; it is said afterwards, on the caller's own loop."""
    found: list[list[bytes]] = []

    @seeded(seed)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(frames.lines())
    def make(line: list[bytes]) -> None:
        found.append(line)

    make()
    return found


def _wrong(answer: str, line: list[bytes]) -> str:
    """Say what is wrong with how a socket ended; a client's own code comes back as it was.

    Who has said close and goes on, if only with our last ping, may be cut: TCP throws the answer
    away when something comes to an end that is closed.
    """
    if answer in {"answered", "no code"} or (answer == "cut" and _closes(line)):
        return ""
    if not answer.isdigit():
        return "neither a close code nor an answer"
    code = int(answer)
    is_echo = any(
        event == Close(code, event.reason)
        for event in Reader(_LIMIT_BYTES).feed(b"".join(line))
        if isinstance(event, Close)
    )
    return "" if code in DOCUMENTED or is_echo else "no close code that is documented"


def _closes(line: list[bytes]) -> bool:
    events = Reader(_LIMIT_BYTES).feed(b"".join(line))
    return any(isinstance(event, Close) for event in events)


async def _is_deaf(neighbour: ClientConnection) -> str:
    try:
        async with asyncio.timeout(_SECONDS):
            await (await neighbour.ping())
    except Exception as failure:  # noqa: BLE001  # whatever it is, the neighbour is not served
        return f"the neighbour is not answered: {failure!r}"
    return ""


def _look_for_failures(node: str, log: str, tally: Tally) -> None:
    if "Traceback" in log:
        tally.violations.append(
            f"{node} has logged a trace: {log[log.index('Traceback') :][:2_000]}"
        )
    for line in lines_of(log):
        if line.get("level") in {"error", "critical"}:
            tally.violations.append(f"{node} has logged {line}")
