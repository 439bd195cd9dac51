"""Deeds of the staff on an attempt: cancel, pause, let go on, reopen.

Each locks the attempt first, so of two that meet exactly one finds what it starts from; the other
is answered 409 with what it found. Blocking: for worker threads.
"""

from collections.abc import Callable
from typing import Any

from chassis.database import Database
from chassis.errors import Failure
from sqlalchemy.orm import Session

from attempts import auditing, clockwork, notices
from attempts.allowance import Grant, ensure_sound
from attempts.attempt import Attempt, Status, may_move
from attempts.errors import (
    AlreadyCancelled,
    AlreadyPaused,
    AlreadyReopened,
    AlreadyResumed,
    AttemptNotFound,
    CannotSteer,
    NotDone,
    NoTimeLeft,
    NotPaused,
    Overtaken,
    TimeIsUp,
)
from attempts.order import Order
from attempts.repeating import ensure_new
from attempts.store import actions, allowances, attempts, audit

REOPENABLE = frozenset({Status.SUBMITTED, Status.GRADED, Status.EXPIRED, Status.CANCELLED})


class Steering:
    """Carries out orders of the staff, announces them and tells the audit."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """`wake` tells the relay that something was committed."""
        self._database = database
        self._wake = wake

    def cancel(self, order: Order) -> Attempt:
        """Cancel whatever is not graded; a submit that came first may have graded it."""
        with self._database.transaction() as session:
            attempt = _locked(session, order)
            if attempt.status is Status.CANCELLED:
                raise AlreadyCancelled(audit.doer(session, attempt.id, "attempt_cancelled"))
            if not may_move(attempt.status, Status.CANCELLED):
                raise CannotSteer("cancel", attempt.status)
            cancelled = _cancel(session, clockwork.unpaused(session, attempt), order)
        self._wake()
        return cancelled

    def pause(self, order: Order, max_seconds: int | None) -> Attempt:
        """Freeze the clock of a running attempt, for `max_seconds` at most if given."""
        with self._database.transaction() as session:
            attempt = _locked(session, order)
            _ensure_pausable(session, attempt)
            paused = _won(actions.pause(session, attempt, max_seconds))
            notices.announce(session, [notices.paused(paused)])
            _log(session, paused, "attempt_paused", order, max_seconds=max_seconds)
        self._wake()
        return paused

    def unpause(self, order: Order) -> Attempt:
        """Let the clock go on; the deadline moves by the length of the pause."""
        with self._database.transaction() as session:
            attempt = _locked(session, order)
            if not attempt.is_paused:
                raise _not_paused(session, attempt)
            going = clockwork.unpaused(session, attempt)
            _log(session, going, "attempt_unpaused", order)
        self._wake()
        return going

    def recall(self, order: Order) -> Attempt:
        """Do nothing: raise `DoneBefore` when the order was carried out, `NotDone` when not."""
        with self._database.transaction() as session:
            _locked(session, order)
            raise NotDone

    def reopen(self, order: Order, extra_seconds: int | None) -> Attempt:
        """Make a new attempt with the answers and the time that the closed one had left."""
        with self._database.transaction() as session:
            old = _locked(session, order)
            if old.status not in REOPENABLE or old.start_time is None:
                raise CannotSteer("reopen", old.status)
            taken = actions.reopened_as(session, old.id)
            if taken is not None:
                raise AlreadyReopened(taken)
            new = _reopen(session, old, order, extra_seconds)
        self._wake()
        return new


def _locked(session: Session, order: Order) -> Attempt:
    attempt = attempts.lock(session, order.attempt_id)
    if attempt is None:
        raise AttemptNotFound
    ensure_new(session, attempt, order.action_id)
    return attempt


def _cancel(session: Session, attempt: Attempt, order: Order) -> Attempt:
    changes: dict[str, Any] = {"close_reason": order.reason_code, "close_note": order.reason}
    if attempt.start_time is not None and attempt.end_time is None:
        changes["end_time"] = attempt.as_of
    cancelled = _won(attempts.move(session, attempt, Status.CANCELLED, **changes))
    notices.announce(session, [notices.status_changed(cancelled, attempt.status)])
    _log(session, cancelled, "attempt_cancelled", order, previous_status=attempt.status.value)
    return cancelled


def _ensure_pausable(session: Session, attempt: Attempt) -> None:
    if attempt.status is not Status.IN_PROGRESS:
        raise CannotSteer("pause", attempt.status)
    if attempt.is_paused:
        raise AlreadyPaused(audit.doer(session, attempt.id, "attempt_paused"))
    if attempt.is_past_deadline:
        raise TimeIsUp


def _not_paused(session: Session, attempt: Attempt) -> Failure:
    by_id = audit.doer(session, attempt.id, "attempt_unpaused")
    is_running = attempt.status is Status.IN_PROGRESS
    return AlreadyResumed(by_id) if is_running and by_id is not None else NotPaused()


def _reopen(session: Session, old: Attempt, order: Order, extra_seconds: int | None) -> Attempt:
    left = old.left_seconds
    if left <= 0 and extra_seconds is None:
        raise NoTimeLeft
    new = actions.reopen(session, old, old.duration_seconds + old.spent_seconds - left)
    allowances.copy(session, old.id, new.id)
    if extra_seconds is not None:
        grant = Grant(extra_seconds, None, order.reason, order.by_id)
        ensure_sound(grant)
        [new] = clockwork.give(session, [new], grant)
    notices.announce(
        session, [notices.created(new), notices.status_changed(new, Status.NOT_STARTED)]
    )
    _log(session, old, "attempt_reopened", order, new_attempt_id=new.id, left_seconds=left)
    return new


def _won(changed: Attempt | None) -> Attempt:
    if changed is None:
        raise Overtaken
    return changed


def _log(session: Session, attempt: Attempt, event: str, order: Order, **details: Any) -> None:
    entry = auditing.about(
        attempt,
        event,
        event.replace("_", " ").capitalize(),
        user_id=order.by_id,
        origin=order.origin,
        details={"reason": order.reason, "reason_code": order.reason_code} | details | order.mark,
    )
    auditing.add(session, entry)
