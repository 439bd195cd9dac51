"""Every statement about submissions, what came of their events, and where the inbox stands.

Blocking, inside the caller's transaction; decides nothing. Writing a submission again changes
nothing that is known.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from chassis.bus import Position
from sqlalchemy import text
from sqlalchemy.orm import Session

from proctoring.delivery import Submission

_RECORD = text(
    """
    INSERT INTO proctoring.submissions AS known
           (attempt_id, exam_id, last_event_sequence, submitted_at)
    SELECT * FROM unnest(CAST(:attempt_id AS bigint[]), CAST(:exam_id AS bigint[]),
                         CAST(:last_event_sequence AS bigint[]),
                         CAST(:submitted_at AS timestamptz[]))
           AS new (attempt_id, exam_id, last_event_sequence, submitted_at)
    ORDER BY attempt_id
    ON CONFLICT (attempt_id) DO UPDATE
    SET last_event_sequence =
            coalesce(known.last_event_sequence, excluded.last_event_sequence),
        submitted_at = coalesce(known.submitted_at, excluded.submitted_at)
    """
)
_FIND = text(
    """
    SELECT attempt_id, exam_id, last_event_sequence, submitted_at
    FROM proctoring.submissions WHERE attempt_id = :attempt_id
    """
)
_RECEIVED = text(
    """
    SELECT attempt_id, array_agg(DISTINCT client_sequence ORDER BY client_sequence) AS numbers
    FROM proctoring.tallies JOIN proctoring.proctoring_events USING (exam_day, attempt_id)
    WHERE attempt_id = ANY(CAST(:attempt_ids AS bigint[])) AND client_sequence IS NOT NULL
    GROUP BY attempt_id
    """
)
INSANE = 2**62
"""From here on a client's numbers are not kept as ranges, whose ends may be too large."""
# The same count as `delivery` makes: numbers from the first to the highest, less those that came.
_COUNTED = """
    SELECT greatest(coalesce(s.last_event_sequence, 0), coalesce(max(e.client_sequence), 0))
           + CAST(CASE WHEN min(e.client_sequence) = 0 THEN 1 ELSE 0 END AS numeric)
           > count(DISTINCT e.client_sequence)
    FROM proctoring.proctoring_events e
    WHERE e.attempt_id = t.attempt_id AND e.exam_day = t.exam_day
      AND e.client_sequence IS NOT NULL
"""
IS_INCOMPLETE = f"""
    CASE WHEN s.attempt_id IS NULL THEN false
         WHEN t.attempt_id IS NULL THEN coalesce(s.last_event_sequence, 0) > 0
         WHEN r.came_as_of >= t.last_sequence AND r.came IS NOT NULL
         THEN NOT r.came @> int8range(1, 1 + greatest(
                  least(coalesce(s.last_event_sequence, 0), {INSANE}), upper(r.came) - 1))
         ELSE ({_COUNTED}) END
"""  # only constants of this module
"""Whether some of what an attempt's client sent has not come; `s`, `t` and `r` are its rows of
submissions, tallies and risks, or null. The last keeps which numbers came of all events up to
`came_as_of`; where that is not the newest event yet, or there are too many holes, events are read.
"""
_INCOMPLETE = text(
    f"""
    SELECT s.attempt_id, s.exam_id, s.last_event_sequence, s.submitted_at
    FROM proctoring.submissions s
    LEFT JOIN proctoring.tallies t ON t.attempt_id = s.attempt_id
    LEFT JOIN proctoring.risks r ON r.attempt_id = s.attempt_id
    WHERE s.exam_id = :exam_id AND {IS_INCOMPLETE}
    ORDER BY s.attempt_id LIMIT :limit OFFSET :skip
    """  # noqa: S608  # only constants of this module
)
_UNSETTLED = text(
    """
    SELECT t.attempt_id FROM proctoring.tallies t
    WHERE t.attempt_id > :after AND NOT EXISTS (
        SELECT FROM proctoring.submissions s WHERE s.attempt_id = t.attempt_id
    )
    ORDER BY t.attempt_id LIMIT :limit
    """
)
_POSITION = text("SELECT sequence, epoch FROM proctoring.inbox_positions WHERE stream = :stream")
_MOVE = text(
    """
    INSERT INTO proctoring.inbox_positions AS old (stream, epoch, sequence)
    VALUES (:stream, :epoch, :sequence)
    ON CONFLICT (stream) DO UPDATE
    SET epoch = excluded.epoch, updated_at = now(),
        sequence = CASE WHEN old.epoch = excluded.epoch
                        THEN greatest(old.sequence, excluded.sequence)
                        ELSE excluded.sequence END
    """
)


def record(session: Session, submissions: Sequence[Submission]) -> None:
    """Store submissions, one for each attempt; what is known already stays."""
    if submissions:
        rows = [asdict(submission) for submission in submissions]
        session.execute(_RECORD, {name: [row[name] for row in rows] for name in rows[0]})


def submission(session: Session, attempt_id: int) -> Submission | None:
    row = session.execute(_FIND, {"attempt_id": attempt_id}).one_or_none()
    return None if row is None else Submission(*row)


def received(session: Session, attempt_ids: Sequence[int]) -> dict[int, list[int]]:
    """Return the clients' numbers that came, each once and in order, by attempt."""
    rows = session.execute(_RECEIVED, {"attempt_ids": list(attempt_ids)})
    return {row.attempt_id: list(row.numbers) for row in rows}


def incomplete(session: Session, exam_id: int, *, skip: int, limit: int) -> list[Submission]:
    """Return a page of an exam's submissions of whose events some are missing."""
    wanted = {"exam_id": exam_id, "skip": skip, "limit": limit}
    return [Submission(*row) for row in session.execute(_INCOMPLETE, wanted)]


def unsettled(session: Session, after: int, limit: int) -> list[int]:
    """Return attempts with events of which no submit is known, by id, behind `after`."""
    return list(session.execute(_UNSETTLED, {"after": after, "limit": limit}).scalars())


def position(session: Session, stream: str) -> Position | None:
    row: Any = session.execute(_POSITION, {"stream": stream}).one_or_none()
    return None if row is None else Position(row.sequence, row.epoch)


def move_to(session: Session, stream: str, here: Position) -> None:
    """Remember that everything up to `here` was heard; never goes back within an epoch."""
    session.execute(_MOVE, {"stream": stream, "epoch": here.epoch, "sequence": here.sequence})
