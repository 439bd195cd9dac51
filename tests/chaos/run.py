"""One fault done to a platform under load, from the first event to the verdict.

Students post all the time; what a fault does lies in windows. After each the run waits until it has
converged: every student was promised something that he sent after the fault, and no notice waits
any more that waited when it ended.
"""

import asyncio
import contextlib
import itertools
import math
import random
import re
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from pathlib import Path
from typing import Any

import psycopg2
from chassis.ending import end
from load.figures import percentile
from load.rig import Rig
from load.world import FIRST_EXAM

from chaos import boards, found, oracle
from chaos.answers import Saves, save
from chaos.fault import Fault, Result, Size
from chaos.found import Heard, Reader
from chaos.hall import ANSWERS as HALL_ANSWERS
from chaos.hall import Hall
from chaos.ledger import Ledger
from chaos.proxy import LossyProxy
from chaos.rough_line import Weather
from chaos.sitter import Sitter
from chaos.student import Student
from chaos.watch import Probe
from chaos.watcher import Seen, Watcher

_TOKEN = re.compile(rb"eyJ[\w-]{8,}\.eyJ[\w-]{8,}")
_LOOK_SECONDS = 0.1
_COME_AT_ONCE = 100
"""How many sockets are opened at the same time before the fault."""
_DRAIN_SECONDS, _OPEN_SECONDS = 120.0, 300.0
_HASTY, _HASTY_LINES = 4, 3
"""Every fourth student has up to three requests under way at once."""
_MILLI = 1_000
_HALL_SECONDS = 5.0
_FEW_BOARDS, _MOST_BOARDS = 4, 8  # the administrator may have eight on one exam
_QUIET_SECONDS, _WATCHFUL_SECONDS = 40.0, 15.0
"""A student's socket hears something every 30 s, or asks for the time before."""
_SAVE_PERIODS = 5
"""A student saves an answer when he has made so many events."""
_COME_AGAIN = frozenset({503, 504})


