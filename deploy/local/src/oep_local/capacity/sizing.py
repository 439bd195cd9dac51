"""Machines for a crowd: replicas of each service, the database, the bus, their disks. Pure.

Whatever has replicas stands in three zones, and two of them carry the worst moment at `BUSY` of
their cores. realtime also has to hold the sockets, and let them all in again.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oep_local.capacity import costs
from oep_local.capacity.demand import Habits, Moment, peaks

ZONES = 3
BUSY = 0.7
"""Beyond this share of a core waiting grows quickly (the simulation shows where)."""
SOCKETS_OF_A_NODE = 10_000
"""With a zone gone; 18,000 were held, and boards and returns take their part."""
LOOP = 1
"""Cores of a service that is one event loop; auth and the gateway use more."""
CORES_OF = {"auth": 2, "gateway": 2}
MEMORY_OF = {"auth": 1, "attempts": 1, "proctoring": 2, "realtime": 1, "gateway": 2, "web": 1}
"""GiB; estimated but for realtime, whose sockets come on top."""
_GIB = 2.0**30
_STREAM_HOURS = 72
_MEMORY_OF_A_CORE = 4
_RETENTION_MONTHS = 6


@dataclass(frozen=True)
class Group:
    """Replicas of one part; memory and disk are GiB of each."""

    part: str
    replicas: int
    cores: int
    memory: float
    disk: float
    why: str

    @property
    def stays(self) -> bool:
        """Whether it is there all month, and not only on exam days."""
        return self.disk > 0


@dataclass(frozen=True)
class Plan:
    """One installation."""

    students: int
    groups: Sequence[Group]
    moments: Sequence[Moment]


def plan(students: int, moments: Sequence[Moment], habits: Habits) -> Plan:
    """Return the installation that carries the worst of the moments with a zone gone."""
    worst = peaks(list(moments))
    groups = [_service(part, *worst[part]) for part in ("auth", "attempts", "proctoring")]
    groups += [_realtime(students, *worst["realtime"]), _gateway(students, *worst["gateway"])]
    groups.append(Group("web", ZONES, LOOP, MEMORY_OF["web"], 0, "files only"))
    groups += [
        _postgres(students, habits, *worst["postgres"]),
        _nats(students, habits, *worst["nats"]),
    ]
    return Plan(students, groups, moments)


def safe(needed: int) -> int:
    """Return how many must stand so that `needed` are left when a zone is gone."""
    count = max(ZONES, needed)
    while count - math.ceil(count / ZONES) < needed:
        count += 1
    return count


def left(count: int) -> int:
    """Return how many of `count` are left when a zone is gone."""
    return count - math.ceil(count / ZONES)


def _service(part: str, cores: float, moment: str) -> Group:
    each = CORES_OF.get(part, LOOP)
    count = safe(math.ceil(cores / (each * BUSY)))
    return Group(part, count, each, MEMORY_OF[part], 0, f"{cores:.1f} cores: {moment}")


def _realtime(students: int, cores: float, moment: str) -> Group:
    by_cores, by_sockets = math.ceil(cores / BUSY), math.ceil(students / SOCKETS_OF_A_NODE)
    count = safe(max(by_cores, by_sockets))
    memory = MEMORY_OF["realtime"] + students / left(count) * costs.SOCKET_BYTES / _GIB
    why = f"{cores:.1f} cores: {moment}" if by_cores >= by_sockets else f"{students:,} sockets"
    return Group("realtime", count, LOOP, math.ceil(memory), 0, why)


def _gateway(students: int, cores: float, moment: str) -> Group:
    count = safe(math.ceil(cores / (CORES_OF["gateway"] * BUSY)))
    memory = MEMORY_OF["gateway"] + students / left(count) * costs.GATEWAY_SOCKET_BYTES / _GIB
    why = f"{cores:.1f} cores: {moment}"
    return Group("gateway", count, CORES_OF["gateway"], math.ceil(memory), 0, why)


def _postgres(students: int, habits: Habits, cores: float, moment: str) -> Group:
    needed = _even(2 * cores)
    day = sum(
        count * costs.units()[kind].stored_bytes for kind, count in a_day(students, habits).items()
    )
    disk = math.ceil(2 * _RETENTION_MONTHS * habits.exam_days_a_month * day / _GIB)
    why = f"{cores:.1f} cores: {moment}; {_RETENTION_MONTHS} months kept"
    return Group("postgres", 2, needed, needed * _MEMORY_OF_A_CORE, max(20, disk), why)


def _nats(students: int, habits: Habits, cores: float, moment: str) -> Group:
    day = sum(
        count * costs.units()[kind].stream_bytes for kind, count in a_day(students, habits).items()
    )
    disk = math.ceil(2 * day * _STREAM_HOURS / 24 / _GIB)
    why = f"{cores:.1f} cores: {moment}; {_STREAM_HOURS} h kept"
    return Group("nats", 3, _even(2 * cores), 4, max(10, disk), why)


def a_day(students: int, habits: Habits) -> Mapping[str, float]:
    """Return how many of each request an exam day brings."""
    attempts = students * habits.attempts_a_day
    once = dict.fromkeys(("login", "begin", "submit"), attempts)
    return {
        **once,
        "event": attempts * habits.exam_hours * habits.events_an_hour,
        "save": attempts * habits.exam_hours * habits.saves_an_hour,
    }


def _even(cores: float) -> int:
    return max(2, 2 * math.ceil(cores / 2))
