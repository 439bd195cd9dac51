"""Deeds of extra time: give it to one attempt or a whole exam, list it, acknowledge it.

Attempts are locked before they are looked at: one that expiry has taken first gets nothing and the
proctor is told; one that got its time first does not expire. Blocking: for worker threads.
"""

from collections.abc import Callable
from dataclasses import dataclass

from chassis.database import Database
from chassis.origins import Origin
from sqlalchemy.orm import Session

from attempts import auditing, clockwork, notices
from attempts.allowance import (
    Allowance,
    Grant,
    ensure_extendable,
    ensure_sound,
    ensure_within_total,
)
from attempts.attempt import Attempt
from attempts.audit import Entry
from attempts.errors import (
    AllowanceNotFound,
    AttemptNotFound,
    ExamNotFound,
    ForeignAttempt,
    Overtaken,
)
from attempts.repeating import ensure_new
from attempts.store import allowances, attempts, exams


@dataclass(frozen=True)
class Extended:
    """What a grant to a whole exam has done."""

    exam_allowance_id: int
    attempts: tuple[Attempt, ...]


class Allowing:
    """Gives extra time; the deadline that expiry reads is written together with it."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """`wake` tells the relay that something was committed."""
        self._database = database
        self._wake = wake

    def extend(
        self, attempt_id: int, grant: Grant, origin: Origin, action_id: str | None = None
    ) -> tuple[Attempt, Allowance]:
        """Give one attempt extra time, before its start or while it runs.

        Raises `DoneBefore` when it was given under the same `action_id` already.
        """
        ensure_sound(grant)
        with self._database.transaction() as session:
            attempt = attempts.lock(session, attempt_id)
            if attempt is None:
                raise AttemptNotFound
            ensure_new(session, attempt, action_id)
            ensure_extendable(attempt)
            ensure_within_total(attempt, grant.seconds_for(attempt))
            extended = clockwork.give(session, [attempt], grant)
            if not extended:
                raise Overtaken
            _log(session, extended[0], grant, origin, action_id)
            allowance = allowances.of_attempt(session, attempt_id)[-1]
        self._wake()
        return extended[0], allowance

    def extend_exam(self, exam_id: int, grant: Grant, origin: Origin) -> Extended:
        """Give every attempt of an exam extra time, those included that are still to come."""
        ensure_sound(grant)
        with self._database.transaction() as session:
            if exams.exam(session, exam_id) is None:
                raise ExamNotFound
            allowances.hold_exam(session, exam_id, is_shared=False)
            stored = allowances.store_for_exam(session, exam_id, grant)
            chosen = _extendable(session, exam_id)
            for attempt in chosen:
                ensure_within_total(attempt, grant.seconds_for(attempt))
            extended = clockwork.give(session, chosen, grant, stored) if chosen else []
            auditing.add(session, _exam_entry(exam_id, grant, len(extended), origin))
        self._wake()
        return Extended(stored, tuple(extended))

    def of_attempt(self, attempt_id: int, user_id: int, *, sees_all: bool) -> list[Allowance]:
        with self._database.transaction() as session:
            attempt = attempts.load(session, attempt_id)
            if attempt is None:
                raise AttemptNotFound
            if attempt.student_id != user_id and not sees_all:
                raise ForeignAttempt
            return allowances.of_attempt(session, attempt_id)

    def of_exam(self, exam_id: int, *, unseen_only: bool) -> list[Allowance]:
        """Return who was given what, and who has not seen it."""
        with self._database.transaction() as session:
            if exams.exam(session, exam_id) is None:
                raise ExamNotFound
            return allowances.of_exam(session, exam_id, unseen_only=unseen_only)

    def acknowledge(self, attempt_id: int, allowance_id: int, student_id: int) -> Allowance:
        """Note that the student has been shown it; a repeat changes and announces nothing."""
        with self._database.transaction() as session:
            attempt = attempts.lock(session, attempt_id)
            if attempt is None or attempt.student_id != student_id:
                raise AttemptNotFound
            known = [a for a in allowances.of_attempt(session, attempt_id) if a.id == allowance_id]
            if not known:
                raise AllowanceNotFound
            if known[0].acknowledged_at is not None:
                return known[0]
            seen = allowances.acknowledge(session, attempt_id, allowance_id) or known[0]
            notices.announce(session, [notices.allowance_acknowledged(attempt, seen)])
        self._wake()
        return seen


def _extendable(session: Session, exam_id: int) -> list[Attempt]:
    """Lock the attempts that can still use more time; looked at after the locks were got."""
    locked = attempts.lock_many(session, allowances.extendable_ids(session, exam_id))
    return [a for a in locked.values() if a.is_extendable and not a.is_past_deadline]


def _log(
    session: Session, attempt: Attempt, grant: Grant, origin: Origin, action_id: str | None
) -> None:
    mark = {} if action_id is None else {"action_id": action_id}
    entry = auditing.about(
        attempt,
        "allowance_granted",
        "Allowance granted",
        user_id=grant.granted_by_id,
        origin=origin,
        details=_details(grant) | mark,
    )
    auditing.add(session, entry)


def _exam_entry(exam_id: int, grant: Grant, count: int, origin: Origin) -> Entry:
    return Entry(
        "allowance_granted",
        "exam",
        f"Allowance granted to an exam: {count} attempts",
        user_id=grant.granted_by_id,
        exam_id=exam_id,
        details=_details(grant),
        origin=origin,
    )


def _details(grant: Grant) -> dict[str, str | int | float | None]:
    return {"seconds": grant.seconds, "factor": grant.factor, "reason": grant.reason}
