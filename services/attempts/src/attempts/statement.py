"""What an attempt is in statements of xAPI 1.0.3: what a student did, for a learning record store.

Pure. A student is his number at the institution's address, never his name. A statement's id follows
from what it says: told again it is the same, and a store keeps it once; told otherwise (a grade
became another one) it is another statement.
"""

import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from chassis import signing

from attempts.answer import Answer
from attempts.attempt import CLOSED, Attempt, Status
from attempts.exam import ExamPaper
from attempts.grading import recognised_options, recognised_truth
from attempts.question import Question, QuestionType

_NAMESPACE = uuid.UUID("5b0a2f5e-6c0b-5f0e-9d5c-2a3e0f6f7d10")
_VERBS = "http://adlnet.gov/expapi/verbs/"
_ACTIVITIES = "http://adlnet.gov/expapi/activities/"
_PLATFORM = "Online Exam Platform"
_INTERACTIONS = {
    QuestionType.MULTIPLE_CHOICE: "choice",
    QuestionType.TRUE_FALSE: "true-false",
    QuestionType.SHORT_ANSWER: "fill-in",
    QuestionType.ESSAY: "long-fill-in",
}
_BETWEEN = "[,]"
"""Between the parts of a response (xAPI 1.0.3, Data 2.4.4.1, response patterns)."""


def statements(
    home: str, paper: ExamPaper, attempt: Attempt, answers: Sequence[Answer]
) -> list[dict[str, Any]]:
    """Return what there is to say of a closed attempt, its beginning first, its score last.

    `home` is an address of the institution's own, without a slash at its end.
    """
    if attempt.status not in CLOSED or attempt.start_time is None:
        return []
    told = list(_told(home, paper, attempt, answers))
    return [{"id": str(uuid.uuid5(_NAMESPACE, signing.canonical(each)))} | each for each in told]


def _told(
    home: str, paper: ExamPaper, attempt: Attempt, answers: Sequence[Answer]
) -> Iterator[dict[str, Any]]:
    exam: dict[str, Any] = {
        "objectType": "Activity",
        "id": f"{home}/xapi/exams/{paper.exam.id}",
        "definition": {
            "type": f"{_ACTIVITIES}assessment",
            "name": {"und": paper.exam.title},
        },
    }
    base = _base(home, attempt)
    yield base | _verb("initialized") | {"object": exam} | _at(attempt.start_time)
    asked = {question.id: question for question in paper.questions}
    for answer in sorted(answers, key=lambda each: each.question_id):
        if answer.is_answered and answer.question_id in asked:
            yield base | _answered(home, asked[answer.question_id], exam["id"], base, answer)
    length = {"duration": _duration(attempt.time_taken_seconds)}
    if attempt.status is not Status.CANCELLED:
        result = {"result": {"completion": True} | length}
        yield base | _verb("completed") | {"object": exam} | result | _at(attempt.submit_time)
    yield base | _verb("terminated") | {"object": exam, "result": length} | _at(attempt.end_time)
    if attempt.status is Status.GRADED and attempt.score.marks_obtained is not None:
        result = {"result": _score(paper, attempt)}
        yield base | _verb("scored") | {"object": exam} | result | _at(attempt.score.graded_at)


def _base(home: str, attempt: Attempt) -> dict[str, Any]:
    account = {"homePage": home, "name": str(attempt.student_id)}
    registration = uuid.uuid5(_NAMESPACE, f"{home}/xapi/attempts/{attempt.id}")
    return {
        "actor": {"objectType": "Agent", "account": account},
        "context": {"registration": str(registration), "platform": _PLATFORM},
    }


def _verb(word: str) -> dict[str, Any]:
    return {"verb": {"id": f"{_VERBS}{word}", "display": {"en": word}}}


def _at(instant: datetime | None) -> dict[str, Any]:
    if instant is None:
        return {}
    return {"timestamp": instant.astimezone(UTC).isoformat().replace("+00:00", "Z")}


def _answered(
    home: str, question: Question, exam_id: str, base: dict[str, Any], answer: Answer
) -> dict[str, Any]:
    """Return what one answer adds to `base`; not whether it was right: that may change."""
    parent = {"parent": [{"objectType": "Activity", "id": exam_id}]}
    result = {"duration": _duration(answer.time_spent_seconds)}
    response = _response(question, answer.value)
    said = {
        "object": {
            "objectType": "Activity",
            "id": f"{home}/xapi/questions/{question.id}",
            "definition": {
                "type": f"{_ACTIVITIES}cmi.interaction",
                "interactionType": _INTERACTIONS[question.question_type],
            },
        },
        "context": base["context"] | {"contextActivities": parent},
        "result": result if response is None else result | {"response": response},
    }
    return said | _verb("answered") | _at(answer.last_updated_at)


def _response(question: Question, value: Any) -> str | None:
    """Return an answer as a response of its interaction; None when it names nothing of it."""
    if question.question_type is QuestionType.MULTIPLE_CHOICE:
        return _BETWEEN.join(recognised_options(question, value)) or None
    if question.question_type is QuestionType.TRUE_FALSE:
        truth = recognised_truth(value)
        return None if truth is None else str(truth).lower()
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _score(paper: ExamPaper, attempt: Attempt) -> dict[str, Any]:
    """Return a result with a score that lies within its bounds, as xAPI wants it."""
    raw = attempt.score.marks_obtained or 0.0
    highest = max(attempt.total_marks, raw)
    lowest = min(0.0, raw, -sum(question.negative_marks for question in paper.questions))
    score = {"raw": raw, "min": lowest, "max": highest}
    if highest > 0:
        score["scaled"] = round(max(-1.0, min(1.0, raw / highest)), 4)
    passed = attempt.score.is_passed
    return {"score": score} | ({} if passed is None else {"success": passed})


def _duration(seconds: float) -> str:
    """Return a length as ISO 8601 writes it."""
    return f"PT{max(0, int(seconds))}S"
