"""Bodies of actions, claims, hands and chat: what is taken, and what is shown."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from proctoring.acting.action import Action, Kind, State, Wish
from proctoring.acting.claim import Change, Claim
from proctoring.acting.claiming import Claimed
from proctoring.acting.talk import MAX_LETTERS, Hand, Message

MOST_ATTEMPTS = 500
_MAX_ID = 2**31 - 1
_MAX_SECONDS = 24 * 3600


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain the null character")
    if not text.strip():
        raise ValueError("must not be blank")
    return text


class Body(BaseModel):
    """What is posted: types exactly as in JSON."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True, extra="forbid")


Key = Annotated[UUID, Field(strict=False)]
Id = Annotated[int, Field(ge=1, le=_MAX_ID)]
Ids = Annotated[list[Id], Field(min_length=1, max_length=MOST_ATTEMPTS)]
Text = Annotated[str, Field(min_length=1, max_length=MAX_LETTERS), AfterValidator(_storable)]
Reason = Annotated[str, Field(min_length=3, max_length=1_000), AfterValidator(_storable)]
ReasonCode = Literal["technical", "misconduct", "illness", "wrong_student", "withdrawn", "other"]
KindWord = Literal["message", "warn", "pause", "resume", "extend", "authorise", "terminate"]
_NEEDED: dict[Kind, set[str]] = {
    Kind.MESSAGE: {"text"},
    Kind.WARN: {"text"},
    Kind.PAUSE: {"reason"},
    Kind.RESUME: set(),
    Kind.EXTEND: {"reason", "seconds"},
    Kind.AUTHORISE: set(),
    Kind.TERMINATE: {"reason"},
}
_ALLOWED: dict[Kind, set[str]] = {
    Kind.WARN: {"warning_code"},
    Kind.PAUSE: {"seconds"},
    Kind.RESUME: {"reason"},
    Kind.AUTHORISE: {"reason"},
    Kind.TERMINATE: {"reason_code"},
}
_UNSAID = {Kind.RESUME: "continued", Kind.AUTHORISE: "authorised"}
_SAID = {"text", "reason", "warning_code", "seconds", "reason_code"}


class ActionBody(Body):
    """What is to be done; `text` for words to the student, `reason` for everything else."""

    action_id: Key
    action: KindWord
    text: Text | None = None
    reason: Reason | None = None
    warning_code: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,49}$")] | None = None
    seconds: Annotated[int, Field(ge=1, le=_MAX_SECONDS)] | None = None
    reason_code: ReasonCode | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        needed, kind = _NEEDED[self.kind], self.kind
        given = {name for name in _SAID if getattr(self, name) is not None}
        for name in sorted(needed - given):
            raise ValueError(f"{kind.value} needs {name}")
        for name in sorted(given - needed - _ALLOWED.get(kind, set())):
            raise ValueError(f"{kind.value} takes no {name}")
        return self

    @property
    def kind(self) -> Kind:
        return Kind(self.action)

    @property
    def wish(self) -> Wish:
        words = self.text or self.reason or _UNSAID.get(self.kind, "")
        code = self.warning_code
        if self.kind is Kind.WARN:
            code = code or "PROCTOR_WARNING"
        return Wish(self.kind, words, code, self.seconds, self.reason_code)


class ExamActionBody(ActionBody):
    """The same for several attempts: those named, or all of the exam that are in progress."""

    attempt_ids: Ids | None = None
    filter: Literal["in_progress"] | None = None

    @model_validator(mode="after")
    def _names_some(self) -> Self:
        if (self.attempt_ids is None) is (self.filter is None):
            raise ValueError("give either attempt_ids or filter")
        return self


