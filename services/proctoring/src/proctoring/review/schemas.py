"""Bodies of reviews: what colleagues see, and what the student sees. Translation only."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from proctoring.review.case import AppealDecision, AppealRuling, Opening, Review, Ruling, State
from proctoring.review.history import Logged, Story, texts
from proctoring.review.reasons import Decision, ReasonCode
from proctoring.review.reviewing import Told

MAX_GROUNDS = 500
MAX_ID = 2**63 - 1


def _storable(words: str) -> str:
    """Refuse what the database cannot hold: NUL and halves of surrogate pairs."""
    if "\0" in words:
        raise ValueError("must not contain the null character")
    try:
        words.encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode") from None
    return words


def _said(words: str) -> str:
    if not words.strip():
        raise ValueError("must not be blank")
    return words


Words = Annotated[
    str, Field(min_length=1, max_length=5_000), AfterValidator(_storable), AfterValidator(_said)
]
EventId = Annotated[int, Field(ge=1, le=MAX_ID, strict=True)]


class OpenBody(BaseModel):
    """`POST …/attempt/{id}/reviews`; the reason is for colleagues, never for the student."""

    reason: Words
    event_ids: Annotated[list[EventId], Field(max_length=MAX_GROUNDS)] = []

    def opening(self, by_id: int) -> Opening:
        return Opening(by_id, self.reason, tuple(sorted(set(self.event_ids))))


class DecisionBody(BaseModel):
    """`POST …/reviews/{id}/decision`; the reason code must be one of the decision."""

    decision: Decision
    reason_code: ReasonCode
    explanation: Words
    """What the student is told besides the words of the reason."""
    internal_note: Words | None = None

    @field_validator("reason_code")
    @classmethod
    def _fits(cls, code: ReasonCode, info: ValidationInfo) -> ReasonCode:
        decision = info.data.get("decision")
        if decision is not None and code.decision is not decision:
            fitting = ", ".join(each.value for each in ReasonCode if each.decision is decision)
            raise ValueError(f"{decision.value} needs one of: {fitting}")
        return code

    def ruling(self, by_id: int) -> Ruling:
        return Ruling(by_id, self.reason_code, self.explanation, self.internal_note)


class AppealBody(BaseModel):
    """`POST …/reviews/{id}/appeal`."""

    text: Words


class AppealDecisionBody(BaseModel):
    """`POST …/reviews/{id}/appeal-decision`."""

    decision: AppealDecision
    explanation: Words
    internal_note: Words | None = None

    def ruling(self, by_id: int) -> AppealRuling:
        return AppealRuling(by_id, self.decision, self.explanation, self.internal_note)


class ReviewBody(BaseModel):
    """A review as colleagues see it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    attempt_id: int
    exam_id: int
    student_id: int
    state: State
    outcome: Decision | None
    version: int
    opened_by_id: int
    opened_at: datetime
    opening_reason: str | None
    ground_ids: tuple[int, ...]
    risk: dict[str, Any] | None
    decision_due_at: datetime
    decided_by_id: int | None
    decided_at: datetime | None
    decision: Decision | None
    reason_code: ReasonCode | None
    explanation: str | None
    internal_note: str | None
    appeal_until: datetime | None
    appealed_at: datetime | None
    appeal_text: str | None
    appeal_due_at: datetime | None
    appeal_decided_by_id: int | None
    appeal_decided_at: datetime | None
    appeal_decision: AppealDecision | None
    appeal_explanation: str | None
    appeal_note: str | None
    closed_at: datetime | None


class EntryBody(BaseModel):
    """One step; `texts` are null once they were erased, their commitments stay in `details`."""

    place: int
    step: str
    at: datetime
    by_id: int | None
    details: dict[str, Any]
    texts: dict[str, str | None]
    previous_hash: str
    hash: str

    @classmethod
    def of(cls, review: Review, logged: Logged) -> Self:
        return cls(
            place=logged.place,
            step=logged.entry.event_type.removeprefix("review_"),
            at=logged.created_at,
            by_id=logged.entry.user_id,
            details=logged.entry.details,
            texts=texts(review, logged),
            previous_hash=logged.previous_hash,
            hash=logged.hash,
        )


class HistoryBody(BaseModel):
    """All that happened to a review, and whether the record and the review still agree."""

    review_id: int
    is_intact: bool
    flawed_place: int | None
    changed: tuple[str, ...]
    entries: list[EntryBody]

    @classmethod
    def of(cls, story: Story) -> Self:
        return cls(
            review_id=story.review.id,
            is_intact=story.is_intact,
            flawed_place=story.flawed_place,
            changed=story.changed,
            entries=[EntryBody.of(story.review, logged) for logged in story.entries],
        )


class GroundBody(BaseModel):
    """An event that the review is about, as the student may see his own."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    event_type: str
    severity: str
    event_timestamp: datetime
    received_at: datetime
    question_id: int | None


class OwnAppealBody(BaseModel):
    """The student's appeal."""

    text: str | None
    appealed_at: datetime
    due_at: datetime | None
    decision: AppealDecision | None
    decided_at: datetime | None
    explanation: str | None


class OwnReviewBody(BaseModel):
    """A decision as its student sees it: nobody's name or id, nothing internal, no risk."""

    review_id: int
    attempt_id: int
    exam_id: int
    state: State
    outcome: Decision | None
    decision: Decision | None
    decided_at: datetime | None
    reason_code: ReasonCode | None
    reason: str | None
    explanation: str | None
    grounds: list[GroundBody]
    may_appeal: bool
    appeal_until: datetime | None
    appeal: OwnAppealBody | None

    @classmethod
    def of(cls, told: Told) -> Self:
        review = told.review
        same = ("attempt_id", "exam_id", "state", "outcome", "decision", "decided_at")
        also = ("reason_code", "explanation", "appeal_until")
        return cls(
            review_id=review.id,
            reason=review.reason_code and review.reason_code.words,
            grounds=[GroundBody.model_validate(ground) for ground in told.grounds],
            may_appeal=review.may_appeal(told.at),
            appeal=_own_appeal(review),
            **{name: getattr(review, name) for name in (*same, *also)},
        )


def _own_appeal(review: Review) -> OwnAppealBody | None:
    if review.appealed_at is None:
        return None
    return OwnAppealBody(
        text=review.appeal_text,
        appealed_at=review.appealed_at,
        due_at=review.appeal_due_at,
        decision=review.appeal_decision,
        decided_at=review.appeal_decided_at,
        explanation=review.appeal_explanation,
    )
