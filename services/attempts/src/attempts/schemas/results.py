"""The result of an attempt on the wire: what submit answers, and the full payload of §5.3."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel

from attempts.answer import Answer
from attempts.attempt import Attempt, Status
from attempts.exam import Exam, ExamPaper
from attempts.mark import HandMark
from attempts.question import Question
from attempts.reading import Outcome
from attempts.result import disclosed_key, shown_answer
from attempts.schemas.grading import MarkingBody


class AttemptResultBody(BaseModel):
    id: int
    student_id: int
    exam_id: int
    status: Status
    total_marks: float
    marks_obtained: float | None
    percentage: float | None
    is_passed: bool | None
    questions_answered: int
    auto_graded: bool
    graded_at: datetime | None
    submit_time: datetime | None
    correct_answers: int | None
    incorrect_answers: int | None
    unattempted: int | None

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        return cls(**result_fields(attempt))


class ResultAnswer(BaseModel):
    """`marks_awarded` is left unset, and so left out, while nobody has marked the answer.

    So is `markings` where no person's marking may be seen.
    """

    id: int
    question_id: int
    answer: Any
    is_flagged: bool
    time_spent_seconds: int
    is_correct: bool | None
    marks_awarded: float | None = None
    first_answered_at: datetime | None
    last_updated_at: datetime | None
    markings: list[MarkingBody] | None = None


class ResultQuestion(BaseModel):
    id: int
    question_text: str
    question_type: str
    marks: float
    correct_answer: Any


class ResultExam(BaseModel):
    id: int
    title: str
    exam_code: str
    passing_percentage: float
    questions: list[ResultQuestion]


class AttemptResultDetailedBody(AttemptResultBody):
    """Sent without unset fields: everything but `marks_awarded` is always set."""

    answers: list[ResultAnswer]
    exam_title: str
    exam_total_marks: float
    exam_passing_marks: float
    exam: ResultExam
    score: float
    total_questions: int
    time_taken_seconds: int

    @classmethod
    def of_outcome(cls, outcome: Outcome) -> Self:
        attempt, exam = outcome.attempt, outcome.paper.exam
        given = {answer.question_id: answer for answer in outcome.answers}
        questions = {question.id: question for question in outcome.paper.questions}
        shown = [
            _answer(
                answer,
                questions[answer.question_id],
                outcome.markings.get(answer.question_id, ()),
            )
            for answer in outcome.answers
            if answer.question_id in questions
        ]
        fields = result_fields(attempt) | {"total_marks": outcome.paper.total_marks}
        return cls(
            **fields,
            answers=shown,
            exam_title=exam.title,
            exam_total_marks=exam.total_marks,
            exam_passing_marks=exam.passing_marks,
            exam=_exam(exam, outcome.paper, given),
            score=attempt.score.marks_obtained or 0.0,
            total_questions=len(questions),
            time_taken_seconds=attempt.time_taken_seconds,
        )


def result_fields(attempt: Attempt) -> dict[str, Any]:
    """Return what every form of a result shows of its attempt."""
    score = attempt.score
    return {
        "id": attempt.id,
        "student_id": attempt.student_id,
        "exam_id": attempt.exam_id,
        "status": attempt.status,
        "total_marks": attempt.total_marks,
        "marks_obtained": score.marks_obtained,
        "percentage": score.percentage,
        "is_passed": score.is_passed,
        "questions_answered": attempt.questions_answered,
        "auto_graded": score.is_auto_graded,
        "graded_at": score.graded_at,
        "submit_time": attempt.submit_time,
        "correct_answers": score.correct_answers,
        "incorrect_answers": score.incorrect_answers,
        "unattempted": score.unattempted,
    }


def _answer(answer: Answer, question: Question, markings: Sequence[HandMark]) -> ResultAnswer:
    marks: dict[str, Any] = {}
    if answer.marks_awarded is not None:
        marks["marks_awarded"] = answer.marks_awarded
        if markings:
            marks["markings"] = [MarkingBody.of(one) for one in markings]
    return ResultAnswer(
        id=answer.id,
        question_id=answer.question_id,
        answer=shown_answer(question, answer.value),
        is_flagged=answer.is_flagged,
        time_spent_seconds=answer.time_spent_seconds,
        is_correct=answer.is_correct,
        first_answered_at=answer.first_answered_at,
        last_updated_at=answer.last_updated_at,
        **marks,
    )


def _exam(exam: Exam, paper: ExamPaper, given: dict[int, Answer]) -> ResultExam:
    return ResultExam(
        id=exam.id,
        title=exam.title,
        exam_code=exam.exam_code,
        passing_percentage=exam.passing_percentage,
        questions=[_question(q, given.get(q.id), exam) for q in paper.questions],
    )


def _question(question: Question, answer: Answer | None, exam: Exam) -> ResultQuestion:
    return ResultQuestion(
        id=question.id,
        question_text=question.question_text,
        question_type=question.widget,
        marks=question.marks,
        correct_answer=disclosed_key(
            question,
            answer.value if answer else None,
            is_correct=answer.is_correct if answer else None,
            may_review=exam.allow_review,
        ),
    )
