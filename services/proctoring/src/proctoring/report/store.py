"""Every statement of the reports; returns the rules' objects, decides nothing, writes nothing.

Blocking, inside the caller's transaction. What is counted is counted by the database: no function
reads the events of more than one attempt row by row, and none asks once for each row of a page.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from proctoring.event import Severity
from proctoring.report.figures import (
    BIN_POINTS,
    LAST_BIN,
    Cell,
    Outlier,
    QuestionSpread,
    RiskBin,
    Span,
    Totals,
    TypeCount,
    bins,
)
from proctoring.report.pace import FENCE, FEWEST_STUDENTS, ClassPace, class_pace
from proctoring.report.timeline import BURST_GAP_SECONDS, Burst, Moment, Skew
from proctoring.timing import Timing

_QUARTILES = """percentile_cont(CAST(ARRAY[0.25, 0.5, 0.75] AS float8[]))
                WITHIN GROUP (ORDER BY t.total_time_seconds)"""
# Of an attempt with timings alone only its submit tells the exam: tallies learn it from events.
_SAT = """SELECT attempt_id FROM proctoring.tallies WHERE exam_id = :exam_id
        UNION SELECT attempt_id FROM proctoring.submissions WHERE exam_id = :exam_id"""
_TIMINGS = text(
    f"""
    WITH sat AS (
        {_SAT}
    ), mine AS (
        SELECT * FROM proctoring.question_timings WHERE attempt_id = :attempt_id
    ), class AS (
        SELECT t.question_id, count(*) AS students, {_QUARTILES} AS quartiles
        FROM sat JOIN proctoring.question_timings t USING (attempt_id)
        WHERE t.question_id IN (SELECT question_id FROM mine)
        GROUP BY t.question_id
    )
    SELECT m.id, m.attempt_id, m.question_id, m.first_viewed_at, m.last_viewed_at,
           m.total_time_seconds, m.answer_count, m.first_answered_at, m.last_answered_at,
           m.created_at, m.updated_at, coalesce(c.students, 0), c.quartiles
    FROM mine m LEFT JOIN class c USING (question_id)
    ORDER BY m.first_viewed_at, m.question_id
    """  # noqa: S608  # only constants of this module
)
_ITS_DAY = """exam_day = (SELECT exam_day FROM proctoring.tallies
                           WHERE attempt_id = :attempt_id)"""
_DAYS = text(
    """
    SELECT array_agg(DISTINCT exam_day) FROM proctoring.tallies
    WHERE exam_id = :exam_id OR attempt_id = ANY(CAST(:attempt_ids AS int[]))
    """
)
# With its day an attempt's events are looked for in one partition, without it in each there is. Of
# many attempts the days are asked for first: Postgres leaves partitions out by what stands there.
_BURSTS = text(
    f"""
    WITH marked AS (
        SELECT sequence, event_type, severity, late, event_timestamp, received_at, question_id,
               CASE WHEN (event_type, severity, late)
                         = (lag(event_type) OVER o, lag(severity) OVER o, lag(late) OVER o)
                     AND received_at - lag(received_at) OVER o <= make_interval(secs => :gap)
                    THEN 0 ELSE 1 END AS begins
        FROM proctoring.proctoring_events
        WHERE {_ITS_DAY} AND attempt_id = :attempt_id AND sequence > :after
        WINDOW o AS (ORDER BY sequence)
    ), numbered AS (
        SELECT *, sum(begins) OVER (ORDER BY sequence) AS burst FROM marked
    )
    SELECT min(sequence), max(sequence), event_type, severity, late, count(*),
           min(event_timestamp), max(event_timestamp), min(received_at), max(received_at),
           CAST(min(extract(epoch FROM received_at - event_timestamp)) AS float8),
           CAST(max(extract(epoch FROM received_at - event_timestamp)) AS float8),
           array_agg(DISTINCT question_id) FILTER (WHERE question_id IS NOT NULL)
    FROM numbered GROUP BY burst, event_type, severity, late
    ORDER BY min(sequence) LIMIT :limit
    """  # noqa: S608  # only constants of this module
)
_MOMENTS = text(
    f"""
    SELECT sequence, event_type, severity, late, event_timestamp, received_at, question_id,
           client_sequence
    FROM proctoring.proctoring_events
    WHERE {_ITS_DAY} AND attempt_id = :attempt_id AND sequence > :after
    ORDER BY sequence LIMIT :limit
    """  # noqa: S608  # only constants of this module
)
_SKEW = text(
    f"""
    SELECT count(*), min(skew), percentile_cont(0.5) WITHIN GROUP (ORDER BY skew), max(skew)
    FROM (
        SELECT CAST(extract(epoch FROM received_at - event_timestamp) AS float8) AS skew
        FROM proctoring.proctoring_events
        WHERE {_ITS_DAY} AND attempt_id = :attempt_id
    ) skews
    """  # noqa: S608  # only constants of this module
)
_TOTALS = text(
    """
    SELECT count(*), count(*) FILTER (WHERE warning_count > 0),
           count(*) FILTER (WHERE violation_count > 0), coalesce(sum(info_count), 0),
           coalesce(sum(warning_count), 0), coalesce(sum(violation_count), 0),
           max(last_received_at)
    FROM proctoring.tallies WHERE exam_id = :exam_id
    """
)
_RISK_BINS = text(
    """
    SELECT least(score / :points, :last), count(*) FROM proctoring.risks
    WHERE exam_id = :exam_id AND computed_at IS NOT NULL GROUP BY 1
    """
)
_TYPES = text(
    """
    SELECT e.event_type, e.severity, count(*), count(DISTINCT e.attempt_id)
    FROM proctoring.tallies a JOIN proctoring.proctoring_events e USING (exam_day, attempt_id)
    WHERE a.exam_id = :exam_id
      AND e.exam_day = ANY(CAST(:days AS date[]))
    GROUP BY e.event_type, e.severity
    ORDER BY count(*) DESC, e.event_type, e.severity LIMIT :limit
    """
)
_QUESTIONS = text(
    f"""
    WITH sat AS (
        {_SAT}
    ), times AS (
        SELECT t.question_id, t.attempt_id, t.total_time_seconds, t.answer_count
        FROM sat JOIN proctoring.question_timings t USING (attempt_id)
    ), spread AS (
        SELECT t.question_id, count(*) AS students, sum(t.total_time_seconds) AS seconds,
               sum(t.answer_count) AS answers, {_QUARTILES} AS q
        FROM times t GROUP BY t.question_id
    ), far AS (
        SELECT t.question_id, t.attempt_id, t.total_time_seconds,
               row_number() OVER (
                   PARTITION BY t.question_id
                   ORDER BY abs(t.total_time_seconds - s.q[2]) DESC, t.attempt_id
               ) AS place
        FROM times t JOIN spread s USING (question_id)
        WHERE s.students >= :fewest
          AND (t.total_time_seconds < s.q[1] - :fence * (s.q[3] - s.q[1])
               OR t.total_time_seconds > s.q[3] + :fence * (s.q[3] - s.q[1]))
    )
    SELECT s.question_id, s.students, s.seconds, s.answers, s.q, count(f.attempt_id),
           array_agg(f.attempt_id ORDER BY f.place) FILTER (WHERE f.place <= :shown),
           array_agg(f.total_time_seconds ORDER BY f.place) FILTER (WHERE f.place <= :shown)
    FROM spread s LEFT JOIN far f USING (question_id)
    GROUP BY s.question_id, s.students, s.seconds, s.answers, s.q
    ORDER BY s.question_id LIMIT :limit
    """  # noqa: S608  # only constants of this module
)
_REMARKABLE = text(
    """
    SELECT attempt_id FROM proctoring.tallies
    WHERE exam_id = :exam_id AND warning_count + violation_count > 0
    ORDER BY violation_count DESC, warning_count DESC, attempt_id LIMIT :limit OFFSET :skip
    """
)
_BOUNDS = text(
    """
    SELECT min(received_at), max(received_at) FROM proctoring.proctoring_events
    WHERE exam_day = ANY(CAST(:days AS date[]))
      AND attempt_id = ANY(CAST(:attempt_ids AS int[]))
      AND severity IN ('warning', 'violation')
    """  # only constants of this module
)
_HEAT = text(
    """
    SELECT attempt_id,
           CAST(extract(epoch FROM date_bin(make_interval(secs => :width), received_at, :begin)
                                   - :begin) AS bigint) / :width AS bucket,
           count(*) FILTER (WHERE severity = 'warning'),
           count(*) FILTER (WHERE severity = 'violation')
    FROM proctoring.proctoring_events
    WHERE exam_day = ANY(CAST(:days AS date[]))
      AND attempt_id = ANY(CAST(:attempt_ids AS int[]))
      AND severity IN ('warning', 'violation')
    GROUP BY attempt_id, bucket ORDER BY attempt_id, bucket
    """  # only constants of this module
)


def timings(
    session: Session, attempt_id: int, exam_id: int
) -> list[tuple[Timing, ClassPace | None]]:
    """Return an attempt's timings in the order of first showing, each with its class's."""
    rows = session.execute(_TIMINGS, {"attempt_id": attempt_id, "exam_id": exam_id})
    return [(Timing(*row[:11]), class_pace(row[11], row[12])) for row in rows]


def bursts(session: Session, attempt_id: int, *, after: int, limit: int) -> list[Burst]:
    """Return the next bursts behind the event with sequence `after`, where a burst ended."""
    wanted = {"attempt_id": attempt_id, "after": after, "limit": limit, "gap": BURST_GAP_SECONDS}
    return [_burst(row) for row in session.execute(_BURSTS, wanted)]


def moments(session: Session, attempt_id: int, *, after: int, limit: int) -> list[Moment]:
    """Return the next events behind the one with sequence `after`."""
    wanted = {"attempt_id": attempt_id, "after": after, "limit": limit}
    return [
        Moment(row[0], row[1], Severity(row[2]), *row[3:])
        for row in session.execute(_MOMENTS, wanted)
    ]


def skew(session: Session, attempt_id: int) -> Skew:
    return Skew(*session.execute(_SKEW, {"attempt_id": attempt_id}).one())


def totals(session: Session, exam_id: int) -> Totals:
    row = session.execute(_TOTALS, {"exam_id": exam_id}).one()
    values: list[Any] = [*(int(count) for count in row[:6]), row[6]]
    return Totals(*values)


def risk_bins(session: Session, exam_id: int) -> list[RiskBin]:
    """Return how the scores of an exam's attempts are spread."""
    wanted = {"exam_id": exam_id, "points": BIN_POINTS, "last": LAST_BIN}
    return bins({row[0]: row[1] for row in session.execute(_RISK_BINS, wanted)})


