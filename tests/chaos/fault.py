"""What a fault is, how much load it is done under, and what became of it."""

import contextlib
import json
import math
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from chaos.oracle import Verdict

if TYPE_CHECKING:
    from chaos.run import Run

_FEW_NEWCOMERS = 30
_SEEDS = 1_000_000
SOCKETS_EACH = 5
"""How many sockets a student may have here; who has some beyond `students` only listens."""


@dataclass(frozen=True)
class Size:
    """How much load, and how long everything takes; seconds, if not said otherwise."""

    students: int = 200
    period_seconds: float = 2.0
    quiet_seconds: float = 5.0
    """Before the fault and after it."""
    sockets: int | None = None
    """How many sockets students have together, in faults where they have some."""
    seed: int = 0
    """What chance begins with in each fault; what others do at the same time is not in its hand."""
    is_short: bool = False
    """Few repetitions and short outages, for `make test`."""

    def sockets_of(self, fault: "Fault") -> int:
        """Return how many sockets students have in a fault: one each when it is short."""
        wanted = self.sockets or (self.students if self.is_short else fault.sockets)
        return wanted * (fault.sockets > 0)

    def newcomers_of(self, fault: "Fault") -> int:
        """Return how many students log in during a fault."""
        return min(_FEW_NEWCOMERS, fault.newcomers) if self.is_short else fault.newcomers

    def sitters_of(self, faults: Iterable["Fault"]) -> int:
        """Return how many students are needed, those included who only listen."""
        most = max((self.sockets_of(fault) for fault in faults), default=0)
        return max(self.students, math.ceil(most / SOCKETS_EACH))


def chosen(seed: int | None) -> int:
    """Return the seed that was asked for, or one of chance."""
    return secrets.randbelow(_SEEDS) if seed is None else seed


SHORT = Size(students=10, period_seconds=0.2, quiet_seconds=0.5, is_short=True)


def _nothing(_: "Run") -> AbstractAsyncContextManager[None]:
    return contextlib.nullcontext()


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
    """How many sockets students have; they must come back, and be told of each answer once."""
    has_saves: bool = False
    """Whether answers are saved without sockets, too."""
    newcomers: int = 0
    """How many students without an attempt log in."""
    has_spare: bool = False
    """Whether students have a second attempt each, in which nothing happens but what it does."""
    skew_seconds: float = 0.0
    """How wrong the students' clocks are, at most, to both sides."""
    is_silent: bool = False
    """Whether a socket can be lost without its client being told."""
    disk: Callable[[Path], AbstractContextManager[object]] | None = None
    """What is laid below the platform's folder; it is there in the other faults, too."""
    shown_as: str = ""
    """What its line and row call it instead of its number."""
    beside: Callable[["Run"], AbstractAsyncContextManager[None]] = _nothing
    """What runs beside the platform, from before the students begin to the end."""

    @property
    def name(self) -> str:
        return self.shown_as or str(self.number)


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
    seed: int
    late: list[str] = field(default_factory=list)
    """Limits that were missed; a slow machine misses them, too."""
    words: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        """The JSON line of this fault."""
        verdict = self.verdict
        told = {
            "fault": self.fault.shown_as or self.fault.number,
            "accepted": verdict.accepted,
            "stored": verdict.stored,
            "duplicates": verdict.duplicates,
            "order_violations": verdict.order_violations,
            "converge_s": round(self.converge_seconds, 1),
            "p50_ms": _rounded(self.p50_ms),
            "p99_ms": _rounded(self.p99_ms),
            "unauthorised": self.unauthorised,
            "seed": self.seed,
        }
        return json.dumps(told)


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 1)
