"""Attempts and answers on the wire, and the bodies of what a student may ask."""

from datetime import datetime
from typing import Annotated, Any, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, field_validator

from attempts.answer import Answer, encoded
from attempts.attempt import Attempt, Status
from attempts.errors import UnfitAnswer
from attempts.store.attempts import Listed

MAX_ID = 2**63 - 1
MAX_SECONDS = 2**31 - 1


class Fit(NamedTuple):
    """An answer that can be kept, and the text in which it is."""

    value: Any
    text: str


def _fit(value: Any) -> Fit:
    try:
        return Fit(value, encoded(value))
    except UnfitAnswer as error:
        raise ValueError(error.detail) from error


class SaveBody(BaseModel):
    """`POST …/answers`."""

    model_config = ConfigDict(strict=True)

    question_id: Annotated[int, Field(le=MAX_ID, ge=-MAX_ID)]
    answer: Annotated[Any, AfterValidator(_fit)]
    is_flagged: bool = False
    time_spent_seconds: Annotated[int, Field(ge=0, le=MAX_SECONDS)] = 0


class SubmitBody(BaseModel):
    """`POST …/submit`; whatever the fields besides `confirm` hold, they refuse nothing.

    `last_event_sequence`: the `client_sequence` of the last proctoring event sent, int >= 0.
    """

    confirm: Annotated[Any, Field(validate_default=True)] = False
    encrypted_answers: Any = None
    encryption_timestamp: Any = None
    encryption_checksum: Any = None
    last_event_sequence: Any = None

    @field_validator("confirm")
    @classmethod
    def _is_confirmed(cls, value: Any) -> StrictBool:
        if value is not True:
            raise ValueError("Must confirm submission by setting confirm=true")
        return True


class AttemptBody(BaseModel):
    id: int
    student_id: int
    exam_id: int
    status: Status
    start_time: datetime | None
    end_time: datetime | None
    submit_time: datetime | None
    deadline_at: datetime | None
    duration_minutes: int
    time_remaining_seconds: int
    workstation_id: str | None
    initial_workstation_id: str | None
    transfer_count: int
    current_question_id: int | None
    questions_answered: int
    questions_flagged: list[int]
    encryption_salt: str | None
    authorised_at: datetime | None
    is_waiting_for_authorisation: bool
    active_since: datetime | None
    device_changes: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, attempt: Attempt, *, is_owner: bool) -> Self:
        """Show an attempt; only its owner gets the salt."""
        return cls(**attempt_fields(attempt, is_owner=is_owner))


class Progress(BaseModel):
    total_questions: int
    answered: int
    unanswered: int
    flagged: int
    progress_percentage: float

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        total, answered = attempt.total_questions, attempt.questions_answered
        return cls(
            total_questions=total,
            answered=answered,
            unanswered=max(0, total - answered),
            flagged=len(attempt.questions_flagged),
            progress_percentage=round(answered / total * 100, 2) if total else 0.0,
        )


class AttemptWithProgressBody(AttemptBody):
    progress: Progress

    @classmethod
    def of(cls, attempt: Attempt, *, is_owner: bool) -> Self:
        fields = attempt_fields(attempt, is_owner=is_owner)
        return cls(**fields, progress=Progress.of(attempt))


class TimeStatusBody(BaseModel):
    time_remaining_seconds: int
    is_expired: bool
    duration_minutes: int
    start_time: datetime | None
    server_time: datetime

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        return cls(
            time_remaining_seconds=attempt.time_remaining_seconds,
            is_expired=attempt.is_past_deadline,
            duration_minutes=attempt.duration_minutes,
            start_time=attempt.start_time,
            server_time=attempt.as_of,
        )


class AttemptListItem(BaseModel):
    id: int
    exam_id: int
    status: Status
    start_time: datetime | None
    submit_time: datetime | None
    marks_obtained: float | None
    percentage: float | None
    is_passed: bool | None
    exam_title: str | None
    exam_duration_minutes: int | None

    @classmethod
    def of(cls, item: Listed) -> Self:
        return cls(**list_fields(item))


class StaffListItem(AttemptListItem):
    student_id: int
    student_name: str

    @classmethod
    def named(cls, item: Listed, name: str) -> Self:
        """Show a list item with its student; the name is empty while auth cannot be asked."""
        fields = list_fields(item)
        return cls(**fields, student_id=item.attempt.student_id, student_name=name)


class AnswerBody(BaseModel):
    id: int
    question_id: int
    answer: Any
    is_flagged: bool
    time_spent_seconds: int
    is_correct: bool | None
    marks_awarded: float | None
    first_answered_at: datetime | None
    last_updated_at: datetime | None
    total_time_spent_seconds: int
    revision: int
    sha256: str

    @classmethod
    def of(cls, answer: Answer, *, time_spent_seconds: int) -> Self:
        return cls(
            id=answer.id,
            question_id=answer.question_id,
            answer=answer.value,
            is_flagged=answer.is_flagged,
            time_spent_seconds=time_spent_seconds,
            is_correct=answer.is_correct,
            marks_awarded=answer.marks_awarded,
            first_answered_at=answer.first_answered_at,
            last_updated_at=answer.last_updated_at,
            total_time_spent_seconds=answer.time_spent_seconds,
            revision=answer.revision,
            sha256=answer.sha256,
        )


def attempt_fields(attempt: Attempt, *, is_owner: bool) -> dict[str, Any]:
    names = AttemptBody.model_fields.keys() - {"encryption_salt"}
    fields = {name: getattr(attempt, name) for name in names}
    return fields | {
        "questions_flagged": list(attempt.questions_flagged),
        "encryption_salt": attempt.encryption_salt if is_owner else None,
    }


def list_fields(item: Listed) -> dict[str, Any]:
    attempt, score = item.attempt, item.attempt.score
    return {
        "id": attempt.id,
        "exam_id": attempt.exam_id,
        "status": attempt.status,
        "start_time": attempt.start_time,
        "submit_time": attempt.submit_time,
        "marks_obtained": score.marks_obtained,
        "percentage": score.percentage,
        "is_passed": score.is_passed,
        "exam_title": item.exam_title,
        "exam_duration_minutes": item.exam_duration_minutes,
    }
