"""Puts together what is told about one attempt, from the database and from what others know."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from proctoring import delivering, schemas
from proctoring import store as tally_store
from proctoring.attempt import Sitting
from proctoring.auth_client import Person
from proctoring.report import bodies, store
from proctoring.report.streaming import Page
from proctoring.report.timeline import Moment
from proctoring.review import store as review_store
from proctoring.risk import reading

TIMELINE_LIMIT = 500
PRINTED_BURSTS = 400
PAGE_ROWS = 1_000

MOMENT_HEADER = (
    "sequence",
    "event_type",
    "severity",
    "event_at_by_client",
    "received_at_by_server",
    "skew_seconds",
    "late",
    "question_id",
    "client_sequence",
)


def report(
    session: Session, sitting: Sitting, person: Person | None, *, after: int, limit: int
) -> bodies.AttemptReport:
    """Return the report with up to `limit` lines of the timeline behind `after`; 0 = none."""
    attempt = sitting.attempt
    tally = tally_store.summary(session, attempt.attempt_id).tally
    timings = store.timings(session, attempt.attempt_id, attempt.exam_id)
    page = bursts(session, attempt.attempt_id, after, limit) if limit else Page([], None)
    return bodies.AttemptReport(
        generated_at=tally_store.clock(session),
        attempt=sitting_out(sitting, person),
        counts=bodies.counts_out(tally),
        delivery=schemas.delivery_out(delivering.compare(session, attempt)),
        risk=bodies.risk_out(reading.kept_of(session, attempt.attempt_id)),
        review=bodies.review_out(review_store.newest(session, attempt.attempt_id)),
        question_timings=[bodies.pace_out(timing, pace) for timing, pace in timings],
        skew=bodies.skew_out(store.skew(session, attempt.attempt_id)),
        timeline_continues_after=page.after,
        timeline=list(page.rows),
    )


def bursts(session: Session, attempt_id: int, after: int, limit: int) -> Page[bodies.BurstBody]:
    """Return a page of the timeline."""
    found = store.bursts(session, attempt_id, after=after, limit=limit + 1)
    rows = [bodies.burst_out(burst) for burst in found[:limit]]
    return Page(rows, rows[-1].last_sequence if len(found) > limit else None)


def moments(session: Session, attempt_id: int, after: int, limit: int) -> Page[Moment]:
    """Return a page of single events."""
    found = store.moments(session, attempt_id, after=after, limit=limit)
    return Page(found, found[-1].sequence if len(found) == limit else None)


def moment_cells(moment: Moment) -> Sequence[Any]:
    """Return what `MOMENT_HEADER` names."""
    return (
        moment.sequence,
        moment.event_type,
        moment.severity.value,
        moment.event_at,
        moment.received_at,
        moment.skew_seconds,
        moment.late,
        moment.question_id,
        moment.client_sequence,
    )


def sitting_out(sitting: Sitting, person: Person | None) -> bodies.SittingBody:
    attempt = sitting.attempt
    return bodies.SittingBody(
        attempt_id=attempt.attempt_id,
        exam_id=attempt.exam_id,
        student_id=attempt.student_id,
        student_name=(person.full_name or None) if person else None,
        hall_ticket_number=person.hall_ticket_number if person else None,
        status=attempt.status.value,
        duration_seconds=sitting.duration_seconds,
        started_at=sitting.started_at,
        deadline_at=sitting.deadline_at,
        paused_at=sitting.paused_at,
        submitted_at=sitting.submitted_at,
    )