class Run:
    """The students, the ledger and the windows of one fault."""

    def __init__(
        self,
        rig: Rig,
        tokens: Mapping[int, str],
        staff_token: str,
        fault: Fault,
        place: int,
        size: Size,
    ) -> None:
        """`place` names the exam whose attempts are this run's own."""
        self.rig, self.fault = rig, fault
        self.platform = rig.platform
        self.size = size
        self.ledger = Ledger()
        self.way: LossyProxy | None = None
        self.words: list[str] = []
        """What a fault wants to be told of it."""
        self.reader = Reader(rig.platform.database.url("postgres"))
        self.exam_id = FIRST_EXAM + place
        *sitters, outsider = rig.world.sitter_ids
        self.questions = rig.world.question_ids
        self._attempts = {one: rig.world.running_of(one)[place] for one in sitters}
        self._tokens = tokens
        spare = place + fault.has_spare * rig.world.running_exams // 2
        self.spare_attempts = {rig.world.running_of(one)[spare]: tokens[one] for one in sitters}
        """With the tokens of their students; other ones if the fault has some to spare."""
        self.skewed_ports: dict[tuple[str, int], int] = {}
        """Of replicas whose clocks are so many seconds ahead."""
        self.boards_saw, self.sitters_saw, self.saves = Seen(), Seen(), Saves()
        self.watchers: list[Watcher] = []
        self.sitters: dict[Sitter, int] = {}
        """With the attempt of each."""
        self.staff_token = staff_token
        """Good for half an hour; who runs for longer gets another one."""
        self.boards_at = rig.platform.ws_url
        """Whom boards connect to; what runs `beside` may say somebody else."""
        self.injected: set[int] = set()
        """Places in the stream of what nobody of the platform said."""
        self.slow_pid = 0
        """The process that a fault makes slow."""
        mine = itertools.islice(self._attempts.items(), size.students)
        self.tokens_of_attempts = {one: tokens[who] for who, one in mine}
        self._hall = Hall(
            rig.platform.url, lambda: self.staff_token, self.tokens_of_attempts, self.questions
        )
        self._flaws: list[str] = []
        self._late: list[str] = []
        self._windows: list[tuple[float, float]] = []
        self._converged: list[float] = []
        self.students: list[Student] = []
        self.weather: Weather | None = None
        self.all_go_by(rig.port("gateway"))
        self.outsiders_id = outsider
        self.outsiders_attempt = rig.world.running_of(outsider)[place], tokens[outsider]
        """With its token; nobody sits it."""
        self._probe = Probe(
            rig.port("gateway"), tokens[outsider], self.students[0].attempt_id, self.ledger
        )

    @property
    def lookers(self) -> list[Watcher | Sitter]:
        """Everybody who has a socket."""
        return [*self.watchers, *self.sitters]

    def go_through(self, way: LossyProxy, count: int) -> None:
        """Let the first `count` students, who have sent nothing yet, go past the gateway."""
        self.way = way
        for place, student_id in enumerate(list(self._attempts)[:count]):
            self.students[place] = self._student(student_id, way.port)

    def all_go_by(self, port: int) -> None:
        """Let all students, who have sent nothing yet, reach the gateway by another port."""
        self._port = port
        sitting = itertools.islice(self._attempts, self.size.students)
        self.students = [self._student(one, port) for one in sitting]

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

    async def play(self) -> Result:
        """Let everybody post, do the fault, let everybody finish, and judge."""
        fault = self.fault
        stop = asyncio.Event()
        making = [
            asyncio.create_task(s.make(self.size.period_seconds, stop)) for s in self.students
        ]
        sending = [asyncio.create_task(s.send()) for s in self.students]
        sending.append(asyncio.create_task(self._probe.run()))
        watching = self._watch()
        if fault.has_boards:
            watching.append(going_on := asyncio.create_task(self._hall.run()))
        try:
            async with asyncio.timeout(_OPEN_SECONDS):
                for watcher in self.lookers:
                    await watcher.began.wait()
            saving = self._save() if self.sitters or fault.has_saves else []
            making += saving
            await asyncio.sleep(self.size.quiet_seconds)
            await fault.do(self)
            await asyncio.sleep(self.size.quiet_seconds)
            stop.set()
            for task in saving:
                task.cancel()
            await asyncio.gather(*making, return_exceptions=True)
            await self._drain()
            if fault.has_boards:
                await end([going_on], seconds=_HALL_SECONDS)
                await self._boards_caught_up()
                await self._boards_agree()
        finally:
            for task in (*making, *sending, *watching):
                task.cancel()
            ended = await asyncio.gather(*making, *sending, *watching, return_exceptions=True)
            for student in self.students:
                student.close()
        self._flaws += [repr(error) for error in ended if isinstance(error, Exception)]
        return await self._judged()

    async def _judged(self) -> Result:
        fault = self.fault
        there = await asyncio.to_thread(self.reader.find, list(self._attempts.values()))
        there.stream = await self.stream()
        verdict = oracle.judge(self.ledger, there)
        logs, tokens = self.platform.state.logs, self._tokens.values()
        verdict.note(await asyncio.to_thread(leaked, logs, tokens))
        for status in sorted(set(self.ledger.refusals) - fault.refusals):
            # "Come again" breaks no promise, wherever it is said; anything else may.
            note = self.was_late if status in _COME_AGAIN else self.flaw
            note(f"{self.ledger.refusals[status]} answers with {status}")
        verdict.note(self._flaws + self.ledger.odd)
        if self.saves.promised:
            verdict.note(await asyncio.to_thread(self._answers_lost))
        if self.ledger.reasons:
            told = ", ".join(
                f"{n} times {words!r}" for words, n in self.ledger.reasons.most_common()
            )
            self.words.append(f"posts were refused: {told}")
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
            self.size.seed,
            words=self.words,
        )
        result.late = self._late + list(_missed(fault, result))
        return result

    def _answers_lost(self) -> list[str]:
        """Compare what was promised of answers with what is there; tell the counts. Blocking."""
        stored = self.reader.answers(list(self._attempts.values()))
        refused = ", ".join(f"{n} of {code or 'lost'}" for code, n in self.saves.refusals.items())
        self.words.append(
            f"{self.saves.accepted} answers accepted, refused saves: {refused or 'none'}, "
            f"{self.saves.late(stored)} replaced by one that came late"
        )
        return self.saves.flaws(stored, HALL_ANSWERS)

    def _watch(self) -> list[asyncio.Task[None]]:
        fault = self.fault
        boards_count = (_FEW_BOARDS if self.size.is_short else _MOST_BOARDS) * fault.has_boards
        self.watchers = [Watcher(self._board_url, self.boards_saw) for _ in range(boards_count)]
        count, port = self.size.sockets_of(fault), self._port
        quiet = _WATCHFUL_SECONDS if fault.is_silent else _QUIET_SECONDS
        gate = asyncio.Semaphore(_COME_AT_ONCE)
        places = itertools.islice(itertools.cycle(self._attempts.items()), count)
        self.sitters = {
            Sitter(port, f"attempts/{one}", self._tokens[who], self.sitters_saw, quiet, gate): one
            for who, one in places
        }
        return [asyncio.create_task(one.run()) for one in self.lookers]

    def _board_url(self) -> str:
        token = self.staff_token
        return f"{self.boards_at}/api/v1/ws/exams/{self.exam_id}/monitor?token={token}"

    def _save(self) -> list[asyncio.Task[None]]:
        period, port = self.size.period_seconds * _SAVE_PERIODS, self._port
        everybody = [(self._tokens[who], one) for who, one in self._attempts.items()]
        return [
            asyncio.create_task(save(port, *each, self.questions, period, self.saves))
            for each in everybody[: self.size.students]
        ]

    async def _sitters_caught_up(self) -> None:
        """Wait until every socket was told of each answer of its attempt, and judge it."""
        saved = await found.saves_of(self.platform.nats_url, self.exam_id)

        async def is_over() -> bool:
            return not any(each.missing(saved.get(one, [])) for each, one in self.sitters.items())

        await self._eventually(is_over)
        missing = sum(len(each.missing(saved.get(one, []))) for each, one in self.sitters.items())
        if missing:
            self.flaw(f"sockets were not told {missing} times of an answer")
        if strange := sum(not each.is_in_order for each in self.sitters):
            self.flaw(f"{strange} sockets were told something twice or in another order")
        told = sum(len(each.told) for each in self.sitters)
        self.words.append(
            f"{len(self.sitters)} sockets: {self.sitters_saw.words}; told {told} times of answers"
        )

    async def stream(self) -> list[Heard]:
        """Return what the platform said of the exam's events."""
        said = await found.stream_of(self.platform.nats_url, self.exam_id)
        return [one for one in said if one.place not in self.injected]

    async def _boards_agree(self) -> None:
        """End what goes on in the hall; in the end every board shows what the database holds."""
        await self._hall.close()
        self.words.append(f"{self._hall.done} other things were done in the hall")

        async def differing() -> list[list[str]]:
            stored = await asyncio.to_thread(self.reader.board, self.exam_id)
            return [boards.differing(watcher.rows, stored) for watcher in self.watchers]

        async def is_over() -> bool:
            return not any(await differing())

        await self._eventually(is_over)
        for number, flaws in enumerate(await differing(), 1):
            for text in flaws:
                self.flaw(f"board {number} {text}")

    async def boards_are_complete(self) -> bool:
        """Say whether every board was told what lies in the stream by now."""
        stream = await self.stream()
        return not any(watcher.missing(stream) for watcher in self.watchers)

    async def _boards_caught_up(self) -> None:
        """Wait until every board was told what lies in the stream, and judge what it was told."""
        stream = await self.stream()
        began = time.monotonic()

        async def is_over() -> bool:
            return not any(watcher.missing(stream) for watcher in self.watchers)

        await self._eventually(is_over)
        self.words.append(f"boards complete {time.monotonic() - began:.1f} s after the last event")
        for number, watcher in enumerate(self.watchers, 1):
            for text in _mistold(watcher, stream, self.injected):
                self.flaw(f"board {number} {text}")
        self.words.append(f"boards: {self.boards_saw.words}")
        if self.sitters:
            await self._sitters_caught_up()

    def _student(self, student_id: int, port: int) -> Student:
        token, attempt_id = self._tokens[student_id], self._attempts[student_id]
        lines = 1 if student_id % _HASTY else _HASTY_LINES
        skew = random.uniform(-1, 1) * self.fault.skew_seconds  # noqa: S311
        return Student(port, token, attempt_id, self.questions, self.ledger, lines, skew)

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


def _mistold(watcher: Watcher, stream: Sequence[Heard], injected: Collection[int]) -> Iterable[str]:
    """Return in words what a board should have been told otherwise."""
    if missing := watcher.missing(stream):
        yield f"was not told {len(missing)} of {len(stream)} events"
    if not watcher.is_in_order:
        yield "was told something twice or in another order"
    if again := sum(place in injected for place in watcher.told):
        yield f"was told {again} messages that came again"
    if watcher.turned_back:
        yield f"counted backwards {watcher.turned_back} times"


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
