"""A mass login while an exam runs: do all come in, and does the exam notice?

200 students save every four seconds each, open loop, through the gateway: alone for a while, then
while newcomers log in at an even pace, each at a connection of his own, also through the gateway.
Who is told to come back (503, 429 with Retry-After) does so at the time that he was told.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from rich.console import Console
from rich.table import Table

from load import client, ledger
from load.bench_save import Saver, Sent, savers
from load.client import Answer, Due, Insistence, Line, Run, clock
from load.figures import Report, percentile
from load.ledger import Ledger, Verdict
from load.meters import Neighbours
from load.rig import Rig, login_request, running
from load.rounds import Say
from load.world import World

PARTS = ("auth", "attempts", "gateway", "postgres")
_MILLI = 1000
_GIVE_UP_SECONDS = 600.0


@dataclass(frozen=True)
class Size:
    """How many come within how many seconds, and the exam that they must not disturb."""

    newcomers: int = 1_000
    within_seconds: float = 10.0
    are_imported: bool = False
    """Whether the newcomers' hashes are bcrypt of the legacy portal (a new one is made as well)."""
    sitters: int = 200
    save_every_seconds: float = 4.0
    baseline_seconds: float = 15.0

    @property
    def world(self) -> World:
        return World(sitters=self.sitters, running_exams=1, newcomers=self.newcomers)


@dataclass
class Storm:
    """What became of the newcomers."""

    let_in: Counter[int] = field(default_factory=Counter)
    told: Insistence = field(default_factory=Insistence)
    lasted_seconds: float = 0.0
    others: float = 0.0
    """The share of the machine that others took meanwhile."""
    cpu_seconds: dict[str, float] = field(default_factory=dict)

    @property
    def come_backs(self) -> int:
        return self.told.come_backs

    @property
    def errors(self) -> dict[int, int]:
        return self.told.errors


@dataclass
class Exam:
    """The exam that runs: what its students saw before the storm and during it."""

    savers: list[Saver]
    lines: list[Line]
    told: Ledger
    before: Run = field(default_factory=Run)
    during: Run = field(default_factory=Run)
    is_storm: bool = False
    is_over: bool = False

    def plan(self, every_seconds: float) -> Iterator[Due]:
        """Yield saves for as long as the exam goes on, the students evenly spread."""
        pause = every_seconds / len(self.savers)
        for number in itertools.count():
            if self.is_over:
                return
            place = number % len(self.savers)
            request, sent = self.savers[place].wish()
            run = self.during if self.is_storm else self.before
            yield Due(number * pause, self.lines[place], request, partial(self._took, run, sent))

    def _took(self, run: Run, sent: Sent, answer: Answer) -> None:
        run.note(answer)
        if answer.is_good:
            self.told.saved(*sent)


def bench(size: Size, console: Console, say: Say) -> Report:
    """Measure and print; the report holds what was not as promised. Blocking."""
    with running(size.world, are_imported=size.are_imported, say=say) as rig:
        exam, storm = asyncio.run(measure(rig, size, say))
        access = rig.platform.database
        saves = ledger.judge_saves(access, exam.told)
        let_in = {who: storm.let_in[who] for who in size.world.newcomer_ids}
        logins = ledger.judge_logins(access, let_in)
    console.print(_table(exam, storm))
    console.print(f"logins: {logins}\nsaves:  {saves}", highlight=False)
    return _report(size, exam, storm, saves, logins)


async def measure(rig: Rig, size: Size, say: Say) -> tuple[Exam, Storm]:
    say("the exam's students sign in")
    tokens = await rig.sign_in(rig.world.sitter_ids)
    told = Ledger()
    lines = [await client.connect(rig.port("gateway")) for _ in tokens]
    exam = Exam(savers(rig.world, tokens, None, itertools.count()), lines, told)
    saving = asyncio.create_task(client.open_loop(exam.plan(size.save_every_seconds)))
    say(f"the exam runs alone for {size.baseline_seconds:.0f} s")
    await asyncio.sleep(size.baseline_seconds)
    say(f"{size.newcomers} students log in within {size.within_seconds:.0f} s")
    exam.is_storm = True
    storm = await _storm(rig, size)
    say(f"all are in after {storm.lasted_seconds:.1f} s")
    exam.is_over = True
    await saving
    for line in lines:
        line.close()
    return exam, storm


