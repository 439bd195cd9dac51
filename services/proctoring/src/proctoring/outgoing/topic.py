"""Which notices of the bus are told to other systems, under which type and in which words. Pure.

A webhook holds what the notice holds, which is no answer and no name (docs/notices.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec


class Topic(StrEnum):
    """Types of webhooks; each has one schema, see docs/how-to/webhooks.md."""

    STATUS_CHANGED = "attempt.status_changed"
    VIOLATION_RECORDED = "attempt.violation_recorded"
    GRADED = "attempt.graded"
    GRADE_CHANGED = "attempt.grade_changed"
    TRIED = "webhook.tried"
    """Only when an administrator asks for it."""


OFFERED = tuple(topic for topic in Topic if topic is not Topic.TRIED)
"""What an endpoint may choose."""
FACTS = ("status_changed", "event_recorded", "grade_changed")
"""What of the bus is read for them."""
GRADED_STATUS = "graded"


class _Event(msgspec.Struct):
    severity: str


class _Severity(msgspec.Struct):
    event: _Event


class Notice(msgspec.Struct):
    """A notice as it lies on the bus."""

    id: str
    fact: str
    at: datetime
    exam_id: int
    attempt_id: int
    data: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to be told; `id` is the same at every try, and to every receiver."""

    id: str
    topic: Topic
    exam_id: int | None
    attempt_id: int | None
    occurred_at: datetime
    body: str


_notice = msgspec.json.Decoder(Notice)
_severity = msgspec.json.Decoder(_Severity)
_anything = msgspec.json.Decoder()


def notice(payload: bytes) -> Notice:
    """Read a notice. Raises `msgspec.MsgspecError`."""
    return _notice.decode(payload)


def messages(said: Notice) -> Sequence[Message]:
    """Return what a notice is told as: nothing, one message, or two. Raises `msgspec.MsgspecError`.

    A first grade has no notice of its own: it is the status `graded`.
    """
    if said.fact == "event_recorded":
        is_violation = _severity.decode(said.data).event.severity == "violation"
        return [_of_event(said)] if is_violation else ()
    data = _anything.decode(said.data)
    if said.fact == "grade_changed":
        return [_message(said, Topic.GRADE_CHANGED, data)]
    if said.fact != "status_changed":
        return ()
    told = [_message(said, Topic.STATUS_CHANGED, data)]
    if data.get("status") == GRADED_STATUS and data.get("previous_status") != GRADED_STATUS:
        graded = {name: data.get(name) for name in ("student_id", "version", "submit_time")}
        told.append(_message(said, Topic.GRADED, graded, suffix="-graded"))
    return told


def tried(message_id: str, endpoint_id: int, now: datetime) -> Message:
    """Return the message that an administrator tries an endpoint with."""
    body = _body(Topic.TRIED, now, {"endpoint_id": endpoint_id})
    return Message(message_id, Topic.TRIED, None, None, now, body)


def _of_event(said: Notice) -> Message:
    data = _anything.decode(said.data)
    return _message(
        said, Topic.VIOLATION_RECORDED, {"event": data["event"], "counts": data["counts"]}
    )


def _message(said: Notice, topic: Topic, data: dict[str, Any], suffix: str = "") -> Message:
    whole = {"attempt_id": said.attempt_id, "exam_id": said.exam_id} | data
    body = _body(topic, said.at, whole)
    return Message(said.id + suffix, topic, said.exam_id, said.attempt_id, said.at, body)


def _body(topic: Topic, at: datetime, data: dict[str, Any]) -> str:
    told = {"type": topic.value, "timestamp": at, "data": data}
    return msgspec.json.encode(told).decode()
