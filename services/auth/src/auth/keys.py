"""Decides when a signing key may be changed and how long a changed one still counts.

Pure. A key is published as the next one long before anything is signed with it; when it takes over,
the one before it stays published until the last token that it signed has expired (ADR 13).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from auth.errors import NextKeyTooYoung
from auth.tokens import SKEW_SECONDS, Lifetimes


class KeyState(StrEnum):
    ACTIVE = "active"
    NEXT = "next"
    RETIRED = "retired"


@dataclass(frozen=True)
class StoredKey:
    """A key as it lies in the database: its private half is sealed, and gone when it retires."""

    kid: str
    state: KeyState
    public_key: bytes
    sealed_private_key: bytes
    created_at: datetime
    activated_at: datetime | None = None
    forget_at: datetime | None = None
    """Until when a retired key is published."""


@dataclass(frozen=True)
class NewKey:
    """A key that nobody knows yet."""

    kid: str
    public_key: bytes
    sealed_private_key: bytes


@dataclass(frozen=True)
class Spread:
    """How long news of a key travels, in seconds."""

    cache_seconds: int
    """The longest that anybody keeps the published keys without asking again."""
    reload_seconds: float
    """The longest that a replica of auth signs with a key that is no longer active."""

    @property
    def settle_seconds(self) -> int:
        return 2 * self.cache_seconds


def ensure_settled(next_key: StoredKey, now: datetime, spread: Spread) -> None:
    """Raise `NextKeyTooYoung` unless the next key has been published for two cache times."""
    age = (now - next_key.created_at).total_seconds()
    left = spread.settle_seconds - age
    if left > 0:
        message = (
            f"The next key is {max(0, int(age))} s old and may not be known everywhere; rotate in"
            f" {int(left) + 1} s, or force it and let some requests be refused meanwhile"
        )
        raise NextKeyTooYoung(message, retry_after_seconds=left)


def published_until(now: datetime, lifetimes: Lifetimes, spread: Spread) -> datetime:
    """Return when the last token has expired that a key retired `now` may have signed."""
    longest = max(lifetimes.longest_access_seconds, lifetimes.refresh_seconds)
    return now + timedelta(seconds=longest + spread.reload_seconds + SKEW_SECONDS)
