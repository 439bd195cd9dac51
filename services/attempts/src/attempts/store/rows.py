"""Rows of the database turned into the rules' objects."""

from collections.abc import Mapping
from typing import Any

from attempts.answer import Answer
from attempts.attempt import Attempt, Score, Status, SubmitReason
from attempts.device import DevicePolicy
from attempts.exam import Exam, ExamStatus, QuestionBank, SecondMarking, Trade
from attempts.question import Difficulty, Question, QuestionType, Void

Columns = Mapping[Any, Any]

_PLAIN_ATTEMPT = (
    "id",
    "student_id",
    "exam_id",
    "version",
    "duration_minutes",
    "as_of",
    "start_time",
    "deadline_at",
    "end_time",
    "submit_time",
    "workstation_id",
    "initial_workstation_id",
    "transfer_count",
    "current_question_id",
    "questions_answered",
    "total_questions",
    "total_marks",
    "encryption_salt",
    "has_blob",
    "created_at",
    "updated_at",
    "allowance_seconds",
    "spent_seconds",
    "paused_at",
    "paused_seconds",
    "pause_ends_at",
    "close_reason",
    "reopened_from_id",
    "layout_from_id",
    "authorised_at",
    "authorised_by_id",
    "active_login_id",
    "active_since",
    "device_changes",
    "requires_authorisation",
    "last_event_sequence",
)
_PLAIN_SCORE = (
    "marks_obtained",
    "percentage",
    "is_passed",
    "correct_answers",
    "incorrect_answers",
    "unattempted",
    "graded_at",
)


def attempt_from(row: Columns) -> Attempt:
    reason = row["submit_reason"]
    return Attempt(
        **{name: row[name] for name in _PLAIN_ATTEMPT},
        status=Status(row["status"]),
        submit_reason=SubmitReason(reason) if reason else None,
        device_policy=DevicePolicy(row["device_policy"] or DevicePolicy.ALLOW),  # without its exam
        questions_flagged=tuple(row["questions_flagged"]),
        score=Score(
            **{name: row[name] for name in _PLAIN_SCORE}, is_auto_graded=row["auto_graded"]
        ),
    )


def answer_from(row: Columns) -> Answer:
    return Answer(
        attempt_id=row["attempt_id"],
        question_id=row["question_id"],
        value=row["answer"],
        is_flagged=row["is_flagged"],
        time_spent_seconds=row["time_spent_seconds"],
        sequence=row["answer_sequence"],
        first_answered_at=row["first_answered_at"],
        last_updated_at=row["last_updated_at"],
        revision=row["revision"],
        is_correct=row["is_correct"],
        marks_awarded=row["marks_awarded"],
        is_auto_graded=bool(row.get("auto_graded")),
        id=row["id"],
    )


def question_from(row: Columns) -> Question:
    tags = row["tags"]
    changed: dict[str, Any] = {
        "question_type": QuestionType(row["question_type"]),
        "difficulty": Difficulty(row["difficulty"]),
        "correct_answer": tuple(row["correct_answer"]),
        "tags": None if tags is None else tuple(tags),
    }
    if row.get("void") is not None:
        changed["void"] = Void(row["void"])
    return Question(**{**row, **changed})


def trade_from(row: Columns) -> Trade:
    return Trade(**row)


def bank_from(row: Columns, trade: Trade | None) -> QuestionBank:
    return QuestionBank(**row, trade=trade)


def exam_from(row: Columns, trade: Trade | None) -> Exam:
    words = {
        "status": ExamStatus(row["status"]),
        "device_policy": DevicePolicy(row["device_policy"]),
        "second_marking": SecondMarking(row["second_marking"]),
    }
    return Exam(**{**row, **words}, trade=trade)
