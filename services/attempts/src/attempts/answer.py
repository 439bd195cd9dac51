"""What counts as an answer, and in which text it is kept and proven (contract §9.1).

Pure. What a save does to a stored answer is written down where it happens, in `store.saving`;
whether the answer is right is decided in `grading`.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis import signing

from attempts.errors import UnfitAnswer

MAX_ANSWER_BYTES = 64 * 1024
MAX_DEPTH = 16


@dataclass(frozen=True)
class Answer:
    """A student's answer to one question; `value` is any JSON, None when only flagged."""

    attempt_id: int
    question_id: int
    value: Any = None
    is_flagged: bool = False
    time_spent_seconds: int = 0
    sequence: int = 0
    first_answered_at: datetime | None = None
    last_updated_at: datetime | None = None
    revision: int = 0
    """How often the student has changed it, time apart; 0 while it is not stored yet."""
    is_correct: bool | None = None
    marks_awarded: float | None = None
    is_auto_graded: bool = False
    """The machine gave the marks, not a person."""
    id: int = 0
    """0 while it is not stored yet."""

    @property
    def is_answered(self) -> bool:
        return not is_empty(self.value)

    @property
    def sha256(self) -> str:
        """The hash of what the student said, in the canonical form of `chassis.signing`."""
        return signing.sha256(
            {
                "answer": self.value,
                "attempt_id": self.attempt_id,
                "is_flagged": self.is_flagged,
                "question_id": self.question_id,
                "revision": self.revision,
            }
        )


@dataclass(frozen=True)
class Save:
    """One wish to save; `is_flag_only` marks a flag that was set on its own."""

    attempt_id: int
    student_id: int
    question_id: int
    value: Any = None
    is_flagged: bool = False
    time_spent_seconds: int = 0
    sequence: int = 0
    message_id: str | None = None
    connection_id: str | None = None
    is_flag_only: bool = False
    login_id: str | None = None
    """The signed-in stay that saves; None when that is not known."""
    text: str | None = None
    """The `encoded` value, where somebody has made it already."""
    traceparent: str | None = None
    """The context of the request that brought it, when that is traced (ADR 46)."""


def is_empty(value: Any) -> bool:
    """Say whether `value` is no answer; JSON `false` and 0 are answers."""
    return value is None or value in ("", [])


def encoded(value: Any) -> str:
    """Return `value` as the JSON text that is stored: in one line, keys in the order received.

    Raises `UnfitAnswer` for what could not be given back as it was: NaN and infinities, halves of
    surrogate pairs, more than 64 KiB, 17 levels and deeper.
    """
    if not _is_shallow(value, MAX_DEPTH):
        raise UnfitAnswer
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
        if not _is_surely_fit(text) and _size(value) > MAX_ANSWER_BYTES:
            raise UnfitAnswer
    except ValueError as error:
        raise UnfitAnswer from error
    return text


def canonical(value: Any, text: str) -> str:
    """Return the canonical text of a value whose `encoded` text is known.

    They are the same but for the order of an object's keys.
    """
    return signing.canonical(value) if "{" in text else text


def decoded(text: str) -> Any:
    """Return the value of JSON text; raise `UnfitAnswer` when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnfitAnswer from error


def _is_surely_fit(text: str) -> bool:
    """Say whether a text is small however it is counted, and has no half of a surrogate pair."""
    return len(text) <= MAX_ANSWER_BYTES // 2 and "\\ud" not in text


def _size(value: Any) -> int:
    """Count the bytes of UTF-8. Raises `ValueError` for halves of surrogate pairs."""
    return len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8"))


def _is_shallow(value: Any, levels: int) -> bool:
    if not isinstance(value, (list, dict)):
        return True
    if levels == 0:
        return False
    inner = value.values() if isinstance(value, dict) else value
    return all(_is_shallow(item, levels - 1) for item in inner)
