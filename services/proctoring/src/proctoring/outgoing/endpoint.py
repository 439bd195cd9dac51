"""A webhook endpoint: where it is, what it wants, how it stands. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from proctoring.outgoing import signature
from proctoring.outgoing.topic import Topic

MOST = 50
"""Each fact is written once for each of them."""
OVERLAP = timedelta(hours=24)
"""How long the secret before still signs, unless whoever changes it says else."""


class State(StrEnum):
    ACTIVE = "active"
    FAILING = "failing"
    """Its last try failed and nothing came through since: nothing is sent, what happens waits."""
    DISABLED = "disabled"
    """An administrator, or the receiver by 410, wants nothing sent: nothing waits either."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What an administrator says of an endpoint."""

    url: str
    topics: tuple[Topic, ...]
    description: str = ""
    exam_id: int | None = None
    """None: of all exams."""
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One receiver; the names are those of the table's columns."""

    id: int
    url: str
    description: str
    topics: tuple[Topic, ...]
    exam_id: int | None
    state: State
    salt: bytes
    previous_salt: bytes | None
    previous_until: datetime | None
    created_at: datetime
    created_by_id: int
    changed_at: datetime
    changed_by_id: int
    failing_since: datetime | None
    delivered_at: datetime | None
    last_error: str | None
    last_status: int | None
    waiting_count: int
    failed_count: int


def keys(
    secret: str, salt: bytes, previous: bytes | None, until: datetime | None, now: datetime
) -> Sequence[bytes]:
    """Return the keys that sign now, the newest first."""
    found = [signature.key_of(secret, salt)]
    if previous is not None and until is not None and now < until:
        found.append(signature.key_of(secret, previous))
    return found
