"""What a notice on the bus becomes: a student's frame, a board's delta, or an end of the socket.

Frames are built when the first reader asks and then shared. A notice that cannot be read is passed
over: the bus may carry facts that are newer than this code.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
from chassis.bus import Delivery, Position

from realtime import attention, channels, closing, frames
from realtime.channels import Address, Channel
from realtime.closing import Closing
from realtime.frames import Frame

BROADCAST = "broadcast_sent"
EVENT = "event_recorded"
CREATED = "attempt_created"
TIME_EXPIRED = {"message": "Exam time has expired"}
_EVENTS = {
    "submitted": ("attempt_submitted", "The attempt has been submitted"),
    "graded": ("attempt_graded", "The attempt has been graded"),
    "cancelled": ("attempt_cancelled", "The attempt has been cancelled"),
}
_KINDS = {
    CREATED: "created",
    "status_changed": "status",
    "attempt_authorised": "status",
    "lobby_changed": "status",
    "attempt_paused": "status",
    "attempt_resumed": "status",
    "device_changed": "device",
    "device_released": "device",
    "grade_changed": "status",
    "deadline_changed": "deadline",
    "answer_saved": "progress",
    "event_recorded": "event",
    "risk_changed": "risk",
    "timing_recorded": "timing",
    "connection_opened": "presence",
    "connection_closed": "presence",
    "connection_changed": "presence",
    "connection_refused": "presence",
    "transfer_requested": "transfer",
    "transfer_approved": "transfer",
    "transfer_rejected": "transfer",
    "transfer_completed": "transfer",
    "transfer_failed": "transfer",
    **attention.KINDS,
}
_SYSTEM_EVENTS = {
    "attempt_authorised",
    "lobby_changed",
    "attempt_paused",
    "attempt_resumed",
    "allowance_granted",
}
_REVIEW_IS_TOLD_FROM = frozenset({"decided", "appealed", "closed"})
"""An open review is not for its student: he learns of it by the decision (ADR 23)."""
_SHOWN: dict[str, Callable[[dict[str, Any], str, Position], Frame]] = {
    "transfer_requested": frames.transfer_requested,
    "transfer_approved": frames.transfer_approved,
    "transfer_rejected": frames.transfer_rejected,
    "transfer_completed": frames.transfer_completed,
    **attention.SHOWN,
}
"""What a student is shown besides; that a transfer failed is the hall's business."""


class Notice(msgspec.Struct):
    """The envelope as it lies in the stream (docs/notices.md)."""

    fact: str
    at: str
    data: dict[str, Any]


class Part(NamedTuple):
    """A message as one kind of reader sees it; `not_to` is the connection that caused it."""

    frame: Frame | None = None
    closing: Closing | None = None
    not_to: str | None = None


NOTHING = Part()
_decoder = msgspec.json.Decoder(Notice)


@dataclass(eq=False)
class Message:
    """A notice with its place in the stream."""

    position: Position
    address: Address
    notice: Notice
    raw_size: int
    traceparent: str | None = None

    @property
    def sequence(self) -> int:
        return self.position.sequence

    @property
    def size(self) -> int:
        """Return the bytes that keeping it costs: the object as read and up to two frames."""
        return 3 * self.raw_size

    @property
    def channels(self) -> tuple[Channel, ...]:
        return self.address.attempt, self.address.exam

    def part_for(self, channel: Channel) -> Part:
        return self.student_part if channel.kind == "attempt" else self.board_part

    @cached_property
    def student_part(self) -> Part:
        try:
            return self._student_part()
        except (KeyError, TypeError):
            return NOTHING

    @cached_property
    def board_part(self) -> Part:
        kind = _KINDS.get(self.address.fact)
        if kind is None:
            return NOTHING
        attempt_id, notice = self.address.attempt_id, self.notice
        return Part(frames.delta(self.position, attempt_id, kind, notice.data, notice.at))

    def _student_part(self) -> Part:
        own = {
            "answer_saved": self._saved,
            "status_changed": self._status,
            "review_changed": self._reviewed,
            BROADCAST: self._said,
        }
        if self.address.fact in own:
            return own[self.address.fact]()
        told = {k: v for k, v in self.notice.data.items() if k != "student_id"}
        if self.address.fact == "grade_changed":
            return Part(frames.exam_event("grade_changed", told, self.notice.at, self.position))
        if self.address.fact in _SYSTEM_EVENTS:
            return Part(frames.system_event(self.address.fact, told, self.notice.at, self.position))
        show = _SHOWN.get(self.address.fact)
        if show is None:
            return NOTHING
        return Part(show(self.notice.data, self.notice.at, self.position))

    def _saved(self) -> Part:
        data, at = self.notice.data, self.notice.at
        if data.get("kind") == "flag":
            is_flagged = bool(data["is_flagged"])
            frame = frames.flag_changed(
                data["question_id"], at, self.position, is_flagged=is_flagged
            )
        else:
            frame = frames.answer_saved(data["question_id"], at, self.position)
        return Part(frame, not_to=data.get("connection_id"))

    def _said(self) -> Part:
        return Part(frames.broadcast(self.notice.data["frame"], self.position))

    def _reviewed(self) -> Part:
        told = {name: self.notice.data[name] for name in ("review_id", "state")}
        if told["state"] not in _REVIEW_IS_TOLD_FROM:
            return NOTHING
        return Part(frames.system_event("review_changed", told, self.notice.at, self.position))

    def _status(self) -> Part:
        status, at = self.notice.data["status"], self.notice.at
        if status == "expired":
            return Part(frames.exam_event("time_expired", TIME_EXPIRED, at, self.position))
        if status not in _EVENTS:
            return NOTHING
        event, text = _EVENTS[status]
        data = {"message": text, "status": status, "reason": self.notice.data.get("submit_reason")}
        frame = frames.exam_event(event, data, at, self.position)
        return Part(frame, closing.attempt_closed(status))


def read(delivery: Delivery, epoch: str) -> Message | None:
    """Return the message in a delivery; None when it is not for us or not readable."""
    address = channels.parse(delivery.subject)
    if address is None:
        return None
    try:
        notice = _decoder.decode(delivery.data)
    except msgspec.MsgspecError:
        return None
    place = Position(delivery.sequence, epoch)
    return Message(place, address, notice, len(delivery.data), delivery.traceparent)


def event_number(message: Message) -> int | None:
    """Return the number of the event in its attempt that a message tells of, if it tells of one."""
    if message.address.fact != EVENT:
        return None
    event = message.notice.data.get("event")
    number = event.get("sequence") if isinstance(event, dict) else None
    return number if isinstance(number, int) else None


def instant(value: str | None) -> datetime | None:
    """Return an instant of a notice's data."""
    return None if value is None else datetime.fromisoformat(value)
