"""What one of everything costs, in CPU-seconds and bytes of the machine that was measured."""

import bisect
import functools
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

REQUESTS = ("login", "begin", "event", "save", "submit")

# From the tables of tests/load/README.md; `test_costs.py` finds the words there.
CONNECT_SECONDS = 1 / 1805
"""CPU of a realtime node for one handshake."""
SILENT_SHARE = 0.12 / 10_000
"""Share of a core that one silent socket takes: pings and pongs."""
SOCKET_BYTES = 2.80 * 1024
"""Memory of a node for a silent student."""
WATCHED_EVENT_SECONDS = 0.37e-3
"""CPU of a node for one event of an exam with fifty boards."""
NODE_SOCKETS = 18_000
"""What one node has held."""
EXAM_STUDENTS = 5_000
"""The largest exam that was measured."""
BUS_MESSAGE_SECONDS = 17e-6
"""CPU of nats-server for a message that comes in a batch, as in a storm."""

# Nobody measured these.
GATEWAY_SOCKET_BYTES = 64 * 1024
"""Both sides of a proxied socket, with buffers and TLS."""
WAL_BYTES_A_SECOND = 200e6
"""What one primary writes and sends to its replica without falling behind, on good disks."""
POSTGRES_CORES = 64
"""The largest primary that is sold everywhere."""


@dataclass(frozen=True)
class Unit:
    """One kind of request; everything is for one."""

    cpu_seconds: Mapping[str, float]
    """By part."""
    stored_bytes: float
    log_bytes: float
    stream_bytes: float
    alone: Sequence[tuple[float, float]]
    """How long it took when nobody else was there: (share of all, seconds) from 0 to 1."""

    @property
    def alone_mean(self) -> float:
        pairs = itertools.pairwise(self.alone)
        return sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairs)

    def alone_at(self, share: float) -> float:
        """Return the seconds that `share` of all did not exceed."""
        above = bisect.bisect_left(self.alone, (share, 0.0))
        (low, short), (high, long) = self.alone[max(0, above - 1)], self.alone[above]
        return short if high == low else short + (long - short) * (share - low) / (high - low)


@functools.cache
def units() -> Mapping[str, Unit]:
    """Return what was measured, by kind of request."""
    return {name: _unit(facts) for name, facts in _measured()["units"].items()}


@functools.cache
def _measured() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("measured.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


def measured_on() -> str:
    """Return the date of the figures, and which share of the machine others had."""
    facts = _measured()
    return f"{facts['date']}, {facts['others']:.0%} of the machine taken by others"


def _unit(facts: Mapping[str, Any]) -> Unit:
    return Unit(
        {part: ms / 1000 for part, ms in facts["cpu_ms"].items()},
        max(0.0, facts["stored_bytes"]),
        facts["log_bytes"],
        facts["stream_bytes"],
        [(percent / 100, ms / 1000) for percent, ms in facts["alone_ms"]],
    )