def type_counts(session: Session, exam_id: int, *, limit: int) -> list[TypeCount]:
    """Return the most frequent types of event of an exam; reads all its events, in the database."""
    days = _days(session, exam_id=exam_id)
    rows = session.execute(_TYPES, {"exam_id": exam_id, "limit": limit, "days": days})
    return [TypeCount(row[0], Severity(row[1]), row[2], row[3]) for row in rows]


def questions(
    session: Session, exam_id: int, *, shown: int, limit: int = 1_000
) -> list[QuestionSpread]:
    """Return how long each question took, with its `shown` farthest attempts."""
    wanted = {"exam_id": exam_id, "fewest": FEWEST_STUDENTS, "fence": FENCE}
    rows = session.execute(_QUESTIONS, wanted | {"shown": shown, "limit": limit})
    return [_spread(row) for row in rows]


def remarkable(session: Session, exam_id: int, *, skip: int, limit: int) -> list[int]:
    """Return the attempts with warnings or violations, those with most violations first."""
    wanted = {"exam_id": exam_id, "skip": skip, "limit": limit}
    return list(session.execute(_REMARKABLE, wanted).scalars())


def bounds(session: Session, attempt_ids: Sequence[int]) -> tuple[datetime, datetime] | None:
    """Return when the first and the last warning or violation of `attempt_ids` arrived."""
    wanted = {"attempt_ids": list(attempt_ids), "days": _days(session, attempt_ids=attempt_ids)}
    first, last = session.execute(_BOUNDS, wanted).one()
    return None if first is None else (first, last)


