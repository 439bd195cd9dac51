"""Statements on encrypted final answers: which wait to be opened, and what became of each.

What is left to do is read from the attempts themselves (a blob that is not settled), so nothing is
lost with a replica. Who works on one has claimed it for a while in `openings`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from attempts.answer import encoded
from attempts.finals import NOTHING, Comparison, Difference, Fate, Outcome
from attempts.tables import AttemptRow, OpeningRow

_MOST_FOREIGN = 100
_CLAIM = text("""
WITH next AS MATERIALIZED (
  SELECT a.id FROM attempts.attempts a
  LEFT JOIN attempts.openings o ON o.attempt_id = a.id
  WHERE a.encrypted_final_answers IS NOT NULL AND a.blob_settled_at IS NULL
    AND coalesce(o.claimed_until < now(), true)
  ORDER BY a.id LIMIT 1
  FOR NO KEY UPDATE OF a SKIP LOCKED
), claimed AS (
  INSERT INTO attempts.openings AS o (attempt_id, claimed_until, tries)
  SELECT id, now() + :lease, 1 FROM next
  ON CONFLICT (attempt_id) DO UPDATE
  SET claimed_until = excluded.claimed_until, tries = o.tries + 1
  -- Somebody may have claimed it between our looking and our lock.
  WHERE o.claimed_until < now()
  RETURNING attempt_id, tries
)
SELECT a.id AS attempt_id, a.student_id, a.exam_id, c.tries, a.encryption_flaw AS flaw,
       a.encrypted_final_answers AS answers, a.encryption_timestamp AS timestamp
FROM claimed c JOIN attempts.attempts a ON a.id = c.attempt_id
""")
_MERGE = text("""
INSERT INTO attempts.answers AS kept
       (attempt_id, question_id, answer, first_answered_at, last_updated_at, revision)
SELECT :attempt_id, n.question_id, CAST(n.answer AS json), :at, :at, 1
FROM unnest(CAST(:question_ids AS bigint[]), CAST(:answers AS text[]))
     AS n (question_id, answer)
ON CONFLICT (attempt_id, question_id) DO UPDATE
SET answer = excluded.answer, revision = kept.revision + 1,
    first_answered_at = coalesce(kept.first_answered_at, excluded.first_answered_at),
    last_updated_at = excluded.last_updated_at
""")
_COUNT = text("""
UPDATE attempts.attempts a
SET questions_answered = (
      SELECT count(*) FROM attempts.answers n
      WHERE n.attempt_id = a.id AND CAST(n.answer AS text) NOT IN ('null', '""', '[]')),
    updated_at = now()
WHERE a.id = :attempt_id
""")


@dataclass(frozen=True)
class Claimed:
    """A blob that this replica is to open; `tries` counts the claims, this one included."""

    attempt_id: int
    student_id: int
    exam_id: int
    tries: int
    flaw: str | None
    answers: str
    timestamp: str | None


@dataclass(frozen=True)
class Opening:
    """What is known of an attempt's blob; `differences` are read for one attempt only."""

    attempt_id: int
    outcome: Outcome
    finding: str | None
    received_at: datetime | None
    settled_at: datetime | None
    key_timestamp: str | None
    grade_version: int | None
    tries: int
    foreign: Sequence[int] = ()
    differences: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True)
class Settlement:
    """What became of a blob."""

    outcome: Outcome
    finding: str | None = None
    key_timestamp: str | None = None
    comparison: Comparison = NOTHING
    grade_version: int | None = None


def claim(session: Session, lease: timedelta) -> Claimed | None:
    """Claim the next blob that nobody works on, for `lease`; None when there is none."""
    row = session.execute(_CLAIM, {"lease": lease}).mappings().one_or_none()
    return None if row is None else Claimed(**row)


def give_back(session: Session, attempt_id: int, wait: timedelta, *, is_tried: bool) -> None:
    """Let others, or the same, claim a blob again after `wait`."""
    session.execute(
        update(OpeningRow)
        .where(OpeningRow.attempt_id == attempt_id, OpeningRow.outcome.is_(None))
        .values(
            claimed_until=func.now() + wait,
            tries=OpeningRow.tries - (0 if is_tried else 1),
        )
    )


