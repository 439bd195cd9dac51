"""Plays a moment with the measured times, to see whether a plan answers in time without a zone.

Requests come by chance, evenly in the mean, to whichever replica; each waits until a core is free,
takes it for its CPU time, and then waits for what takes no core (the disk, other services).
CPU times are spread as the measured times are. Nothing here knows the formulas of `sizing`.
"""

import heapq
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oep_local.capacity import costs
from oep_local.capacity.demand import Moment
from oep_local.capacity.sizing import Group, left

OWNER = {
    "login": "auth",
    "begin": "attempts",
    "save": "attempts",
    "submit": "attempts",
    "event": "proctoring",
}
_MOST = 20_000
"""Requests of each replica: enough for a steady 99 %."""
_SECONDS = 60.0


@dataclass(frozen=True)
class Outcome:
    """How long one kind of request took, in seconds, while replicas of a zone were gone."""

    moment: str
    kind: str
    median: float
    late: float
    """One of a hundred took longer."""
    busy: float
    """Share of their cores that the replicas used."""


def play(moment: Moment, groups: Sequence[Group], seed: int = 1) -> list[Outcome]:
    """Play a moment on what is left of each service; one replica stands for all of its kind."""
    found = []
    for part in dict.fromkeys(OWNER.values()):
        [group] = [each for each in groups if each.part == part]
        rates = {
            kind: rate / left(group.replicas)
            for kind, rate in moment.rates.items()
            if part in costs.units()[kind].cpu_seconds and rate
        }
        found += _replica(moment.name, part, group.cores, rates, random.Random(seed))  # noqa: S311  # a model, no secret
    return found


def _replica(
    moment: str, part: str, cores: int, rates: Mapping[str, float], chance: random.Random
) -> list[Outcome]:
    total = sum(rates.values())
    own = [kind for kind in rates if OWNER[kind] == part]
    if not own:
        return []
    seconds = min(_SECONDS, _MOST / total)
    free = [0.0] * cores
    now = used = 0.0
    took: dict[str, list[float]] = {kind: [] for kind in own}
    kinds, weights = list(rates), list(rates.values())
    while now < seconds:
        now += chance.expovariate(total)
        [kind] = chance.choices(kinds, weights)
        unit = costs.units()[kind]
        alone = unit.alone_at(chance.random())
        work = unit.cpu_seconds[part] * alone / unit.alone_mean
        begins = max(now, heapq.heappop(free))
        heapq.heappush(free, begins + work)
        used += work
        if kind in took:
            took[kind].append(begins - now + max(work, alone))
    last = max(seconds, *free)
    return [_outcome(moment, kind, took[kind], used / (last * cores)) for kind in own if took[kind]]


def _outcome(moment: str, kind: str, times: list[float], busy: float) -> Outcome:
    times.sort()
    return Outcome(
        moment,
        kind,
        times[len(times) // 2],
        times[min(len(times) - 1, len(times) * 99 // 100)],
        busy,
    )
