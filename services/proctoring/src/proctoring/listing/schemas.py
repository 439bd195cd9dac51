"""Bodies of the list of an exam's attempts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from proctoring import schemas
from proctoring.auth_client import Person
from proctoring.event import LastEvent
from proctoring.listing.store import Line, Page

Name = Annotated[
    str | None, Meta(description="Null for who marks without names, and while auth is away.")
]
IsCurrent = Annotated[bool, Meta(description="Whether the score counts up to the newest event.")]


class ListedCounts(msgspec.Struct, frozen=True):
    """How many events of each severity there are."""

    info: int
    warning: int
    violation: int


class LastEventBody(msgspec.Struct, frozen=True):
    """The newest event."""

    event_type: str
    severity: str
    received_at: datetime
    late: bool

    @classmethod
    def of(cls, last: LastEvent) -> Self:
        return cls(last.event_type, last.severity.value, last.received_at, last.late)


class LineBody(msgspec.Struct, frozen=True):
    """One attempt: what was counted of it, its score and its newest review."""

    attempt_id: int
    student_id: int
    student_name: Name
    hall_ticket_number: str | None
    status: str
    counts: ListedCounts
    event_count: int
    last_event: LastEventBody | None
    risk_score: int
    is_risk_current: IsCurrent
    submitted_at: datetime | None
    review_id: int | None
    review_state: str | None
    review_outcome: str | None

    @classmethod
    def of(cls, line: Line, person: Person | None) -> Self:
        return cls(
            attempt_id=line.attempt_id,
            student_id=line.student_id,
            student_name=person.full_name or None if person else None,
            hall_ticket_number=person.hall_ticket_number if person else None,
            status=line.status.value,
            counts=ListedCounts(line.info_count, line.warning_count, line.violation_count),
            event_count=line.last_sequence,
            last_event=LastEventBody.of(line.last_event) if line.last_event else None,
            risk_score=line.score,
            is_risk_current=line.risk_as_of == line.last_sequence,
            submitted_at=line.submitted_at,
            review_id=line.review_id,
            review_state=line.review_state,
            review_outcome=line.review_outcome,
        )


class ListBody(msgspec.Struct, frozen=True):
    """A page; `total` counts the attempts on all pages."""

    exam_id: int
    total: int
    attempts: list[LineBody]

    @classmethod
    def of(cls, exam_id: int, page: Page, people: Mapping[int, Person]) -> Self:
        lines = [LineBody.of(line, people.get(line.student_id)) for line in page.lines]
        return cls(exam_id, page.total, lines)


COMPONENTS = schemas.components([ListBody])