class ActionOut(BaseModel):
    """An action; `text` is what the student is shown: the message, or the reason."""

    id: int
    action_id: UUID
    attempt_id: int
    exam_id: int
    action: KindWord
    state: Literal["asked", "live", "refused", "acknowledged", "expired"]
    text: str
    warning_code: str | None
    seconds: int | None
    reason_code: str | None
    requested_by_id: int
    requested_by: str | None
    requested_at: datetime
    acknowledged_at: datetime | None
    expired_at: datetime | None

    @classmethod
    def of(cls, action: Action) -> Self:
        wish = action.wish
        return cls.model_validate(
            {
                "id": action.id,
                "action_id": action.action_id,
                "attempt_id": action.attempt_id,
                "exam_id": action.exam_id,
                "action": wish.kind.value,
                "state": action.state.value,
                "text": wish.text,
                "warning_code": wish.warning_code,
                "seconds": wish.seconds,
                "reason_code": wish.reason_code,
                "requested_by_id": action.actor_id,
                "requested_by": action.actor_name,
                "requested_at": action.asked_at,
                "acknowledged_at": action.acknowledged_at,
                "expired_at": action.expired_at,
            }
        )


class ActionItem(BaseModel):
    """What became of one attempt's part; `error` is the problem that a single one would be."""

    attempt_id: int
    status: int
    action: ActionOut | None = None
    error: dict[str, Any] | None = None

    @classmethod
    def of(cls, action: Action, error: dict[str, Any] | None) -> Self:
        if error is not None:
            return cls(attempt_id=action.attempt_id, status=error["status"], error=error)
        is_open = action.state is State.ASKED
        status = 202 if is_open else 201
        return cls(attempt_id=action.attempt_id, status=status, action=ActionOut.of(action))


class ActionAnswer(BaseModel):
    action_id: UUID
    results: list[ActionItem]


class ClaimOut(BaseModel):
    """Who looks, or looked, after a student."""

    id: int
    attempt_id: int
    claimed_by_id: int
    claimed_by: str | None
    claimed_at: datetime
    began: Change
    reason: str | None
    ended: Change | None
    ended_by_id: int | None
    ended_at: datetime | None

    @classmethod
    def of(cls, claim: Claim) -> Self:
        return cls(
            id=claim.id,
            attempt_id=claim.attempt_id,
            claimed_by_id=claim.holder.user_id,
            claimed_by=claim.holder.name,
            claimed_at=claim.claimed_at,
            began=claim.began,
            reason=claim.reason,
            ended=claim.ended,
            ended_by_id=claim.ended_by_id,
            ended_at=claim.ended_at,
        )


class ClaimsBody(Body):
    attempt_ids: Ids


class ClaimsAnswer(BaseModel):
    """`claimed` are the caller's now; of the others each says who was faster."""

    claimed: list[ClaimOut]
    taken: list[ClaimOut]
    refused: list[dict[str, Any]]

    @classmethod
    def of(cls, claimed: Claimed, refused: list[dict[str, Any]]) -> Self:
        return cls(
            claimed=[ClaimOut.of(claim) for claim in claimed.ours],
            taken=[ClaimOut.of(claim) for claim in claimed.theirs],
            refused=refused,
        )


class HandOverBody(Body):
    to_user_id: Id
    reason: Reason | None = None


class TakeOverBody(Body):
    reason: Reason


class HandOut(BaseModel):
    attempt_id: int
    is_raised: bool
    raised_at: datetime
    lowered_at: datetime | None
    lowered_by_id: int | None

    @classmethod
    def of(cls, hand: Hand) -> Self:
        return cls(**{name: getattr(hand, name) for name in cls.model_fields})


class MessageBody(Body):
    message_id: Key
    text: Text


class MessageOut(BaseModel):
    """A message; `text` is null once it was erased."""

    id: int
    attempt_id: int
    message_id: UUID
    is_from_student: bool
    sender_id: int
    sender_name: str | None
    text: str | None
    sent_at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, message: Message) -> Self:
        return cls(**{name: getattr(message, name) for name in cls.model_fields})


class ReadBody(Body):
    up_to_id: Annotated[int, Field(ge=1, le=2**63 - 1)]


class ReadOut(BaseModel):
    """Up to which message this call has marked something as read; 0 = nothing was new."""

    up_to_id: int
