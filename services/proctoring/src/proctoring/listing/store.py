"""The one statement of the list: an exam's roll beside tallies, risks, submissions and reviews.

It never reads events. Blocking, inside the caller's transaction.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from proctoring.attempt import AttemptStatus, Roll
from proctoring.event import LastEvent, Severity
from proctoring.listing.wanted import Direction, Order, Wanted

_KEYS = {
    Order.ATTEMPT: "attempt_id",
    Order.RISK: "score",
    Order.VIOLATIONS: "violation_count",
    Order.WARNINGS: "warning_count",
    Order.EVENTS: "event_count",
    Order.LAST_EVENT: "last_received_at",
    Order.SUBMITTED: "submitted_at",
}
_WAYS = {Direction.ASCENDING: "ASC", Direction.DESCENDING: "DESC"}


@dataclass(frozen=True, slots=True)
class Line:
    """One attempt of the list; `risk_as_of` is the event up to which its score counts."""

    attempt_id: int
    student_id: int
    status: AttemptStatus
    info_count: int
    warning_count: int
    violation_count: int
    last_event: LastEvent | None
    last_sequence: int
    score: int
    risk_as_of: int
    submitted_at: datetime | None
    review_id: int | None
    review_state: str | None
    review_outcome: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Lines in their order, and how many there are on all pages."""

    total: int
    lines: tuple[Line, ...]


def _statement(order: Order, direction: Direction) -> TextClause:
    """Return the list by one order. What is not there comes last, whichever way it goes."""
    by = f"{_KEYS[order]} {_WAYS[direction]} NULLS LAST, attempt_id"
    return text(
        f"""
        WITH entered AS MATERIALIZED (
            SELECT * FROM unnest(CAST(:attempt_ids AS int[]), CAST(:student_ids AS bigint[]),
                                 CAST(:statuses AS text[]))
                          AS roll (attempt_id, student_id, status)
        ), listed AS MATERIALIZED (
            SELECT a.attempt_id, a.student_id, a.status,
                   coalesce(t.info_count, 0) AS info_count,
                   coalesce(t.warning_count, 0) AS warning_count,
                   coalesce(t.violation_count, 0) AS violation_count,
                   coalesce(t.last_sequence, 0) AS event_count,
                   t.last_event_type, t.last_severity, t.last_received_at, t.last_late,
                   coalesce(r.score, 0) AS score, coalesce(r.as_of_sequence, 0) AS risk_as_of,
                   s.submitted_at, v.id AS review_id, v.state AS review_state,
                   v.outcome AS review_outcome
            FROM entered a
            LEFT JOIN proctoring.tallies t USING (attempt_id)
            LEFT JOIN proctoring.risks r USING (attempt_id)
            LEFT JOIN proctoring.submissions s USING (attempt_id)
            LEFT JOIN proctoring.reviews v ON v.attempt_id = a.attempt_id AND v.is_newest
            WHERE (CAST(:status AS text) IS NULL OR a.status = :status)
              AND (CAST(:min_risk AS int) IS NULL OR r.score >= :min_risk OR 0 >= :min_risk)
              AND (CAST(:rule AS text) IS NULL OR EXISTS (
                      SELECT FROM json_array_elements(r.contributions) c
                      WHERE c ->> 'rule_id' = :rule AND c ->> 'points' <> '0'))
              AND coalesce(t.warning_count, 0) >= coalesce(CAST(:min_warnings AS int), 0)
              AND coalesce(t.violation_count, 0) >= coalesce(CAST(:min_violations AS int), 0)
              AND (CAST(:last_event_type AS text) IS NULL
                   OR t.last_event_type = :last_event_type)
              AND (CAST(:review_state AS text) IS NULL OR v.state = :review_state)
              AND (CAST(:has_review AS bool) IS NULL OR (v.id IS NOT NULL) = :has_review)
              AND (CAST(:has_events AS bool) IS NULL
                   OR (coalesce(t.last_sequence, 0) > 0) = :has_events)
        ), page AS (
            SELECT *, row_number() OVER (ORDER BY {by}) AS place FROM listed
            ORDER BY {by} LIMIT :limit OFFSET :skip
        )
        SELECT (SELECT count(*) FROM listed) AS total, page.*
        FROM (SELECT) AS always LEFT JOIN page ON true ORDER BY place
        """  # noqa: S608  # only constants of this module
    )


_LIST = {(order, way): _statement(order, way) for order in Order for way in Direction}


def page(session: Session, roll: Roll, wanted: Wanted) -> Page:
    """Return the page of `roll` that is wanted; one statement, whatever its size."""
    said = {name: _word(value) for name, value in asdict(wanted).items()}
    columns = {
        "attempt_ids": _array(roll.attempt_ids),
        "student_ids": _array(roll.student_ids),
        "statuses": _array(status.value for status in roll.statuses),
    }
    rows = session.execute(_LIST[wanted.order, wanted.direction], said | columns).all()
    return Page(rows[0].total, tuple(_line(row) for row in rows if row.attempt_id is not None))


def _array(values: Iterable[int | str]) -> str:
    """Return plain numbers or words as Postgres reads an array; the driver takes long for lists."""
    return f"{{{','.join(map(str, values))}}}"


def _word(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _line(row: Any) -> Line:
    last = None
    if row.last_event_type:
        severity = Severity(row.last_severity)
        last = LastEvent(row.last_event_type, severity, row.last_received_at, row.last_late)
    return Line(
        attempt_id=row.attempt_id,
        student_id=row.student_id,
        status=AttemptStatus(row.status),
        info_count=row.info_count,
        warning_count=row.warning_count,
        violation_count=row.violation_count,
        last_event=last,
        last_sequence=row.event_count,
        score=row.score,
        risk_as_of=row.risk_as_of,
        submitted_at=row.submitted_at,
        review_id=row.review_id,
        review_state=row.review_state,
        review_outcome=row.review_outcome,
    )
