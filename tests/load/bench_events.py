"""Taking events in: one by one against the echo, in batches against bare inserts.

64 connections, each one student's, each with the next event ready when the last is answered; a
student goes through his attempts in turn, so that none is over its limit. After each round the
outbox is drained before the meters are read: what is announced belongs to what an event costs.
"""

import asyncio
import itertools
import re
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from rich.console import Console

from load import client, ledger
from load.client import Answer, Run
from load.figures import Report, Score, score_table
from load.ledger import Events
from load.meters import Neighbours
from load.rig import BARE_ECHO, BARE_INSERTS, COMMIT_PER_EVENT, ECHO, Rig, running
from load.rounds import Say, Subject, in_turn
from load.twins import bare_inserts
from load.world import World

BATCH = 100
SERVICE = "proctoring"
ONE, MANY = "/api/v1/proctoring/events", "/api/v1/proctoring/events/batch"
DATA = '{"action":"hidden","timestamp":"2026-03-02T09:00:00.000Z"}'
_BATCHES_AT_ONCE = 8
_DRAIN_SECONDS = 120


@dataclass(frozen=True)
class Size:
    """How much is measured; `world` bounds the connections."""

    world: World = field(default_factory=World)
    rounds: int = 4
    seconds: float = 3.0


def bench(size: Size, console: Console, say: Say) -> Report:
    """Measure and print; the report holds what was not as promised. Blocking."""
    twins = (BARE_ECHO, ECHO, COMMIT_PER_EVENT, BARE_INSERTS)
    with running(size.world, twins, say=say) as rig:
        told, neighbours = Events(), Neighbours()
        tokens = asyncio.run(rig.sign_in(rig.world.sitter_ids))
        singles = asyncio.run(measure_singles(rig, size, tokens, told, say))
        batches = asyncio.run(measure_batches(rig, size, tokens, told, say))
        others = neighbours.share()
        verdict = ledger.judge_events(rig.platform.database, told)
    console.print(score_table("POST /proctoring/events", singles, singles[2]))
    console.print(score_table(f"POST /proctoring/events/batch of {BATCH}, events", batches))
    console.print(f"oracle: {verdict}", highlight=False)
    return _report(others, singles, batches, verdict)


class Poster:
    """One student at one connection, posting events of his attempts in turn for ever."""

    def __init__(
        self,
        token: str,
        attempt_ids: Sequence[int],
        *,
        batch: int = 1,
        told: Events | None = None,
        numbers: Iterator[int] | None = None,
    ) -> None:
        self._head = client.request_head("POST", ONE if batch == 1 else MANY, token)
        self._attempts = itertools.cycle(attempt_ids)
        self._batch = batch
        self._told = told
        self._numbers = numbers or itertools.count()
        self._sent: tuple[int, list[str]] = (0, [])

    def next(self) -> bytes:
        attempt_id = next(self._attempts)
        ids = [str(uuid.UUID(int=_RANDOM ^ next(self._numbers))) for _ in range(self._batch)]
        self._sent = attempt_id, ids
        bodies = [event_body(attempt_id, one) for one in ids]
        whole = bodies[0] if self._batch == 1 else b'{"events":[%b]}' % b",".join(bodies)
        return client.with_body(self._head, whole)

    def took(self, answer: Answer) -> None:
        if self._told is None or not answer.is_good:
            return
        attempt_id, ids = self._sent
        if self._batch > 1:
            ids = [i for i, r in zip(ids, statuses(answer), strict=True) if r == _CREATED]
        self._told.stored(attempt_id, ids)


_RANDOM = uuid.uuid4().int
_CREATED = 201


_STATUS = re.compile(rb'\{"index":\d+,"status":(\d+),')


def statuses(answer: Answer) -> list[int]:
    """Return them as they are said; parsing a hundred events for that would cost the client more
    than its half."""
    return [int(status) for status in _STATUS.findall(answer.body)]


def event_body(attempt_id: int, event_id: str) -> bytes:
    return (
        b'{"attempt_id":%d,"event_type":"tab_switch","severity":"warning",'
        b'"event_timestamp":"2026-03-02T09:00:00.000Z","question_id":null,'
        b'"event_data":%b,"event_id":"%b"}' % (attempt_id, DATA.encode(), event_id.encode())
    )


async def measure_singles(
    rig: Rig, size: Size, tokens: Mapping[int, str], told: Events, say: Say
) -> list[Score]:
    numbers = itertools.count()
    names = {
        "ours": SERVICE,
        "commit per event": COMMIT_PER_EVENT.name,
        "echo, bare": BARE_ECHO.name,
        "echo, in our chassis": ECHO.name,
    }
    subjects = []
    for name, part in names.items():
        mine = told if part == SERVICE else None
        senders = [
            Poster(token, rig.world.running_of(who), told=mine, numbers=numbers)
            for who, token in tokens.items()
        ]
        play = partial(_drained, rig, partial(client.closed_loop, rig.port(part), senders))
        subjects.append(Subject(Score(name, part), partial(play, size.seconds)))
    return await _measured(rig, subjects, size, say)


