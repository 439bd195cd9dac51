"""Connections that take their time: heads, bodies and handshakes byte by byte, and slow readers.

`hold` keeps some of one kind open for a block. What must hold: the gateway ends each when its time
is over (deploy/gateway/README.md, limits), and meanwhile everybody else is served as before.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum

import httpx
from load.figures import percentile

from abuse.tally import Tally

_PIECE_SECONDS = 1.0
_READ_BYTES = 256
_BUFFER_BYTES = 4_096
_GRACE_SECONDS = 10.0
_CALM_SECONDS = 5.0
_MOST_TIMES_SLOWER = 2.0
_OTHERS = 4
_OTHERS_PATH = "/api/v1/attempts/receipt-keys"
_BIG_PATH = "/openapi.json"


class Kind(StrEnum):
    """What is slow; the value is what it is called."""

    HEAD = "slow head"
    BODY = "slow body"
    HANDSHAKE = "slow handshake"
    READER = "slow reader"


_STARTS = {
    Kind.HEAD: b"GET /api/v1/attempts/1 HTTP/1.1\r\nHost: x\r\n",
    Kind.BODY: (
        b"POST /api/v1/attempts/1/submit HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n"
    ),
    Kind.HANDSHAKE: (
        b"GET /api/v1/ws/attempts/1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    ),
    Kind.READER: f"GET {_BIG_PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 20,
}
_PIECES = {Kind.HEAD: b"X-A: b\r\n", Kind.BODY: b"x", Kind.HANDSHAKE: b"X-A: b\r\n"}
_ENDED_WITHIN = {Kind.HEAD: 10.0, Kind.HANDSHAKE: 10.0, Kind.BODY: 120.0, Kind.READER: 120.0}
"""Seconds, as the gateway's limits say: `head_seconds` and `request_seconds`."""


@dataclass
class Line:
    """One connection: when it ended and what it was told."""

    ended_after: float | None = None
    status: str = ""


@dataclass
class Held:
    """Those that are held; `lines` tells of each what has become of it so far."""

    kind: Kind
    lines: list[Line]
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    """Each ends with its line."""


@contextlib.asynccontextmanager
async def hold(address: tuple[str, int], count: int, kind: Kind = Kind.HEAD) -> AsyncIterator[Held]:
    """Keep `count` connections of one kind open for the block, as long as they are let."""
    held = Held(kind, [Line() for _ in range(count)])
    begun = asyncio.Semaphore(0)
    held.tasks = [asyncio.create_task(_live(address, kind, line, begun)) for line in held.lines]
    try:
        for _ in range(count):
            await begun.acquire()
        yield held
    finally:
        for task in held.tasks:
            task.cancel()
        await asyncio.gather(*held.tasks, return_exceptions=True)


async def _live(address: tuple[str, int], kind: Kind, line: Line, begun: asyncio.Semaphore) -> None:
    began, loop = time.monotonic(), asyncio.get_running_loop()
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
    raw.setblocking(False)
    try:
        await loop.sock_connect(raw, address)
        await loop.sock_sendall(raw, _STARTS[kind])
        begun.release()
        with contextlib.suppress(OSError):
            await _dawdle(raw, kind, line)
        line.ended_after = time.monotonic() - began
    finally:
        raw.close()
        begun.release()


async def _dawdle(raw: socket.socket, kind: Kind, line: Line) -> None:
    """Say a little, hear a little, until the other side has ended it."""
    loop = asyncio.get_running_loop()
    said = b""
    while True:
        if kind in _PIECES:
            await loop.sock_sendall(raw, _PIECES[kind])
        else:
            await asyncio.sleep(_PIECE_SECONDS)
        with contextlib.suppress(TimeoutError):
            # Not `wait_for`: it may keep a cancellation to itself when something came just then.
            async with asyncio.timeout(_PIECE_SECONDS):
                heard = await loop.sock_recv(raw, _READ_BYTES)
            said = said or heard
            line.status = said[9:12].decode(errors="replace")
            if not heard:
                return


async def others_ms(url: str, seconds: float) -> list[float]:
    """Ask a service again and again by the gateway, a few at a time; return how long each took.

    Raises `httpx.HTTPStatusError` when somebody is not served.
    """
    taken: list[float] = []
    end = time.monotonic() + seconds

    async def ask(http: httpx.AsyncClient) -> None:
        while time.monotonic() < end:
            began = time.perf_counter()
            (await http.get(url + _OTHERS_PATH)).raise_for_status()
            taken.append((time.perf_counter() - began) * 1_000)

    async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
        await asyncio.gather(*(ask(http) for _ in range(_OTHERS)))
    return taken


async def try_all(
    url: str, tally: Tally, count: int, *, seconds: float = _CALM_SECONDS, is_judged: bool = True
) -> None:
    """Hold `count` of each kind in turn and ask beside them; `url` is the gateway's.

    With `is_judged` others may not be more than twice as slow, and the lines are waited for until
    their time is over. Without, others must be served, and that is all.
    """
    host, port = url.removeprefix("http://").split(":")
    address = host, int(port)
    for kind in Kind:
        calm = percentile(await others_ms(url, seconds), 99)
        async with hold(address, count, kind) as held:
            beside = percentile(await others_ms(url, seconds), 99)
            if is_judged and kind is not Kind.READER:
                await _ended(held)
        name = kind.value.replace(" ", "_")
        tally.figures |= {f"{name}_calm_p99_ms": calm, f"{name}_p99_ms": beside}
        for line in held.lines:
            tally.saw(kind.value, line.status or "held", _wrong(line, kind) if is_judged else "")
        if is_judged and beside > _MOST_TIMES_SLOWER * calm:
            tally.violations.append(f"{kind.value}: others' p99 {calm:.1f} -> {beside:.1f} ms")


async def _ended(held: Held) -> None:
    """Wait until all are ended, for as long as the gateway says, and a little."""
    await asyncio.wait(held.tasks, timeout=_ENDED_WITHIN[held.kind] + _GRACE_SECONDS)


def _wrong(line: Line, kind: Kind) -> str:
    if kind is Kind.READER:
        return ""  # who reads slowly is waited for; others are not to feel it
    if line.ended_after is None:
        return "still open when its time was over"
    return "" if line.status == "408" else "wanted: 408"
