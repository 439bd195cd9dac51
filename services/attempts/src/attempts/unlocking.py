"""Opens encrypted final answers: finds the instant that their key was made of (contract §9.4).

The client made the key of `username:examId:T1` and sends T2, which is a little later: each
millisecond before T2 is tried, and each try is about a twelfth of a second of computing. So
`python -m attempts.unlocking` is a process of its own, which `opener` starts for one blob: JSON on
standard input, JSON on output. It knows no settings, opens no connection, steps back behind
everything else and is bounded in memory. What the answers are good for is decided in `finals`.
"""

import base64
import hashlib
import json
import os
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ROUNDS = 250_000
SALT_BYTES, IV_BYTES, TAG_BYTES, KEY_BYTES = 16, 12, 16, 32
MOST_CHARACTERS = 4 << 20
MOST_MEMORY_BYTES = 512 << 20
USUAL_MS = range(50, 501)
"""How long before T2 the client takes T1; tried first."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Finding(StrEnum):
    """Why a blob stays shut."""

    NOT_BASE64 = "not_base64"
    TOO_SHORT = "too_short"
    TOO_LARGE = "too_large"
    TIMESTAMP_UNREADABLE = "timestamp_unreadable"
    KEY_NOT_FOUND = "key_not_found"
    OUT_OF_TIME = "out_of_time"
    NOT_JSON = "not_json"
    NOT_AS_AGREED = "not_as_agreed"
    """JSON of another shape."""
    OTHER_USER = "other_user"
    OTHER_EXAM = "other_exam"
    OTHER_TIME = "other_time"
    """The time inside is not the one that the key was made of."""


class StaysShut(Exception):
    """The blob cannot be opened, or what is in it is not to be believed."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.value)
        self.finding = finding


@dataclass(frozen=True)
class Sealed:
    """A blob and what its key depends on; `timestamp` is T2."""

    answers: str
    timestamp: str
    username: str
    exam_id: int


@dataclass(frozen=True)
class Said:
    """What the blob says of one question; the highest `sequence` is the newest."""

    question_id: int
    answer: Any
    sequence: float = 0


@dataclass(frozen=True)
class Opened:
    """What was in a blob; `key_timestamp` is T1, with which it opens at the first try."""

    key_timestamp: str
    answers: tuple[Said, ...]


def moments(sent: str, window_ms: int) -> Iterator[str]:
    """Yield T2 less 0 … `window_ms` milliseconds, the usual distances first.

    Raises `StaysShut` for a T2 of another form than `YYYY-MM-DDTHH:MM:SS.mmmZ`.
    """
    if not _MOMENT.fullmatch(sent):
        raise StaysShut(Finding.TIMESTAMP_UNREADABLE)
    usual = [ms for ms in USUAL_MS if ms <= window_ms]
    others = (ms for ms in range(window_ms + 1) if ms not in USUAL_MS)
    try:
        at = datetime.fromisoformat(sent.removesuffix("Z"))
        at - timedelta(milliseconds=window_ms)
    except (ValueError, OverflowError):
        raise StaysShut(Finding.TIMESTAMP_UNREADABLE) from None
    for ms in (*usual, *others):
        yield f"{(at - timedelta(milliseconds=ms)).isoformat(timespec='milliseconds')}Z"


def opened(
    sealed: Sealed,
    *,
    window_ms: int,
    is_time_left: Callable[[], bool] = lambda: True,
    rounds: int = ROUNDS,
) -> Opened:
    """Return what is in a blob; raise `StaysShut` with the reason."""
    salt, iv, secret = _parts(sealed.answers)
    for moment in moments(sealed.timestamp, window_ms):
        if not is_time_left():
            raise StaysShut(Finding.OUT_OF_TIME)
        password = f"{sealed.username}:{sealed.exam_id}:{moment}".encode()
        key = hashlib.pbkdf2_hmac("sha256", password, salt, rounds, KEY_BYTES)
        try:
            plain = AESGCM(key).decrypt(iv, secret, None)
        except InvalidTag:
            continue
        return Opened(moment, _read(plain, sealed, moment))
    raise StaysShut(Finding.KEY_NOT_FOUND)


def _parts(answers: str) -> tuple[bytes, bytes, bytes]:
    if len(answers) > MOST_CHARACTERS:
        raise StaysShut(Finding.TOO_LARGE)
    try:
        blob = base64.b64decode(answers, validate=True)
    except ValueError:
        raise StaysShut(Finding.NOT_BASE64) from None
    head = SALT_BYTES + IV_BYTES
    if len(blob) <= head + TAG_BYTES:
        raise StaysShut(Finding.TOO_SHORT)
    return blob[:SALT_BYTES], blob[SALT_BYTES:head], blob[head:]


def _read(plain: bytes, sealed: Sealed, moment: str) -> tuple[Said, ...]:
    try:
        content = json.loads(plain.decode())
    except (ValueError, RecursionError):
        raise StaysShut(Finding.NOT_JSON) from None
    if not isinstance(content, dict) or not isinstance(content.get("answers"), list):
        raise StaysShut(Finding.NOT_AS_AGREED)
    if content.get("timestamp") != moment:
        raise StaysShut(Finding.OTHER_TIME)
    if content.get("username") != sealed.username:
        raise StaysShut(Finding.OTHER_USER)
    if str(content.get("examId")) != str(sealed.exam_id):
        raise StaysShut(Finding.OTHER_EXAM)
    return tuple(_said(entry) for entry in content["answers"])


def _said(entry: Any) -> Said:
    if not isinstance(entry, dict) or not _is_id(entry.get("questionId")):
        raise StaysShut(Finding.NOT_AS_AGREED)
    sequence = entry.get("sequence")
    number = sequence if isinstance(sequence, (int, float)) else 0
    return Said(entry["questionId"], entry.get("answer"), number)


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# Between the processes


@dataclass(frozen=True)
class Order:
    """What the process is asked: a blob, how far to look back, and how long at most."""

    sealed: Sealed
    window_ms: int
    seconds: float

    @property
    def text(self) -> bytes:
        return json.dumps(asdict(self)).encode()


def carried_out(order: bytes) -> bytes:
    """Do what an `Order` in JSON says; return `Opened` in JSON, or `{"finding": …}`."""
    asked = json.loads(order)
    until = time.monotonic() + asked["seconds"]
    try:
        found = opened(
            Sealed(**asked["sealed"]),
            window_ms=asked["window_ms"],
            is_time_left=lambda: time.monotonic() < until,
        )
    except StaysShut as shut:
        return json.dumps({"finding": shut.finding}).encode()
    return json.dumps(asdict(found)).encode()


def read(answer: bytes) -> Opened | Finding:
    """Return what the process has answered."""
    found = json.loads(answer)
    if "finding" in found:
        return Finding(found["finding"])
    return Opened(found["key_timestamp"], tuple(Said(**each) for each in found["answers"]))


def main() -> int:
    """Open one blob."""
    os.nice(19)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    sys.stdout.buffer.write(carried_out(sys.stdin.buffer.read()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
