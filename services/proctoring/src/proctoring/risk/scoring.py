"""How rules become a score: what each adds, for which events, and the sum.

Pure and without memory: the same happenings in any order make the same risk, and one more of them
never makes it smaller.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge

from proctoring.risk.rules import RULES, Happening, Rule, Unit, in_force, newest

MOST_IDS = 100
"""How many events a contribution names; all have been counted."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one rule adds, and for which events."""

    rule_id: str
    version: int
    description: str
    weight: int
    cap: int
    points: int
    event_count: int
    """Events that the rule is about, also those that added nothing."""
    event_ids: tuple[int, ...]
    """Rows of the events that the points are for."""
    switched_off: str | None = None
    """Why the rule does not count for this attempt; then without points and events."""


@dataclass(frozen=True, slots=True)
class Risk:
    """A score with all that it is made of."""

    score: int = 0
    contributions: tuple[Contribution, ...] = ()
    rules_version: int = 1


ACCOMMODATION = "switched off: accommodation"
"""All that a score says of why a rule does not count: the reason may be about somebody's health."""


def assess(
    happenings: Iterable[Happening],
    switched_off: Collection[str] = (),
    version: int | None = None,
    rules: Sequence[Rule] = RULES,
) -> Risk:
    """Return the risk by the rules of `version`, the newest unless it is said; order is no matter.

    `switched_off` holds ids of rules; what it names beyond the version's rules changes nothing.
    """
    version = newest(rules) if version is None else version
    by_type: dict[str, list[Happening]] = {}
    for happening in sorted(happenings, key=_order):
        by_type.setdefault(happening.event_type, []).append(happening)
    contributions = [
        silenced(_contribution(rule, ()))
        if rule.id in switched_off
        else _contribution(rule, [h for h in _about(rule, by_type) if rule.when(h)])
        for rule in in_force(version, rules)
    ]
    return total(contributions, version)


def total(contributions: Iterable[Contribution], version: int) -> Risk:
    """Return the risk that contributions make; those that say nothing are left out."""
    told = tuple(c for c in contributions if c.event_count or c.switched_off)
    return Risk(sum(c.points for c in told), told, version)


def silenced(contribution: Contribution) -> Contribution:
    """Return a contribution as it is once its rule is switched off."""
    c = contribution
    return Contribution(
        c.rule_id, c.version, c.description, c.weight, c.cap, 0, 0, (), ACCOMMODATION
    )


def _order(happening: Happening) -> tuple[datetime, int]:
    return happening.at, happening.id


def _about(rule: Rule, by_type: Mapping[str, list[Happening]]) -> Iterable[Happening]:
    """Return what a rule is about in order of time, from lists that are in that order."""
    return merge(*(by_type.get(event_type, ()) for event_type in rule.event_types), key=_order)


def _contribution(rule: Rule, seen: Sequence[Happening]) -> Contribution:
    """Return what `seen`, in order of time, adds by `rule`."""
    match rule.unit:
        case Unit.TIME:
            units, ids = _times(rule, seen)
        case Unit.HALF_MINUTE:
            units, ids = _half_minutes(seen)
        case Unit.BURST:
            units, ids = _bursts(seen)
            seen = seen if units else ()  # what is no burst is not what the rule is about
    points = min(rule.cap, rule.weight * max(0, units - rule.free))
    return Contribution(
        rule.id,
        rule.version,
        rule.description,
        rule.weight,
        rule.cap,
        points,
        len(seen),
        tuple(ids[:MOST_IDS]) if points else (),
    )


def _times(rule: Rule, seen: Sequence[Happening]) -> tuple[int, list[int]]:
    """Return how often it happened, repetitions left out, and which events points are for.

    Counting from the left finds the largest number of events that lie further apart than the
    window, so one more event can never make it smaller.
    """
    counted: list[int] = []
    last: int | None = None
    for happening in seen:
        at = _milliseconds(happening.at)
        if last is None or at - last > rule.within_seconds * 1000:
            counted.append(happening.id)
            last = at
    most = -(-rule.cap // rule.weight)
    return len(counted), counted[rule.free : rule.free + most]


def _half_minutes(seen: Sequence[Happening]) -> tuple[int, list[int]]:
    """Return how many full half minutes of absence there are together, and their events.

    Absences end when their events say so. Those that overlap are one: what is told twice is the
    same time.
    """
    ends = [(_milliseconds(h.at), int((h.away_seconds or 0) * 1000), h.id) for h in seen]
    absences = sorted((end - length, end, event_id) for end, length, event_id in ends if length > 0)
    away, until = 0, None
    ids: list[int] = []
    for start, end, event_id in absences:
        added = end - start if until is None else end - max(start, until)
        if added > 0:
            away, until = away + added, end
            ids.append(event_id)
    return away // 30_000, ids


_BURST_SPAN_MS = 10_000
_BURST_SPANS = 6
_BURST_SIZE = 8
"""More than one kind can make in a minute, so that no kind is a burst by itself."""


def _bursts(seen: Sequence[Happening]) -> tuple[int, list[int]]:
    """Return how many bursts there are, one behind the other, and one event for each kind and span.

    Spans of the clock and kinds are a set, so one more event can never make it smaller; taking
    each burst as early as it is full finds the largest number of them.
    """
    first: dict[tuple[int, str], int] = {}
    for happening in seen:
        first.setdefault((_milliseconds(happening.at) // _BURST_SPAN_MS, happening.event_type),
                         happening.id)  # fmt: skip
    count, ids = 0, list[int]()
    near: list[tuple[int, str]] = []
    for place in sorted(first):
        near = [each for each in near if place[0] - each[0] < _BURST_SPANS] + [place]
        if len(near) == _BURST_SIZE:
            count, ids, near = count + 1, ids + [first[each] for each in near], []
    return count, ids


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _milliseconds(moment: datetime) -> int:
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
