"""Reports as they go over the wire, and to the process that prints them; OpenAPI describes them.

The same structs are encoded for a client and decoded by `printing`, so that paper and screen cannot
tell different stories.
"""

from datetime import datetime
from enum import Enum

import msgspec

from proctoring import schemas
from proctoring.auth_client import Person
from proctoring.event import Tally
from proctoring.listing.store import Line
from proctoring.report.figures import (
    Cell,
    QuestionSpread,
    RiskBin,
    Span,
    Totals,
    TypeCount,
    cells_by_attempt,
)
from proctoring.report.pace import ClassPace
from proctoring.report.timeline import Burst, Skew
from proctoring.review.case import Review
from proctoring.risk.store import Kept
from proctoring.timing import Timing


class SittingBody(msgspec.Struct, frozen=True):
    """The attempt as attempts knows it now; names only for those who may see them."""

    attempt_id: int
    exam_id: int
    student_id: int
    student_name: str | None
    hall_ticket_number: str | None
    status: str
    duration_seconds: int
    started_at: datetime | None
    deadline_at: datetime | None
    paused_at: datetime | None
    submitted_at: datetime | None


class CountsBody(msgspec.Struct, frozen=True):
    """Events by severity."""

    total_events: int
    info_count: int
    warning_count: int
    violation_count: int


class SkewBody(msgspec.Struct, frozen=True):
    """Server's time of arrival less the client's own time, in seconds, over all events."""

    event_count: int
    least_seconds: float | None
    median_seconds: float | None
    most_seconds: float | None


class BurstBody(msgspec.Struct, frozen=True):
    """Events of one type and severity, each within 10 s of the one before; often just one.

    `first_event_at` and `last_event_at` are the client's clock, the other two instants the
    server's; a positive skew means that the server's is later.
    """

    first_sequence: int
    last_sequence: int
    event_type: str
    severity: schemas.SeverityWord
    late: bool
    count: int
    first_event_at: datetime
    last_event_at: datetime
    first_received_at: datetime
    last_received_at: datetime
    least_skew_seconds: float
    most_skew_seconds: float
    question_ids: list[int]


class ClassPaceBody(msgspec.Struct, frozen=True):
    """How long a question took the students of the exam, in seconds."""

    student_count: int
    lower_quartile: float
    median: float
    upper_quartile: float


class PaceBody(msgspec.Struct, frozen=True):
    """The time of one question beside the class's; `class_pace` is null below 5 students."""

    question_id: int
    first_viewed_at: datetime
    total_time_seconds: int
    answer_count: int
    class_pace: ClassPaceBody | None
    times_median: float | None
    pace: str | None
    """`faster` or `slower` beyond 1.5 quartile ranges from the quartiles, else `usual`."""


class ContributionOut(msgspec.Struct, frozen=True):
    """What one rule adds to a score, and for which events (their `id`s, up to 100)."""

    rule_id: str
    version: int
    description: str
    weight: int
    cap: int
    points: int
    event_count: int
    event_ids: list[int]
    switched_off: str | None


class RiskOut(msgspec.Struct, frozen=True):
    """The stored score, point by point; `computed_at` is null while nothing was assessed."""

    score: int
    rules_version: int
    as_of_sequence: int
    computed_at: datetime | None
    contributions: list[ContributionOut]


class ReviewOut(msgspec.Struct, frozen=True):
    """Where the newest review of the attempt stands; its texts are in the review itself."""

    id: int
    state: str
    outcome: str | None
    opened_by_id: int
    opened_at: datetime
    decision_due_at: datetime
    decided_by_id: int | None
    decided_at: datetime | None
    decision: str | None
    reason_code: str | None
    appeal_until: datetime | None
    appealed_at: datetime | None
    appeal_decided_by_id: int | None
    appeal_decided_at: datetime | None
    appeal_decision: str | None
    closed_at: datetime | None


class AttemptReport(msgspec.Struct, frozen=True):
    """What is told about one attempt. Risk flags; it decides nothing (design §7)."""

    generated_at: datetime
    attempt: SittingBody
    counts: CountsBody
    delivery: schemas.DeliveryBody
    risk: RiskOut
    review: ReviewOut | None
    question_timings: list[PaceBody]
    skew: SkewBody
    timeline_continues_after: int | None
    """Pass it as `after` for what follows; null at the end."""
    timeline: list[BurstBody]
    """Last, so that a file can be written while it is still being read."""


