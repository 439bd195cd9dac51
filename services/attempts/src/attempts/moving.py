"""Deeds of transfers: ask, decide, move, look (contract §8.3).

A decision and the move that follows from it are one transaction that holds the attempt's row: of
two decisions exactly one finds the transfer pending. A move that fails is undone to before its
first write, the transfer is `failed`, and that is committed. Blocking: for worker threads.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from chassis.database import Database, is_transient
from chassis.origins import Origin
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from attempts import auditing, notices
from attempts import transfer as rule
from attempts.attempt import Attempt
from attempts.audit import Logged
from attempts.errors import (
    ForeignTransfer,
    MigrationFailed,
    TransferAttemptNotFound,
    TransferNotFound,
)
from attempts.store import answers, attempts, audit, transfers
from attempts.store.transfers import Filter, Page
from attempts.transfer import Decider, MigrationFailure, Transfer, TransferStatus


@dataclass(frozen=True)
class Wish:
    """A request: whose, of which attempt, whither and why; `name` is shown to the student."""

    attempt_id: int
    to_workstation: str
    reason: str
    user_id: int
    name: str
    roles: Collection[str]
    origin: Origin


@dataclass(frozen=True)
class Decision:
    """A decision: about whose student, by whom, and what."""

    transfer_id: int
    by: Decider
    student_center: int | None
    approved: bool
    reason: str | None
    origin: Origin


@dataclass(frozen=True)
class _Situation:
    """A pending transfer with its locked attempt, and the decision on it."""

    transfer: Transfer
    attempt: Attempt
    decision: Decision


class Moving:
    """Moves running attempts between workstations, announces it and tells the audit."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """`wake` tells the relay that something was committed."""
        self._database = database
        self._wake = wake

    def request(self, wish: Wish) -> Transfer:
        """Store a request that waits for a decision."""
        with self._database.transaction() as session:
            attempt = attempts.lock(session, wish.attempt_id)
            if attempt is None:
                raise TransferAttemptNotFound(wish.attempt_id)
            rule.ensure_may_request(attempt, wish.user_id, wish.roles)
            open_one = transfers.open_of(session, attempt.id)
            rule.ensure_transferable(attempt, open_one, wish.to_workstation)
            transfer = _request(session, attempt, wish)
        self._wake()
        return transfer

    def student_of(self, transfer_id: int) -> int:
        """Return whose attempt a transfer moves, for who is to decide on it."""
        with self._database.transaction() as session:
            found = _found(session, transfer_id)
        if found is None:
            raise TransferNotFound(transfer_id)
        return found[1].student_id

    def decide(self, decision: Decision) -> Transfer:
        """Move or reject; who comes second is told what the first has made of it."""
        with self._database.transaction() as session:
            situation = _situation(session, decision)
            if decision.approved:
                transfer = _approve(session, situation)
            else:
                transfer = _reject(session, situation)
        self._wake()
        if transfer.status is TransferStatus.FAILED:
            raise MigrationFailed(transfer.error_message or "")
        return transfer

    def transfers(self, wanted: Filter, skip: int, limit: int) -> Page:
        with self._database.transaction() as session:
            return transfers.listed(session, wanted, skip, limit)

    def transfer(self, transfer_id: int, user_id: int, *, sees_all: bool) -> Transfer:
        with self._database.transaction() as session:
            found = _found(session, transfer_id)
        if found is None:
            raise TransferNotFound
        transfer, attempt = found
        if attempt.student_id != user_id and not sees_all:
            raise ForeignTransfer
        return transfer

    def trail(self, transfer_id: int) -> list[Logged]:
        """Return what the audit holds about a transfer, oldest first."""
        with self._database.transaction() as session:
            if transfers.load(session, transfer_id) is None:
                raise TransferNotFound
            return audit.of_transfer(session, transfer_id)


def _found(session: Session, transfer_id: int) -> tuple[Transfer, Attempt] | None:
    transfer = transfers.load(session, transfer_id)
    if transfer is None:
        return None
    attempt = attempts.load(session, transfer.attempt_id)
    return None if attempt is None else (transfer, attempt)


def _request(session: Session, attempt: Attempt, wish: Wish) -> Transfer:
    source = rule.current_workstation(attempt)
    transfer = transfers.create(
        session, attempt, source, wish.to_workstation, wish.reason, wish.user_id
    )
    notices.announce(session, [notices.transfer_requested(attempt, transfer, wish.name)])
    _log(session, attempt, transfer, "transfer_requested", wish.user_id, wish.origin)
    return transfer


def _situation(session: Session, decision: Decision) -> _Situation:
    """Lock the attempt, then look at the transfer: the order in which everybody does it."""
    found = _found(session, decision.transfer_id)
    attempt = attempts.lock(session, found[1].id) if found is not None else None
    transfer = transfers.load(session, decision.transfer_id)
    if attempt is None or transfer is None:
        raise TransferNotFound(decision.transfer_id)
    rule.ensure_may_decide(decision.by, decision.student_center, approved=decision.approved)
    rule.ensure_pending(transfer)
    return _Situation(transfer, attempt, decision)


def _reject(session: Session, now: _Situation) -> Transfer:
    by, attempt = now.decision.by, now.attempt
    rejected = transfers.settle(
        session,
        now.transfer,
        TransferStatus.REJECTED,
        approved_by_id=by.user_id,
        error_message=now.decision.reason,
    )
    notices.announce(session, [notices.transfer_rejected(attempt, rejected)])
    _log(session, attempt, rejected, "transfer_rejected", by.user_id, now.decision.origin)
    return rejected


def _approve(session: Session, now: _Situation) -> Transfer:
    by, attempt, origin = now.decision.by, now.attempt, now.decision.origin
    try:
        with session.begin_nested():
            moved = _move(session, now)
    except MigrationFailure as failure:
        return _fail(session, now, str(failure))
    except DBAPIError as error:
        if is_transient(error):
            raise  # nothing is decided: asking again is right
        return _fail(session, now, "the state could not be stored")
    approval = notices.transfer_approved(attempt, moved, by.name)
    notices.announce(session, [approval, notices.transfer_completed(attempt, moved)])
    _log(session, attempt, moved, "transfer_approved", by.user_id, origin)
    _log(session, attempt, moved, "transfer_completed", by.user_id, origin)
    return moved


def _move(session: Session, now: _Situation) -> Transfer:
    attempt, target = now.attempt, now.transfer.to_workstation
    rule.ensure_movable(attempt)
    given = answers.of_attempts(session, [attempt.id]).get(attempt.id, [])
    transfers.move_attempt(session, attempt, target)
    return transfers.settle(
        session,
        now.transfer,
        TransferStatus.COMPLETED,
        approved_by_id=now.decision.by.user_id,
        migration_checksum=rule.checksum(rule.state(attempt, target, given)),
        answers_transferred=len(given),
    )


def _fail(session: Session, now: _Situation, reason: str) -> Transfer:
    by, attempt = now.decision.by, now.attempt
    failed = transfers.settle(
        session,
        now.transfer,
        TransferStatus.FAILED,
        approved_by_id=by.user_id,
        error_message=reason,
    )
    notices.announce(session, [notices.transfer_failed(attempt, failed)])
    _log(session, attempt, failed, "transfer_failed", by.user_id, now.decision.origin)
    return failed


def _log(
    session: Session,
    attempt: Attempt,
    transfer: Transfer,
    event_type: str,
    user_id: int,
    origin: Origin,
) -> None:
    verb = event_type.removeprefix("transfer_")
    way = f"from {transfer.from_workstation} to {transfer.to_workstation}"
    has_failed = transfer.status is TransferStatus.FAILED
    entry = auditing.about(
        attempt,
        event_type,
        f"Transfer {verb}: {way}",
        category="transfer",
        user_id=user_id,
        origin=origin,
        transfer_id=transfer.id,
        details=_details(transfer, event_type),
        error_message=transfer.error_message if has_failed else None,
    )
    auditing.add(session, entry)


def _details(transfer: Transfer, event_type: str) -> dict[str, str | int | None]:
    details: dict[str, str | int | None] = {
        "from_workstation": transfer.from_workstation,
        "to_workstation": transfer.to_workstation,
    }
    if event_type == "transfer_requested":
        details["reason"] = transfer.reason
    if event_type == "transfer_rejected":
        details["reason"] = transfer.error_message
    if event_type == "transfer_completed":
        details["migration_checksum"] = transfer.migration_checksum
        details["answers_transferred"] = transfer.answers_transferred
    return details
