"""In which order one attempt is asked: fixed by the attempt's id, the same whenever it is asked.

Pure. With options shuffled, the letters stand before other texts, so the key moves with them;
whoever judges an answer must look at the same layout as the student did.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from attempts.exam import ExamPaper
from attempts.question import Question, QuestionType

T = TypeVar("T")


def laid_out(paper: ExamPaper, attempt_id: int) -> ExamPaper:
    """Return the paper as this attempt shows it."""
    questions = paper.questions
    if paper.exam.shuffle_options:
        questions = tuple(_with_options_moved(q, attempt_id) for q in questions)
    if paper.exam.shuffle_questions:
        questions = order_shown(questions, attempt_id, lambda question: question.id)
    return replace(paper, questions=questions)


def order_shown(
    things: Iterable[T], attempt_id: int, question_id: Callable[[T], int]
) -> tuple[T, ...]:
    """Return one thing for each question in the order in which this attempt is asked."""
    return tuple(sorted(things, key=lambda thing: _lot(attempt_id, question_id(thing))))


def options_shown(question: Question, attempt_id: int) -> list[tuple[str, str]]:
    """Return the letters and texts of options as this attempt shows them; none if they stay."""
    if not _moves_options(question):
        return []
    moved = _moves(question, attempt_id)
    return [(new, question.choices[old]) for old, new in sorted(moved.items(), key=_second)]


def own_letters(paper: ExamPaper, attempt_id: int, question_id: int) -> dict[str, str]:
    """Return the letter that an option has in the question itself, by the one that was shown."""
    question = next(q for q in paper.questions if q.id == question_id)
    if not paper.exam.shuffle_options or question.question_type is not QuestionType.MULTIPLE_CHOICE:
        return {key: key for key in question.choices}
    return {new: old for old, new in _moves(question, attempt_id).items()}


def _with_options_moved(question: Question, attempt_id: int) -> Question:
    """Put the texts of a choice behind other letters; true and false stay where they are."""
    if not _moves_options(question):
        return question
    moved = _moves(question, attempt_id)
    return replace(
        question,
        options=dict(options_shown(question, attempt_id)),
        correct_answer=tuple(_moved_entry(entry, moved) for entry in question.correct_answer),
    )


def _moves_options(question: Question) -> bool:
    return question.question_type is QuestionType.MULTIPLE_CHOICE and bool(question.options)


def _moves(question: Question, attempt_id: int) -> dict[str, str]:
    """Return the letter that each option is shown behind."""
    letters = sorted(question.choices)
    drawn = sorted(letters, key=lambda key: _lot(attempt_id, question.id, key))
    return dict(zip(drawn, letters, strict=True))


def _moved_entry(entry: object, moved: dict[str, str]) -> object:
    return moved.get(str(entry).strip(), entry)


def _second(pair: tuple[str, str]) -> str:
    return pair[1]


def _lot(*parts: object) -> bytes:
    """Draw a lot that is the same on every machine and with every version of Python."""
    return hashlib.sha256(":".join(map(str, parts)).encode()).digest()
