"""One fault done to a platform under load, from the first event to the verdict.

Students post all the time; what a fault does lies in windows. After each the run waits until it has
converged: every student was promised something that he sent after the fault, and no notice waits
any more that waited when it ended.
"""

import asyncio
import contextlib
import json
import math
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from load.figures import percentile
from load.rig import Rig
from load.world import FIRST_EXAM

from chaos import found, oracle
from chaos.found import Reader
from chaos.ledger import Ledger
from chaos.oracle import Verdict
from chaos.proxy import LossyProxy
from chaos.student import Student
from chaos.watch import Probe
from chaos.watcher import Seen, Watcher

_TOKEN = re.compile(rb"eyJ[\w-]{8,}\.eyJ[\w-]{8,}")
_LOOK_SECONDS = 0.1
_DRAIN_SECONDS = 120.0
_HASTY, _HASTY_LINES = 4, 3
"""Every fourth student has up to three requests under way at once."""
_MILLI = 1_000
_FEW_BOARDS, _MOST_BOARDS = 4, 8  # the administrator may have eight on one exam
_QUIET_SECONDS = 40.0
"""A student's socket hears something every 30 s."""
_COME_AGAIN = frozenset({503, 504})


@dataclass(frozen=True)
class Size:
    """How much load, and how long everything takes; seconds, if not said otherwise."""

    students: int = 200
    period_seconds: float = 2.0
    quiet_seconds: float = 5.0
    """Before the fault and after it."""
    is_short: bool = False
    """Few repetitions and short outages, for `make test`."""


SHORT = Size(students=10, period_seconds=0.2, quiet_seconds=0.5, is_short=True)


@dataclass(frozen=True)
class Fault:
    """What is done, which refusals clients may see of it, and which limits faults have."""

    number: int
    words: str
    do: Callable[["Run"], Awaitable[None]]
    refusals: frozenset[int] = frozenset()
    converge_seconds: float = 10.0
    p99_ms: float | None = None
    """Of answers outside the windows."""
    has_boards: bool = False
    """Whether boards watch, which must be told everything, once, in order."""
    sockets: int = 0
    """How many sockets each student has besides; they must come back."""


@dataclass
class Result:
    """What became of a run."""

    fault: Fault
    verdict: Verdict
    converge_seconds: float
    p50_ms: float
    p99_ms: float
    unauthorised: int
    known_again: int
    refusals: Mapping[int, int]
    late: list[str] = field(default_factory=list)
    """Limits that were missed; a slow machine misses them, too."""
    words: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        """The JSON line of this fault."""
        verdict = self.verdict
        told = {
            "fault": self.fault.number,
            "accepted": verdict.accepted,
            "stored": verdict.stored,
            "duplicates": verdict.duplicates,
            "order_violations": verdict.order_violations,
            "converge_s": round(self.converge_seconds, 1),
            "p50_ms": _rounded(self.p50_ms),
            "p99_ms": _rounded(self.p99_ms),
            "unauthorised": self.unauthorised,
        }
        return json.dumps(told)


