"""Incident-first: which attempt a proctor should look at first, and which he wants to see at all.

A listing keeps the attempts that a filter lets through in that order while they change, so that a
window of it is a slice; nothing is sorted when somebody looks. Pure.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import IntEnum
from typing import Any, NamedTuple

import msgspec

from realtime.boards.row import OPEN, Row

_MAX_SEARCH = 100


class Group(IntEnum):
    """Where an attempt stands; a lower number is shown first."""

    WAITS = 0
    """The student asks for somebody: a raised hand, an unread message, the door of the lobby."""
    VIOLATION = 1
    LOST = 2
    """Works, and no socket is open."""
    WARNING = 3
    WORKS = 4
    NOT_STARTED = 5
    OVER = 6


class Key(NamedTuple):
    """An attempt's place: by group, then by violations, warnings, how new the last event is."""

    group: int
    fewer_violations: int
    fewer_warnings: int
    older: float
    attempt_id: int


class Filter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a proctor wants to see; what is not named lets everything through."""

    status: str | None = None
    group: str | None = None
    is_online: bool | None = None
    claimed_by_id: int | None = None
    """Of which member of staff; 0 stands for nobody."""
    search: str | None = None
    """A part of the student's name, hall ticket or workstation, whatever the case."""

    def __post_init__(self) -> None:
        if self.group is not None and self.group.upper() not in Group.__members__:
            raise ValueError("group is unknown")
        if self.search is not None and len(self.search) > _MAX_SEARCH:
            raise ValueError("search is too long")

    def lets_through(self, row: Row, group: int) -> bool:
        wanted = self.claimed_by_id
        return (
            (self.status is None or row["status"] == self.status)
            and (self.group is None or Group[self.group.upper()] == group)
            and (self.is_online is None or bool(row["is_online"]) == self.is_online)
            and (wanted is None or (row["claimed_by_id"] or 0) == wanted)
            and (not self.search or _contains(row, self.search.casefold()))
        )


class Span(NamedTuple):
    """The places of a listing that a change has touched, and whether its counts are others now."""

    first: int
    last: int
    is_recounted: bool


class Listing:
    """What one filter lets through, in order."""

    def __init__(self, wanted: Filter, rows: Iterable[Row]) -> None:
        self._filter = wanted
        self._key_of: dict[int, Key] = {}
        for row in rows:
            if wanted.lets_through(row, (place := key(row)).group):
                self._key_of[row["attempt_id"]] = place
        self._keys = sorted(self._key_of.values())
        self.counts = Counter(place.group for place in self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def slice(self, offset: int, limit: int) -> list[int]:
        """Return the attempts from a place on."""
        return [place.attempt_id for place in self._keys[offset : offset + limit]]

    def update(self, row: Row) -> Span | None:
        """Move an attempt to where it belongs now; None when it was not here and is not now."""
        old, new = self._key_of.get(row["attempt_id"]), key(row)
        is_in = self._filter.lets_through(row, new.group)
        if old is None and not is_in:
            return None
        places = []
        if old is not None:
            places.append(place := bisect_left(self._keys, old))
            if old == new and is_in:
                return Span(place, place, is_recounted=False)
            del self._keys[place], self._key_of[row["attempt_id"]]
            self.counts[old.group] -= 1
        if is_in:
            places.append(place := bisect_left(self._keys, new))
            self._keys.insert(place, new)
            self._key_of[row["attempt_id"]] = new
            self.counts[new.group] += 1
        is_moved = old is None or not is_in
        last = len(self._keys) if is_moved else max(places)
        return Span(min(places), last, is_moved or old is None or old.group != new.group)


def key(row: Row) -> Key:
    """Return an attempt's place."""
    counts, last = row["counts"], row["last_event"]
    return Key(
        group_of(row),
        -counts.get("violation", 0),
        -counts.get("warning", 0),
        -_seconds(last["received_at"]) if last else 0.0,
        row["attempt_id"],
    )


def group_of(row: Row) -> Group:
    """Return what an attempt needs most."""
    return next(group for group, is_it in _FIRST_THAT_HOLDS if is_it(row))


_FIRST_THAT_HOLDS: tuple[tuple[Group, Callable[[Row], bool]], ...] = (
    (Group.WAITS, lambda row: bool(row["hand_raised_at"] or row["unread_message_count"])),
    (Group.OVER, lambda row: row["status"] not in OPEN),
    (Group.WAITS, lambda row: bool(row["is_waiting_for_authorisation"] and row["is_online"])),
    (Group.VIOLATION, lambda row: bool(row["counts"].get("violation"))),
    (Group.LOST, lambda row: row["status"] == "in_progress" and not row["is_online"]),
    (Group.WARNING, lambda row: bool(row["counts"].get("warning"))),
    (Group.WORKS, lambda row: row["status"] == "in_progress"),
    (Group.NOT_STARTED, lambda _: True),
)


def _contains(row: Row, text: str) -> bool:
    shown = (row["student_name"], row["hall_ticket_number"], row["workstation_id"])
    return any(text in part.casefold() for part in shown if part)


def _seconds(at: Any) -> float:
    """Return an instant as a number; a notice writes it as text."""
    if isinstance(at, datetime):
        return at.timestamp()
    try:
        return datetime.fromisoformat(at).timestamp()
    except (TypeError, ValueError):
        return 0.0
