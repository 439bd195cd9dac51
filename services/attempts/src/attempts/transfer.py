"""What a transfer to another workstation is: who may ask and decide, when, and what moves.

Pure. The deadline does not move with the student, and the clock does not stop (contract §8.3).
"""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from attempts.answer import Answer
from attempts.attempt import Attempt, Status
from attempts.errors import (
    AttemptHasExpired,
    ForeignCenter,
    NotEnoughTime,
    NotTransferable,
    OnlyHallInCharge,
    RequestNotAuthorized,
    SameWorkstation,
    TransferInProgress,
    TransferNotPending,
    TransferPending,
)

UNKNOWN = "UNKNOWN"
"""The workstation of an attempt that none is bound to."""
MIN_SECONDS_LEFT = 300
DECIDER = "hall_in_charge"
HALL_STAFF = frozenset({"technician", "hall_in_charge", "hall_auth", "admin"})
"""Who may ask for anybody's transfer and see all of them."""


class TransferStatus(StrEnum):
    """The lower-case words of the wire."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    COMPLETED = "completed"
    FAILED = "failed"


OPEN = frozenset({TransferStatus.PENDING, TransferStatus.APPROVED})
"""`approved` without an end exists in imported rows only: here it is decided and moved at once."""


@dataclass(frozen=True)
class Transfer:
    id: int
    attempt_id: int
    from_workstation: str
    to_workstation: str
    requested_by_id: int
    approved_by_id: int | None
    status: TransferStatus
    reason: str
    migration_checksum: str | None
    answers_transferred: int
    error_message: str | None
    created_at: datetime
    approved_at: datetime | None
    rejected_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True)
class Decider:
    """Who decides, as auth knows him now: a token may be older than a change of roles."""

    user_id: int
    name: str
    roles: frozenset[str]
    center_id: int | None


class MigrationFailure(Exception):
    """The attempt cannot be moved; the text is safe to be shown."""


def current_workstation(attempt: Attempt) -> str:
    return attempt.workstation_id or UNKNOWN


def ensure_may_request(attempt: Attempt, user_id: int, roles: Collection[str]) -> None:
    if attempt.student_id != user_id and not HALL_STAFF.intersection(roles):
        raise RequestNotAuthorized


def ensure_transferable(attempt: Attempt, open_one: Transfer | None, target: str) -> None:
    """Raise the first reason against a transfer, in the contract's order."""
    if attempt.status is not Status.IN_PROGRESS:
        raise NotTransferable(attempt.status)
    if attempt.is_past_deadline:
        raise AttemptHasExpired
    if attempt.time_remaining_seconds < MIN_SECONDS_LEFT:
        raise NotEnoughTime
    if open_one is not None and open_one.status is TransferStatus.PENDING:
        raise TransferPending(open_one.id)
    if open_one is not None:
        raise TransferInProgress(open_one.id)
    if target == current_workstation(attempt):
        raise SameWorkstation


def ensure_may_decide(decider: Decider, student_center: int | None, *, approved: bool) -> None:
    """Let a hall in-charge decide; one with a center only for that center's students."""
    if DECIDER not in decider.roles:
        raise OnlyHallInCharge(approved=approved)
    if decider.center_id is not None and decider.center_id != student_center:
        raise ForeignCenter


def ensure_pending(transfer: Transfer) -> None:
    if transfer.status is not TransferStatus.PENDING:
        raise TransferNotPending(transfer.status)


def ensure_movable(attempt: Attempt) -> None:
    """Raise `MigrationFailure` when the attempt has ended since the transfer was asked for."""
    if attempt.status is not Status.IN_PROGRESS:
        raise MigrationFailure(f"attempt is {attempt.status}")
    if attempt.is_past_deadline:
        raise MigrationFailure("attempt has expired")


def state(attempt: Attempt, workstation: str, answers: Iterable[Answer]) -> dict[str, Any]:
    """Return all that moves to `workstation` with the student, as JSON."""
    return {
        "attempt_id": attempt.id,
        "student_id": attempt.student_id,
        "exam_id": attempt.exam_id,
        "status": attempt.status.value,
        "start_time": _instant(attempt.start_time),
        "deadline_at": _instant(attempt.deadline_at),
        "duration_minutes": attempt.duration_minutes,
        "workstation_id": workstation,
        "current_question_id": attempt.current_question_id,
        "questions_answered": attempt.questions_answered,
        "questions_flagged": list(attempt.questions_flagged),
        "answers": [_answer(one) for one in sorted(answers, key=lambda a: a.question_id)],
    }


def checksum(state: dict[str, Any]) -> str:
    """Return SHA-256 over the key-sorted JSON of a state: 64 hexadecimal digits."""
    text = json.dumps(state, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "question_id": answer.question_id,
        "answer": answer.value,
        "is_flagged": answer.is_flagged,
        "time_spent_seconds": answer.time_spent_seconds,
        "answer_sequence": answer.sequence,
        "last_updated_at": _instant(answer.last_updated_at),
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()
