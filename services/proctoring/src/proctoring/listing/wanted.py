"""What somebody wants to see of an exam's attempts, and in which order. Pure."""

from dataclasses import dataclass
from enum import Enum

from proctoring.attempt import AttemptStatus
from proctoring.event import Severity


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
    severity: Severity | None = None
    """At least one event of it."""
    event_type: str | None = None
    """At least one event of it, whenever that was."""
    last_event_type: str | None = None
    review_state: str | None = None
    has_review: bool | None = None
    has_events: bool | None = None
    has_missing_events: bool | None = None
    """Whether numbers are missing of what the client has sent (see `delivery`)."""

    @property
    def is_unfiltered(self) -> bool:
        """Whether every attempt fits."""
        return self == Wanted(self.order, self.direction, self.skip, self.limit)

    @property
    def is_by_attempt(self) -> bool:
        """Whether the order is that of the roll."""
        return (self.order, self.direction) == (Order.ATTEMPT, Direction.ASCENDING)
