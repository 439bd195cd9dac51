"""What a board shows in the end: folded from its frames, and laid beside the database (O4). Pure.

Folded here as the contract tells clients to (§8.2), with nothing of realtime's own. Not compared:
presence, which is in no database; names, which are auth's; the score of risk, which may follow its
events by a second; and what is live of actions and chat, which no student of a run has.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]

COMPARED = (
    "status",
    "start_time",
    "deadline_at",
    "paused_at",
    "workstation_id",
    "questions_answered",
    "counts",
    "last_event",
)
_TOLD = frozenset({"status", "deadline", "progress", "event"})
"""Kinds whose data name fields of a row, with the values that they have now."""


def begun(snapshot: Row) -> dict[int, Row]:
    """Return the rows of a snapshot by attempt."""
    return {row["attempt_id"]: _compared(row) for row in snapshot["attempts"]}


def fold(rows: dict[int, Row], delta: Row) -> None:
    """Change the rows by what a delta says."""
    row, data = rows.setdefault(delta["attempt_id"], {}), delta["data"]
    if delta["kind"] in _TOLD:
        row |= {name: data[name] for name in COMPARED if name in data}
    elif delta["kind"] == "transfer" and data.get("status") == "completed":
        row["workstation_id"] = data["to_workstation"]


def turns_back(told: dict[int, int], delta: Row) -> bool:
    """Say whether a delta tells fewer events of an attempt than one before; remember how many.

    A snapshot may be ahead of the deltas that follow it: it holds what the database held.
    """
    if delta["kind"] != "event":
        return False
    count: int = sum(delta["data"]["counts"].values())
    before, told[delta["attempt_id"]] = told.get(delta["attempt_id"], 0), count
    return count < before


def differing(shown: Mapping[int, Row], stored: Iterable[Row]) -> list[str]:
    """Return in words where a board shows anything else than what the database holds."""
    flaws, there = [], set()
    for row in stored:
        attempt_id = row["attempt_id"]
        there.add(attempt_id)
        if attempt_id not in shown:
            flaws.append(f"does not show attempt {attempt_id}")
            continue
        expected, seen = _plain(_state(row)), _plain(shown[attempt_id])
        flaws += [
            f"shows {name} of attempt {attempt_id} as {seen.get(name)}, not {value}"
            for name, value in expected.items()
            if seen.get(name) != value
        ]
    flaws += [
        f"shows attempt {attempt_id}, which is nowhere" for attempt_id in shown.keys() - there
    ]
    return flaws


def _compared(row: Row) -> Row:
    return {name: row.get(name) for name in COMPARED}


def _state(row: Row) -> Row:
    """Return what a board should show of an attempt's row and its tally."""
    last = None
    if row["last_event_type"] is not None:
        last = {
            "event_type": row["last_event_type"],
            "severity": row["last_severity"],
            "received_at": row["last_received_at"],
            "late": row["last_late"],
        }
    counts = {name: row[f"{name}_count"] or 0 for name in ("info", "warning", "violation")}
    own = ("status", "start_time", "deadline_at", "paused_at", "workstation_id")
    fields = {name: row[name] for name in (*own, "questions_answered")}
    return {**fields, "counts": counts, "last_event": last}


def _plain(value: Any) -> Any:
    """Return a value in which the same instant is the same, however it was written."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, str) and value.endswith("Z") and "T" in value:
        return datetime.fromisoformat(value)
    return value
