"""The one statement of the list: an exam's roll beside tallies, risks, submissions and reviews.

It reads no events, but those of attempts whose numbers are not counted yet, when it is asked for
attempts of which some are missing. Blocking, inside the caller's transaction.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from proctoring.attempt import AttemptStatus, Roll
from proctoring.delivery_store import IS_INCOMPLETE
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
_STATUS = {status.value: status for status in AttemptStatus}
_SEVERITY = {severity.value: severity for severity in Severity}
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


_FITS_DELIVERY = f"AND ({IS_INCOMPLETE}) = :has_missing_events"
_IN_REACH = "attempt_id BETWEEN :lowest AND :highest"


def _statement(order: Order, direction: Direction, *, asks_delivery: bool) -> TextClause:
    """Return the list by one order. What is not there comes last, whichever way it goes.

    Tables are cut down first to the exam and to the reach of the roll: what lies beside them, and
    the other pages of a file, cost nothing however many they are.
    """
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
                   t.last_event_type, t.last_severity, t.last_received_at, t.last_late,
                   coalesce(t.last_sequence, 0) AS event_count,
                   coalesce(r.score, 0) AS score, coalesce(r.as_of_sequence, 0) AS risk_as_of,
                   s.submitted_at, v.id AS review_id, v.state AS review_state,
                   v.outcome AS review_outcome
            FROM entered a
            LEFT JOIN (SELECT * FROM proctoring.tallies WHERE {_IN_REACH}
                       AND (exam_id = :exam_id OR exam_id IS NULL)) t USING (attempt_id)
            LEFT JOIN (SELECT * FROM proctoring.risks WHERE {_IN_REACH}
                       AND (exam_id = :exam_id OR exam_id IS NULL)) r USING (attempt_id)
            LEFT JOIN (SELECT * FROM proctoring.submissions WHERE {_IN_REACH}
                       AND exam_id = :exam_id) s USING (attempt_id)
            LEFT JOIN (SELECT * FROM proctoring.reviews WHERE {_IN_REACH}
                       AND exam_id = :exam_id AND is_newest) v USING (attempt_id)
            WHERE (CAST(:status AS text) IS NULL OR a.status = :status)
              AND (CAST(:min_risk AS int) IS NULL OR r.score >= :min_risk OR 0 >= :min_risk)
              AND (CAST(:rule AS text) IS NULL OR EXISTS (
                      SELECT FROM json_array_elements(
                          CASE json_typeof(r.contributions)
                          WHEN 'array' THEN r.contributions ELSE '[]' END) c
                      WHERE c ->> 'rule_id' = :rule AND c ->> 'points' <> '0'))
              AND (CAST(:min_warnings AS int) IS NULL
                   OR coalesce(t.warning_count, 0) >= :min_warnings)
              AND (CAST(:min_violations AS int) IS NULL
                   OR coalesce(t.violation_count, 0) >= :min_violations)
              AND (CAST(:severity AS text) IS NULL OR CASE :severity
                   WHEN 'info' THEN t.info_count WHEN 'warning' THEN t.warning_count
                   ELSE t.violation_count END > 0)
              AND (CAST(:event_type AS text) IS NULL OR :event_type = ANY(r.event_types))
              AND (CAST(:last_event_type AS text) IS NULL
                   OR t.last_event_type = :last_event_type)
              AND (CAST(:review_state AS text) IS NULL OR v.state = :review_state)
              AND (CAST(:has_review AS bool) IS NULL OR (v.id IS NOT NULL) = :has_review)
              AND (CAST(:has_events AS bool) IS NULL
                   OR (coalesce(t.last_sequence, 0) > 0) = :has_events)
              {_FITS_DELIVERY if asks_delivery else ""}
        ), page AS (
            SELECT * FROM listed ORDER BY {by} LIMIT :limit OFFSET :skip
        )
        SELECT (SELECT count(*) FROM listed) AS total, page.*
        FROM (SELECT) AS always LEFT JOIN page ON true ORDER BY {by}
        """  # noqa: S608  # only constants of this module
    )


_LIST = {
    (order, way, asks): _statement(order, way, asks_delivery=asks)
    for order in Order
    for way in Direction
    for asks in (False, True)
}


def page(session: Session, exam_id: int, roll: Roll, wanted: Wanted) -> Page:
    """Return the page of an exam's `roll` that is wanted; one statement, whatever its size."""
    if wanted.is_by_attempt and wanted.is_unfiltered:  # the roll itself has the order
        part = roll.part(wanted.skip, wanted.skip + wanted.limit)
        return Page(len(roll), _found(session, exam_id, part, replace(wanted, skip=0)).lines)
    return _found(session, exam_id, roll, wanted)


def _found(session: Session, exam_id: int, roll: Roll, wanted: Wanted) -> Page:
    if not roll.attempt_ids:
        return Page(0, ())
    said = {name: _word(value) for name, value in asdict(wanted).items()}
    columns = {
        "exam_id": exam_id,
        "lowest": min(roll.attempt_ids),
        "highest": max(roll.attempt_ids),
        "attempt_ids": _array(roll.attempt_ids),
        "student_ids": _array(roll.student_ids),
        "statuses": _array(status.value for status in roll.statuses),
    }
    statement = _LIST[wanted.order, wanted.direction, wanted.has_missing_events is not None]
    rows = session.execute(statement, said | columns).all()
    return Page(rows[0][0], tuple(_line(row) for row in rows if row[1] is not None))


def _array(values: Iterable[int | str]) -> str:
    """Return plain numbers or words as Postgres reads an array; the driver takes long for lists."""
    return f"{{{','.join(map(str, values))}}}"


def _word(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _line(row: Any) -> Line:
    """Return a row of `listed` behind its total, whose columns are in this order."""
    (_, attempt_id, student_id, status, infos, warnings, violations,
     last_type, severity, received_at, late, *rest) = row  # fmt: skip
    last = LastEvent(last_type, _SEVERITY[severity], received_at, late) if last_type else None
    return Line(attempt_id, student_id, _STATUS[status], infos, warnings, violations, last, *rest)
