"""What processes have cost: user and system time from /proc, in seconds.

The kernel counts in ticks of 10 ms, so only rounds of some seconds are worth reading. Ended threads
of a process are counted, ended child processes of Postgres are not: its backends live as long as
the pools that hold them.
"""

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from oep_local import processes

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return what a process has used since its start; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def memory_bytes(pids: Iterable[int]) -> int:
    """Return what a group of processes has resident: their own pages, and once the largest shared.

    For one process that is its RSS.
    """
    own, shared = 0, 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            pages = list(map(int, Path(f"/proc/{pid}/statm").read_text().split()[1:3]))
            own += pages[0] - pages[1]
            shared = max(shared, pages[1])
    return (own + shared) * _PAGE_BYTES


def family(pid: int) -> list[int]:
    """Return the process and everything below it."""
    return [process.pid for process in processes.family(pid)]


class Neighbours:
    """What the rest of the machine did meanwhile: who reads our numbers has to know."""

    def __init__(self) -> None:
        self._before = _machine_ticks(), self._ours()

    def share(self) -> float:
        """Return which share of all cores went to others than us and what we started."""
        (busy, total), ours = self._before
        busy_now, total_now = _machine_ticks()
        others = (busy_now - busy) - (self._ours() - ours) * _TICKS_PER_SECOND
        return max(0.0, others / max(1, total_now - total))

    @staticmethod
    def _ours() -> float:
        return sum(cpu_seconds(pid) for pid in family(os.getpid()))


def _machine_ticks() -> tuple[int, int]:
    """Return the ticks that all cores worked, and all ticks there were."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    user, nice, system, idle, waiting, *interrupts = map(int, fields)
    busy = user + nice + system + sum(interrupts)
    return busy, busy + idle + waiting


@dataclass
class Meters:
    """Named groups of processes; a group is asked anew each time it is read."""

    groups: Mapping[str, Callable[[], Iterable[int]]]

    def read(self) -> dict[str, dict[int, float]]:
        return {
            name: {pid: cpu_seconds(pid) for pid in pids()} for name, pids in self.groups.items()
        }

    def since(self, before: Mapping[str, Mapping[int, float]]) -> dict[str, float]:
        """Return the seconds of each group since `before`; processes born since count whole."""
        return {
            name: sum(used - before[name].get(pid, 0.0) for pid, used in now.items())
            for name, now in self.read().items()
        }
