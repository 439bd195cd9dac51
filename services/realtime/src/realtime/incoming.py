"""What a client sends, read strictly enough to be safe and loosely enough to be kind.

The existing client sends each frame once and retries nothing, so what can be understood is taken;
the rest becomes a `Malformed` that says what to answer. Pure; nothing here raises.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import floor, isfinite
from typing import Any

import msgspec

_MAX_INT32 = 2**31 - 1
_MAX_SEQUENCE = 2**53
_MAX_ID_LENGTH = 100
_MAX_ECHO = 50


@dataclass(frozen=True)
class Checkpoint:
    """An answer to save; `answer_json` is the client's own text of it."""

    question_id: int
    answer_json: str
    is_flagged: bool
    time_spent_seconds: int
    sequence: int
    message_id: str | None
    attempt_id: int | None


@dataclass(frozen=True)
class Flag:
    question_id: int
    is_flagged: bool


@dataclass(frozen=True)
class TimeSync:
    pass


@dataclass(frozen=True)
class Pong:
    pass


@dataclass(frozen=True)
class Auth:
    token: str


@dataclass(frozen=True)
class Reauth:
    """A newer token for a socket that is open."""

    token: str


@dataclass(frozen=True)
class BadCheckpoint:
    """A checkpoint that cannot be understood; 0 stands for a question that cannot be read."""

    question_id: int
    message_id: str | None


@dataclass(frozen=True)
class Malformed:
    """Something else that cannot be understood, with the `error` to answer."""

    message: str
    code: str


Incoming = Checkpoint | Flag | TimeSync | Pong | Auth | Reauth | BadCheckpoint | Malformed


class _Head(msgspec.Struct):
    type: Any = None


class _Checkpoint(msgspec.Struct):
    question_id: int
    answer: msgspec.Raw
    is_flagged: bool | None = False
    time_spent_seconds: float | None = 0
    sequence: float | None = 1
    message_id: str | int | None = None
    attempt_id: int | None = None


class _Loose(msgspec.Struct):
    question_id: Any = None
    message_id: Any = None
    is_flagged: Any = True
    token: Any = None


_head = msgspec.json.Decoder(_Head)
_checkpoint = msgspec.json.Decoder(_Checkpoint)
_loose = msgspec.json.Decoder(_Loose)
_UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)
_NO_JSON = Malformed("Message is not a valid JSON object", "WEBSOCKET_ERROR")


def parse(frame: str | bytes) -> Incoming:
    """Return what a frame means; one of bytes is read as the text that they are."""
    try:
        # All of it: what is passed over unread, an answer above all, is not looked at otherwise.
        text = frame if isinstance(frame, str) else frame.decode()
        kind = _head.decode(text).type
        loose = _loose.decode(text)
    except _UNREADABLE:
        return _NO_JSON
    read = _READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        return Malformed(f"Unknown message type: {_shown(kind)}", "UNKNOWN_MESSAGE_TYPE")
    return read(text, loose)


def _read_checkpoint(text: str, loose: _Loose) -> Checkpoint | BadCheckpoint:
    try:
        found = _checkpoint.decode(text)
    except _UNREADABLE:
        question_id = loose.question_id if _is_int(loose.question_id) else 0
        return BadCheckpoint(question_id, _message_id(loose.message_id))
    return Checkpoint(
        question_id=found.question_id,
        answer_json=bytes(found.answer).decode(),
        is_flagged=bool(found.is_flagged),
        time_spent_seconds=_whole(found.time_spent_seconds, 0, _MAX_INT32),
        sequence=_whole(found.sequence, 1, _MAX_SEQUENCE),
        message_id=_message_id(found.message_id),
        attempt_id=found.attempt_id,
    )


def _read_flag(_: str, loose: _Loose) -> Flag | Malformed:
    if not _is_int(loose.question_id):
        return Malformed("question_id required", "INVALID_REQUEST")
    return Flag(loose.question_id, loose.is_flagged is not False)


def _read_auth(_: str, loose: _Loose) -> Auth | Malformed:
    if not isinstance(loose.token, str):
        return Malformed("token required", "INVALID_REQUEST")
    return Auth(loose.token)


def _read_reauth(text: str, loose: _Loose) -> Reauth | Malformed:
    found = _read_auth(text, loose)
    return Reauth(found.token) if isinstance(found, Auth) else found


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _whole(value: float | None, default: int, most: int) -> int:
    if value is None or not isfinite(value):
        return default
    return max(0, min(floor(value), most))


def _message_id(value: Any) -> str | None:
    return str(value)[:_MAX_ID_LENGTH] if isinstance(value, (str, int)) else None


def _shown(kind: Any) -> str:
    return kind[:_MAX_ECHO] if isinstance(kind, str) else type(kind).__name__ if kind else "None"


_READERS: dict[str, Callable[[str, _Loose], Incoming]] = {
    "pong": lambda _, __: Pong(),
    "checkpoint": _read_checkpoint,
    "time_sync": lambda _, __: TimeSync(),
    "flag": _read_flag,
    "auth": _read_auth,
    "reauth": _read_reauth,
}
