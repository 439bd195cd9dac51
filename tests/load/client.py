"""A load client that costs little: raw connections, requests as bytes, every latency kept.

Closed loop: each sender has one connection and sends its next request when the answer to the last
one is there. Open loop: requests are due at fixed times whatever the server does, and a latency
counts from the time a request was due, so a stalled server cannot hide behind a waiting client.
"""

import asyncio
import re
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, cast

clock = time.perf_counter

LOST = 0
"""The status of a request whose connection ended before its answer."""

_NOT_NOW = {429, 503}
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_RETRY_AFTER = re.compile(rb"\r\nretry-after: *(\d+)", re.IGNORECASE)
_END_OF_HEAD = b"\r\n\r\n"


class Answer(NamedTuple):
    """What came back; `seconds` since the request was due."""

    status: int
    head: bytes
    body: bytes
    seconds: float

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def retry_after_seconds(self) -> float | None:
        """When the server wants to be asked again; None when it does not say."""
        found = _RETRY_AFTER.search(self.head)
        return float(found[1]) if found else None


Then = Callable[[Answer], None]


class Line(asyncio.Protocol):
    """One keep-alive connection: a request at a time, the others wait in their order."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._then: Then | None = None
        self._due = 0.0
        self._waiting: deque[tuple[bytes, Then, float]] = deque()
        self._buffer = b""
        self.is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def ask(self, request: bytes, then: Then, due: float | None = None) -> None:
        """Send `request` when the line is free; `then` gets the answer, or one that is `LOST`."""
        due = clock() if due is None else due
        if self.is_lost:
            then(Answer(LOST, b"", b"", clock() - due))
        elif self._then is None:
            self._send(request, then, due)
        else:
            self._waiting.append((request, then, due))

    async def answer(self, request: bytes, due: float | None = None) -> Answer:
        """Send `request` and wait for its answer."""
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def take(answer: Answer) -> None:
            if not done.cancelled():
                done.set_result(answer)

        self.ask(request, take, due)
        return await done

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _send(self, request: bytes, then: Then, due: float) -> None:
        assert self._transport is not None
        self._then, self._due = then, due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data if self._buffer else data
        end = data.find(_END_OF_HEAD)
        found = _LENGTH.search(data, 0, end + 2) if end >= 0 else None
        whole = end + 4 + (int(found[1]) if found else 0)
        if end < 0 or len(data) < whole:
            self._buffer = data
            return
        self._buffer = b""
        answer = Answer(int(data[9:12]), data[:end], data[end + 4 : whole], clock() - self._due)
        then, self._then = self._then, None
        if self._waiting:
            self._send(*self._waiting.popleft())
        if then is not None:
            then(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        pending = [(self._then, self._due)] if self._then else []
        pending += [(then, due) for _, then, due in self._waiting]
        self._then = None
        self._waiting.clear()
        for then, due in pending:
            then(Answer(LOST, b"", b"", clock() - due))


async def connect(port: int, host: str = "127.0.0.1") -> Line:
    """Open one connection."""
    _, line = await asyncio.get_running_loop().create_connection(Line, host, port)
    return line


@dataclass
class Run:
    """What a client saw: a latency in seconds for every answer, and how many had which status."""

    latencies: "array[float]" = field(default_factory=lambda: array("d"))
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0

    def note(self, answer: Answer) -> None:
        self.latencies.append(answer.seconds)
        self.statuses[answer.status] += 1

    def add(self, other: "Run") -> None:
        """Take another run's answers in, as if both had been one."""
        self.latencies.extend(other.latencies)
        self.statuses.update(other.statuses)
        self.seconds += other.seconds

    @property
    def count(self) -> int:
        return len(self.latencies)

    @property
    def good_count(self) -> int:
        return sum(n for status, n in self.statuses.items() if 200 <= status < 300)

    @property
    def failures(self) -> dict[int, int]:
        """How many answers were not 2xx, by status."""
        return {s: n for s, n in self.statuses.items() if not 200 <= s < 300}


