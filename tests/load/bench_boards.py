"""From the commit of an event to the board: 5,000 students online, 50 proctors, 500 events/s.

Each student has a socket on his own channel. Boards are measured in both ways in which they can be
had (ADR 30): whole, where each of them is told every event, and as windows, where each proctor
looks at the students of his own hall. A latency counts from the moment the client has the answer
201, which says that the event is committed, to the moment a board's frame has come that shows it.
"""

import asyncio
import gc
import json
import math
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table

from load import client, listening
from load.bench_events import ONE
from load.client import Answer, Due, Line, Run
from load.figures import Report, percentile
from load.listening import Hear, Listener, handshake, open_all
from load.meters import Neighbours
from load.rig import Rig, running
from load.rounds import Say
from load.signing import Sign, signer
from load.world import FIRST_ATTEMPT, FIRST_EXAM, World

GOAL_MS = 150
PARTS = ("realtime", "proctoring", "attempts", "nats", "postgres")
_POSTERS = 32
_SETTLE_SECONDS = 20.0
_MILLI = 1000
_GOLDEN = 0.618
_FIRST_PROCTOR = 910_001
_HALL = "HALL-%03d-"
_HALLS = f"""
UPDATE attempts.attempts SET workstation_id =
    'HALL-' || lpad(((id - {FIRST_ATTEMPT}) / {{per_hall}})::text, 3, '0') || '-' || id
"""  # noqa: S608  # a constant
_EVENT = re.compile(rb'"event_id":"([0-9a-f-]{36})"')
_BODY = (
    b'{"attempt_id":%d,"event_type":"%b","severity":"%b","event_id":"%b",'
    b'"event_timestamp":"2026-03-02T09:00:00.000Z","event_data":{}}'
)
_KINDS = (("tab_switch", "warning"), ("fullscreen_exit", "violation"), ("window_focus", "info"))


@dataclass(frozen=True)
class Size:
    """How much is measured; `students` is a multiple of `boards`."""

    students: int = 5_000
    boards: int = 50
    per_second: int = 500
    seconds: float = 20.0
    idle_seconds: float = 5.0
    warm_seconds: float = 2.0
    """Played before, and not counted."""

    @property
    def per_hall(self) -> int:
        return self.students // self.boards

    @property
    def world(self) -> World:
        return World(self.students, running_exams=1, questions=10)


@dataclass
class Seen:
    """When events were committed and when boards showed them; either may be known first."""

    committed: dict[Any, float] = field(default_factory=dict)
    severity: dict[Any, str] = field(default_factory=dict)
    shown: dict[Any, list[float]] = field(default_factory=dict)

    def latencies(self, *severities: str) -> list[float]:
        """Return seconds, one for each event and board that showed it."""
        return [
            at - self.committed[what]
            for what, times in self.shown.items()
            if self.severity.get(what) in severities
            for at in times
        ]


@dataclass
class Score:
    """One way of boards: what it showed when, and what that cost."""

    name: str
    seen: Seen = field(default_factory=Seen)
    run: Run = field(default_factory=Run)
    frames: int = 0
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    idle_share: float = 0.0
    """Of a core, which the node takes for the sockets alone: pings and pongs."""
    flaws: list[str] = field(default_factory=list)

    def ms(self, percent: float, *severities: str) -> float:
        return percentile(self.seen.latencies(*severities), percent) * _MILLI

    def facts(self) -> dict[str, Any]:
        routine, incidents = ("info",), ("warning", "violation")
        events = max(1, self.run.good_count)
        return {
            "events": self.run.good_count,
            "per_second": round(self.run.good_count / max(self.run.seconds, 1e-9)),
            "shown": sum(map(len, self.seen.shown.values())),
            "frames": self.frames,
            "incidents_ms": [round(self.ms(p, *incidents), 1) for p in (50, 99, 100)],
            "routine_ms": [round(self.ms(p, *routine), 1) for p in (50, 99, 100)],
            "post_ms": [round(percentile(self.run.latencies, p) * _MILLI, 1) for p in (50, 99)],
            "idle_share": round(self.idle_share, 3),
            "cpu_ms_per_event": {
                part: round(used * _MILLI / events, 3) for part, used in self.cpu_seconds.items()
            },
        }


class Hearer(Protocol):
    """A board's client."""

    def begin(self) -> None:
        """Count from now on."""
        ...

    @property
    def lacks(self) -> int:
        """How much of what is committed it has not shown."""
        ...

    def __call__(self, frame: bytes, now: float) -> None: ...


