"""What of an attempt's evidence has to go now, and what keeps it.

Pure; days are 24 hours and are counted from the end of the sitting, by the database's clock.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MAX_DAYS = 36_500


class Part(StrEnum):
    """What can be removed from an event and leaves its chain whole."""

    PAYLOAD = "payload"
    """What the client told besides: `event_data`, and what concepts keep beside events."""
    NETWORK = "network"
    """Address and user agent."""
    SNAPSHOTS = "snapshots"
    """Pictures: not the events that tell of them."""


OF_EVENTS = (Part.PAYLOAD, Part.NETWORK)
"""What events hold themselves."""
EVERYTHING = frozenset(Part)


class HeldBy(StrEnum):
    """What keeps an attempt's evidence although it is due."""

    REVIEW = "review"
    """A review or an appeal of the attempt is open."""
    HOLD = "hold"
    """An administrator has put it on hold."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How long an exam's evidence is kept."""

    events_days: int
    network_days: int
    snapshots_days: int = 90

    def days(self, part: Part) -> int:
        found = {
            Part.PAYLOAD: self.events_days,
            Part.NETWORK: self.network_days,
            Part.SNAPSHOTS: self.snapshots_days,
        }
        return found[part]


@dataclass(frozen=True, slots=True)
class Sitting:
    """What retention knows of an attempt; `through` is None for a part that was never removed."""

    attempt_id: int
    exam_id: int | None
    ended_at: datetime | None
    """The last event or the submission, whichever came later."""
    last_sequence: int
    payload_through: int | None = None
    """The event up to which payloads were removed; later ones may have come since."""
    network_through: int | None = None
    is_forgotten: bool = False
    """Whether the person's evidence is to be erased whatever its age."""
    words_at: datetime | None = None
    """The newest of what concepts keep beside events and has not been removed; None = nothing."""
    pictures_at: datetime | None = None
    """The same of pictures."""

    def has_left(self, part: Part) -> bool:
        """Say whether there may be something of `part` that no erasure has seen yet."""
        return self.has_events_left(part) or self.newest_beside(part) is not None

    def newest_beside(self, part: Part) -> datetime | None:
        """Return when the newest came of what is kept beside events and goes with the part."""
        return {Part.PAYLOAD: self.words_at, Part.SNAPSHOTS: self.pictures_at}.get(part)

    def has_events_left(self, part: Part) -> bool:
        if part not in OF_EVENTS:
            return False
        through = self.payload_through if part is Part.PAYLOAD else self.network_through
        return through is None or through < self.last_sequence


def expired(sitting: Sitting, policy: Policy, now: datetime) -> frozenset[Part]:
    """Return what would have to go if nothing held it."""
    return frozenset(
        part
        for part in Part
        if sitting.has_left(part) and (sitting.is_forgotten or _is_old(sitting, policy, part, now))
    )


def due(
    sitting: Sitting, policy: Policy, held_by: Collection[HeldBy], now: datetime
) -> frozenset[Part]:
    """Return what has to go: nothing while anything holds the attempt."""
    return frozenset() if held_by else expired(sitting, policy, now)


def _is_old(sitting: Sitting, policy: Policy, part: Part, now: datetime) -> bool:
    length = timedelta(days=policy.days(part))
    return any(begin + length <= now for begin in _begins(sitting, part))


def _begins(sitting: Sitting, part: Part) -> Iterator[datetime]:
    """Yield from when the days of what is left are counted.

    Words that came after the end of the sitting, or where none is known, have days of their own.
    """
    if sitting.ended_at is not None and sitting.has_events_left(part):
        yield sitting.ended_at
    newest = sitting.newest_beside(part)
    if newest is not None:
        yield max(newest, sitting.ended_at or newest)


def ranges(sequences: Iterable[int]) -> list[tuple[int, int]]:
    """Return numbers as ranges, both ends included, in order."""
    found: list[tuple[int, int]] = []
    for number in sorted(set(sequences)):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def covers(found: Sequence[tuple[int, int]], number: int) -> bool:
    """Say whether one of the ranges holds the number."""
    return any(first <= number <= last for first, last in found)
