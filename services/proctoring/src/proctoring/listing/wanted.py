"""What somebody wants to see of an exam's attempts, and in which order. Pure."""

from dataclasses import dataclass
from enum import Enum

from proctoring.attempt import AttemptStatus


class Order(Enum):
    """What a list is sorted by, as in the query; attempts that are alike follow by their id."""

    ATTEMPT = "attempt_id"
    RISK = "risk"
    VIOLATIONS = "violations"
    WARNINGS = "warnings"
    EVENTS = "events"
    LAST_EVENT = "last_event"
    SUBMITTED = "submitted"


class Direction(Enum):
    ASCENDING = "asc"
    DESCENDING = "desc"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page, and what an attempt must be to be on it; None asks for nothing."""

    order: Order = Order.ATTEMPT
    direction: Direction = Direction.ASCENDING
    skip: int = 0
    limit: int = 100
    status: AttemptStatus | None = None
    min_risk: int | None = None
    rule: str | None = None
    """A rule that adds points to the score."""
    min_warnings: int | None = None
    min_violations: int | None = None
    last_event_type: str | None = None
    review_state: str | None = None
    has_review: bool | None = None
    has_events: bool | None = None