class Whole:
    """A board that is told everything: each event by its id."""

    def __init__(self, score: Score) -> None:
        self._score = score
        self._told: set[bytes] = set()
        self.begun = asyncio.Event()
        """Its snapshot has come: what is committed before that is in it, and no delta."""

    def begin(self) -> None:
        self._told.clear()

    @property
    def lacks(self) -> int:
        return len(self._score.seen.committed.keys() - self._told)

    def __call__(self, frame: bytes, now: float) -> None:
        self._score.frames += 1
        if frame.startswith(b'{"type":"snapshot"'):
            self.begun.set()
        found = _EVENT.search(frame, 0, 600) if frame.startswith(b'{"type":"delta"') else None
        if found is not None:
            self._told.add(found[1])
            self._score.seen.shown.setdefault(found[1], []).append(now)


class Windowed:
    """A window: what is seen of an event is the row whose last event it is.

    Of two events of one attempt in one frame only the later one is shown, as it should be.
    """

    def __init__(self, score: Score) -> None:
        self._score = score
        self._newest: dict[int, str] = {}

    def begin(self) -> None:
        """Count from now on; what is on the page stays."""

    @property
    def lacks(self) -> int:
        wanted: dict[int, str] = {}
        for attempt_id, at in self._score.seen.committed:
            wanted[attempt_id] = max(at, wanted.get(attempt_id, ""))
        return sum(shown < wanted.get(i, "") for i, shown in self._newest.items())

    def __call__(self, frame: bytes, now: float) -> None:
        self._score.frames += 1
        told = json.loads(frame)
        if told["type"] == "delta":  # an incident that did not wait for its row
            self._note(told["attempt_id"], told["data"].get("last_event"), now)
        for row in told.get("attempts", ()):
            is_news = told["type"] == "changes"
            self._note(row["attempt_id"], row["last_event"], now if is_news else None)

    def _note(self, attempt_id: int, last: Mapping[str, Any] | None, now: float | None) -> None:
        at = last["received_at"] if last else ""
        if now is not None and at > self._newest.get(attempt_id, ""):
            self._score.seen.shown.setdefault((attempt_id, at), []).append(now)
        self._newest[attempt_id] = max(at, self._newest.get(attempt_id, ""))


def bench(size: Size, console: Console, say: Say) -> Report:
    """Measure and print; the report holds what was not as promised. Blocking."""
    with running(size.world, say=say) as rig:
        say("students are seated")
        seat_halls(rig, size.per_hall)
        neighbours = Neighbours()
        scores = asyncio.run(measure(rig, size, say))
        others = neighbours.share()
    facts = {score.name: score.facts() for score in scores}
    console.print(_table(facts))
    flaws = [flaw for score in scores for flaw in score.flaws]
    row = [f"{size.students:,} + {size.boards}"]
    for found in facts.values():
        told, routine = found["incidents_ms"], found["routine_ms"]
        row.append(f"{found['per_second']}/s")
        row.append(f"{told[0]:.0f} / {told[1]:.0f} ms")
        row.append(f"{routine[0]:.0f} / {routine[1]:.0f} ms")
        row.append(f"{found['cpu_ms_per_event']['realtime']:.2f} ({found['idle_share']:.0%})")
        if told[1] >= GOAL_MS:
            say(f"above the goal of {GOAL_MS} ms: {told[1]:.0f} ms")
    row.append("; ".join(flaws) or "every event on every board")
    return Report("boards", others, facts, row, flaws)


def seat_halls(rig: Rig, per_hall: int) -> None:
    """Give each attempt a workstation, so many in a hall, past the service."""
    rig.platform.psql(_HALLS.format(per_hall=per_hall), role="postgres")


async def measure(rig: Rig, size: Size, say: Say) -> list[Score]:
    """Open the students' sockets once, then play whole boards and windows."""
    sign = await asyncio.to_thread(signer, rig.platform.environment("auth"))
    tokens = {student: sign(student, "student") for student in rig.world.sitter_ids}
    wanted = [
        (handshake(f"attempts/{rig.world.running_of(student)[0]}", token), _nothing)
        for student, token in tokens.items()
    ]
    began, scores = client.clock(), [Score("whole"), Score("windows")]
    students = await open_all(rig.port("realtime"), wanted)
    say(f"{len(students):,} students are online after {client.clock() - began:.1f} s")
    gc.collect()
    gc.freeze()  # a collection among so many sockets of ours stops this clock for some 200 ms
    with listening.closing(students):
        idle_share = await _idle_share(rig, size.idle_seconds)
        for score in scores:
            score.idle_share = idle_share
            hears = [
                (Whole if score.name == "whole" else Windowed)(score) for _ in range(size.boards)
            ]
            boards = await _boards(rig, size, sign, hears)
            with listening.closing(boards):
                await _play(rig, size, tokens, score, hears)
                lost = sum(listener.is_lost for listener in (*students, *boards))
            score.flaws += [f"{score.name}: {lost} sockets were lost"] if lost else []
    return scores


