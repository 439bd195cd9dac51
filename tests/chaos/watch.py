"""Who looks on during a run: somebody who must get nothing, and somebody who asks for health."""

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from load import client
from load.client import LOST, Answer

from chaos.ledger import Ledger
from chaos.student import EVENT

_PROBE_SECONDS = 1.0
_LOOK_SECONDS = 0.25
_PATIENCE_SECONDS = 5.0


class Probe:
    """Tries, all the time, what nobody may: a 2xx to it is counted (O6)."""

    def __init__(self, port: int, foreign_token: str, attempt_id: int, ledger: Ledger) -> None:
        self._port = port
        self._ledger = ledger
        self._attempt_id = attempt_id
        self._foreign = foreign_token
        head, _, signature = foreign_token.rpartition(".")
        self._forged = f"{head}.{signature[::-1]}"

    async def run(self) -> None:
        while True:
            for request in self._requests():
                if (await ask(self._port, request)).is_good:
                    self._ledger.unauthorised += 1
            await asyncio.sleep(_PROBE_SECONDS)

    def _requests(self) -> Sequence[bytes]:
        event = {
            "attempt_id": self._attempt_id,
            "event_type": "window_focus",
            "event_id": str(uuid.uuid4()),
        }
        body = json.dumps(event).encode()
        reads = f"/api/v1/proctoring/attempt/{self._attempt_id}/events"
        return [
            client.with_body(client.request_head("POST", EVENT), body),
            client.with_body(client.request_head("POST", EVENT, self._forged), body),
            client.with_body(client.request_head("POST", EVENT, self._foreign), body),
            client.with_body(client.request_head("GET", reads, self._foreign), b""),
        ]


@dataclass
class Pulse:
    """What a service answered about its life, and how many threads it had."""

    slowest_seconds: float = 0.0
    missed: int = 0
    asked: int = 0
    most_threads: int = 0
    refused_slowly: int = 0
    """Requests without a token that were not refused within a second: no storage is needed."""
    _without_token: bytes = field(
        default=client.with_body(client.request_head("POST", EVENT), b"{}"), repr=False
    )

    async def look(self, port: int, pid: int) -> None:
        alive = client.with_body(client.request_head("GET", "/health/live"), b"")
        answer = await ask(port, alive)
        self.asked += 1
        self.missed += not answer.is_good
        self.slowest_seconds = max(self.slowest_seconds, answer.seconds)
        refusal = await ask(port, self._without_token)
        self.refused_slowly += refusal.status != 401 or refusal.seconds > 1
        self.most_threads = max(self.most_threads, threads(pid))


@contextlib.asynccontextmanager
async def felt(ports: Sequence[int], pids: Callable[[], Sequence[int]]) -> AsyncIterator[Pulse]:
    """Feel the pulse of all replicas while the block runs."""
    pulse = Pulse()

    async def look_on() -> None:
        while True:
            await asyncio.gather(*(pulse.look(*one) for one in zip(ports, pids(), strict=True)))
            await asyncio.sleep(_LOOK_SECONDS)

    task = asyncio.create_task(look_on())
    try:
        yield pulse
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def ask(port: int, request: bytes) -> Answer:
    """Send one request on a connection of its own."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            line = await client.connect(port)
            try:
                return await line.answer(request)
            finally:
                line.close()
    except (OSError, TimeoutError):
        return Answer(LOST, b"", b"", time.monotonic() - began)


def threads(pid: int) -> int:
    """Return how many threads a process has; 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return 0
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Threads:"))
