"""What an entry of the audit is, and the chain that shows when one was changed or taken out.

Pure. Entries about one attempt form one chain, other entries one per exam, the rest a last one: so
begins of a whole hall do not wait for each other. Each hash covers the one before it.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chassis.origins import NOWHERE, Origin

FIRST = "0" * 64
"""What stands before the first entry of a chain."""


@dataclass(frozen=True)
class Entry:
    """Something that was done, or tried: by whom, from where, to what, and how it ended."""

    event_type: str
    event_category: str
    description: str
    user_id: int | None = None
    """None = the server's own clock."""
    attempt_id: int | None = None
    exam_id: int | None = None
    transfer_id: int | None = None
    details: dict[str, Any] = field(default_factory=dict)
    origin: Origin = NOWHERE
    error_message: str | None = None

    @property
    def success(self) -> bool:
        return self.error_message is None

    @property
    def chain(self) -> str:
        if self.attempt_id is not None:
            return f"attempt:{self.attempt_id}"
        return "service" if self.exam_id is None else f"exam:{self.exam_id}"


@dataclass(frozen=True)
class Logged:
    """An entry as it is stored."""

    id: int
    place: int
    created_at: datetime
    previous_hash: str
    hash: str
    entry: Entry


def record(entry: Entry, at: datetime) -> str:
    """Return the one text that the hash of an entry covers."""
    said = {
        "chain": entry.chain,
        "event_type": entry.event_type,
        "event_category": entry.event_category,
        "description": entry.description,
        "user_id": entry.user_id,
        "attempt_id": entry.attempt_id,
        "exam_id": entry.exam_id,
        "transfer_id": entry.transfer_id,
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


def first_flaw(chain: Iterable[Logged]) -> Logged | None:
    """Return the first entry of a whole chain, oldest first, that does not fit; None = all do."""
    previous, place = FIRST, 0
    for logged in chain:
        expected = digest(previous, record(logged.entry, logged.created_at))
        if (logged.place, logged.previous_hash, logged.hash) != (place + 1, previous, expected):
            return logged
        previous, place = logged.hash, logged.place
    return None
