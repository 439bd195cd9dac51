"""What an entry of an audit is, and the chains that show when one was changed or taken out.

Pure. A service says by subclasses of `Entry` what its entries are about and which of them form one
chain; each hash covers the one before it. Storing is `audit_store`'s.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, TypeVar

from chassis.origins import NOWHERE, Origin

FIRST = "0" * 64
"""What stands before the first entry of a chain."""


@dataclass(frozen=True)
class Entry:
    """Something that was done, or tried: by whom, from where, and how it ended."""

    ABOUT: ClassVar[tuple[str, ...]] = ()
    """The fields, ids all, that a subclass adds to say what the entry is about."""

    event_type: str
    event_category: str
    description: str
    user_id: int | None = None
    """Who did it; None = the server itself, or nobody that is known."""
    details: dict[str, Any] = field(default_factory=dict)
    """Plain JSON. Never an answer, a token, a secret or a key."""
    origin: Origin = NOWHERE
    error_message: str | None = None

    @property
    def success(self) -> bool:
        return self.error_message is None

    @property
    def chain(self) -> str:
        """Name the chain; entries that need not wait for each other belong into different ones."""
        return "service"

    @property
    def is_chain_held(self) -> bool:
        """Say whether whoever logs holds a lock already that keeps others out of this chain."""
        return False


E = TypeVar("E", bound=Entry)
E_co = TypeVar("E_co", bound=Entry, covariant=True)


@dataclass(frozen=True)
class Logged(Generic[E_co]):
    """An entry as it is stored."""

    id: int
    place: int
    created_at: datetime
    previous_hash: str
    hash: str
    entry: E_co


def record(entry: Entry, at: datetime) -> str:
    """Return the one text that the hash of an entry covers."""
    said = {
        "chain": entry.chain,
        "event_type": entry.event_type,
        "event_category": entry.event_category,
        "description": entry.description,
        "user_id": entry.user_id,
        **{name: getattr(entry, name) for name in entry.ABOUT},
        "details": entry.details,
        "ip_address": entry.origin.ip_address,
        "user_agent": entry.origin.user_agent,
        "success": entry.success,
        "error_message": entry.error_message,
        "created_at": at.astimezone(UTC).isoformat(),
    }
    return json.dumps(said, sort_keys=True, separators=(",", ":"))


def digest(previous_hash: str, text: str) -> str:
    """Return the hash of a record behind `previous_hash`; the store computes the same in SQL."""
    return hashlib.sha256((previous_hash + text).encode()).hexdigest()


def first_flaw(chain: Iterable[Logged[E]]) -> Logged[E] | None:
    """Return the first entry of a whole chain, oldest first, that does not fit; None = all do."""
    previous, place = FIRST, 0
    for logged in chain:
        expected = digest(previous, record(logged.entry, logged.created_at))
        if (logged.place, logged.previous_hash, logged.hash) != (place + 1, previous, expected):
            return logged
        previous, place = logged.hash, logged.place
    return None
