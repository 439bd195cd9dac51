"""What it costs a realtime node to let a student in, and to have him there while he is silent.

A fresh node alone, with neighbours that have all answers ready: 10,000 students on attempts of
their own come in as quickly as they can, 200 handshakes at a time, each with a token of his own;
they stay a while, and leave. Once with the subprotocol oep.v1 and once without, in turns. What
counts is the node's CPU for one of them; who else used how much says what bounds the rate.
"""

import math
import resource
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from load.fanout_rig import Bench, Client, running
from load.figures import Report
from load.meters import Meters, Neighbours, family
from load.rounds import Say

_MILLI, _KILO = 1_000, 1_000
_KINDS = (None, "oep.v1")
_FIRST, _WARM = 10_000, 200
_LEAVE_SECONDS = 30.0


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    students: int = 10_000
    rounds: int = 2
    """Of each kind."""
    settle_seconds: float = 10.0
    """What is given to a node before its memory is read."""
    still_seconds: float = 10.0
    """For how long the cost of silent sockets is looked at."""


@dataclass
class Came:
    """What students of one kind did, over all rounds; CPU seconds by who used them."""

    good: int = 0
    bad: int = 0
    seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    bytes_each: list[float] = field(default_factory=list)
    idle_share: list[float] = field(default_factory=list)
    """Of one core, for all of them while they are silent."""

    @property
    def per_second(self) -> float:
        return self.good / self.seconds if self.seconds else math.nan

    @property
    def per_cpu_second(self) -> float:
        used = self.cpu.get("node", 0.0)
        return self.good / used if used else math.nan

    def ms(self, who: str) -> float:
        """Return somebody's CPU for one connect."""
        return self.cpu.get(who, 0.0) * _MILLI / max(1, self.good)


def bench(size: Size, console: Console, say: Say, source: Path | None = None) -> Report:
    """Measure and print; the report holds what was not as promised. Blocking."""
    with running(source) as made:
        neighbours = Neighbours()
        came = _rounds(made, size, say)
        others = neighbours.share()
    console.print(_table(came))
    return report(size, came, others)


def _rounds(made: Bench, size: Size, say: Say) -> dict[str | None, Came]:
    say("tokens are signed")
    first = made.targets("first", range(1_000, 1_000 + min(_WARM, size.students)))
    crowd = made.targets("crowd", range(_FIRST, _FIRST + size.students))
    came: dict[str | None, Came] = {kind: Came() for kind in _KINDS}
    for number in range(1, size.rounds + 1):
        for kind in _KINDS:
            name = f"crowd-{kind}-{number}"
            # The ring is a buffer with a bound of its own; it is small here, so that RSS is the
            # sockets'. A node of its own for each round: memory is never given back whole.
            pid, port = made.start_node(name, RING_MESSAGES="1000")
            warm = Client(made.binary, port, min(_WARM, size.students), first)
            warm.close()  # what is made once for all is made now
            time.sleep(size.settle_seconds / 3)
            _one(made, size, pid, port, crowd, kind, came[kind])
            made.stop_node(name)
            say(f"round {number} of {size.rounds}  {_said(kind)}: {_rates(came[kind])}")
    return came


def _one(
    made: Bench, size: Size, pid: int, port: int, crowd: Path, kind: str | None, came: Came
) -> None:
    groups = {
        "node": lambda: [pid],
        "neighbours": lambda: [made.neighbours_pid],
        "bus": lambda: family(made.bus.pid),
    }
    meters, rss = Meters(groups), _rss(pid)
    before = meters.read()
    students = Client(made.binary, port, size.students, crowd, subprotocol=kind)
    used = {**meters.since(before), "client": students.report()[3]}
    came.good += students.came.good
    came.bad += students.came.bad
    came.seconds += students.came.seconds
    came.cpu = {who: came.cpu.get(who, 0.0) + seconds for who, seconds in used.items()}
    time.sleep(size.settle_seconds)
    came.bytes_each.append((_rss(pid) - rss) / max(1, students.came.good))
    before, began = meters.read(), time.monotonic()
    time.sleep(size.still_seconds)
    came.idle_share.append(meters.since(before)["node"] / (time.monotonic() - began))
    came.bad += students.came.good - students.report()[1]  # who did not stay
    students.close()


def _rss(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


# telling


def _said(kind: str | None) -> str:
    return kind or "plain"


def _rates(came: Came) -> str:
    rates = f"{came.per_second:,.0f}/s ({came.per_cpu_second:,.0f} per CPU-s)"
    return f"{rates}, {max(came.bytes_each):,.0f} B each"


def _table(came: dict[str | None, Came]) -> Table:
    table = Table(title="CPU milliseconds for one connect, by who used them")
    names = ("", "/s", "/CPU-s", "node", "bus", "neighbours", "client", "B each", "idle")
    for name in names:
        table.add_column(name, justify="left" if not name else "right")
    for kind, found in came.items():
        table.add_row(
            _said(kind),
            f"{found.per_second:,.0f}",
            f"{found.per_cpu_second:,.0f}",
            *(f"{found.ms(who):.3f}" for who in ("node", "bus", "neighbours", "client")),
            f"{max(found.bytes_each):,.0f}",
            f"{max(found.idle_share):.0%}",
        )
    return table


def report(size: Size, came: dict[str | None, Came], others: float) -> Report:
    """Return what was found, and what was not as promised."""
    facts: dict[str, object] = {"students": size.students}
    flaws, row = [], []
    for kind, found in came.items():
        facts[_said(kind)] = {
            "connects_per_second": round(found.per_second),
            "connects_per_cpu_second": round(found.per_cpu_second, 1),
            "bytes_each": round(max(found.bytes_each)),
            "idle_share": round(max(found.idle_share), 4),
            **{f"{who}_ms": round(found.ms(who), 4) for who in found.cpu},
        }
        wanted = size.students * size.rounds
        if found.good != wanted or found.bad:
            text = f"{found.good} of {wanted} came in, {found.bad} were refused or did not stay"
            flaws.append(f"{_said(kind)}: {text}")
        row += [
            f"{found.per_second:,.0f}/s ({found.per_cpu_second:,.0f})",
            f"{max(found.bytes_each):,.0f} B",
            f"{max(found.idle_share):.0%}",
        ]
    costs = (f"{came['oep.v1'].ms(who):.2f}" for who in ("bus", "neighbours", "client"))
    return Report("connects", others, facts, [*row, " / ".join(costs)], flaws)
