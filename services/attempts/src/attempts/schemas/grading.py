"""Bodies of grading: marks and rubrics, corrected keys, versions of grades, queues, analyses."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from attempts.hand_marking import Verdict
from attempts.item_analysis import Analysis
from attempts.mark import HandMark
from attempts.question import Question, Void
from attempts.rubric import Choice, Rubric
from attempts.schemas.content import Id, Key, Marks, Name, Text
from attempts.store.grades import Correction, Regrade, Version
from attempts.surveying import Desk

MAX_CRITERIA = 50
MAX_LEVELS = 20


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain the character NUL")
    return text


Feedback = Annotated[str, Field(max_length=5_000), AfterValidator(_storable)]
Why = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=10, max_length=1_000),
    AfterValidator(_storable),
]
Worth = Annotated[float, Field(strict=True, gt=0, le=10_000, allow_inf_nan=False)]


class ChoiceBody(BaseModel):
    """The level that a criterion reaches."""

    criterion_id: Id
    level_id: Id
    comment: Feedback | None = None


class MarksBody(BaseModel):
    """`PUT …/answers/{question_id}/marks`: `marks_awarded`, or a level for each criterion."""

    model_config = ConfigDict(strict=True)

    criteria: Annotated[list[ChoiceBody], Field(min_length=1, max_length=MAX_CRITERIA)] | None = (
        None
    )
    feedback: Feedback | None = None
    marks_awarded: Annotated[
        Annotated[float, Field(ge=0, allow_inf_nan=False)] | None, Field(validate_default=True)
    ] = None

    @field_validator("marks_awarded")
    @classmethod
    def _is_either(cls, marks: float | None, info: ValidationInfo) -> float | None:
        if "criteria" in info.data and (marks is None) == (info.data["criteria"] is None):
            raise ValueError("Give either marks_awarded or criteria")
        return marks

    @property
    def verdict(self) -> Verdict:
        chosen = None
        if self.criteria is not None:
            chosen = [Choice(c.criterion_id, c.level_id, c.comment) for c in self.criteria]
        return Verdict(self.marks_awarded, chosen, self.feedback)


class NewLevel(BaseModel):
    title: Name
    description: Text | None = None
    marks: Marks


class NewCriterion(BaseModel):
    """`max_marks` is what its highest level has unless it says otherwise."""

    title: Name
    description: Text | None = None
    max_marks: Worth | None = None
    weight: Worth = 1.0
    levels: Annotated[list[NewLevel], Field(min_length=1, max_length=MAX_LEVELS)]


class NewRubric(BaseModel):
    title: Name
    description: Text | None = None
    criteria: Annotated[list[NewCriterion], Field(min_length=1, max_length=MAX_CRITERIA)]

    @property
    def fields(self) -> dict[str, Any]:
        return {"title": self.title, "description": self.description}

    @property
    def drafts(self) -> list[dict[str, Any]]:
        return [criterion.model_dump() for criterion in self.criteria]


class _Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class LevelBody(_Read):
    id: int
    title: str
    description: str | None
    marks: float


class CriterionBody(_Read):
    id: int
    title: str
    description: str | None
    max_marks: float
    weight: float
    levels: list[LevelBody]


class RubricBody(_Read):
    id: int
    title: str
    description: str | None
    version: int
    created_by: int | None
    created_at: datetime
    updated_at: datetime
    criteria: list[CriterionBody]

    @classmethod
    def of(cls, rubric: Rubric) -> Self:
        return cls.model_validate(rubric)


class AttachBody(BaseModel):
    """`PUT /exams/{exam_id}/questions/{question_id}/rubric`; null takes it off."""

    rubric_id: Id | None


class AttachedBody(BaseModel):
    exam_id: int
    question_id: int
    rubric: RubricBody | None


class CorrectionBody(BaseModel):
    """`POST …/correct-key`: another key, or the same marks for everybody; never both."""

    reason: Why
    correct_answer: Annotated[Key, Field(min_length=1)] | None = None
    void: Annotated[Void | None, Field(validate_default=True)] = None

    @field_validator("void")
    @classmethod
    def _is_either(cls, void: Void | None, info: ValidationInfo) -> Void | None:
        if "correct_answer" in info.data and (void is None) == (
            info.data["correct_answer"] is None
        ):
            raise ValueError("Give either correct_answer or void")
        return void

    def correction(self, question_id: int, by_id: int) -> Correction:
        answer = None if self.correct_answer is None else tuple(self.correct_answer)
        return Correction(question_id, answer, self.void, self.reason, by_id)


class RegradeBody(_Read):
    """A corrected key and its work; `pending_count` attempts are still to be regraded."""

    id: int
    exam_id: int
    question_id: int
    exam_version: int
    reason: str
    requested_by_id: int
    regraded_count: int
    pending_count: int
    created_at: datetime
    completed_at: datetime | None

    @classmethod
    def of(cls, regrade: Regrade) -> Self:
        return cls.model_validate(regrade)


class JudgementBody(_Read):
    """What a question was worth; `chosen` are the options as the question itself letters them."""

    question_id: int
    is_attempted: bool
    is_correct: bool | None
    marks: float | None
    source: str
    chosen: list[str]


class GradeBody(_Read):
    """A version of a grade; `missing` are the questions that waited for a mark then."""

    attempt_id: int
    version: int
    reason: str
    graded_by: int | None
    exam_version: int
    total_marks: float
    marks_obtained: float | None
    percentage: float | None
    is_passed: bool | None
    correct_answers: int | None
    incorrect_answers: int | None
    unattempted: int | None
    missing: list[int]
    judgements: list[JudgementBody]
    created_at: datetime

    @classmethod
    def of(cls, version: Version) -> Self:
        return cls.model_validate(version)


class DeskBody(BaseModel):
    """An answer that waits for a mark: whose it is, is not said."""

    attempt_id: int
    question_id: int
    question_text: str
    question_type: str
    marks: float
    rubric_id: int | None
    answer: Any

    @classmethod
    def of(cls, desk: Desk) -> Self:
        asked: Question = desk.question
        return cls(
            attempt_id=desk.task.attempt_id,
            question_id=asked.id,
            question_text=asked.question_text,
            question_type=asked.question_type,
            marks=asked.marks,
            rubric_id=asked.rubric_id,
            answer=desk.task.answer,
        )


class RatedBody(_Read):
    criterion_id: int
    criterion: str
    level_id: int
    level: str
    marks: float
    max_marks: float
    weight: float
    comment: str | None


class MarkingBody(_Read):
    """How an answer was marked; by whom is not said."""

    marks: float
    criteria: list[RatedBody] | None
    feedback: str | None
    created_at: datetime

    @classmethod
    def of(cls, mark: HandMark) -> Self:
        return cls.model_validate(mark)


class OptionCountBody(_Read):
    option: str
    is_key: bool
    count: int


class ItemBody(_Read):
    question_id: int
    max_marks: float
    n: int
    difficulty: float | None
    discrimination: float | None
    upper_lower_index: float | None
    unanswered_share: float | None
    options: list[OptionCountBody]


class AnalysisBody(_Read):
    """What is not defined (too few attempts, no variance) is null."""

    n: int
    mean: float | None
    median: float | None
    standard_deviation: float | None
    alpha: float | None
    items: list[ItemBody]

    @classmethod
    def of(cls, analysis: Analysis) -> Self:
        return cls.model_validate(analysis)
