"""A review as a state machine: who may do what to it, when, and what it becomes.

    open ──cleared──▶ closed
      └──confirmed──▶ decided ──appeal──▶ appealed ──upheld | overturned──▶ closed
                         └──the time for an appeal passes──▶ closed

Pure; instants are the database's and are passed in. Each step returns the review with a version
one higher, or raises what the caller is told. Closed is final: nothing leads out of it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from proctoring.attempt import Attempt
from proctoring.review.errors import (
    AlreadyAppealed,
    AlreadyDecided,
    AppealAlreadyDecided,
    AppealTooLate,
    NotAppealed,
    NothingToAppeal,
    OwnAttempt,
    ReviewNotFound,
    SamePerson,
)
from proctoring.review.reasons import Decision, ReasonCode


class State(Enum):
    OPEN = "open"
    DECIDED = "decided"
    APPEALED = "appealed"
    CLOSED = "closed"


class AppealDecision(Enum):
    UPHELD = "upheld"
    """The decision stands, the appeal has failed."""
    OVERTURNED = "overturned"
    """The decision is taken back: the student is cleared."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How long people have."""

    decision: timedelta
    appeal: timedelta
    appeal_decision: timedelta


@dataclass(frozen=True, slots=True)
class Opening:
    """Why somebody wants an attempt looked at, and the row ids of the events that he names."""

    by_id: int
    reason: str
    ground_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """A reviewer's finding; the note is for colleagues, the explanation for the student."""

    by_id: int
    reason: ReasonCode
    explanation: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class AppealRuling:
    """What another person makes of the appeal."""

    by_id: int
    decision: AppealDecision
    explanation: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """One review of one attempt; the names are those of the table's columns."""

    id: int
    attempt_id: int
    exam_id: int
    student_id: int
    state: State
    version: int
    opened_by_id: int
    opened_at: datetime
    opening_reason: str | None
    ground_ids: tuple[int, ...]
    risk: dict[str, Any] | None
    """The risk as it stood at the opening; None = there was none."""
    decision_due_at: datetime
    salt: bytes | None
    """Hides the texts behind their commitments in the history; None once they are erased."""
    decided_by_id: int | None = None
    decided_at: datetime | None = None
    decision: Decision | None = None
    reason_code: ReasonCode | None = None
    explanation: str | None = None
    internal_note: str | None = None
    appeal_until: datetime | None = None
    appealed_at: datetime | None = None
    appeal_text: str | None = None
    appeal_due_at: datetime | None = None
    appeal_decided_by_id: int | None = None
    appeal_decided_at: datetime | None = None
    appeal_decision: AppealDecision | None = None
    appeal_explanation: str | None = None
    appeal_note: str | None = None
    outcome: Decision | None = None
    """What holds now: the decision, unless an appeal has overturned it."""
    closed_at: datetime | None = None

    def may_appeal(self, now: datetime) -> bool:
        return self.state is State.DECIDED and not self.is_appeal_over(now)

    def is_appeal_over(self, now: datetime) -> bool:
        return self.appeal_until is not None and now >= self.appeal_until


def begin(
    attempt: Attempt,
    opening: Opening,
    now: datetime,
    terms: Terms,
    *,
    salt: bytes,
    risk: dict[str, Any] | None,
) -> Review:
    """Return a new review, not numbered yet. Raises `OwnAttempt`."""
    _ensure_not_self(attempt.student_id, opening.by_id)
    return Review(
        id=0,
        attempt_id=attempt.attempt_id,
        exam_id=attempt.exam_id,
        student_id=attempt.student_id,
        state=State.OPEN,
        version=1,
        opened_by_id=opening.by_id,
        opened_at=now,
        opening_reason=opening.reason,
        ground_ids=opening.ground_ids,
        risk=risk,
        decision_due_at=now + terms.decision,
        salt=salt,
    )


def decide(review: Review, ruling: Ruling, now: datetime, terms: Terms) -> Review:
    """Clear the student, which ends the review, or confirm, which he may appeal against."""
    _ensure_not_self(review.student_id, ruling.by_id)
    if review.decided_by_id is not None and review.decided_at is not None:
        raise AlreadyDecided(review.id, review.decided_by_id, review.decided_at)
    decision = ruling.reason.decision
    is_final = decision is Decision.CLEARED
    return replace(
        review,
        state=State.CLOSED if is_final else State.DECIDED,
        version=review.version + 1,
        decided_by_id=ruling.by_id,
        decided_at=now,
        decision=decision,
        reason_code=ruling.reason,
        explanation=ruling.explanation,
        internal_note=ruling.note,
        outcome=decision,
        appeal_until=None if is_final else now + terms.appeal,
        closed_at=now if is_final else None,
    )


def appeal(review: Review, text: str, now: datetime, terms: Terms) -> Review:
    """Take the student's one appeal, before its time is over."""
    if review.state is State.OPEN:
        raise ReviewNotFound  # the student does not know of it yet
    if review.appealed_at is not None:
        raise AlreadyAppealed
    if review.appeal_until is None:
        raise NothingToAppeal
    if not review.may_appeal(now):
        raise AppealTooLate(review.appeal_until)
    return replace(
        review,
        state=State.APPEALED,
        version=review.version + 1,
        appealed_at=now,
        appeal_text=text,
        appeal_due_at=now + terms.appeal_decision,
    )


def decide_appeal(review: Review, ruling: AppealRuling, now: datetime) -> Review:
    """End the review by the word of somebody who has had no part in it (ADR 23)."""
    _ensure_not_self(review.student_id, ruling.by_id)
    if review.appeal_decided_by_id is not None and review.appeal_decided_at is not None:
        raise AppealAlreadyDecided(review.id, review.appeal_decided_by_id, review.appeal_decided_at)
    if review.state is not State.APPEALED:
        raise NotAppealed
    if ruling.by_id in {review.opened_by_id, review.decided_by_id}:
        raise SamePerson
    is_overturned = ruling.decision is AppealDecision.OVERTURNED
    return replace(
        review,
        state=State.CLOSED,
        version=review.version + 1,
        appeal_decided_by_id=ruling.by_id,
        appeal_decided_at=now,
        appeal_decision=ruling.decision,
        appeal_explanation=ruling.explanation,
        appeal_note=ruling.note,
        outcome=Decision.CLEARED if is_overturned else review.outcome,
        closed_at=now,
    )


def close(review: Review, now: datetime) -> Review:
    """End a decided review whose time for an appeal is over; any other stays as it is."""
    if review.state is not State.DECIDED or not review.is_appeal_over(now):
        return review
    return replace(review, state=State.CLOSED, version=review.version + 1, closed_at=now)


def _ensure_not_self(student_id: int, by_id: int) -> None:
    if student_id == by_id:
        raise OwnAttempt
