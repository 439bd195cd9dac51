"""Deeds that move an attempt from one status to the next: begin, submit, expire, collect.

Every move is one conditional UPDATE on status and version, so of two that meet exactly one wins;
the loser looks again and answers by what it finds. Blocking: for worker threads.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from chassis.database import Database
from chassis.errors import Failure
from chassis.origins import NOWHERE, Origin
from chassis.signing import SigningKey
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from attempts import auditing, clockwork, marking, notices, receipting, using
from attempts.attempt import FINISHED, Attempt, Status, SubmitReason
from attempts.audit import Entry
from attempts.blob import Blob
from attempts.errors import (
    ActiveAttemptExists,
    AttemptNotFound,
    CannotBegin,
    CannotSubmit,
    ExamClosed,
    ExamNotFound,
    OtherDevice,
    Overtaken,
    WaitingForAuthorisation,
)
from attempts.metrics import EXPIRY_LATE
from attempts.receipt import NO_CLAIM, Claim, Receipt
from attempts.store import answers, attempts, beginning
from attempts.store.beginning import Found, Wish
from attempts.tables import ONE_RUNNING_ATTEMPT
from attempts.using import UNKNOWN, Device, EndedOf, nobody_left

_RECEIPT_LIFE = timedelta(days=2)


@dataclass(frozen=True)
class Submission:
    """What a submit is answered with; a repeated one gets the same receipt again."""

    attempt: Attempt
    receipt: Receipt


class Lifecycle:
    """Moves attempts through their statuses and announces each move."""

    def __init__(
        self,
        database: Database,
        wake: Callable[[], None],
        key: SigningKey,
        *,
        grace_seconds: int = 300,
        ended_of: EndedOf = nobody_left,
    ) -> None:
        """`wake` tells the relay that something was committed, `key` signs receipts.

        `ended_of` knows who signed out.
        """
        self._database = database
        self._wake = wake
        self._key = key
        self._grace = timedelta(seconds=grace_seconds)
        self._ended_of = ended_of

    def begin(self, attempt_id: int, student_id: int, device: Device = UNKNOWN) -> Attempt:
        """Start the attempt's clock; who comes second gets the same attempt (contract §5.2, 2).

        One round trip, whatever it meets. Raises `WaitingForAuthorisation` in the lobby, and
        `OtherDevice` by the exam's policy.
        """
        wish = Wish(attempt_id, student_id, device.login_id, device.origin)
        try:
            with self._database.single() as connection:
                found = beginning.begin(connection, wish, self._ended_of([student_id]))
        except IntegrityError as error:  # somebody started an attempt without the lock of starts
            if ONE_RUNNING_ATTEMPT not in str(error.orig):
                raise
            raise Overtaken from error
        if found is None:
            raise AttemptNotFound
        self._wake()
        return _begun(found)

    def submit(
        self,
        attempt_id: int,
        student_id: int,
        blob: Blob | None,
        origin: Origin = NOWHERE,
        login_id: str | None = None,
        claim: Claim = NO_CLAIM,
    ) -> Submission:
        """Keep the blob, end the attempt, grade it, sign it; idempotent (contract §5.2, 9).

        Never refused because of the device; the audit notes that it was another one.
        """
        with self._database.transaction() as session:
            attempt = attempts.lock(session, attempt_id)
            if attempt is None or attempt.student_id != student_id:
                raise AttemptNotFound
            if attempt.status not in {*FINISHED, Status.IN_PROGRESS, Status.EXPIRED}:
                raise CannotSubmit(attempt.status)
            if blob is not None:
                _keep_blob(session, attempt, blob, origin)
            attempt = _keep_claim(session, attempt, claim, origin)
            if attempt.status in FINISHED:
                receipt = receipting.kept(session, self._key, attempt)
            else:
                attempt = clockwork.unpaused(session, attempt)
                using.audit_submit(session, attempt, Device(login_id, origin))
                [attempt] = marking.finish(session, [attempt], SubmitReason.STUDENT, origin)
                [receipt] = receipting.issue(session, self._key, [attempt])
        self._wake()
        return Submission(attempt, receipt)

    def expire_due(self, limit: int = 500) -> int:
        """Expire attempts whose deadline has passed; return how many.

        Several replicas may do it at once: each takes rows that no other holds.
        """
        with self._database.transaction() as session:
            due = attempts.lock_due(session, Status.IN_PROGRESS, timedelta(0), limit)
            expired = attempts.expire(session, due)
            notices.announce(
                session, [notices.status_changed(a, Status.IN_PROGRESS) for a in expired]
            )
            entries = [auditing.about(a, "attempt_expired", "Attempt expired") for a in expired]
            auditing.add(session, *entries)
        for attempt in expired:
            if attempt.deadline_at is not None:
                late = attempt.as_of - attempt.deadline_at
                EXPIRY_LATE.observe(max(0.0, late.total_seconds()))
        if expired:
            self._wake()
        return len(expired)

    def collect_overdue(self, limit: int = 50) -> int:
        """Grade the stored answers of attempts whose grace period is over; return how many."""
        with self._database.transaction() as session:
            due = attempts.lock_due(session, Status.EXPIRED, self._grace, limit)
            ended = self._end(session, due, SubmitReason.DEADLINE)
        if ended:
            self._wake()
        return len(ended)

    def end_pauses(self, limit: int = 50) -> int:
        """End attempts whose pause has lasted longer than the staff allowed; return how many."""
        with self._database.transaction() as session:
            due = [clockwork.unpaused(session, a) for a in attempts.lock_overslept(session, limit)]
            ended = self._end(session, due, SubmitReason.PAUSE)
        if ended:
            self._wake()
        return len(ended)

    def forget_messages(self, limit: int = 5_000) -> int:
        """Drop receipts of messages that nobody repeats any more; return how many."""
        with self._database.transaction() as session:
            return answers.forget_messages(session, _RECEIPT_LIFE, limit)

    def _end(self, session: Session, due: Sequence[Attempt], reason: SubmitReason) -> list[Attempt]:
        """End what nobody ends but the clock; its receipts wait for their students."""
        if not due:
            return []
        ended = marking.finish(session, due, reason)
        receipting.issue(session, self._key, ended)
        return ended


def _begun(found: Found) -> Attempt:
    """Return the attempt that runs now, or say what was in the way."""
    attempt = found.attempt
    if found.is_held:
        raise OtherDevice
    if attempt.status is Status.IN_PROGRESS:
        return attempt
    if attempt.status is not Status.NOT_STARTED:
        raise CannotBegin(attempt.status)
    raise _why_not(found)


def _why_not(found: Found) -> Failure:
    """Return why an attempt that has not begun may not begin."""
    if found.is_open is None:
        return ExamNotFound()
    if not found.is_open:
        return ExamClosed()
    if found.attempt.is_waiting_for_authorisation:
        return WaitingForAuthorisation(found.attempt.id)
    return Overtaken() if found.running_id is None else ActiveAttemptExists(found.running_id)


def _keep_blob(session: Session, attempt: Attempt, blob: Blob, origin: Origin) -> None:
    """Keep the first blob; one that cannot be right is told to the audit."""
    attempts.keep_blob(session, attempt.id, blob)
    if blob.flaw is None or attempt.has_blob:
        return
    entry = auditing.about(
        attempt,
        "blob_unreadable",
        "Encrypted answers cannot be read",
        user_id=attempt.student_id,
        origin=origin,
        error_message=blob.flaw,
    )
    auditing.add(session, entry)


def _keep_claim(session: Session, attempt: Attempt, claim: Claim, origin: Origin) -> Attempt:
    """Keep the first claim of what was sent, and say it although the attempt may have ended."""
    is_over = attempt.status in FINISHED
    if claim.flaw is not None and not is_over:
        auditing.add(session, _unreadable(attempt, claim.flaw, origin))
    if claim.sequence is None or attempt.last_event_sequence is not None:
        return attempt
    attempts.keep_claim(session, attempt.id, claim.sequence)
    attempt = replace(attempt, last_event_sequence=claim.sequence)
    if is_over:
        notices.announce(session, [notices.status_changed(attempt, attempt.status)])
    return attempt


def _unreadable(attempt: Attempt, flaw: str, origin: Origin) -> Entry:
    return auditing.about(
        attempt,
        "event_sequence_unreadable",
        "Last event sequence cannot be read",
        user_id=attempt.student_id,
        origin=origin,
        error_message=flaw,
    )
