"""Deeds of taking a seat: start an attempt, go on with one, bind the workstation (contract §5.2).

Whoever has an assigned attempt is started on it; only a new one asks for the student's trade.
Blocking: for worker threads.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chassis.database import Database
from chassis.origins import Origin
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from attempts import auditing, clockwork, notices, using
from attempts.attempt import FINISHED, Attempt, Status, SubmitReason
from attempts.errors import (
    ActiveAttemptExists,
    AttemptNotFound,
    CannotResume,
    ExamClosed,
    ExamNotAvailable,
    ExamNotFound,
    NoAttemptsLeft,
    Overtaken,
    TimeRanOut,
    WaitingForAuthorisation,
    WorkstationBound,
)
from attempts.exam import Exam
from attempts.store import actions, allowances, attempts, exams
from attempts.tables import ONE_RUNNING_ATTEMPT
from attempts.using import Device, EndedOf, nobody_left


@dataclass(frozen=True)
class Seat:
    """Who sits down where to sit which exam; `trade_id` as auth knows it, if it was asked."""

    student_id: int
    exam_id: int
    origin: Origin
    workstation_id: str | None = None
    browser_info: Mapping[str, Any] | None = None
    trade_id: int | None = None
    login_id: str | None = None

    @property
    def device(self) -> Device:
        return Device(self.login_id, self.origin)


class Starting:
    """Starts attempts and lets students come back to them."""

    def __init__(
        self, database: Database, wake: Callable[[], None], ended_of: EndedOf = nobody_left
    ) -> None:
        """`wake` tells the relay of commits; `ended_of` knows which stays were signed out."""
        self._database = database
        self._wake = wake
        self._ended_of = ended_of

    def is_trade_needed(self, student_id: int, exam_id: int) -> bool:
        """Refuse what cannot be started whatever the trade; say whether the trade decides."""
        with self._database.transaction() as session:
            exam = _open_exam(session, exam_id)
            _ensure_none_runs(session, student_id, exam_id)
            return _waiting(session, student_id, exam) is None

    def start(self, seat: Seat) -> Attempt:
        """Start the assigned attempt or a new one; of several calls at once exactly one starts.

        Raises `WaitingForAuthorisation` in the lobby; a new attempt is kept and waits there.
        """
        try:
            with self._database.transaction() as session:
                attempt = _start(session, seat)
        except IntegrityError as error:
            if ONE_RUNNING_ATTEMPT not in str(error.orig):
                raise
            raise self._running(seat) from error
        except ExamClosed as error:
            raise ExamNotAvailable from error
        self._wake()
        if attempt.is_waiting_for_authorisation:
            raise WaitingForAuthorisation(attempt.id)
        return attempt

    def resume(
        self, attempt_id: int, student_id: int, workstation_id: str | None, device: Device
    ) -> Attempt:
        """Let a student come back, and bind the workstation if none is bound.

        Raises `OtherDevice` by the exam's policy.
        """
        with self._database.transaction() as session:
            attempt = attempts.lock(session, attempt_id)
            if attempt is None or attempt.student_id != student_id:
                raise AttemptNotFound
            _ensure_resumable(attempt)
            used = using.used_by(session, attempt, device, self._ended_of)
            if used is None:
                raise Overtaken
            resumed = _bound(session, used, workstation_id, device.origin)
        self._wake()
        return resumed

    def statistics(self, exam_id: int) -> Mapping[Any, Any]:
        with self._database.transaction() as session:
            if exams.exam(session, exam_id) is None:
                raise ExamNotFound
            return actions.statistics(session, exam_id)

    def _running(self, seat: Seat) -> Exception:
        with self._database.transaction() as session:
            running = attempts.running_id(session, seat.student_id, seat.exam_id)
        return Overtaken() if running is None else ActiveAttemptExists(running)


def _open_exam(session: Session, exam_id: int) -> Exam:
    exam = exams.exam(session, exam_id)
    if exam is None:
        raise ExamNotFound
    if not exam.is_open(attempts.server_time(session)):
        raise ExamNotAvailable
    return exam


def _ensure_none_runs(session: Session, student_id: int, exam_id: int) -> None:
    running = attempts.running_id(session, student_id, exam_id)
    if running is not None:
        raise ActiveAttemptExists(running)


def _waiting(session: Session, student_id: int, exam: Exam) -> Attempt | None:
    """Return the attempt that was assigned; None when a new one may be made."""
    waiting = actions.assigned(session, student_id, exam.id)
    if waiting is not None or exam.max_attempts is None:
        return waiting
    if actions.count(session, student_id, exam.id) >= exam.max_attempts:
        raise NoAttemptsLeft
    return None


def _start(session: Session, seat: Seat) -> Attempt:
    exam = _open_exam(session, seat.exam_id)
    allowances.hold_exam(session, exam.id, is_shared=True)
    actions.hold_student(session, seat.student_id, exam.id)
    _ensure_none_runs(session, seat.student_id, exam.id)
    waiting = _waiting(session, seat.student_id, exam)
    is_new = waiting is None
    attempt = waiting and attempts.lock(session, waiting.id)
    if attempt is not None and attempt.status is not Status.NOT_STARTED:
        raise _lost(session, seat)
    if attempt is None:
        if seat.trade_id != exam.trade_id:
            raise ExamNotAvailable
        attempt = actions.create(session, seat.student_id, exam)
        notices.announce(session, [notices.created(attempt)])
    if attempt.is_waiting_for_authorisation:
        if is_new:
            _enter_lobby(session, attempt, seat.origin)
        return attempt
    _ensure_seat(attempt, seat.workstation_id)
    settled = actions.settle_in(
        session, attempt, seat.workstation_id, seat.browser_info, seat.origin.ip_address
    )
    started = settled and clockwork.start(session, settled, seat.login_id)
    if started is None:
        raise _lost(session, seat)
    _log(session, started, "attempt_started", seat.origin, {"is_assigned": not is_new})
    return started


def _enter_lobby(session: Session, attempt: Attempt, origin: Origin) -> None:
    """Leave a new attempt to those who may let it begin; no workstation is bound before that."""
    notices.announce(session, [notices.status_changed(attempt, Status.NOT_STARTED)])
    _log(session, attempt, "attempt_created", origin, {})


def _lost(session: Session, seat: Seat) -> Exception:
    running = attempts.running_id(session, seat.student_id, seat.exam_id)
    return Overtaken() if running is None else ActiveAttemptExists(running)


def _ensure_resumable(attempt: Attempt) -> None:
    by_clock = attempt.status in FINISHED and attempt.submit_reason is SubmitReason.DEADLINE
    is_over = attempt.status is Status.IN_PROGRESS and attempt.is_past_deadline
    if attempt.status is Status.EXPIRED or by_clock or is_over:
        raise TimeRanOut
    if attempt.status is not Status.IN_PROGRESS:
        raise CannotResume(attempt.status)


def _ensure_seat(attempt: Attempt, workstation_id: str | None) -> None:
    if workstation_id is not None and attempt.workstation_id not in {None, workstation_id}:
        raise WorkstationBound


def _bound(
    session: Session, attempt: Attempt, workstation_id: str | None, origin: Origin
) -> Attempt:
    _ensure_seat(attempt, workstation_id)
    if workstation_id is None or attempt.workstation_id is not None:
        return attempt
    bound = actions.settle_in(session, attempt, workstation_id)
    if bound is None:
        raise Overtaken
    _log(session, bound, "workstation_bound", origin, {"workstation_id": workstation_id})
    return bound


def _log(
    session: Session, attempt: Attempt, event: str, origin: Origin, details: dict[str, Any]
) -> None:
    text = event.replace("_", " ").capitalize()
    entry = auditing.about(
        attempt, event, text, user_id=attempt.student_id, origin=origin, details=details
    )
    auditing.add(session, entry)
