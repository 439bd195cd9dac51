"""Notices of events, made again from their rows; the text is `recorded`'s, byte for byte."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from chassis.bus import Message
from sqlalchemy import DateTime, func, select, text
from sqlalchemy.orm import Session

from proctoring import recorded
from proctoring.tables import TALLIES

_NOTICES = text(
    f"""
WITH counted AS (
  SELECT e.*, CAST(:exam_id AS int) AS exam_id,
         count(*) FILTER (WHERE severity = 'info') OVER so_far AS infos,
         count(*) FILTER (WHERE severity = 'warning') OVER so_far AS warnings,
         count(*) FILTER (WHERE severity = 'violation') OVER so_far AS violations
  FROM proctoring.proctoring_events e
  WHERE attempt_id = ANY (:attempt_ids) AND exam_day = ANY (:days)
  WINDOW so_far AS (PARTITION BY attempt_id ORDER BY sequence)
),
due AS (
  SELECT *
  FROM counted
  WHERE created_at BETWEEN :since AND :upto
    AND (attempt_id, sequence) > (:after_attempt, :after_sequence)
  ORDER BY attempt_id, sequence
  LIMIT :limit
),
said AS (
  SELECT *, '{recorded.SOURCE}-' || coalesce(CAST(notice_id AS text), 'event-' || id) AS said_id,
         {recorded.SUBJECT} AS subject, {recorded.CREATED}, {recorded.TEXTS}
  FROM due
)
SELECT attempt_id, sequence, subject, said_id,
       '{{"id":"' || said_id || '",' || substr(ltrim({recorded.PAYLOAD}), 2) AS payload,
       CASE WHEN notice_id IS NOT NULL
            THEN EXISTS (SELECT FROM proctoring.outbox o WHERE o.id = notice_id)
            ELSE EXISTS (SELECT FROM proctoring.outbox o
                         WHERE o.order_key = attempt_id AND o.subject = said.subject)
       END AS is_waiting
FROM said
ORDER BY attempt_id, sequence
"""  # noqa: S608  # only constants of ours
)


class Sitting(NamedTuple):
    """An attempt of whose events some are young enough to lie in the stream."""

    attempt_id: int
    exam_day: date
    event_count: int


class Place(NamedTuple):
    """An event: its attempt and its number there."""

    attempt_id: int
    sequence: int


NOWHERE = Place(0, 0)


@dataclass(frozen=True)
class Window:
    """What was stored from `since` to `upto`, both included, by the database's clock."""

    since: datetime
    upto: datetime


@dataclass(frozen=True)
class Notice:
    """What is to be said of one event."""

    place: Place
    message: Message
    is_waiting: bool
    """It stands in the outbox still; the relay says it."""


def now(session: Session) -> datetime:
    query = select(func.clock_timestamp(type_=DateTime(timezone=True)))
    return session.execute(query).scalar_one()


def exams(session: Session, since: datetime) -> list[int]:
    """Return the exams that may have had an event since then."""
    query = select(TALLIES.c.exam_id).where(
        TALLIES.c.exam_id.is_not(None), TALLIES.c.updated_at >= since
    )
    return list(session.execute(query.distinct().order_by(TALLIES.c.exam_id)).scalars())


def sittings(
    session: Session, exam_id: int, since: datetime, after: int, limit: int
) -> list[Sitting]:
    """Return the exam's next attempts behind the id `after` that may have had an event since."""
    table = TALLIES.c
    query = (
        select(table.attempt_id, table.exam_day, table.last_sequence)
        .where(
            table.exam_id == exam_id,
            table.updated_at >= since,
            table.last_sequence > 0,
            table.attempt_id > after,
        )
        .order_by(table.attempt_id)
        .limit(limit)
    )
    return [Sitting(*row) for row in session.execute(query)]


def notices(
    session: Session,
    exam_id: int,
    sat: Sequence[Sitting],
    window: Window,
    after: Place,
    limit: int,
) -> list[Notice]:
    """Return up to `limit` notices of these attempts behind `after`, attempt by attempt."""
    values = {
        "exam_id": exam_id,
        "attempt_ids": [each.attempt_id for each in sat],
        "days": sorted({each.exam_day for each in sat}),
        "since": window.since,
        "upto": window.upto,
        "after_attempt": after.attempt_id,
        "after_sequence": after.sequence,
        "limit": limit,
    }
    return [
        Notice(
            Place(row.attempt_id, row.sequence),
            Message(row.subject, row.payload.encode(), row.said_id, is_rebuilt=True),
            row.is_waiting,
        )
        for row in session.execute(_NOTICES, values)
    ]
