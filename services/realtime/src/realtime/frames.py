"""What a client is sent: each frame built once into bytes, then shared by all its readers.

One function per message of contract §7.3 and §8.2; the texts are the contract's. Never decides who
gets a frame.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from chassis.bus import Position

from realtime import rfc6455

_encoder = msgspec.json.Encoder()
HEARTBEAT_SECONDS = 30
_CHECKPOINT_DEBOUNCE_SECONDS = 2


class Frame:
    """One text message as it goes over the wire, head included."""

    __slots__ = ("_at", "wire")

    def __init__(self, data: bytes) -> None:
        """Put the head before `data`, the message in UTF-8."""
        self.wire = rfc6455.text(data)
        self._at = len(self.wire) - len(data)

    def __len__(self) -> int:
        return len(self.wire)

    @property
    def data(self) -> bytes:
        """Return the message without its head."""
        return self.wire[self._at :]


class Bundle:
    """Frames that leave together, put together once for all who read them."""

    __slots__ = ("wire",)

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.wire = b"".join([frame.wire for frame in frames])

    def __len__(self) -> int:
        return len(self.wire)


def build(type_: str, /, **fields: Any) -> Frame:
    """Return the frame of one object; datetimes become ISO 8601 with Z."""
    return Frame(_encoder.encode({"type": type_, **fields}))


def connected(
    connection_id: str,
    attempt_id: int,
    now: datetime,
    remaining_seconds: int,
    position: Position,
    *,
    paused_at: datetime | None,
    is_waiting_for_authorisation: bool,
) -> Frame:
    return build(
        "connected",
        connection_id=connection_id,
        attempt_id=attempt_id,
        server_time=now,
        time_remaining_seconds=remaining_seconds,
        heartbeat_interval=HEARTBEAT_SECONDS,
        checkpoint_debounce=_CHECKPOINT_DEBOUNCE_SECONDS,
        paused_at=paused_at,
        is_waiting_for_authorisation=is_waiting_for_authorisation,
        position=position,
    )


def board_connected(connection_id: str, exam_id: int, now: datetime, position: Position) -> Frame:
    return build(
        "connected",
        connection_id=connection_id,
        exam_id=exam_id,
        server_time=now,
        heartbeat_interval=HEARTBEAT_SECONDS,
        position=position,
    )


def reauthenticated(expires_at: datetime, now: datetime) -> Frame:
    return build("reauthenticated", expires_at=expires_at, timestamp=now)


def ping(now: datetime) -> Frame:
    return build("ping", timestamp=now)


def resync(reason: str, position: Position, now: datetime) -> Frame:
    return build("resync", reason=reason, position=position, timestamp=now)


def checkpoint_ack(
    question_id: int,
    sequence: int,
    saved_at: datetime,
    remaining_seconds: int,
    revision: int,
    sha256: str,
    now: datetime,
    message_id: str | None,
) -> Frame:
    """Return the receipt of a save; `revision` and `sha256` are those of the stored answer."""
    return build(
        "checkpoint_ack",
        question_id=question_id,
        sequence=sequence,
        saved_at=saved_at,
        time_remaining_seconds=remaining_seconds,
        revision=revision,
        sha256=sha256,
        timestamp=now,
        **_optional(message_id),
    )


def checkpoint_error(
    question_id: int, message: str, code: str, now: datetime, message_id: str | None = None
) -> Frame:
    return build(
        "checkpoint_error",
        question_id=question_id,
        error=message,
        error_code=code,
        timestamp=now,
        **_optional(message_id),
    )


def error(message: str, code: str, now: datetime) -> Frame:
    return build("error", message=message, error_code=code, timestamp=now)


def time_update(
    now: datetime, remaining_seconds: int, elapsed_seconds: int, *, is_expired: bool
) -> Frame:
    return build(
        "time_update",
        server_time=now,
        time_remaining_seconds=remaining_seconds,
        elapsed_seconds=elapsed_seconds,
        is_expired=is_expired,
        timestamp=now,
    )


def exam_event(
    event: str, data: dict[str, Any], at: datetime | str, position: Position | None = None
) -> Frame:
    """Return an exam event; one that answers a single socket carries no position."""
    placed = {} if position is None else {"position": position}
    return build("exam_event", event=event, data=data, timestamp=at, **placed)


def notification(
    title: str, message: str, severity: str, at: str, position: Position, **more: Any
) -> Frame:
    return build(
        "notification",
        title=title,
        message=message,
        severity=severity,
        **more,
        timestamp=at,
        position=position,
    )


def warning(message: str, code: str, at: str, position: Position, **more: Any) -> Frame:
    return build(
        "warning", message=message, warning_code=code, **more, timestamp=at, position=position
    )


def broadcast(frame_json: str, position: Position) -> Frame:
    """Return what staff said, unchanged but for its position; `frame_json` has a member."""
    placed = _encoder.encode({"position": position})
    return Frame(frame_json[:-1].encode() + b"," + placed[1:])


def broadcast_ack(recipients: int, now: datetime) -> Frame:
    return build("broadcast_ack", recipients=recipients, timestamp=now)


def answer_saved(question_id: int, at: str, position: Position) -> Frame:
    return notification("Answer Saved", f"Question {question_id} saved", "success", at, position)


def flag_changed(question_id: int, at: str, position: Position, *, is_flagged: bool) -> Frame:
    if is_flagged:
        text = f"Question {question_id} flagged for review"
        return notification("Question Flagged", text, "info", at, position)
    return notification("Flag Removed", f"Question {question_id} unflagged", "info", at, position)


def transfer_requested(data: dict[str, Any], at: str, position: Position) -> Frame:
    """Return the frame of a request; `data` is the notice's, for this and the next three."""
    names = ("from_workstation", "to_workstation", "reason", "requested_by")
    return _transfer("transfer_requested", data, names, at, position)