@dataclass
class Insistence:
    """What became of requests that come back when they are told to."""

    run: Run = field(default_factory=Run)
    """Every answer that ended one: taken, or refused for good."""
    waited: "array[float]" = field(default_factory=lambda: array("d"))
    """Seconds from when one was due until it was taken, all its waiting included."""
    come_backs: int = 0
    """503 and 429 with Retry-After, which were honoured."""

    @property
    def errors(self) -> dict[int, int]:
        """How many were never taken, by their last status."""
        return self.run.failures


async def insist(line: Line, request: bytes, told: Insistence, due: float | None = None) -> Answer:
    """Ask, and again whenever the answer says when; return the last answer."""
    began = clock() if due is None else due
    answer = await line.answer(request, due)
    while answer.status in _NOT_NOW and answer.retry_after_seconds is not None:
        told.come_backs += 1
        await asyncio.sleep(answer.retry_after_seconds)
        answer = await line.answer(request)
    told.run.note(answer)
    if answer.is_good:
        told.waited.append(clock() - began)
    return answer


class Sender(Protocol):
    """Who sits at one connection of a closed loop."""

    def next(self) -> bytes | None:
        """Return the next request; None when there is no more to send."""
        ...

    def took(self, answer: Answer) -> None:
        """Take the answer to the last one."""
        ...


async def closed_loop(port: int, senders: Sequence[Sender], seconds: float = float("inf")) -> Run:
    """Let all senders send until they have no more or the time is over; every answer is awaited."""
    run = Run()
    lines = [await connect(port) for _ in senders]
    began = clock()
    pairs = zip(lines, senders, strict=True)
    await asyncio.gather(*(_drive(line, who, run, began + seconds) for line, who in pairs))
    run.seconds = clock() - began
    for line in lines:
        line.close()
    return run


def _drive(line: Line, sender: Sender, run: Run, until: float) -> asyncio.Future[None]:
    """Keep one connection busy by call-backs: a task that wakes for each answer costs more."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def go_on() -> None:
        request = sender.next() if clock() < until and not line.is_lost else None
        if request is None:
            done.set_result(None)
        else:
            line.ask(request, take)

    def take(answer: Answer) -> None:
        run.note(answer)
        sender.took(answer)
        go_on()

    go_on()
    return done


class Due(NamedTuple):
    """One request of an open loop: when it is due, counted from the start, and on which line."""

    at_seconds: float
    line: Line
    request: bytes
    took: Then


async def open_loop(plan: Iterable[Due]) -> None:
    """Send each request when it is due (`plan` is in that order); wait until all are answered."""
    began, under_way = clock(), UnderWay()
    for due in plan:
        at = began + due.at_seconds
        pause = at - clock()
        if pause > 0:
            await asyncio.sleep(pause)
        due.line.ask(due.request, under_way.also(due.took), at)
    await under_way.none_left()


class UnderWay:
    """How many requests are not answered yet."""

    def __init__(self) -> None:
        self._count = 0
        self._none_left: asyncio.Future[None] | None = None

    def also(self, took: Then) -> Then:
        """Return what counts one request and its answer, and hands the answer to `took`."""
        self._count += 1

        def take(answer: Answer) -> None:
            self._count -= 1
            took(answer)
            if not self._count and self._none_left is not None:
                self._none_left.set_result(None)

        return take

    async def none_left(self) -> None:
        """Wait until everything is answered; nothing more may be asked."""
        if self._count:
            self._none_left = asyncio.get_running_loop().create_future()
            await self._none_left


def request_head(method: str, path: str, token: str | None = None) -> bytes:
    """Return the beginning of a request that `with_body` completes."""
    lines = [f"{method} {path} HTTP/1.1", "host: oep", "user-agent: oep-load"]
    lines += [f"authorization: Bearer {token}"] if token else []
    return "\r\n".join([*lines, "content-type: application/json", "content-length: "]).encode()


def with_body(head: bytes, body: bytes) -> bytes:
    return b"%b%d\r\n\r\n%b" % (head, len(body), body)
