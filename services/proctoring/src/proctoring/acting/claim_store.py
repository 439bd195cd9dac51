"""Every statement about claims. One open claim for an attempt: the database itself holds it."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from proctoring.acting.claim import Change, Claim, Holder

_COLUMNS = """
    id, attempt_id, exam_id, user_id, user_name, began, by_id, claimed_at, reason, ended,
    ended_by_id, ended_at
"""
_ADD = text(
    f"""
    INSERT INTO proctoring.claims
           (attempt_id, exam_id, user_id, user_name, began, by_id, reason, claimed_at)
    SELECT attempt_id, :exam_id, :user_id, :user_name, :began, :by_id, :reason, :claimed_at
    FROM unnest(CAST(:attempt_ids AS bigint[])) AS wanted (attempt_id) ORDER BY attempt_id
    ON CONFLICT (attempt_id) WHERE ended_at IS NULL DO NOTHING
    RETURNING {_COLUMNS}
    """  # noqa: S608  # only constants of this module
)
_END = text(
    """
    UPDATE proctoring.claims AS claim
    SET ended = new.ended, ended_by_id = new.ended_by_id, ended_at = new.ended_at
    FROM unnest(
        CAST(:ids AS bigint[]), CAST(:ended AS text[]), CAST(:ended_by_ids AS bigint[]),
        CAST(:ended_at AS timestamptz[])
    ) AS new (id, ended, ended_by_id, ended_at)
    WHERE claim.id = new.id AND claim.ended_at IS NULL
    """
)


def add(
    session: Session,
    attempt_ids: Collection[int],
    exam_id: int,
    holder: Holder,
    began: Change,
    by_id: int,
    at: datetime,
    reason: str | None = None,
) -> list[Claim]:
    """Claim each attempt that nobody has claimed; waits for whoever does so at the same moment."""
    row = {
        "attempt_ids": sorted(attempt_ids),
        "exam_id": exam_id,
        "user_id": holder.user_id,
        "user_name": holder.name,
        "began": began.value,
        "by_id": by_id,
        "reason": reason,
        "claimed_at": at,
    }
    return [_claim(found) for found in session.execute(_ADD, row)]


def end(session: Session, claims: Sequence[Claim]) -> None:
    """Write how open claims have ended; the caller has locked them."""
    if claims:
        row = {
            "ids": [claim.id for claim in claims],
            "ended": [claim.ended.value if claim.ended else None for claim in claims],
            "ended_by_ids": [claim.ended_by_id for claim in claims],
            "ended_at": [claim.ended_at for claim in claims],
        }
        session.execute(_END, row)


def lock_open(session: Session, attempt_ids: Collection[int]) -> list[Claim]:
    """Lock the open claims of attempts, in the order of their numbers."""
    where = "attempt_id = ANY(CAST(:ids AS bigint[])) AND ended_at IS NULL"
    return _found(session, where, "ORDER BY id FOR UPDATE", ids=list(attempt_ids))


def open_of(session: Session, attempt_ids: Collection[int]) -> list[Claim]:
    where = "attempt_id = ANY(CAST(:ids AS bigint[])) AND ended_at IS NULL"
    return _found(session, where, ids=list(attempt_ids))


def of_exam(
    session: Session, exam_id: int, *, with_ended: bool, skip: int = 0, limit: int = 2**31
) -> list[Claim]:
    """Return an exam's open claims, or all that there ever were, oldest first."""
    where = "exam_id = :exam_id AND (:with_ended OR ended_at IS NULL)"
    rest = "ORDER BY id LIMIT :limit OFFSET :skip"
    wanted = {"exam_id": exam_id, "with_ended": with_ended, "skip": skip, "limit": limit}
    return _found(session, where, rest, **wanted)


def _found(
    session: Session, where: str, rest: str = "ORDER BY id", **values: object
) -> list[Claim]:
    query = f"SELECT {_COLUMNS} FROM proctoring.claims WHERE {where} {rest}"  # noqa: S608  # ditto
    return [_claim(row) for row in session.execute(text(query), values)]


def _claim(row: Any) -> Claim:
    claim = Claim(
        row.id,
        row.attempt_id,
        row.exam_id,
        Holder(row.user_id, row.user_name),
        Change(row.began),
        row.by_id,
        row.claimed_at,
        row.reason,
    )
    if row.ended is None:
        return claim
    return replace(
        claim, ended=Change(row.ended), ended_by_id=row.ended_by_id, ended_at=row.ended_at
    )
