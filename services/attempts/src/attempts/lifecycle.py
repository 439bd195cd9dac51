"""Deeds that move an attempt from one status to the next: begin, submit, expire, collect.

Every move is one conditional UPDATE on status and version, so of two that meet exactly one wins;
the loser looks again and answers by what it finds. Blocking: for worker threads.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from chassis.database import Database
from chassis.errors import Failure
from chassis.origins import NOWHERE, Origin
from chassis.signing import SigningKey
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from attempts import auditing, clockwork, marking, notices, receipting, submitting
from attempts.attempt import Attempt, Status, SubmitReason
from attempts.blob import Blob
from attempts.errors import (
    ActiveAttemptExists,
    AttemptNotFound,
    CannotBegin,
    ExamClosed,
    ExamNotFound,
    OtherDevice,
    Overtaken,
    WaitingForAuthorisation,
)
from attempts.metrics import EXPIRY_LATE
from attempts.receipt import NO_CLAIM, Claim
from attempts.store import agenda, answers, attempts, beginning
from attempts.store.agenda import Agenda
from attempts.store.beginning import Found, Wish
from attempts.submitting import Submission
from attempts.tables import ONE_RUNNING_ATTEMPT
from attempts.using import UNKNOWN, Device, EndedOf, nobody_left

_RECEIPT_LIFE = timedelta(days=2)


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
        wish = submitting.Wish(attempt_id, student_id, blob, Device(login_id, origin), claim)
        [outcome] = self.submit_all([wish])
        return submitting.told(outcome)

    def submit_all(self, wishes: Sequence[submitting.Wish]) -> list[submitting.Outcome]:
        """Do as `submit` for many at once; outcomes in the order of `wishes`.

        Those whose submit is refused do not sink the others. At the bell a group costs a
        fraction of what its submits would cost one by one (ADR 49).
        """
        outcomes: dict[int, submitting.Outcome] = {}
        for wave in submitting.waves(wishes):
            with self._database.transaction() as session:
                some = [wishes[place] for place in wave]
                done = submitting.submit(session, self._key, some)
            outcomes |= dict(zip(wave, done, strict=True))
        self._wake()
        return [outcomes[place] for place in range(len(wishes))]

    def agenda(self) -> Agenda:
        """Return which of the clock's deeds have something to do; mostly it is nothing."""
        with self._database.single() as connection:
            return agenda.look(connection, self._grace)

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
