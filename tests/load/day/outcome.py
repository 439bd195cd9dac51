"""What one scenario showed: one JSON line, and its row in README.md. Pure but for `origin`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from load.client import Run
from load.figures import origin, percentile

_MILLI = 1000
_PERCENTS = (50, 90, 99, 99.9, 100)


@dataclass
class Outcome:
    """The figures of one scenario; `others` is the share of the machine that others took."""

    letter: str
    words: str
    offered: str = ""
    """What was sent, and how."""
    ours: dict[str, Any] = field(default_factory=dict)
    naive: dict[str, Any] = field(default_factory=dict)
    replicas: int = 1
    """Of attempts."""
    told: list[str] = field(default_factory=list)
    """Cells of the row: ours, then the twin's."""
    flaws: list[str] = field(default_factory=list)
    """What must never be: errors, and frames or answers that are missing."""
    late: list[str] = field(default_factory=list)
    """Bars of time that were missed."""
    others: float = 0.0
    cpu_seconds: Mapping[str, float] = field(default_factory=dict)
    memory_mb: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """By part, before and after."""
    students: int = 0

    def errors(self, name: str, failures: Mapping[int, int]) -> None:
        """Note answers that were neither taken nor put off."""
        if failures:
            self.flaws.append(f"{name}: {dict(failures)}")

    def bar(self, name: str, seconds: float, limit: float) -> None:
        """Note a bar of time that was missed."""
        if not seconds < limit:
            self.late.append(f"{name}: {seconds:.2f} s, the bar is {limit:g} s")

    @property
    def line(self) -> str:
        """Return the JSON line."""
        whole = {
            "load": self.letter,
            "words": self.words,
            **origin(self.others),
            "students": self.students,
            "replicas": self.replicas,
            "offered": self.offered,
            "ours": self.ours,
            "naive": self.naive,
            "cpu_seconds": {name: round(used, 2) for name, used in self.cpu_seconds.items()},
            "memory_mb": dict(self.memory_mb),
            "flaws": self.flaws,
            "late": self.late,
        }
        return json.dumps(whole)

    @property
    def row(self) -> str:
        """Return the row for the table."""
        about = origin(self.others)
        memory = sum(pair[0] for pair in self.memory_mb.values())
        memory_after = sum(pair[1] for pair in self.memory_mb.values())
        several = f", {self.replicas} replicas of attempts" if self.replicas > 1 else ""
        cells = [
            about["date"],
            about["commit"],
            about["machine"],
            f"{self.letter}: {self.words}{several}",
            f"{self.students:,}",
            self.offered,
            *(self.told or ["-", "-"]),
            f"{memory} → {memory_after} MB",
            "; ".join([*self.flaws, *self.late]) or "as promised",
        ]
        return f"| {' | '.join(cells)} |"


def latency(seconds: Iterable[float]) -> dict[str, float | None]:
    """Return percentiles in milliseconds, of all values."""
    ordered = sorted(seconds)
    if not ordered:
        return dict.fromkeys((f"p{percent:g}" for percent in _PERCENTS), None)
    return {f"p{p:g}": round(percentile(ordered, p) * _MILLI, 1) for p in _PERCENTS}


def facts(run: Run) -> dict[str, Any]:
    """Return what an open loop met: how many were served in a second, and how late."""
    rate = run.good_count / run.seconds if run.seconds else 0.0
    return {
        "good": run.good_count,
        "failures": run.failures,
        "per_second": round(rate, 1),
        "ms": latency(run.latencies),
    }


def told(run: Run) -> str:
    """Return p50 and p99 of a run as a cell has them."""
    return told_ms(run.latencies)


def told_ms(seconds: Iterable[float]) -> str:
    """Return p50 and p99 as a cell has them."""
    ordered = sorted(seconds)
    if not ordered:
        return "nothing"
    return " / ".join(f"{percentile(ordered, p) * _MILLI:.0f}" for p in (50, 99)) + " ms"


def cpu_ms(used: Mapping[str, float], count: int) -> dict[str, float]:
    """Return what each part took for one of so many."""
    return {part: round(spent * _MILLI / max(1, count), 3) for part, spent in used.items()}
