"""The encrypted final answers that come with a submit: kept as they are, judged by their checksum.

Pure. Nothing about them can make a submit fail (contract §9.4); they are opened later (`opener`).
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

SHUT = frozenset({"not_text", "checksum_mismatch", "timestamp_missing"})
"""Flaws of what nobody need try to open; without a checksum the tag still tells."""


@dataclass(frozen=True)
class Blob:
    """What is stored; `flaw` says in a word what is wrong with it, None = nothing that shows."""

    answers: str
    timestamp: str | None
    checksum: str | None
    flaw: str | None


def received(answers: Any, timestamp: Any, checksum: Any) -> Blob | None:
    """Return what to keep of the three fields as they came; None when there is nothing to keep."""
    if answers is None or answers == "":
        return None
    text = _text(answers)
    flaw = None
    if not isinstance(answers, str) or text != answers:
        flaw = "not_text"
    elif checksum is None:
        flaw = "checksum_missing"
    elif checksum != checksum_of(answers):
        flaw = "checksum_mismatch"
    elif not isinstance(timestamp, str):
        flaw = "timestamp_missing"
    return Blob(text, _optional(timestamp), _optional(checksum), flaw)


def checksum_of(answers: str) -> str:
    """Return base64 of SHA-256 over the base64 text, 44 characters."""
    return base64.b64encode(hashlib.sha256(answers.encode("utf-8")).digest()).decode("ascii")


def _optional(value: Any) -> str | None:
    return None if value is None else _text(value)


def _text(value: Any) -> str:
    """Return text that the database takes: no NUL, no half of a surrogate pair."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
