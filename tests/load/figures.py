"""Counting and printing: percentiles from all values, a table for people, one JSON line, one row.

The row is for README.md. Pure but for what `origin` asks the machine and git.
"""

import json
import math
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from load.client import Run

_MILLI = 1000


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the smallest value that `percent` of all do not exceed (nearest rank); NaN of none."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


@dataclass
class Score:
    """What one subject did over all its rounds; `cpu_seconds` by group of processes."""

    name: str
    service: str
    """The group of processes that serves it."""
    run: Run = field(default_factory=Run)
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    per_request: int = 1
    """How many answers one request carries."""

    def add(self, run: Run, cpu_seconds: Mapping[str, float]) -> None:
        """Take one more round in."""
        self.run.add(run)
        for name, used in cpu_seconds.items():
            self.cpu_seconds[name] = self.cpu_seconds.get(name, 0.0) + used

    @property
    def count(self) -> int:
        return self.run.good_count * self.per_request

    @property
    def per_second(self) -> float:
        return self.count / self.run.seconds if self.run.seconds else math.nan

    @property
    def per_cpu_second(self) -> float:
        """How many the service's own process does in a second of its CPU time."""
        used = self.cpu_seconds.get(self.service, 0.0)
        return self.count / used if used else math.nan

    def cost_ms(self, group: str) -> float:
        """Return a group's CPU time for one of what is counted."""
        used = self.cpu_seconds.get(group, 0.0)
        return used * _MILLI / self.count if self.count else math.nan

    @property
    def client_share(self) -> float:
        """The client's CPU time as a share of the service's."""
        used = self.cpu_seconds.get(self.service, 0.0)
        return self.cpu_seconds.get("client", 0.0) / used if used else math.nan

    def ms(self, percent: float) -> float:
        return percentile(self.run.latencies, percent) * _MILLI

    def facts(self) -> dict[str, Any]:
        return {
            "count": self.count,
            "failures": self.run.failures,
            "per_second": _round(self.per_second),
            "per_cpu_second": _round(self.per_cpu_second),
            "p50_ms": _round(self.ms(50), 2),
            "p95_ms": _round(self.ms(95), 2),
            "p99_ms": _round(self.ms(99), 2),
            "max_ms": _round(self.ms(100), 2),
            "service_ms": _round(self.cost_ms(self.service), 4),
            "postgres_ms": _round(self.cost_ms("postgres"), 4),
            "client_share": _round(self.client_share, 2),
        }


@dataclass(frozen=True)
class Report:
    """The result of one benchmark; `others` is the share of the machine that others took."""

    bench: str
    others: float
    facts: Mapping[str, Any]
    row: Sequence[str]
    """The cells that follow date, commit and machine in README.md."""
    flaws: Sequence[str] = ()

    def print(self, console: Console) -> None:
        about = origin(self.others)
        line = {"bench": self.bench, **about, **self.facts, "flaws": list(self.flaws)}
        console.print_json(json.dumps(line), indent=None)
        cells = [about["date"], about["commit"], about["machine"], *self.row]
        console.print(f"| {' | '.join(cells)} |", highlight=False, soft_wrap=True, markup=False)
        for flaw in self.flaws:
            console.print(f"[bold red]not as promised:[/] {flaw}", highlight=False)


def score_table(title: str, scores: Iterable[Score], base: Score | None = None) -> Table:
    """Lay scores out; the last column compares CPU time with `base`."""
    table = Table(
        title=title, caption="service and Postgres: CPU ms each; client: its CPU / service's"
    )
    names = (
        "",
        "count",
        "/s",
        "/CPU-s",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "service",
        "Postgres",
        "client",
    )
    for name in (*names, "ratio"):
        table.add_column(name, justify="left" if not name else "right")
    for score in scores:
        ratio = f"{score.per_cpu_second / base.per_cpu_second:.2f}" if base else ""
        table.add_row(
            score.name,
            f"{score.count}",
            f"{score.per_second:,.0f}",
            f"{score.per_cpu_second:,.0f}",
            f"{score.ms(50):.1f}",
            f"{score.ms(95):.1f}",
            f"{score.ms(99):.1f}",
            f"{score.cost_ms(score.service):.3f}",
            f"{score.cost_ms('postgres'):.3f}",
            f"{score.client_share:.0%}",
            ratio,
        )
    return table


def origin(others: float) -> dict[str, str]:
    """Say when, of which commit and on which machine something was measured."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        "commit": _commit(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {others:.0%} taken by others",
    }


def _commit() -> str:
    here = Path(__file__).parent
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or "unknown"


def _round(value: float, digits: int = 0) -> float | None:
    """Return a number that JSON can hold."""
    return None if math.isnan(value) else round(value, digits)
