"""What one of each thing takes of every part: processor, bytes, and how long when nobody waits.

The figures of the capacity model (`oep capacity`, docs/capacity.md). Everything goes through the
gateway, as exam frontends do. A crowd gives the costs, since groups are cheaper than single ones;
one client alone gives the times, which hold no waiting for others.
"""

import asyncio
import itertools
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nats import connect
from rich.console import Console
from rich.table import Table

from load import client
from load.bench_begin import Beginner
from load.bench_events import Poster, drain
from load.bench_save import savers
from load.client import Answer, Run, Sender
from load.figures import Report, percentile
from load.meters import Neighbours
from load.rig import Rig, login_request, running
from load.rounds import Say
from load.world import World

PARTS = ("auth", "attempts", "proctoring", "realtime", "gateway", "postgres", "nats")
MEASURED = Path(__file__).parents[2] / "deploy/local/src/oep_local/capacity/measured.json"
_PERCENTS = (*range(0, 100, 5), 99, 100)
_STREAM = "OEP_EVENTS"


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    world: World = field(
        default_factory=lambda: World(running_exams=8, waiting_exams=24, newcomers=300)
    )
    seconds: float = 6.0
    """For saves and events; the others are done when all are done."""
    comers: Sequence[int] = ()
    """Who log in; everybody who is new if nobody is named."""
    is_kept: bool = False
    """Whether the figures become those of the model."""


@dataclass(frozen=True)
class Unit:
    """One kind of request; all figures are for one."""

    name: str
    count: int
    cpu_ms: Mapping[str, float]
    stored_bytes: float
    log_bytes: float
    """Of Postgres' write-ahead log."""
    stream_bytes: float
    seconds: Sequence[float]
    """How long one takes when it is alone, at the percents 0, 5, … 95, 99, 100."""

    def facts(self) -> dict[str, Any]:
        return {
            "count": self.count,
            "cpu_ms": {name: round(ms, 4) for name, ms in self.cpu_ms.items()},
            "stored_bytes": round(self.stored_bytes),
            "log_bytes": round(self.log_bytes),
            "stream_bytes": round(self.stream_bytes),
            "alone_ms": [
                [percent, round(seconds * 1000, 2)]
                for percent, seconds in zip(_PERCENTS, self.seconds, strict=True)
            ],
        }


def bench(size: Size, console: Console, say: Say) -> Report:
    """Measure and print; with `size.is_kept` the model's file is written anew. Blocking."""
    with running(size.world, say=say) as rig:
        neighbours = Neighbours()
        units, failures = asyncio.run(measure(rig, size, say))
        others = neighbours.share()
    console.print(_table(units))
    facts = {unit.name: unit.facts() for unit in units}
    if size.is_kept:
        about = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "others": round(others, 2)}
        MEASURED.write_text(json.dumps({**about, "units": facts}, indent=2) + "\n")
    row = [f"{sum(unit.cpu_ms.values()):.2f} ms, {unit.stored_bytes:,.0f} B" for unit in units]
    return Report("units", others, facts, row, failures)


async def measure(rig: Rig, size: Size, say: Say) -> tuple[list[Unit], list[str]]:
    """Return what one of each kind takes, and what was refused."""
    world = rig.world
    tokens = await rig.sign_in(world.sitter_ids)
    everyone = list(tokens.items())
    (first, token), rest = everyone[0], everyone[1:]
    numbers = itertools.count()
    kinds: list[tuple[str, Sequence[Sender], Sequence[Sender], float]] = [
        ("login", *_parted(size.comers or world.newcomer_ids, _Comer, 32), math.inf),
        (
            "begin",
            [Beginner(token, world.waiting_of(first), None)],
            [Beginner(each, world.waiting_of(who), None) for who, each in rest],
            math.inf,
        ),
        (
            "event",
            [Poster(token, world.running_of(first))],
            [Poster(each, world.running_of(who)) for who, each in rest],
            size.seconds,
        ),
        (
            "save",
            savers(world, dict(everyone[:1]), None, numbers),
            savers(world, dict(rest), None, numbers),
            size.seconds,
        ),
        (
            "submit",
            [_Submitter(token, world.waiting_of(first))],
            [_Submitter(each, world.waiting_of(who)) for who, each in rest],
            math.inf,
        ),
    ]
    units, failures = [], []
    for name, alone, crowd, seconds in kinds:
        say(f"{name}: one alone, then {len(crowd)} at once")
        unit, refused = await _unit(rig, name, alone, crowd, seconds)
        units.append(unit)
        failures += [f"{name}: {refused}"] if refused else []
    return units, failures


