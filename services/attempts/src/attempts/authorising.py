"""Deeds of the lobby: who waits there, and letting them begin, one or all of an exam.

An attempt is authorised once: of two who do it at the same moment the first is stored and the
second is told who that was. Blocking: for worker threads.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from chassis.database import Database
from chassis.errors import Failure
from chassis.origins import Origin
from sqlalchemy.orm import Session

from attempts import auditing, notices
from attempts.attempt import Attempt, Status
from attempts.audit import Entry
from attempts.errors import (
    AlreadyAuthorised,
    AttemptNotFound,
    CannotSteer,
    ExamNotFound,
    Overtaken,
)
from attempts.exam import Exam
from attempts.order import Order
from attempts.repeating import ensure_new
from attempts.store import attempts, devices, exams

AT_ONCE = 200
"""Attempts that one transaction authorises; an exam takes as many transactions as it needs."""


@dataclass(frozen=True)
class Lobby:
    """The attempts of an exam that have not begun, and whether they need to be let in."""

    exam: Exam
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True)
class Crowd:
    """Those to be let in at once: the attempts named, or all of the exam that wait."""

    exam_id: int
    attempt_ids: Collection[int] | None
    by_id: int
    reason: str
    origin: Origin


@dataclass(frozen=True)
class LetIn:
    """What became of a crowd: who may begin, and who is held up by what."""

    authorised: tuple[Attempt, ...]
    refused: tuple[tuple[int, Failure], ...]


class Authorising:
    """Lets students begin, announces it and tells the audit."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """`wake` tells the relay that something was committed."""
        self._database = database
        self._wake = wake

    def lobby(self, exam_id: int) -> Lobby:
        with self._database.transaction() as session:
            return Lobby(_exam(session, exam_id), tuple(attempts.load_waiting(session, exam_id)))

    def authorise(self, order: Order) -> Attempt:
        """Let one student begin, also before the exam requires it."""
        with self._database.transaction() as session:
            attempt = attempts.lock(session, order.attempt_id)
            if attempt is None:
                raise AttemptNotFound
            ensure_new(session, attempt, order.action_id)
            _ensure_waiting(attempt)
            [authorised] = _authorise(session, [attempt], order)
        self._wake()
        return authorised

    def authorise_crowd(self, crowd: Crowd) -> LetIn:
        """Let many begin, `AT_ONCE` with each transaction; one refused holds nobody up."""
        with self._database.transaction() as session:
            _exam(session, crowd.exam_id)
            wanted = crowd.attempt_ids
            if wanted is None:
                wanted = [
                    attempt.id
                    for attempt in attempts.load_waiting(session, crowd.exam_id)
                    if attempt.is_waiting_for_authorisation
                ]
        done = LetIn((), ())
        chosen = sorted(set(wanted))
        for start in range(0, len(chosen), AT_ONCE):
            some = self._some(crowd, chosen[start : start + AT_ONCE])
            done = LetIn(done.authorised + some.authorised, done.refused + some.refused)
        return done

    def _some(self, crowd: Crowd, chosen: Sequence[int]) -> LetIn:
        order = Order(0, crowd.by_id, crowd.reason, crowd.origin)
        with self._database.transaction() as session:
            locked = attempts.lock_many(session, chosen)
            here = {i: a for i, a in locked.items() if a.exam_id == crowd.exam_id}
            refused = {i: why for i in chosen if (why := _why_not(here.get(i))) is not None}
            free = [a for i, a in here.items() if i not in refused]
            authorised = _authorise(session, free, order) if free else []
        self._wake()
        return LetIn(tuple(authorised), tuple(refused.items()))


def _exam(session: Session, exam_id: int) -> Exam:
    exam = exams.exam(session, exam_id)
    if exam is None:
        raise ExamNotFound
    return exam


def _why_not(attempt: Attempt | None) -> Failure | None:
    if attempt is None:
        return AttemptNotFound()
    if attempt.status is not Status.NOT_STARTED:
        return CannotSteer("authorise", attempt.status)
    if attempt.authorised_at is not None:
        return AlreadyAuthorised(
            attempt.authorised_by_id, authorised_at=notices.instant(attempt.authorised_at)
        )
    return None


def _ensure_waiting(attempt: Attempt) -> None:
    why = _why_not(attempt)
    if why is not None:
        raise why


def _authorise(session: Session, locked: Sequence[Attempt], order: Order) -> list[Attempt]:
    """Authorise locked attempts that nobody has authorised yet."""
    authorised = devices.authorise(session, [attempt.id for attempt in locked], order.by_id)
    if len(authorised) < len(locked):
        raise Overtaken
    notices.announce(session, [notices.authorised(attempt) for attempt in authorised])
    auditing.add(session, *[_entry(a, replace(order, attempt_id=a.id)) for a in authorised])
    return authorised


def _entry(attempt: Attempt, order: Order) -> Entry:
    return auditing.about(
        attempt,
        "attempt_authorised",
        "Attempt authorised",
        user_id=order.by_id,
        origin=order.origin,
        details={"reason": order.reason} | order.mark,
    )
