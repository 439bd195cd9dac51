"""Deeds about one student's data: tell him everything, and forget what is no exam record (ADR 21).

Answers, grades, receipts and the audit stay: they are what an exam is proved by, and name their
student by his number only. Blocking: for worker threads.
"""

from dataclasses import dataclass
from typing import Any

from chassis.database import Database
from chassis.origins import NOWHERE, Origin

from attempts import auditing
from attempts.attempt import Status
from attempts.errors import StillSitting
from attempts.store import people

_RUNNING = frozenset({Status.IN_PROGRESS, Status.EXPIRED})


@dataclass(frozen=True)
class Wish:
    """Whose data are to be forgotten, who says so and why; None = at the command line."""

    student_id: int
    reason: str
    by_id: int | None = None
    origin: Origin = NOWHERE


class Forgetting:
    """Exports students and removes their network data."""

    def __init__(self, database: Database) -> None:
        """Share the service's database."""
        self._database = database

    def export(self, student_id: int) -> dict[str, Any]:
        """Return everything about a student; each attempt is read by itself."""
        with self._database.transaction() as session:
            ids = people.attempt_ids(session, student_id)
        attempts = []
        for attempt_id in ids:
            with self._database.transaction() as session:
                attempts.append(people.everything(session, attempt_id))
        with self._database.transaction() as session:
            audit = people.audited(session, student_id, ids)
            shown = people.safe_browser_logins(session, student_id)
        return {
            "user_id": student_id,
            "attempts": attempts,
            "audit": audit,
            "safe_browser_logins": shown,
        }

    def forget(self, wish: Wish) -> list[int]:
        """Remove addresses and browsers; return the attempts that had any.

        Raises `StillSitting`: of who sits at this moment nothing is removed.
        """
        with self._database.transaction() as session:
            locked = people.lock_of_student(session, wish.student_id)
            if any(attempt.status in _RUNNING for attempt in locked):
                raise StillSitting
            gone = people.forget_network(session, wish.student_id)
            people.forget_safe_browser_logins(session, wish.student_id)
            entries = [
                auditing.about(
                    attempt,
                    "network_data_erased",
                    "Address and browser erased on the person's request",
                    user_id=wish.by_id,
                    origin=wish.origin,
                    details={"reason": wish.reason},
                )
                for attempt in locked
                if attempt.id in gone
            ]
            auditing.add(session, *entries)
        return gone