async def _unit(
    rig: Rig, name: str, alone: Sequence[Sender], crowd: Sequence[Sender], seconds: float
) -> tuple[Unit, dict[int, int]]:
    port = rig.port("gateway")
    single = await client.closed_loop(port, alone, seconds)
    await drain(rig)
    before, meters = await _stand(rig), rig.meters(*PARTS)
    read = meters.read()
    run = await client.closed_loop(port, crowd, seconds)
    await drain(rig)
    used, after = meters.since(read), await _stand(rig)
    stored, log, stream = (
        (now - then) / max(1, run.good_count) for now, then in zip(after, before, strict=True)
    )
    times = [percentile(single.latencies, max(1, percent)) for percent in _PERCENTS]
    cpu = {part: used[part] * 1000 / max(1, run.good_count) for part in PARTS}
    return Unit(name, run.good_count, cpu, stored, log, stream, times), _refused(single, run)


def _refused(*runs: Run) -> dict[int, int]:
    whole = Run()
    for run in runs:
        whole.add(run)
    return whole.failures


async def _stand(rig: Rig) -> tuple[float, float, float]:
    """Return the bytes of all tables with their indexes, of the log, and of the stream, ever."""
    [row] = await asyncio.to_thread(
        rig.platform.rows,
        "SELECT sum(pg_total_relation_size(relid)), pg_current_wal_lsn() - '0/0'::pg_lsn"
        " FROM pg_stat_user_tables",
    )
    bus = await connect(rig.platform.nats_url)
    try:
        state = (await bus.jetstream().stream_info(_STREAM)).state
    finally:
        await bus.close()
    return float(row[0]), float(row[1]), float(state.bytes)


class _Comer:
    """Somebody at the door: lets students in by their hall tickets, one after the other."""

    def __init__(self, student_ids: Sequence[int]) -> None:
        self._waiting = iter(student_ids)

    def next(self) -> bytes | None:
        student_id = next(self._waiting, None)
        return None if student_id is None else login_request(student_id)

    def took(self, _: Answer) -> None:
        return


class _Submitter:
    """One student who hands his attempts in, one after the other."""

    def __init__(self, token: str, attempts: Sequence[int]) -> None:
        self._token = token
        self._attempts: Iterator[int] = iter(attempts)

    def next(self) -> bytes | None:
        attempt_id = next(self._attempts, None)
        if attempt_id is None:
            return None
        path = f"/api/v1/attempts/{attempt_id}/submit"
        return client.with_body(client.request_head("POST", path, self._token), b'{"confirm":true}')

    def took(self, _: Answer) -> None:
        return


def _parted(
    ids: Sequence[int], sender: Callable[[Sequence[int]], Sender], at_once: int
) -> tuple[list[Sender], list[Sender]]:
    """Return one sender who has a third of all, and `at_once` who share the rest."""
    third = len(ids) // 3
    return [sender(ids[:third])], [sender(ids[third + n :: at_once]) for n in range(at_once)]


def _table(units: Sequence[Unit]) -> Table:
    table = Table("one", *(f"{part}, ms" for part in PARTS), "stored", "log", "stream", "alone")
    for unit in units:
        table.add_row(
            unit.name,
            *(f"{unit.cpu_ms[part]:.3f}" for part in PARTS),
            f"{unit.stored_bytes:,.0f} B",
            f"{unit.log_bytes:,.0f} B",
            f"{unit.stream_bytes:,.0f} B",
            f"{unit.seconds[_PERCENTS.index(50)] * 1000:.1f} ms",
        )
    return table