def heat(session: Session, attempt_ids: Sequence[int], span: Span) -> list[Cell]:
    """Return the cells of `attempt_ids` in which something came."""
    wanted = {
        "attempt_ids": list(attempt_ids),
        "days": _days(session, attempt_ids=attempt_ids),
        "width": span.bucket_seconds,
        "begin": span.begins_at,
    }
    return [Cell(*row) for row in session.execute(_HEAT, wanted)]


def _days(
    session: Session, *, exam_id: int | None = None, attempt_ids: Sequence[int] = ()
) -> list[date]:
    """Return the days on which events of an exam, or of attempts, lie."""
    wanted = {"exam_id": exam_id, "attempt_ids": list(attempt_ids)}
    return session.execute(_DAYS, wanted).scalar_one() or []


def _burst(row: Any) -> Burst:
    values: list[Any] = [*row[:3], Severity(row[3]), *row[4:12], tuple(row[12] or ())]
    return Burst(*values)


def _spread(row: Any) -> QuestionSpread:
    farthest = zip(row[6] or (), row[7] or (), strict=True)
    return QuestionSpread(
        question_id=row[0],
        student_count=row[1],
        total_time_seconds=int(row[2]),
        answer_count=int(row[3]),
        class_pace=class_pace(row[1], row[4]),
        outlier_count=row[5],
        outliers=tuple(Outlier(*each) for each in farthest),
    )
