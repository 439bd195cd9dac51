"""One attempt as a board shows it (contract §8.2), and what a notice changes of it.

Notices carry absolute values, so folding one twice changes nothing. The two counts that no notice
carries, live actions and unread messages, are asked from proctoring when one of them may have
changed. `risk_score` is proctoring's (its ADR 22): it follows the events by a second. Pure.
"""

from collections.abc import Mapping
from typing import Any

Row = dict[str, Any]

OPEN = frozenset({"not_started", "in_progress"})
COUNTED = ("live_action_count", "unread_message_count")
RECOUNTED_AFTER = frozenset(
    {
        "action_requested",
        "action_acknowledged",
        "action_expired",
        "message_sent",
        "messages_read",
    }
)
"""Facts that change `COUNTED`."""

_PRESENCE = frozenset(
    {"connection_opened", "connection_closed", "connection_changed", "connection_refused"}
)
_TAKEN: dict[str, tuple[str, ...]] = {
    "status_changed": (
        "status",
        "start_time",
        "deadline_at",
        "questions_answered",
        "is_waiting_for_authorisation",
    ),
    "deadline_changed": ("deadline_at",),
    "allowance_granted": ("deadline_at",),
    "attempt_paused": ("paused_at",),
    "attempt_resumed": ("paused_at", "deadline_at"),
    "attempt_authorised": ("is_waiting_for_authorisation",),
    "lobby_changed": ("is_waiting_for_authorisation",),
    "answer_saved": ("questions_answered", "total_questions"),
    "event_recorded": ("counts", "last_event"),
    "claim_changed": ("claimed_by_id", "claimed_by", "claimed_at"),
}
_INCIDENTS = frozenset({"warning", "violation"})
_PRESSING = frozenset({"hand_changed", "message_sent", "transfer_requested"})


def changes(fact: str, data: Mapping[str, Any]) -> Row:
    """Return the fields of a row that a notice sets; none when it says nothing to a board's row."""
    if fact in _PRESENCE:
        return dict(data)  # what is shown of a presence, and nothing else
    if fact == "hand_changed":
        return {"hand_raised_at": data.get("raised_at") if data.get("is_raised") else None}
    if fact == "transfer_completed":
        return {"workstation_id": data.get("to_workstation")}
    if fact == "risk_changed":
        return {"risk_score": data["score"]} if "score" in data else {}
    return {name: data[name] for name in _TAKEN.get(fact, ()) if name in data}


def is_whole(data: Mapping[str, Any]) -> bool:
    """Say whether the data of a notice about a new attempt are its row already (`arrivals`)."""
    return "student_name" in data


def is_pressing(fact: str, data: Mapping[str, Any]) -> bool:
    """Say whether proctors should see a fact sooner than the routine."""
    if fact == "event_recorded":
        last = data.get("last_event")
        return isinstance(last, dict) and last.get("severity") in _INCIDENTS
    if fact in _PRESENCE:
        return not data.get("is_online")  # lost
    return fact in _PRESSING
