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
_SEARCHED = ("student_name", "hall_ticket_number", "workstation_id")


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
    """An attempt's place: by group, then by risk, violations, warnings, how new the last event is.

    Risk comes first in a group because it counts what is worth a look once: a key that is held down
    makes dozens of warnings and no more risk than one.
    """

    group: int
    lower_risk: int
    fewer_violations: int
    fewer_warnings: int
    older: float
    attempt_id: int


Test = Callable[[Row, Key], bool]


class Filter(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, cache_hash=True
):
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

    @property
    def fields(self) -> frozenset[str]:
        """Return the fields of a row on which it depends, but for what makes its group."""
        named = {"status", "is_online", "claimed_by_id"}
        found = {name for name in named if getattr(self, name) is not None}
        return frozenset(found | set(_SEARCHED if self.search else ()))

    def tests(self) -> list[Test]:
        """Return what a row has to pass."""
        found: list[Test] = []
        if (status := self.status) is not None:
            found.append(lambda row, _: row["status"] == status)
        if (name := self.group) is not None:
            group = Group[name.upper()]
            found.append(lambda _, place: place.group == group)
        if (is_online := self.is_online) is not None:
            found.append(lambda row, _: bool(row["is_online"]) == is_online)
        if (staff := self.claimed_by_id) is not None:
            found.append(lambda row, _: (row["claimed_by_id"] or 0) == staff)
        if self.search:
            text = self.search.casefold()
            found.append(lambda row, _: _contains(row, text))
        return found


class Span(NamedTuple):
    """The places of a listing that a change has touched, and whether its counts are others now."""

    first: int
    last: int
    is_recounted: bool


class Listing:
    """What one filter lets through, in order."""

    def __init__(self, wanted: Filter, rows: Iterable[tuple[Row, Key]]) -> None:
        self._tests = wanted.tests()
        self.fields = wanted.fields
        """Of a row, on which it depends whether it is here, but for what makes its group."""
        self._is_by_group = wanted.group is not None
        self._key_of = {row["attempt_id"]: place for row, place in rows if self._has(row, place)}
        self._keys = sorted(self._key_of.values())
        self.counts = Counter(place.group for place in self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def slice(self, offset: int, limit: int) -> list[int]:
        """Return the attempts from a place on."""
        return [place.attempt_id for place in self._keys[offset : offset + limit]]

    def add(self, row: Row, new: Key) -> Span | None:
        """Take in an attempt that is new to the board; None when it does not belong here."""
        return self._enter(new) if self._has(row, new) else None

    def update(self, row: Row, new: Key, changed: Iterable[str]) -> Span | None:
        """Move an attempt to where it belongs now; None when it was not here and is not now.

        `changed` names the fields of the row that may be others than before.
        """
        old = self._key_of.get(new.attempt_id)
        is_judged = self._is_by_group or not self.fields.isdisjoint(changed)
        is_in = self._has(row, new) if is_judged else old is not None
        if old is None:
            return self._enter(new) if is_in else None
        place = bisect_left(self._keys, old)
        if not is_in:
            return self._leave(place, old)
        if old == new:
            return Span(place, place, is_recounted=False)
        self._leave(place, old)
        other = self._enter(new).first
        return Span(min(place, other), max(place, other), old.group != new.group)

    def remove(self, attempt_id: int) -> None:
        """Let go of an attempt that is no more, if it is here."""
        old = self._key_of.get(attempt_id)
        if old is not None:
            self._leave(bisect_left(self._keys, old), old)

    def _enter(self, new: Key) -> Span:
        place = bisect_left(self._keys, new)
        self._keys.insert(place, new)
        self._key_of[new.attempt_id] = new
        self.counts[new.group] += 1
        return Span(place, len(self._keys), is_recounted=True)

    def _leave(self, place: int, old: Key) -> Span:
        del self._keys[place], self._key_of[old.attempt_id]
        self.counts[old.group] -= 1
        return Span(place, len(self._keys) + 1, is_recounted=True)

    def _has(self, row: Row, place: Key) -> bool:
        return all(test(row, place) for test in self._tests)


def key(row: Row) -> Key:
    """Return an attempt's place."""
    counts, last = row["counts"], row["last_event"]
    return Key(
        group_of(row),
        -row["risk_score"],
        -counts.get("violation", 0),
        -counts.get("warning", 0),
        -_seconds(last["received_at"]) if last else 0.0,
        row["attempt_id"],
    )


def group_of(row: Row) -> Group:
    """Return what an attempt needs most."""
    if row["hand_raised_at"] or row["unread_message_count"]:
        return Group.WAITS
    if row["status"] not in OPEN:
        return Group.OVER
    if row["is_waiting_for_authorisation"] and row["is_online"]:
        return Group.WAITS
    return _by_conduct(row)


def _by_conduct(row: Row) -> Group:
    counts, works = row["counts"], row["status"] == "in_progress"
    if counts.get("violation"):
        return Group.VIOLATION
    if works and not row["is_online"]:
        return Group.LOST
    if counts.get("warning"):
        return Group.WARNING
    return Group.WORKS if works else Group.NOT_STARTED


def _contains(row: Row, text: str) -> bool:
    return any(text in part.casefold() for name in _SEARCHED if (part := row[name]))


def _seconds(at: Any) -> float:
    """Return an instant as a number; a notice writes it as text."""
    if isinstance(at, datetime):
        return at.timestamp()
    try:
        return datetime.fromisoformat(at).timestamp()
    except (TypeError, ValueError):
        return 0.0
