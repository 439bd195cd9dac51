"""What a crowd does in the worst moments of an exam, and how many cores that takes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from oep_local.capacity import costs

_MINUTE = 60.0


@dataclass(frozen=True)
class Habits:
    """How people behave; the defaults are what the benchmarks play."""

    events_a_minute: float = 6.0
    """By student in the worst minute, with times of questions."""
    saves_a_minute: float = 4.0
    """A client saves 15 s after the last change at the latest."""
    events_an_hour: float = 20.0
    """In the mean, which is what is kept."""
    saves_an_hour: float = 60.0
    login_seconds: float = 900.0
    """All come within this time,"""
    begin_seconds: float = 60.0
    """begin within this,"""
    return_seconds: float = 60.0
    """come back within this when their sockets were cut (clients wait by chance),"""
    submit_seconds: float = 60.0
    """and hand in within this."""
    exam_hours: float = 2.0
    exam_days_a_month: float = 8.0
    attempts_a_day: float = 2.0
    """How many exams sit one after the other on such a day."""


@dataclass(frozen=True)
class Moment:
    """One worst moment: how many of each a second, and how many sockets are open."""

    name: str
    rates: Mapping[str, float]
    connects: float = 0.0
    sockets: int = 0
    cores: Mapping[str, float] = field(default_factory=dict)
    """What each part needs."""


def moments(students: int, habits: Habits) -> list[Moment]:
    """Return the moments of one exam that all sit at once."""
    work = {
        "event": students * habits.events_a_minute / _MINUTE,
        "save": students * habits.saves_a_minute / _MINUTE,
    }
    begins, returns = students / habits.begin_seconds, students / habits.return_seconds
    plain = [
        Moment("doors open", {"login": students / habits.login_seconds}),
        Moment("begin", {"begin": begins, **work}, begins, students),
        Moment("writing", work, 0.0, students),
        Moment("all return", work, returns, students),
        Moment("bell", {"submit": students / habits.submit_seconds, **work}, 0.0, students),
    ]
    return [_weighed(moment) for moment in plain]


def _weighed(moment: Moment) -> Moment:
    cores: dict[str, float] = {}
    for kind, rate in moment.rates.items():
        for part, seconds in costs.units()[kind].cpu_seconds.items():
            cores[part] = cores.get(part, 0.0) + rate * seconds
    cores["realtime"] = (
        moment.connects * costs.CONNECT_SECONDS
        + moment.sockets * costs.SILENT_SHARE
        + moment.rates.get("event", 0.0) * costs.WATCHED_EVENT_SECONDS
    )
    return Moment(moment.name, moment.rates, moment.connects, moment.sockets, cores)


def peaks(found: list[Moment]) -> dict[str, tuple[float, str]]:
    """Return by part the cores of its worst moment, and which that is."""
    parts = {part for moment in found for part in moment.cores}
    return {
        part: max((moment.cores.get(part, 0.0), moment.name) for moment in found) for part in parts
    }