class TotalsBody(msgspec.Struct, frozen=True):
    """Counts over all attempts of an exam of which something came."""

    attempt_count: int
    attempts_with_warnings: int
    attempts_with_violations: int
    info_count: int
    warning_count: int
    violation_count: int
    last_received_at: datetime | None


class RiskBinBody(msgspec.Struct, frozen=True):
    """How many attempts have a score from `lowest` up to the next bin; the last is open."""

    lowest: int
    attempt_count: int


class AttemptRow(msgspec.Struct, frozen=True):
    """One attempt of an exam; names only for those who may see them."""

    attempt_id: int
    student_id: int
    student_name: str | None
    hall_ticket_number: str | None
    status: str
    risk_score: int
    is_risk_current: bool
    """Whether the score counts up to the newest event."""
    event_count: int
    info_count: int
    warning_count: int
    violation_count: int
    last_event_type: str | None
    last_received_at: datetime | None
    submitted_at: datetime | None
    review_id: int | None
    review_state: str | None
    review_outcome: str | None


class ExamReport(msgspec.Struct, frozen=True):
    """What is told about an exam: from tallies and scores, without reading an event."""

    generated_at: datetime
    exam_id: int
    totals: TotalsBody
    risk_histogram: list[RiskBinBody]
    attempt_total: int | None
    """Attempts that fit the filters, on all pages; null in a file, which has them all."""
    attempts: list[AttemptRow]
    """Last, so that a file can be written while it is still being read."""


class TypeCountBody(msgspec.Struct, frozen=True):
    """How often a type of event came, and in how many attempts."""

    event_type: str
    severity: schemas.SeverityWord
    event_count: int
    attempt_count: int


class HeatRowBody(msgspec.Struct, frozen=True):
    """One attempt of a heat map: `[bucket, warnings, violations]` where there were any."""

    attempt_id: int
    cells: list[tuple[int, int, int]]


class HeatBody(msgspec.Struct, frozen=True):
    """Warnings and violations by attempt and span of the server's time, most violations first."""

    begins_at: datetime | None
    bucket_seconds: int
    bucket_count: int
    attempts: list[HeatRowBody]


class EventFigures(msgspec.Struct, frozen=True):
    """What only the events themselves tell about an exam."""

    generated_at: datetime
    exam_id: int
    event_types: list[TypeCountBody]
    heat_map: HeatBody


class OutlierBody(msgspec.Struct, frozen=True):
    """An attempt whose time is far from the class."""

    attempt_id: int
    total_time_seconds: int


class QuestionBody(msgspec.Struct, frozen=True):
    """How long a question took, and who was far from the others."""

    question_id: int
    student_count: int
    total_time_seconds: int
    answer_count: int
    class_pace: ClassPaceBody | None
    outlier_count: int
    outliers: list[OutlierBody]
    """The ten farthest from the median."""


class QuestionFigures(msgspec.Struct, frozen=True):
    """The questions of an exam by the time that they took."""

    generated_at: datetime
    exam_id: int
    questions: list[QuestionBody]


class PrintedExam(msgspec.Struct, frozen=True):
    """All that the paper about an exam needs."""

    report: ExamReport
    events: EventFigures
    questions: QuestionFigures


def row_out(line: Line, person: Person | None) -> AttemptRow:
    last = line.last_event
    return AttemptRow(
        attempt_id=line.attempt_id,
        student_id=line.student_id,
        student_name=(person.full_name or None) if person else None,
        hall_ticket_number=person.hall_ticket_number if person else None,
        status=line.status.value,
        risk_score=line.score,
        is_risk_current=line.risk_as_of == line.last_sequence,
        event_count=line.last_sequence,
        info_count=line.info_count,
        warning_count=line.warning_count,
        violation_count=line.violation_count,
        last_event_type=last.event_type if last else None,
        last_received_at=last.received_at if last else None,
        submitted_at=line.submitted_at,
        review_id=line.review_id,
        review_state=line.review_state,
        review_outcome=line.review_outcome,
    )