async def measure_batches(
    rig: Rig, size: Size, tokens: Mapping[int, str], told: Events, say: Say
) -> list[Score]:
    some = list(tokens.items())[:_BATCHES_AT_ONCE]
    numbers = itertools.count(1 << 40)
    senders = [
        Poster(token, rig.world.running_of(who), batch=BATCH, told=told, numbers=numbers)
        for who, token in some
    ]
    ours = partial(_drained, rig, partial(client.closed_loop, rig.port(SERVICE), senders))
    url = rig.platform.environment(SERVICE)["DATABASE_URL"]
    attempts = [rig.world.running_of(who)[0] for who, _ in some]

    async def bare(seconds: float) -> Run:
        return await asyncio.to_thread(bare_inserts.play, url, attempts, BATCH, DATA, seconds)

    subjects = [
        Subject(Score("ours", SERVICE, per_request=BATCH), partial(ours, size.seconds)),
        Subject(Score("bare inserts", "client", per_request=BATCH), partial(bare, size.seconds)),
    ]
    return await _measured(rig, subjects, size, say)


async def _measured(rig: Rig, subjects: Sequence[Subject], size: Size, say: Say) -> list[Score]:
    for subject in subjects:
        await subject.play()  # not counted: pools fill, tokens are seen for the first time
    parts = {subject.score.service for subject in subjects} - {"client"}
    meters = rig.meters(*parts, "attempts", "realtime", "nats", "postgres")
    await in_turn(subjects, meters, size.rounds, say)
    return [subject.score for subject in subjects]


async def _drained(rig: Rig, play: Callable[[float], Awaitable[Run]], seconds: float) -> Run:
    """Play a round, then wait until everything that it left to announce is announced."""
    run = await play(seconds)
    await drain(rig)
    return run


async def drain(rig: Rig) -> None:
    """Wait until the services have announced everything."""
    async with asyncio.timeout(_DRAIN_SECONDS):
        while await asyncio.to_thread(has_notes, rig):  # noqa: ASYNC110  # another process's
            await asyncio.sleep(0.05)


def has_notes(rig: Rig) -> bool:
    """Say whether anything waits to be announced."""
    query = "SELECT EXISTS (SELECT FROM proctoring.outbox) OR EXISTS (SELECT FROM attempts.outbox)"
    return rig.platform.rows(query) == [["t"]]


def _report(
    others: float, singles: Sequence[Score], batches: Sequence[Score], verdict: ledger.Verdict
) -> Report:
    ours, naive, bare, echo = singles
    many, inserts = batches
    ratios = {
        "per_cpu_second": ours.per_cpu_second / bare.per_cpu_second,
        "per_cpu_second_in_chassis": ours.per_cpu_second / echo.per_cpu_second,
        "throughput": ours.per_second / bare.per_second,
        "p99": ours.ms(99) / bare.ms(99),
        "to_commit_per_event": ours.per_second / naive.per_second,
        "batches_to_bare_inserts": many.per_second / inserts.per_second,
    }
    facts = {
        "ours": ours.facts(),
        "commit_per_event": naive.facts(),
        "echo": bare.facts(),
        "echo_in_chassis": echo.facts(),
        "batches": many.facts(),
        "bare_inserts": inserts.facts(),
        "ratios": {name: round(ratio, 2) for name, ratio in ratios.items()},
        "others_ms": {
            part: round(ours.cost_ms(part), 3) for part in ("attempts", "realtime", "nats")
        },
        "oracle": str(verdict),
    }
    failed = [f"{s.name}: {s.run.failures}" for s in (ours, many) if s.run.failures]
    row = [
        f"{ours.per_second:,.0f}/s",
        f"{ours.per_cpu_second:,.0f} ({bare.per_cpu_second:,.0f})",
        f"{ratios['per_cpu_second']:.2f} ({ratios['per_cpu_second_in_chassis']:.2f})",
        f"{ratios['throughput']:.2f}",
        f"{ours.ms(50):.0f} / {ours.ms(99):.0f} ms, {ratios['p99']:.2f}",
        f"{ratios['to_commit_per_event']:.1f}",
        f"{many.per_second:,.0f}/s",
        f"{ratios['batches_to_bare_inserts']:.2f}",
        str(verdict),
    ]
    return Report("events", others, facts, row, [*failed, *verdict.flaws])
