"""Trades, question banks, questions and exams on the wire."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from attempts.device import DevicePolicy
from attempts.exam import Exam, ExamPaper, ExamStatus, SecondMarking
from attempts.question import Difficulty, Question, QuestionType, without_key


class Body(BaseModel):
    """A body built from an object of the rules, attribute by attribute."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of(cls, thing: Any) -> Self:
        return cls.model_validate(thing)


class TradeBody(Body):
    id: int
    name: str
    code: str
    description: str | None
    is_active: bool
    created_at: datetime
    updated_at: datetime


class QuestionBankBody(Body):
    id: int
    name: str
    description: str | None
    trade_id: int
    is_active: bool
    created_at: datetime
    updated_at: datetime
    trade: TradeBody | None


class ImageBody(Body):
    """An image of a question; its text says `[image {number}]` where it belongs.

    It is fetched from `/api/v1/exams/questions/{question_id}/images/{sha256}`.
    """

    number: int
    sha256: str
    media_type: str
    alternative: str


class QuestionBody(Body):
    id: int
    question_bank_id: int
    question_text: str
    question_type: str
    options: dict[str, str] | None
    correct_answer: list[Any]
    explanation: str | None
    difficulty: Difficulty
    marks: float
    negative_marks: float
    tags: list[str] | None
    is_active: bool
    created_at: datetime
    updated_at: datetime
    images: list[ImageBody]

    @classmethod
    def of_question(cls, question: Question, *, with_key: bool) -> Self:
        """Show a question, to students without its key."""
        return cls.of(question if with_key else without_key(question))

    @classmethod
    def in_exam(cls, question: Question) -> Self:
        """Show a question of an exam without its key, with the type that the exam page can draw."""
        body = cls.of(without_key(question))
        body.question_type = question.widget
        return body


class ExamBody(Body):
    id: int
    title: str
    description: str | None
    trade_id: int
    exam_code: str
    duration_minutes: int
    start_time: datetime | None
    end_time: datetime | None
    total_marks: float
    passing_marks: float
    total_questions: int
    shuffle_questions: bool
    shuffle_options: bool
    show_results_immediately: bool
    allow_review: bool
    instructions: str | None
    status: ExamStatus
    max_attempts: int | None
    requires_authorisation: bool
    device_policy: DevicePolicy
    camera_required: bool
    second_marking: SecondMarking
    second_marking_tolerance: float
    version: int
    created_by: int | None
    created_at: datetime
    updated_at: datetime
    trade: TradeBody | None


class ExamWithQuestionsBody(ExamBody):
    questions: list[QuestionBody]

    @classmethod
    def of_paper(cls, paper: ExamPaper) -> Self:
        """Show an exam as it is stored, with its keys."""
        shown = [QuestionBody.of(question) for question in paper.questions]
        return cls(**_exam(paper.exam), questions=shown)


def _exam(exam: Exam) -> dict[str, Any]:
    return ExamBody.of(exam).model_dump()


__all__ = [
    "Body",
    "Difficulty",
    "ExamBody",
    "ExamStatus",
    "ExamWithQuestionsBody",
    "ImageBody",
    "QuestionBankBody",
    "QuestionBody",
    "QuestionType",
    "TradeBody",
]
