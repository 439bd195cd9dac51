"""What waits to be sent, and what became of it: the values that go between queue and senders."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DeliveryState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    """Tried as often as it is tried, or refused for good."""
    ERASED = "erased"
    """What it said is gone, because its student's data are."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One message that is being sent now, until `held_until`, which is also the mark of its taker.

    `tries` counts this one. Without an endpoint it is a mail.
    """

    id: int
    message_id: str
    topic: str
    attempt_id: int | None
    student_id: int | None
    body: str
    tries: int
    held_until: datetime
    now: datetime
    """By the clock of the database."""
    endpoint_id: int | None = None
    url: str | None = None
    salt: bytes | None = None
    previous_salt: bytes | None = None
    previous_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one endpoint, as administrators see it."""

    id: int
    message_id: str
    topic: str
    exam_id: int | None
    attempt_id: int | None
    state: DeliveryState
    tries: int
    occurred_at: datetime
    created_at: datetime
    next_at: datetime
    done_at: datetime | None
    last_status: int | None
    last_error: str | None
