"""An attempt's events in their order, as a person reads them: what repeats at once is one line.

Pure. Both times are shown. `skew` is the server's time of arrival less the client's own time: the
difference of the clocks, plus the way, plus how long the event waited on a machine without network.
It is a fact about a computer and says nothing about a student.
"""

from dataclasses import dataclass
from datetime import datetime

from proctoring.event import Severity

BURST_GAP_SECONDS = 10
"""Events of one kind that arrive within this of each other, nothing between them, are a burst."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Events of one type and severity that follow each other closely; often just one."""

    first_sequence: int
    last_sequence: int
    event_type: str
    severity: Severity
    late: bool
    count: int
    first_event_at: datetime
    """By the client's clock, as the next."""
    last_event_at: datetime
    first_received_at: datetime
    """By the server's clock, as the next."""
    last_received_at: datetime
    least_skew_seconds: float
    most_skew_seconds: float
    question_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """One event as the timeline of a file has it."""

    sequence: int
    event_type: str
    severity: Severity
    late: bool
    event_at: datetime
    received_at: datetime
    question_id: int | None
    client_sequence: int | None

    @property
    def skew_seconds(self) -> float:
        return (self.received_at - self.event_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Skew:
    """How far the server's times are behind the client's, over all events of an attempt."""

    event_count: int
    least_seconds: float | None
    median_seconds: float | None
    most_seconds: float | None