def bin_out(risk_bin: RiskBin) -> RiskBinBody:
    return RiskBinBody(risk_bin.lowest, risk_bin.attempt_count)


def counts_out(tally: Tally) -> CountsBody:
    info, warning, violation = tally.info_count, tally.warning_count, tally.violation_count
    return CountsBody(info + warning + violation, info, warning, violation)


def risk_out(kept: Kept) -> RiskOut:
    parts = kept.risk.contributions
    return RiskOut(
        score=kept.risk.score,
        rules_version=kept.risk.rules_version,
        as_of_sequence=kept.as_of_sequence,
        computed_at=kept.computed_at,
        contributions=[
            msgspec.convert(part, ContributionOut, from_attributes=True) for part in parts
        ],
    )


def review_out(review: Review | None) -> ReviewOut | None:
    """Return what the fields say that a report has of a review; enums become their words."""
    if review is None:
        return None
    told = {name: getattr(review, name) for name in ReviewOut.__struct_fields__}
    return ReviewOut(**{k: v.value if isinstance(v, Enum) else v for k, v in told.items()})


def burst_out(burst: Burst) -> BurstBody:
    return BurstBody(
        first_sequence=burst.first_sequence,
        last_sequence=burst.last_sequence,
        event_type=burst.event_type,
        severity=burst.severity.value,
        late=burst.late,
        count=burst.count,
        first_event_at=burst.first_event_at,
        last_event_at=burst.last_event_at,
        first_received_at=burst.first_received_at,
        last_received_at=burst.last_received_at,
        least_skew_seconds=round(burst.least_skew_seconds, 3),
        most_skew_seconds=round(burst.most_skew_seconds, 3),
        question_ids=list(burst.question_ids),
    )


def skew_out(skew: Skew) -> SkewBody:
    return SkewBody(
        skew.event_count,
        _rounded(skew.least_seconds),
        _rounded(skew.median_seconds),
        _rounded(skew.most_seconds),
    )


def pace_out(timing: Timing, of_class: ClassPace | None) -> PaceBody:
    seconds = timing.total_time_seconds
    return PaceBody(
        question_id=timing.question_id,
        first_viewed_at=timing.first_viewed_at,
        total_time_seconds=seconds,
        answer_count=timing.answer_count,
        class_pace=_class_out(of_class),
        times_median=None if of_class is None else _rounded(of_class.ratio(seconds)),
        pace=None if of_class is None else of_class.judge(seconds).value,
    )


def totals_out(totals: Totals) -> TotalsBody:
    return TotalsBody(
        attempt_count=totals.attempt_count,
        attempts_with_warnings=totals.with_warnings,
        attempts_with_violations=totals.with_violations,
        info_count=totals.info_count,
        warning_count=totals.warning_count,
        violation_count=totals.violation_count,
        last_received_at=totals.last_received_at,
    )


def type_out(count: TypeCount) -> TypeCountBody:
    return TypeCountBody(
        count.event_type, count.severity.value, count.event_count, count.attempt_count
    )


def question_out(spread: QuestionSpread) -> QuestionBody:
    return QuestionBody(
        question_id=spread.question_id,
        student_count=spread.student_count,
        total_time_seconds=spread.total_time_seconds,
        answer_count=spread.answer_count,
        class_pace=_class_out(spread.class_pace),
        outlier_count=spread.outlier_count,
        outliers=[OutlierBody(o.attempt_id, o.total_time_seconds) for o in spread.outliers],
    )


def heat_out(
    attempt_ids: list[int], span: Span | None, cells: list[Cell], wanted_seconds: int
) -> HeatBody:
    if span is None:
        return HeatBody(None, wanted_seconds, 0, [])
    found = cells_by_attempt(cells)
    rows = [
        HeatRowBody(i, [(c.bucket, c.warning_count, c.violation_count) for c in found.get(i, ())])
        for i in attempt_ids
    ]
    return HeatBody(span.begins_at, span.bucket_seconds, span.bucket_count, rows)


def _class_out(pace: ClassPace | None) -> ClassPaceBody | None:
    if pace is None:
        return None
    return ClassPaceBody(pace.student_count, pace.lower_quartile, pace.median, pace.upper_quartile)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
