"""The statements of the pulse; blocking, inside the caller's transaction.

There is no index on `received_at`, and none is needed on the way of each event: ids grow with it.
From the newest id it goes back in steps that double until an event from before the first bucket is
met; behind that one all that is wanted lies together, however many events the day has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from proctoring import store
from proctoring.pulse.spans import Spans

MOST_ATTEMPTS = 10_000

_DAYS = text(
    """
    SELECT array_agg(DISTINCT exam_day) FROM proctoring.tallies
    WHERE exam_id = :exam_id AND last_received_at >= :since
    """
)
# An import keeps the ids and instants of its events, and announces none of them.
_ID_BEFORE = text(
    """
    SELECT met.id
    FROM (SELECT max(id) AS id FROM proctoring.proctoring_events
          WHERE exam_day = ANY(CAST(:days AS date[]))) AS newest,
         generate_series(10, 40) AS step,
         LATERAL (SELECT id, received_at FROM proctoring.proctoring_events
                  WHERE exam_day = ANY(CAST(:days AS date[])) AND notice_id IS NOT NULL
                    AND id <= newest.id - (CAST(1 AS bigint) << step)
                  ORDER BY id DESC LIMIT 1) AS met
    WHERE met.received_at < :before
    ORDER BY step LIMIT 1
    """
)
_PULSE = text(
    """
    SELECT attempt_id, min(known), array_agg(ARRAY[bucket, count, height] ORDER BY bucket)
    FROM (
        SELECT t.attempt_id, min(t.info_count + t.warning_count + t.violation_count) AS known,
               CAST(floor(extract(epoch FROM e.received_at - :since) / :width) AS int) AS bucket,
               CAST(count(*) AS int) AS count,
               max(CASE e.severity WHEN 'info' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END) AS height
        FROM proctoring.tallies t JOIN proctoring.proctoring_events e USING (exam_day, attempt_id)
        WHERE t.exam_id = :exam_id AND t.last_received_at >= :since
          AND e.exam_day = ANY(CAST(:days AS date[])) AND e.id > :id_before
          AND e.received_at >= :since
        GROUP BY t.attempt_id, bucket
    ) AS filled
    GROUP BY attempt_id ORDER BY attempt_id LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class Beats:
    """What came of one attempt: `(bucket, events, height)` where there were any.

    All of its first `event_count` events are in it, and none behind them. The height is that of the
    gravest: 0 info, 1 warning, 2 violation.
    """

    attempt_id: int
    event_count: int
    cells: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Pulse:
    """What came in some spans, by attempt; not whole when there are more than `MOST_ATTEMPTS`."""

    exam_id: int
    spans: Spans
    beats: tuple[Beats, ...]
    is_whole: bool


def pulse(session: Session, exam_id: int, *, bucket_seconds: int, bucket_count: int) -> Pulse:
    """Return what came of an exam's attempts in so many buckets up to now."""
    now = store.clock(session)
    spans = Spans.until(now, bucket_seconds=bucket_seconds, bucket_count=bucket_count)
    found = _beats(session, exam_id, spans)
    return Pulse(exam_id, spans, tuple(found[:MOST_ATTEMPTS]), len(found) <= MOST_ATTEMPTS)


def _beats(session: Session, exam_id: int, spans: Spans) -> list[Beats]:
    asked: dict[str, Any] = {"exam_id": exam_id, "since": spans.begins_at}
    days = session.execute(_DAYS, asked).scalar_one()
    if days is None:
        return []
    asked |= {"days": days, "id_before": _id_before(session, days, spans)}
    asked |= {"width": spans.bucket_seconds, "limit": MOST_ATTEMPTS + 1}
    return [_beat(row) for row in session.execute(_PULSE, asked)]


def _id_before(session: Session, days: Sequence[date], spans: Spans) -> int:
    asked = {"days": days, "before": spans.surely_before}
    return session.execute(_ID_BEFORE, asked).scalar_one_or_none() or 0


def _beat(row: Any) -> Beats:
    return Beats(row[0], row[1], tuple((cell[0], cell[1], cell[2]) for cell in row[2]))
