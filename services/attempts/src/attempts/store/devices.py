"""Statements on who uses an attempt, and on who lets students begin."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from attempts.attempt import Attempt, Status
from attempts.store.attempts import change, returned
from attempts.store.rows import attempt_from
from attempts.tables import AttemptRow


def bind(session: Session, attempt: Attempt, login_id: str, *, is_change: bool) -> Attempt | None:
    """Note that a stay uses the attempt from now on; None = lost the race."""
    changes: dict[str, Any] = {"active_login_id": login_id, "active_since": func.now()}
    if is_change:
        changes["device_changes"] = AttemptRow.device_changes + 1
    return change(session, attempt, **changes)


def release(session: Session, attempt: Attempt) -> Attempt | None:
    """Let the next device in, whichever it is; None = lost the race."""
    return change(session, attempt, active_login_id=None, active_since=None)


def authorise(session: Session, attempt_ids: Collection[int], by_id: int) -> list[Attempt]:
    """Let students begin in one statement; whom others have let begin before is missing."""
    statement = (
        update(AttemptRow)
        .where(
            AttemptRow.id.in_(attempt_ids),
            AttemptRow.status == Status.NOT_STARTED,
            AttemptRow.authorised_at.is_(None),
        )
        .values(
            authorised_at=func.now(),
            authorised_by_id=by_id,
            version=AttemptRow.version + 1,
            updated_at=func.now(),
        )
        .returning(*returned())
    )
    found = [attempt_from(row) for row in session.execute(statement).mappings()]
    return sorted(found, key=lambda attempt: attempt.id)
