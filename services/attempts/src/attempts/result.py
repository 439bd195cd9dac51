"""How a finished attempt looks to its student (contract §5.3): forms of answers, keys withheld.

Pure. An answer and its key always come in the same form, and never as an object: the page that
shows them compares some with `===` and cannot draw an object.
"""

import json
from typing import Any

from attempts.grading import recognised_options, recognised_truth
from attempts.question import Question, QuestionType


def shown_answer(question: Question, value: Any) -> Any:
    """Return `value` in the form of the question's widget; None when nothing was answered."""
    if question.question_type is QuestionType.TRUE_FALSE:
        return recognised_truth(value)
    if question.question_type is QuestionType.MULTIPLE_CHOICE:
        texts = [question.choices[key] for key in recognised_options(question, value)]
        return _choice(question, texts)
    return _plain(value)


def shown_key(question: Question) -> Any:
    """Return the key in the same form as `shown_answer`."""
    if question.question_type is QuestionType.TRUE_FALSE:
        return question.truth_key
    if question.question_type is QuestionType.MULTIPLE_CHOICE:
        return _choice(question, [question.choices[key] for key in sorted(question.choice_key)])
    texts = [_text(entry) for entry in question.correct_answer]
    return texts[0] if len(texts) == 1 else texts or None


def disclosed_key(
    question: Question, value: Any, *, is_correct: bool | None, may_review: bool
) -> Any:
    """Return the key, or what stands in its place where the exam withholds the keys.

    A void question has no key: with full marks for all, whatever was answered was right.
    """
    if may_review and question.void is None:
        return shown_key(question)
    if is_correct:
        return shown_answer(question, value)
    return [] if question.widget == "mcq_multiple" else None


def _choice(question: Question, texts: list[str]) -> Any:
    if question.widget == "mcq_multiple":
        return texts
    # several options on a question with one key are wrong: joined they equal no option
    return ", ".join(texts) if texts else None


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_text(item) for item in value]
    return None if value is None else _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
