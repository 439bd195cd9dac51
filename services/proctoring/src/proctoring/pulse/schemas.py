"""The body of the pulse."""

from datetime import datetime
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from proctoring import schemas
from proctoring.pulse.store import Pulse

Known = Annotated[
    int, Meta(description="Events of the attempt, from its first one on, that were looked at.")
]
Whole = Annotated[
    bool, Meta(description="Whether no attempt was left out because there are too many.")
]


class BeatsBody(msgspec.Struct, frozen=True):
    """One attempt: `[bucket, events, gravest]` where there were any.

    The gravest is 0 for info, 1 for warning, 2 for violation.

    Who hears of events meanwhile adds those that make the attempt's count greater than
    `event_count`, and no others.
    """

    attempt_id: int
    event_count: Known
    cells: list[tuple[int, int, int]]


class PulseBody(msgspec.Struct, frozen=True):
    """Events by attempt and span of the server's time; attempts without any are left out."""

    exam_id: int
    begins_at: datetime
    bucket_seconds: int
    bucket_count: int
    is_whole: Whole
    attempts: list[BeatsBody]

    @classmethod
    def of(cls, pulse: Pulse) -> Self:
        return cls(
            exam_id=pulse.exam_id,
            begins_at=pulse.spans.begins_at,
            bucket_seconds=pulse.spans.bucket_seconds,
            bucket_count=pulse.spans.bucket_count,
            is_whole=pulse.is_whole,
            attempts=[
                BeatsBody(each.attempt_id, each.event_count, list(each.cells))
                for each in pulse.beats
            ],
        )


COMPONENTS = schemas.components([PulseBody])
