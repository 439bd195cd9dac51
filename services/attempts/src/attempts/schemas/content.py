"""Bodies that write trades, question banks, questions and exams, and the export of an exam.

A change is a dictionary that holds only the fields that were sent; null is a value like another.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    StrictBool,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from typing_extensions import TypedDict

from attempts.device import DevicePolicy
from attempts.drafting import MAX_MARKS, MAX_OPTIONS, MAX_TEXT
from attempts.exam import ExamPaper, ExamStatus, SecondMarking
from attempts.question import Difficulty, QuestionType

MAX_ID = 2**63 - 1
_FIRST, _LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain the character NUL")
    return text


def _instant(at: datetime) -> datetime:
    """Read a time without offset as UTC (contract §2.1)."""
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    if not _FIRST <= aware <= _LAST:
        raise ValueError("must lie between 1990 and 2200")
    return aware.astimezone(UTC)


_Storable = AfterValidator(_storable)
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255), _Storable
]
Code = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50), _Storable
]
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT), _Storable]
Words = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT), _Storable]
Id = Annotated[int, Field(strict=True, ge=-MAX_ID, le=MAX_ID)]
Marks = Annotated[float, Field(strict=True, ge=0, le=MAX_MARKS, allow_inf_nan=False)]
ExamMarks = Annotated[float, Field(strict=True, ge=0, le=1_000_000, allow_inf_nan=False)]
Minutes = Annotated[int, Field(strict=True, ge=1, le=7 * 24 * 60)]
Count = Annotated[int, Field(strict=True, ge=0, le=10_000)]
Tries = Annotated[int, Field(strict=True, ge=1, le=1_000)]
Options = Annotated[
    dict[Code, Words], Field(min_length=1, max_length=MAX_OPTIONS, examples=[{"A": "one"}])
]
Key = Annotated[list[Words], Field(max_length=MAX_OPTIONS)]
Tags = Annotated[list[Code], Field(max_length=100)]
Instant = Annotated[datetime, AfterValidator(_instant)]


class NewTrade(BaseModel):
    name: Name
    code: Code
    description: Text | None = None


class TradeChange(TypedDict, total=False):
    name: Name
    code: Code
    description: Text | None
    is_active: StrictBool


class NewQuestionBank(BaseModel):
    name: Name
    trade_id: Id
    description: Text | None = None


class NewQuestion(BaseModel):
    question_bank_id: Id
    question_text: Words
    question_type: QuestionType = QuestionType.MULTIPLE_CHOICE
    options: Options | None = None
    correct_answer: Key = []
    explanation: Text | None = None
    difficulty: Difficulty = Difficulty.MEDIUM
    marks: Marks = 1.0
    negative_marks: Marks = 0.0
    tags: Tags | None = None


class QuestionChange(TypedDict, total=False):
    question_text: Words
    question_type: QuestionType
    options: Options | None
    correct_answer: Key
    explanation: Text | None
    difficulty: Difficulty
    marks: Marks
    negative_marks: Marks
    tags: Tags | None
    is_active: StrictBool


class Link(BaseModel):
    """A question of an exam, with what it is worth there."""

    question_id: Id
    marks_override: Marks | None = None


Links = Annotated[list[Link], Field(max_length=1_000)]


class NewExam(BaseModel):
    """`questions` may stand for `question_ids`; the code is made when none is given."""

    title: Name
    trade_id: Id
    duration_minutes: Minutes
    total_marks: ExamMarks
    passing_marks: ExamMarks
    total_questions: Count | None = None
    description: Text | None = None
    start_time: Instant | None = None
    end_time: Instant | None = None
    instructions: Text | None = None
    shuffle_questions: StrictBool = False
    shuffle_options: StrictBool = False
    show_results_immediately: StrictBool = False
    allow_review: StrictBool = True
    exam_code: Code | None = None
    max_attempts: Tries | None = None
    requires_authorisation: StrictBool = False
    device_policy: DevicePolicy = DevicePolicy.ALLOW
    camera_required: StrictBool = False
    second_marking: SecondMarking = SecondMarking.NONE
    second_marking_tolerance: Marks = 0.0
    question_ids: Annotated[list[Id], Field(max_length=1_000)] = []
    questions: Links | None = None

    @field_validator("questions")
    @classmethod
    def _is_alone(cls, links: list[Link] | None, info: ValidationInfo) -> list[Link] | None:
        if links is not None and info.data.get("question_ids"):
            raise ValueError("questions stands instead of question_ids, not beside it")
        return links

    @property
    def links(self) -> list[tuple[int, float | None]]:
        """The questions in order, each with its marks in this exam or None."""
        if self.questions is None:
            return [(question_id, None) for question_id in self.question_ids]
        return [(link.question_id, link.marks_override) for link in self.questions]


class ExamChange(TypedDict, total=False):
    title: Name
    description: Text | None
    duration_minutes: Minutes
    start_time: Instant | None
    end_time: Instant | None
    total_marks: ExamMarks
    passing_marks: ExamMarks
    total_questions: Count
    shuffle_questions: StrictBool
    shuffle_options: StrictBool
    show_results_immediately: StrictBool
    allow_review: StrictBool
    instructions: Text | None
    status: ExamStatus
    exam_code: Code
    max_attempts: Tries | None
    requires_authorisation: StrictBool
    device_policy: DevicePolicy
    camera_required: StrictBool
    second_marking: SecondMarking
    second_marking_tolerance: Marks
    questions: Links


class ImportReport(BaseModel):
    imported: int
    errors: list[str]
    question_bank_id: int


class ExportedQuestion(BaseModel):
    order: int
    question_text: str
    type: QuestionType
    options: dict[str, str] | None
    correct_answer: list[Any]
    marks: float
    difficulty: Difficulty


class ExportedExam(BaseModel):
    """An exam as other systems may take it; marks after override."""

    exam_id: int
    title: str
    description: str | None
    duration_minutes: int
    total_marks: float
    questions: list[ExportedQuestion]

    @classmethod
    def of_paper(cls, paper: ExamPaper) -> Self:
        exam = paper.exam
        return cls(
            exam_id=exam.id,
            title=exam.title,
            description=exam.description,
            duration_minutes=exam.duration_minutes,
            total_marks=exam.total_marks,
            questions=[
                ExportedQuestion(
                    order=order,
                    question_text=question.question_text,
                    type=question.question_type,
                    options=question.options,
                    correct_answer=list(question.correct_answer),
                    marks=question.marks,
                    difficulty=question.difficulty,
                )
                for order, question in enumerate(paper.questions, start=1)
            ],
        )
