"""What a student is shown of what proctors do, of his raised hand and of the chat.

Whatever waits to be acknowledged carries its number (`id`) and key, so that the client can say that
it was shown. Words of the staff are notifications and warnings, which every client shows; what the
student's own sockets tell each other is a system event.
"""

from collections.abc import Callable
from typing import Any

from chassis.bus import Position

from realtime import frames
from realtime.frames import Frame

KINDS = {
    "action_requested": "action",
    "action_acknowledged": "action",
    "action_expired": "action",
    "claim_changed": "claim",
    "hand_changed": "hand",
    "message_sent": "message",
    "messages_read": "message",
}
"""What each fact is to a board."""

FROM_STAFF = "Message from the exam staff"
_ALSO = ("id", "action_id", "requested_by")


def _requested(data: dict[str, Any], at: str, position: Position) -> Frame:
    also = {name: data[name] for name in _ALSO}
    match data["action"]:
        case "message":
            return frames.notification(
                FROM_STAFF, data["text"], "info", at, position, action="acknowledge", **also
            )
        case "warn":
            return frames.warning(data["text"], data["warning_code"], at, position, **also)
        case _:
            return frames.system_event("action_requested", data, at, position)


def _sent(data: dict[str, Any], at: str, position: Position) -> Frame:
    if data["is_from_student"]:
        return frames.system_event("message_sent", data, at, position)
    also = {"id": data["id"], "message_id": data["message_id"], "sender": data["sender"]}
    return frames.notification(
        FROM_STAFF, data["text"], "info", at, position, action="reply", **also
    )


def _event(name: str) -> Callable[[dict[str, Any], str, Position], Frame]:
    return lambda data, at, position: frames.system_event(name, data, at, position)


SHOWN: dict[str, Callable[[dict[str, Any], str, Position], Frame]] = {
    "action_requested": _requested,
    "action_acknowledged": _event("action_acknowledged"),
    "hand_changed": _event("hand_changed"),
    "message_sent": _sent,
    "messages_read": _event("messages_read"),
}
"""Who looks after him, and what expired with his attempt, is no business of the student's page."""