async def _idle_share(rig: Rig, seconds: float) -> float:
    meters, began = rig.meters("realtime"), client.clock()
    before = meters.read()
    await asyncio.sleep(seconds)
    return meters.since(before)["realtime"] / (client.clock() - began)


def _nothing(_: bytes, __: float) -> None:
    """Hear a student's frame."""


async def _play(
    rig: Rig, size: Size, tokens: Mapping[int, str], score: Score, hears: Sequence[Hearer]
) -> None:
    """Post events, some before it counts, and wait until the boards have shown them."""
    meters = rig.meters(*PARTS)
    lines = [await client.connect(rig.port("proctoring")) for _ in range(_POSTERS)]
    uncounted = Score(score.name)
    await client.open_loop(
        plan(rig.world, tokens, lines, uncounted, size.per_second, size.warm_seconds)
    )
    for hear in hears:
        hear.begin()
    before, began, score.frames = meters.read(), client.clock(), 0
    await client.open_loop(plan(rig.world, tokens, lines, score, size.per_second, size.seconds))
    score.run.seconds = client.clock() - began
    score.cpu_seconds = meters.since(before)
    until = client.clock() + _SETTLE_SECONDS
    while client.clock() < until:  # frames of another process are waited for
        if not (lacks := sum(hear.lacks for hear in hears)):
            break
        await asyncio.sleep(0.1)
    score.flaws += [f"{score.name}: {lacks} not shown"] if lacks else []
    score.flaws += [f"{score.name}: {score.run.failures}"] if score.run.failures else []
    for line in lines:
        line.close()


async def _boards(rig: Rig, size: Size, sign: Sign, hears: Sequence[Hearer]) -> list[Listener]:
    """Open all boards; a window shows one hall."""
    path, wanted = f"exams/{FIRST_EXAM}/monitor", list[tuple[bytes, Hear]]()
    for number, hear in enumerate(hears):
        token, where = sign(_FIRST_PROCTOR + number, "admin"), path
        if isinstance(hear, Windowed):
            where += f"?view=page&limit={size.per_hall}&search={_HALL % number}"
        wanted.append((handshake(where, token), hear))
    return await open_all(rig.port("realtime"), wanted)


def plan(
    world: World,
    tokens: Mapping[int, str],
    lines: Sequence[Line],
    score: Score,
    per_second: int,
    seconds: float,
) -> Iterator[Due]:
    """Yield the events, evenly spread over time and students."""
    students = list(tokens.items())
    step = stride(len(students))
    for number in range(int(seconds * per_second)):
        student, token = students[number * step % len(students)]
        attempt_id, event_id = world.running_of(student)[0], str(uuid.uuid4())
        kind, severity = _KINDS[number % len(_KINDS)]
        body = _BODY % (attempt_id, kind.encode(), severity.encode(), event_id.encode())
        request = client.with_body(client.request_head("POST", ONE, token), body)
        took = partial(_took, score, attempt_id, event_id, severity)
        yield Due(number / per_second, lines[number % len(lines)], request, took)


def stride(count: int) -> int:
    """Return a step that meets all of `count` and spreads those that follow each other."""
    step = int(count * _GOLDEN) or 1
    while math.gcd(step, count) > 1:
        step += 1
    return step


def _took(score: Score, attempt_id: int, event_id: str, severity: str, answer: Answer) -> None:
    score.run.note(answer)
    if answer.is_good:
        what: Any = event_id.encode()
        if score.name == "windows":
            what = attempt_id, json.loads(answer.body)["received_at"]
        score.seen.committed[what] = client.clock()
        score.seen.severity[what] = severity


def _table(facts: dict[str, dict[str, Any]]) -> Table:
    table = Table(title="commit to board", caption="ms; CPU: ms of realtime for one event")
    for name in ("", "events/s", "frames", "incidents p50", "p99", "routine p50", "p99", "CPU"):
        table.add_column(name, justify="left" if not name else "right")
    for name, found in facts.items():
        told, routine = found["incidents_ms"], found["routine_ms"]
        numbers = [told[0], told[1], routine[0], routine[1], found["cpu_ms_per_event"]["realtime"]]
        table.add_row(name, str(found["per_second"]), str(found["frames"]), *map(str, numbers))
    return table
