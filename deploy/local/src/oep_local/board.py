"""An exam as its board socket tells it: one row an attempt, and the newest incidents. Pure.

Deltas carry values as they are now, so hearing one twice changes nothing. What is kept is bounded
by the attempts of the exam and by KEPT_INCIDENTS, however long somebody watches.
"""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

KEPT_INCIDENTS = 50
_INCIDENTS = frozenset({"warning", "violation"})
_OPEN = frozenset({"not_started", "in_progress"})
_KEPT = (
    "attempt_id",
    "student_name",
    "status",
    "deadline_at",
    "paused_at",
    "is_waiting_for_authorisation",
    "questions_answered",
    "total_questions",
    "is_online",
    "counts",
    "last_event",
    "risk_score",
    "hand_raised_at",
    "unread_message_count",
)
_TAKEN: dict[str, tuple[str, ...]] = {
    "status": (
        "status",
        "deadline_at",
        "paused_at",
        "questions_answered",
        "is_waiting_for_authorisation",
    ),
    "deadline": ("deadline_at",),
    "progress": ("questions_answered", "total_questions"),
    "event": ("counts", "last_event"),
    "presence": ("is_online",),
}

Frame = Mapping[str, Any]
Row = dict[str, Any]


class Group(IntEnum):
    """What an attempt needs, as on the pages' board; a lower number is looked at first."""

    WAITS = 0
    VIOLATION = 1
    LOST = 2
    WARNING = 3
    WORKS = 4
    NOT_STARTED = 5
    OVER = 6


@dataclass(frozen=True)
class Incident:
    """Something that a proctor would look at."""

    at: str
    attempt_id: int
    student_name: str
    event_type: str
    severity: str


class Board:
    """What is known of an exam."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self.incidents: deque[Incident] = deque(maxlen=KEPT_INCIDENTS)
        """The newest is first."""
        self.position: tuple[int, str] | None = None
        """Sequence and epoch of what was heard last; everything up to there is in the rows."""
        self.is_whole = False
        """Whether a snapshot has come, and no resync since."""

    def hear(self, frame: Frame) -> bool:
        """Take a frame in; say whether there is anything new to be seen."""
        kind = frame["type"]
        if kind == "snapshot":
            self._begin(frame)
        elif kind == "resync":
            self.is_whole = False
        elif kind == "delta" and not self._is_old(frame):
            self.position = _place(frame)
            return self._fold(frame["attempt_id"], frame["kind"], frame["data"])
        return kind in {"snapshot", "resync"}

    def groups(self) -> dict[Group, int]:
        """Return how many attempts are in each group."""
        counts = Counter(map(group_of, self.rows.values()))
        return {group: counts[group] for group in Group}

    def neediest(self, limit: int) -> list[Row]:
        """Return those rows that somebody should look at first."""
        return sorted(self.rows.values(), key=_place_of)[:limit]

    def _begin(self, frame: Frame) -> None:
        self.rows = {row["attempt_id"]: _kept(row) for row in frame["attempts"]}
        self.position = _place(frame)
        self.is_whole = True
        known = set(self.incidents)
        found = {_incident(row) for row in self.rows.values() if _is_incident(row["last_event"])}
        newest = sorted(known | found, key=lambda incident: incident.at, reverse=True)
        self.incidents = deque(newest[:KEPT_INCIDENTS], maxlen=KEPT_INCIDENTS)

    def _is_old(self, frame: Frame) -> bool:
        sequence, epoch = _place(frame)
        return self.position is None or epoch != self.position[1] or sequence <= self.position[0]

    def _fold(self, attempt_id: int, kind: str, data: Mapping[str, Any]) -> bool:
        row = self.rows.get(attempt_id)
        if row is None:
            if kind != "created" or "student_name" not in data:
                return False
            self.rows[attempt_id] = _kept(data)
            return True
        changes = _changes(kind, data)
        if all(row.get(name) == value for name, value in changes.items()):
            return False
        row.update(changes)
        if kind == "event" and _is_incident(row["last_event"]):
            self.incidents.appendleft(_incident(row))
        return True


def group_of(row: Mapping[str, Any]) -> Group:
    """Return what an attempt needs most."""
    if row["hand_raised_at"] or row["unread_message_count"]:
        return Group.WAITS
    if row["status"] not in _OPEN:
        return Group.OVER
    if row["is_waiting_for_authorisation"] and row["is_online"]:
        return Group.WAITS
    return _by_conduct(row)


def _by_conduct(row: Mapping[str, Any]) -> Group:
    works = row["status"] == "in_progress"
    if row["counts"].get("violation"):
        return Group.VIOLATION
    if works and not row["is_online"]:
        return Group.LOST
    if row["counts"].get("warning"):
        return Group.WARNING
    return Group.WORKS if works else Group.NOT_STARTED


def _changes(kind: str, data: Mapping[str, Any]) -> Row:
    if kind == "hand":
        return {"hand_raised_at": data.get("raised_at") if data.get("is_raised") else None}
    if kind == "risk":
        return {"risk_score": data["score"]} if "score" in data else {}
    if kind == "message":
        return _unread(data)
    return {name: data[name] for name in _TAKEN.get(kind, ()) if name in data}


def _unread(data: Mapping[str, Any]) -> Row:
    """How many wait is told by snapshots only; here it is enough whether one does."""
    if data.get("is_from_student"):
        return {"unread_message_count": 1}
    return {"unread_message_count": 0} if data.get("is_by_student") is False else {}


def _kept(row: Mapping[str, Any]) -> Row:
    return {name: row.get(name) for name in _KEPT} | {"counts": row.get("counts") or {}}


def _place(frame: Frame) -> tuple[int, str]:
    return int(frame["position"]["sequence"]), str(frame["position"]["epoch"])


def _is_incident(event: Mapping[str, Any] | None) -> bool:
    return event is not None and event.get("severity") in _INCIDENTS


def _incident(row: Row) -> Incident:
    last = row["last_event"]
    words = (str(last[name]) for name in ("event_type", "severity"))
    return Incident(str(last["received_at"]), row["attempt_id"], str(row["student_name"]), *words)


def _place_of(row: Row) -> tuple[int, int, int, int, int]:
    counts = row["counts"]
    needs = (-(row["risk_score"] or 0), -counts.get("violation", 0), -counts.get("warning", 0))
    return (group_of(row), *needs, row["attempt_id"])