class Run:
    """The students, the ledger and the windows of one fault."""

    def __init__(
        self, rig: Rig, tokens: Mapping[int, str], staff_token: str, place: int, size: Size
    ) -> None:
        """`place` names the exam whose attempts are this run's own."""
        self.rig = rig
        self.platform = rig.platform
        self.size = size
        self.ledger = Ledger()
        self.way: LossyProxy | None = None
        self.words: list[str] = []
        """What a fault wants to be told of it."""
        self.reader = Reader(rig.platform.database.url("postgres"))
        self.exam_id = FIRST_EXAM + place
        *sitters, outsider = rig.world.sitter_ids
        self._questions = rig.world.question_ids
        self._attempts = {one: rig.world.running_of(one)[place] for one in sitters}
        self._tokens = tokens
        self.boards_saw, self.sitters_saw = Seen(), Seen()
        self.watchers: list[Watcher] = []
        self.sitters: list[Watcher] = []
        self._board_url = (
            f"{rig.platform.ws_url}/api/v1/ws/exams/{self.exam_id}/monitor?token={staff_token}"
        )
        self._flaws: list[str] = []
        self._late: list[str] = []
        self._windows: list[tuple[float, float]] = []
        self._converged: list[float] = []
        self.students = [self._student(one, rig.port("gateway")) for one in sitters]
        self._probe = Probe(
            rig.port("gateway"), tokens[outsider], self.students[0].attempt_id, self.ledger
        )

    def go_through(self, way: LossyProxy, count: int) -> None:
        """Let the first `count` students, who have sent nothing yet, go past the gateway."""
        self.way = way
        for place, student_id in enumerate(list(self._attempts)[:count]):
            self.students[place] = self._student(student_id, way.port)

    def flaw(self, text: str) -> None:
        """Note what must never be."""
        self._flaws.append(text)

    def was_late(self, text: str) -> None:
        """Note what a machine that is too slow does, too."""
        self._late.append(text)

    def answers_between(self, began: float, ended: float) -> list[tuple[float, int]]:
        """Return length and status of what was sent in between."""
        return [(s, status) for at, s, status in self.ledger.answered if began <= at < ended]

    @contextlib.asynccontextmanager
    async def window(self) -> AsyncIterator[None]:
        """Do a fault inside and undo it; leaving waits until the platform has converged."""
        began = time.time()
        yield
        ended = time.time()
        await self._converge(ended)
        self._converged.append(time.time() - ended)
        self._windows.append((began, time.time()))

    async def play(self, fault: Fault) -> Result:
        """Let everybody post, do the fault, let everybody finish, and judge."""
        stop = asyncio.Event()
        making = [
            asyncio.create_task(s.make(self.size.period_seconds, stop)) for s in self.students
        ]
        sending = [asyncio.create_task(s.send()) for s in self.students]
        sending.append(asyncio.create_task(self._probe.run()))
        watching = self._watch(fault)
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                for watcher in (*self.watchers, *self.sitters):
                    await watcher.began.wait()
            await asyncio.sleep(self.size.quiet_seconds)
            await fault.do(self)
            await asyncio.sleep(self.size.quiet_seconds)
            stop.set()
            await asyncio.gather(*making)
            await self._drain()
            await self._boards_caught_up()
        finally:
            for task in (*making, *sending, *watching):
                task.cancel()
            ended = await asyncio.gather(*making, *sending, *watching, return_exceptions=True)
            for student in self.students:
                student.close()
        self._flaws += [repr(error) for error in ended if isinstance(error, Exception)]
        return await self._judged(fault)

    async def _judged(self, fault: Fault) -> Result:
        there = await asyncio.to_thread(self.reader.find, list(self._attempts.values()))
        there.stream = await found.stream_of(self.platform.nats_url, self.exam_id)
        verdict = oracle.judge(self.ledger, there)
        logs, tokens = self.platform.state.logs, self._tokens.values()
        verdict.note(await asyncio.to_thread(leaked, logs, tokens))
        for status in sorted(set(self.ledger.refusals) - fault.refusals):
            # "Come again" breaks no promise, wherever it is said; anything else may.
            note = self.was_late if status in _COME_AGAIN else self.flaw
            note(f"{self.ledger.refusals[status]} answers with {status}")
        verdict.note(self._flaws + self.ledger.odd)
        if self.ledger.waiting_count:
            verdict.note([f"{self.ledger.waiting_count} posts were never promised"])
        if self.ledger.unauthorised:
            verdict.note([f"{self.ledger.unauthorised} answers to who must not have them"])
        outside = self._outside()
        result = Result(
            fault,
            verdict,
            max(self._converged, default=math.nan),
            percentile(outside, 50) * _MILLI,
            percentile(outside, 99) * _MILLI,
            self.ledger.unauthorised,
            self.ledger.known_again,
            dict(self.ledger.refusals),
            words=self.words,
        )
        result.late = self._late + list(_missed(fault, result))
        return result

    def _watch(self, fault: Fault) -> list[asyncio.Task[None]]:
        boards = (_FEW_BOARDS if self.size.is_short else _MOST_BOARDS) * fault.has_boards
        self.watchers = [Watcher(self._board_url, self.boards_saw) for _ in range(boards)]
        self.sitters = [
            Watcher(self._sitter_url(student_id), self.sitters_saw, _QUIET_SECONDS)
            for student_id in self._attempts
            for _ in range(1 if self.size.is_short else fault.sockets)
            if fault.sockets
        ]
        return [asyncio.create_task(one.run()) for one in (*self.watchers, *self.sitters)]

    def _sitter_url(self, student_id: int) -> str:
        path = f"/api/v1/ws/attempts/{self._attempts[student_id]}"
        return f"{self.platform.ws_url}{path}?token={self._tokens[student_id]}"

    async def _boards_caught_up(self) -> None:
        """Wait until every board was told what lies in the stream, and judge what it was told."""
        if not self.watchers:
            return
        stream = await found.stream_of(self.platform.nats_url, self.exam_id)
        began = time.monotonic()

        async def is_over() -> bool:
            return not any(watcher.missing(stream) for watcher in self.watchers)

        await self._eventually(is_over)
        self.words.append(f"boards complete {time.monotonic() - began:.1f} s after the last event")
        for number, watcher in enumerate(self.watchers, 1):
            missing = watcher.missing(stream)
            if missing:
                self.flaw(f"board {number} was not told {len(missing)} of {len(stream)} events")
            if not watcher.is_in_order:
                self.flaw(f"board {number} was told something twice or in another order")
        self.words.append(f"boards: {self.boards_saw.words}")
        if self.sitters:
            self.words.append(f"{len(self.sitters)} sockets: {self.sitters_saw.words}")

    def _student(self, student_id: int, port: int) -> Student:
        token, attempt_id = self._tokens[student_id], self._attempts[student_id]
        lines = 1 if student_id % _HASTY else _HASTY_LINES
        return Student(port, token, attempt_id, self._questions, self.ledger, lines)

    async def _converge(self, ended: float) -> None:
        waiting = await self._eventually(self._outbox)
        newest = max(waiting, default=0)

        async def is_over() -> bool:
            if not all(s.good_since >= ended or not s.backlog_count for s in self.students):
                return False
            return min(await self._outbox(), default=newest + 1) > newest

        await self._eventually(is_over)

    async def _drain(self) -> None:
        async def is_over() -> bool:
            if any(student.backlog_count for student in self.students):
                return False
            return not await self._outbox()

        await self._eventually(is_over)

    async def _outbox(self) -> list[int]:
        return await asyncio.to_thread(self.reader.outbox_ids)

    async def _eventually(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask until there is a true answer, or give up and say so; a database may be away."""
        deadline = time.monotonic() + _DRAIN_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(psycopg2.Error):
                answer = await ask()
                if answer is not False:
                    return answer
            await asyncio.sleep(_LOOK_SECONDS)
        self.flaw(f"nothing had converged after {_DRAIN_SECONDS:.0f} s")
        return []

    def _outside(self) -> Sequence[float]:
        """Return the lengths of good answers that no window touches."""
        return [
            seconds
            for at, seconds, status in self.ledger.answered
            if 200 <= status < 300  # 2xx
            and not any(began < at + seconds and at < ended for began, ended in self._windows)
        ]


def leaked(logs: Path, tokens: Iterable[str]) -> list[str]:
    """Return in words which logs hold a token (O7): one of ours, or what looks like any."""
    known = [token.encode() for token in tokens]
    texts = {log.name: log.read_bytes() for log in sorted(logs.iterdir())}
    return [
        f"{name} holds a token"
        for name, text in texts.items()
        if _TOKEN.search(text) or any(token in text for token in known)
    ]


def _missed(fault: Fault, result: Result) -> Sequence[str]:
    late = []
    if result.converge_seconds > fault.converge_seconds:
        late.append(
            f"converged after {result.converge_seconds:.1f} s, not {fault.converge_seconds}"
        )
    if fault.p99_ms is not None and result.p99_ms > fault.p99_ms:
        late.append(f"p99 outside the window {result.p99_ms:.0f} ms, not {fault.p99_ms:.0f}")
    return late


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 1)
