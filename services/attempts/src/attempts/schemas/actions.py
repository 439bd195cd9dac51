"""Bodies of starting and coming back, and of what the staff does to attempts."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field

from attempts.allowance import Allowance
from attempts.attempt import Attempt
from attempts.schemas.attempts import MAX_ID, AttemptBody, attempt_fields

MAX_PAUSE_SECONDS = 24 * 3600
_MAX_BROWSER_KEYS = 100


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain the null character")
    return text


Id = Annotated[int, Field(ge=-MAX_ID, le=MAX_ID)]
Workstation = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_storable)]
Reason = Annotated[str, Field(min_length=3, max_length=1000), AfterValidator(_storable)]
ReasonCode = Literal["technical", "misconduct", "illness", "wrong_student", "withdrawn", "other"]


def _small(info: dict[str, Any]) -> dict[str, Any]:
    if len(info) > _MAX_BROWSER_KEYS or len(repr(info)) > 16_384 or "\\x00" in repr(info):
        raise ValueError("must be a small object without null characters")
    return info


class StartBody(BaseModel):
    """`POST /attempts/start`."""

    exam_id: Id
    workstation_id: Workstation | None = None
    browser_info: Annotated[dict[str, Any], AfterValidator(_small)] | None = None


class ResumeBody(BaseModel):
    """`POST …/resume`."""

    workstation_id: Workstation | None = None


class CancelBody(BaseModel):
    """`POST …/cancel`."""

    reason: Reason
    reason_code: ReasonCode = "other"


class PauseBody(BaseModel):
    """`POST …/pause`; after `max_seconds` the attempt ends as it stands."""

    reason: Reason
    max_seconds: Annotated[int, Field(ge=1, le=MAX_PAUSE_SECONDS)] | None = None


class ReasonBody(BaseModel):
    """`POST …/unpause`."""

    reason: Reason = "continued"


class ReopenBody(BaseModel):
    """`POST …/reopen`; `extra_seconds` is stored as an allowance of the new attempt."""

    reason: Reason
    extra_seconds: int | None = None


class GrantBody(BaseModel):
    """`POST …/allowances`: exactly one of `seconds` and `factor`."""

    seconds: int | None = None
    factor: Annotated[float, Field(allow_inf_nan=False)] | None = None
    reason: Reason


class SteeredBody(AttemptBody):
    """An attempt with what the staff did to its clock."""

    allowance_seconds: int
    paused_at: datetime | None
    pause_ends_at: datetime | None
    close_reason: str | None
    reopened_from_id: int | None

    @classmethod
    def of(cls, attempt: Attempt, *, is_owner: bool) -> Self:
        extra = SteeredBody.model_fields.keys() - AttemptBody.model_fields.keys()
        fields = attempt_fields(attempt, is_owner=is_owner)
        return cls(**fields, **{name: getattr(attempt, name) for name in extra})


class AllowanceBody(BaseModel):
    id: int
    attempt_id: int
    exam_allowance_id: int | None
    seconds: int
    factor: float | None
    reason: str
    granted_by_id: int | None
    created_at: datetime
    acknowledged_at: datetime | None
    outage_id: int | None
    evidence: dict[str, Any] | None

    @classmethod
    def of(cls, allowance: Allowance) -> Self:
        return cls(**{name: getattr(allowance, name) for name in cls.model_fields})


class GrantedBody(BaseModel):
    """The allowance, and the clock that it brought."""

    allowance: AllowanceBody
    deadline_at: datetime | None
    time_remaining_seconds: int


class ExamGrantedBody(BaseModel):
    exam_allowance_id: int
    attempts: int


class StatisticsBody(BaseModel):
    total_attempts: int
    completed_attempts: int
    in_progress_attempts: int
    average_score: float | None
    pass_rate: float | None
    average_time_taken_minutes: float | None
    score_bins: list[int] = Field(description="Graded attempts by tenths of the marks, ten counts.")