def transfer_approved(data: dict[str, Any], at: str, position: Position) -> Frame:
    names = ("from_workstation", "to_workstation", "approved_by")
    message = f"Transfer to workstation {data['to_workstation']} approved"
    return _transfer("transfer_approved", data, names, at, position, message=message)


def transfer_rejected(data: dict[str, Any], at: str, position: Position) -> Frame:
    return _transfer("transfer_rejected", data, ("reason",), at, position)


def transfer_completed(data: dict[str, Any], at: str, position: Position) -> Frame:
    names = ("to_workstation", "migration_checksum", "answers_transferred")
    message = f"Transfer completed. Continue at workstation {data['to_workstation']}"
    return _transfer("transfer_completed", data, names, at, position, message=message)


def system_event(
    event: str, data: dict[str, Any], at: datetime | str, position: Position | None = None
) -> Frame:
    """Return a system event; one that answers a single socket carries no position."""
    placed = {} if position is None else {"position": position}
    return build("system_event", event=event, data=data, timestamp=at, **placed)


def delta(position: Position, attempt_id: int, kind: str, data: Any, at: str) -> Frame:
    return build("delta", position=position, attempt_id=attempt_id, kind=kind, data=data, at=at)


def snapshot(exam_id: int, as_of: datetime, position: Position, attempts: Sequence[Any]) -> Frame:
    return build(
        "snapshot",
        exam_id=exam_id,
        as_of=as_of,
        position=position,
        attempts=attempts,
        timestamp=as_of,
    )


def _transfer(
    type_: str,
    data: dict[str, Any],
    names: Sequence[str],
    at: str,
    position: Position,
    **texts: str,
) -> Frame:
    told = {name: data[name] for name in ("transfer_id", "attempt_id", *names)}
    return build(type_, **told, **texts, timestamp=at, position=position)


def _optional(message_id: str | None) -> dict[str, str]:
    return {} if message_id is None else {"message_id": message_id}
