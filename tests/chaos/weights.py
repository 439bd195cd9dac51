"""How much memory every part holds while a run lasts, and how fast that grows.

A process that was started anew begins anew: only what happens within lives counts.
"""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from load import meters
from load.rig import Rig

Weighed = tuple[float, float]
"""An instant in seconds, and MiB."""

_LOOK_SECONDS = 10.0
_WARM_SECONDS = 120.0
"""What a process does first is not growth: it fills its pools and caches."""
_HOUR = 3_600.0
_MIB = 2**10
"""KiB in one."""


@dataclass
class Weights:
    """What was weighed: for each part, for each process that it began as, by and by."""

    lives: dict[str, dict[int, list[Weighed]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def weigh(self, parts: Mapping[str, int], now: float) -> None:
        """Weigh each part with all processes below it, shared pages by shares. Blocking."""
        for name, pid in parts.items():
            kib = sum(map(_kib, meters.family(pid)))
            if kib:
                self.lives[name][pid].append((now, kib / _MIB))

    @property
    def words(self) -> Iterable[str]:
        """Tell of each part what it holds in the end, and its growth."""
        for name, lives in sorted(self.lives.items()):
            *_, (_, last) = max(lives.values(), key=lambda life: life[-1][0])
            grown = growth(lives.values())
            rate = "no life was long enough" if grown is None else f"{grown:+.1f} MiB/h"
            yield f"{name} {last:.0f} MiB ({rate})"


def growth(lives: Iterable[Sequence[Weighed]]) -> float | None:
    """Return the common slope of all lives, in MiB an hour; None without two warm weights in one.

    Least squares, each life around its own mean.
    """
    above = below = 0.0
    for life in lives:
        warm = [(at, mib) for at, mib in life if at - life[0][0] >= _WARM_SECONDS]
        if len(warm) < 2:  # two make a line
            continue
        mean_at = sum(at for at, _ in warm) / len(warm)
        mean_mib = sum(mib for _, mib in warm) / len(warm)
        above += sum((at - mean_at) * (mib - mean_mib) for at, mib in warm)
        below += sum((at - mean_at) ** 2 for at, _ in warm)
    return above / below * _HOUR if below else None


@contextlib.asynccontextmanager
async def weighed(rig: Rig) -> AsyncIterator[Weights]:
    """Weigh every part while the block runs."""
    weights = Weights()

    async def all_the_time() -> None:
        while True:
            await asyncio.to_thread(_look, rig, weights)
            await asyncio.sleep(_LOOK_SECONDS)

    task = asyncio.create_task(all_the_time())
    try:
        yield weights
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _look(rig: Rig, weights: Weights) -> None:
    parts = rig.platform.state.read_run()["parts"]
    weights.weigh({name: part["pid"] for name, part in parts.items()}, time.monotonic())


def _kib(pid: int) -> int:
    """Return the proportional set size of a process; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
