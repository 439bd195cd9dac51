"""Statements on who uses an attempt, and on who lets students begin.

The verdicts of `device` stand here a second time, in SQL: for the statements that begin and save in
one round trip (ADR 19). `test_device.py` holds both to each other.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from attempts.attempt import Attempt, Status
from attempts.store.attempts import change, returned
from attempts.store.rows import attempt_from
from attempts.tables import AttemptRow

CHANGED = "device_changed"
CHANGED_TEXT = "Attempt is used by another device"
"""What the audit is told of a change of devices that the exam has flagged."""


@dataclass(frozen=True)
class Use:
    """The SQL of what a verdict looks at in an attempt and its exam."""

    policy: str = "x.device_policy"
    active: str = "a.active_login_id"
    since: str = "coalesce(a.active_since, a.created_at)"


def verdict(use: Use, login: str, ended_until: str) -> str:
    """Return the SQL of `device.verdict`, with what `chassis.tokens.Ended` knows as parameters.

    `ended_logins` is a parameter of the statement; `ended_until` is the SQL of the instant until
    which all stays of the student have ended, null if there is none.
    """
    return f"""
         CASE
           WHEN {login} IS NULL OR {login} = {use.active} THEN 'same'
           WHEN {use.active} IS NULL THEN 'bind'
           WHEN {use.policy} = 'flag' THEN 'flag'
           WHEN {use.policy} = 'refuse' AND {use.active} <> ALL (:ended_logins)
             AND coalesce({use.since} > {ended_until}, true) THEN 'refuse'
           ELSE 'switch'
         END"""


def verdict_in_passing(use: Use, login: str, ended_until: str) -> str:
    """Return the SQL of `device.verdict_in_passing`, likewise."""
    return f"""
         CASE WHEN {use.active} IS NULL OR {use.policy} = 'allow' THEN 'same'
              ELSE {verdict(use, login, ended_until)}
         END"""


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
