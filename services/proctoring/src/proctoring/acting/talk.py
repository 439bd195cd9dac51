"""Chat and raised hands: what a message is, and how much of it one person may send.

Pure. The bounds let everybody write whole sentences as fast as he can; they stop a program.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

MAX_LETTERS = 1_000
WINDOW_SECONDS = 60
MOST_MESSAGES = 30
"""Messages of one sender to one attempt in a window."""
MOST_HANDS = 10
"""Times that a hand may be raised in a window."""


@dataclass(frozen=True)
class Draft:
    """A message before it is stored; `message_id` is the sender's key."""

    attempt_id: int
    exam_id: int
    message_id: UUID
    sender_id: int
    sender_name: str | None
    """The user name of a member of the staff; None for the student."""
    is_from_student: bool
    text: str


@dataclass(frozen=True)
class Message:
    """A stored message; `text` is None once it was erased."""

    id: int
    attempt_id: int
    exam_id: int
    message_id: UUID
    sender_id: int
    sender_name: str | None
    is_from_student: bool
    text: str | None
    sent_at: datetime
    read_at: datetime | None = None

    def repeats(self, draft: Draft) -> bool:
        """Say whether a draft is this message again; an erased one is known by its key alone."""
        is_senders = self.sender_id == draft.sender_id
        return is_senders and self.text in {None, draft.text}


@dataclass(frozen=True)
class Hand:
    """One time that a student raised his hand."""

    id: int
    attempt_id: int
    exam_id: int
    raised_at: datetime
    lowered_at: datetime | None = None
    lowered_by_id: int | None = None

    @property
    def is_raised(self) -> bool:
        return self.lowered_at is None


def wait_seconds(earlier: Sequence[datetime], now: datetime, most: int) -> int:
    """Return how long to wait before one more is allowed; 0 = it is.

    `earlier` are the instants of what was sent before, in any order; those outside of the window
    do not count.
    """
    window = timedelta(seconds=WINDOW_SECONDS)
    recent = sorted(at for at in earlier if now - at < window)
    if len(recent) < most:
        return 0
    return max(1, math.ceil((recent[-most] + window - now).total_seconds()))