async def _storm(rig: Rig, size: Size) -> Storm:
    storm, meters, began = Storm(), rig.meters(*PARTS), clock()
    before, neighbours = meters.read(), Neighbours()
    pause = size.within_seconds / max(1, size.newcomers)
    async with asyncio.timeout(_GIVE_UP_SECONDS), asyncio.TaskGroup() as group:
        for place, student_id in enumerate(rig.world.newcomer_ids):
            due = began + place * pause
            group.create_task(come_in(rig.port("gateway"), student_id, due, storm))
    storm.lasted_seconds = clock() - began
    storm.cpu_seconds = meters.since(before)
    storm.others = neighbours.share()
    return storm


async def come_in(port: int, student_id: int, due: float, storm: Storm) -> None:
    """Log in at `due`, come back when told to, give up at any other failure."""
    await asyncio.sleep(due - clock())
    line = await client.connect(port)
    answer = await client.insist(line, login_request(student_id), storm.told, due)
    line.close()
    storm.let_in[student_id] += answer.is_good


def _table(exam: Exam, storm: Storm) -> Table:
    table = Table(title="Saves of the running exam, through the gateway")
    for name in ("", "saves", "p50 ms", "p99 ms", "max ms"):
        table.add_column(name, justify="left" if not name else "right")
    for name, run in (("before", exam.before), ("during the logins", exam.during)):
        figures = (f"{_ms(run, percent):.1f}" for percent in (50, 99, 100))
        table.add_row(name, f"{run.count}", *figures)
    cpu = ", ".join(f"{name} {used:.1f}" for name, used in storm.cpu_seconds.items())
    table.caption = f"CPU seconds during the logins: {cpu}"
    return table


def _ms(run: Run, percent: float) -> float:
    return percentile(run.latencies, percent) * _MILLI


def _report(size: Size, exam: Exam, storm: Storm, saves: Verdict, logins: Verdict) -> Report:
    runs = {"before": exam.before, "during": exam.during}
    facts = {
        "students": size.newcomers,
        "within_seconds": size.within_seconds,
        "hashes": "bcrypt" if size.are_imported else "argon2id",
        "all_in_seconds": round(storm.lasted_seconds, 1),
        "login_p50_seconds": round(percentile(storm.told.waited, 50), 2),
        "login_p99_seconds": round(percentile(storm.told.waited, 99), 2),
        "come_backs": storm.come_backs,
        "errors": dict(storm.errors),
        "cpu_seconds": {name: round(used, 2) for name, used in storm.cpu_seconds.items()},
        **{
            f"save_{name}_ms": {f"p{p}": round(_ms(run, p), 1) for p in (50, 99, 100)}
            for name, run in runs.items()
        },
        "oracle": {"logins": str(logins), "saves": str(saves)},
    }
    row = [
        f"{size.newcomers} in {size.within_seconds:.0f} s, {facts['hashes']}",
        f"{storm.lasted_seconds:.1f} s",
        f"{storm.come_backs}",
        f"{sum(storm.errors.values())}",
        *(f"{_ms(run, 50):.0f} / {_ms(run, 99):.0f} ms" for run in runs.values()),
        f"logins: {logins}; saves: {saves}",
    ]
    failed = [f"saves {name}: {run.failures}" for name, run in runs.items() if run.failures]
    failed += [f"logins: {dict(storm.errors)}"] if storm.errors else []
    return Report("login", storm.others, facts, row, [*failed, *logins.flaws, *saves.flaws])