def unsettled(session: Session, attempt_id: int) -> tuple[bool, datetime | None]:
    """Return whether a locked attempt's blob is unsettled, and when it came."""
    query = select(AttemptRow.blob_settled_at, AttemptRow.encryption_received_at).where(
        AttemptRow.id == attempt_id
    )
    settled_at, received_at = session.execute(query).one()
    return settled_at is None, received_at


def merge(
    session: Session, attempt_id: int, changes: Sequence[Difference], received_at: datetime
) -> None:
    """Write answers of a locked attempt, as received then, and count its answers anew."""
    values = {
        "attempt_id": attempt_id,
        "at": received_at,
        "question_ids": [change.question_id for change in changes],
        "answers": [encoded(change.after) for change in changes],
    }
    session.execute(_MERGE, values)
    session.execute(_COUNT, {"attempt_id": attempt_id})


def settle(session: Session, attempt_id: int, settlement: Settlement) -> None:
    """Store what became of the blob of a locked attempt: it is not opened again."""
    found = settlement.comparison
    session.execute(
        update(OpeningRow)
        .where(OpeningRow.attempt_id == attempt_id)
        .values(
            outcome=settlement.outcome.value,
            finding=settlement.finding,
            key_timestamp=settlement.key_timestamp,
            grade_version=settlement.grade_version,
            foreign_question_ids=_listable(found.foreign),
            differences=[_shown(each) for each in found.differences],
        )
    )
    session.execute(
        update(AttemptRow).where(AttemptRow.id == attempt_id).values(blob_settled_at=func.now())
    )


def of_attempt(session: Session, attempt_id: int) -> Opening | None:
    """Return all that is known of an attempt's blob; None when it has none."""
    query = _reading(OpeningRow.differences).where(AttemptRow.id == attempt_id)
    row = session.execute(query).mappings().one_or_none()
    return None if row is None else _opening(row)


def of_exam(
    session: Session, exam_id: int, outcome: Outcome | None, skip: int, limit: int
) -> list[Opening]:
    """Return what is known of the blobs of an exam, by attempt, without what they say."""
    query = _reading().where(AttemptRow.exam_id == exam_id).order_by(AttemptRow.id)
    if outcome is Outcome.WAITING:
        query = query.where(OpeningRow.outcome.is_(None))
    elif outcome is not None:
        query = query.where(OpeningRow.outcome == outcome.value)
    return [_opening(row) for row in session.execute(query.offset(skip).limit(limit)).mappings()]


def _reading(*more: Any) -> Any:
    return (
        select(
            AttemptRow.id.label("attempt_id"),
            OpeningRow.outcome,
            func.coalesce(OpeningRow.finding, AttemptRow.encryption_flaw).label("finding"),
            AttemptRow.encryption_received_at.label("received_at"),
            AttemptRow.blob_settled_at.label("settled_at"),
            OpeningRow.key_timestamp,
            OpeningRow.grade_version,
            func.coalesce(OpeningRow.tries, 0).label("tries"),
            OpeningRow.foreign_question_ids.label("foreign"),
            *more,
        )
        .outerjoin(OpeningRow, OpeningRow.attempt_id == AttemptRow.id)
        .where(AttemptRow.encrypted_final_answers.is_not(None))
    )


def _opening(row: Any) -> Opening:
    found = dict(row)
    found["outcome"] = Outcome(found["outcome"] or Outcome.WAITING)
    found["foreign"] = found["foreign"] or ()
    found["differences"] = found.get("differences") or ()
    return Opening(**found)


def _shown(difference: Difference) -> dict[str, Any]:
    """Return a difference as it is kept; of an unfit answer only that it was there."""
    return {
        "question_id": difference.question_id,
        "before": difference.before,
        "after": None if difference.fate is Fate.UNFIT else difference.after,
        "revision": difference.revision,
        "fate": difference.fate.value,
    }


def _listable(numbers: Sequence[int]) -> list[int]:
    """Return what a column takes of numbers that a client made up; the blob keeps the rest."""
    return [number for number in numbers if abs(number) < 2**63][:_MOST_FOREIGN]
