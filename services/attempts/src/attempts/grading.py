"""What an answer is worth and what an attempt has earned (contract §9.3).

Pure. Choice and true/false are judged here; short answers, essays and questions without a usable
key wait for a person, unless nothing was answered.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from attempts.answer import is_empty
from attempts.question import Question, QuestionType, Void, as_truth


class Source(StrEnum):
    """Where the marks of an answer come from."""

    AUTO = "auto"
    MANUAL = "manual"
    RUBRIC = "rubric"
    SECOND = "second"
    """Two people's marks, averaged."""
    MODERATION = "moderation"
    VOID = "void"
    """The question does not count: everybody gets the same."""


BY_MACHINE = frozenset({Source.AUTO, Source.VOID})


@dataclass(frozen=True)
class Judgement:
    """The worth of one answer; `marks` None = a person has to look."""

    question_id: int
    is_attempted: bool
    is_correct: bool | None
    marks: float | None
    source: Source = Source.AUTO
    chosen: tuple[str, ...] = ()
    """The keys of the options that were recognised, or the truth value in words."""


@dataclass(frozen=True)
class Grade:
    """The sum of all judgements of one attempt."""

    judgements: tuple[Judgement, ...]
    total_marks: float
    marks_obtained: float
    percentage: float
    is_passed: bool | None
    correct_answers: int
    incorrect_answers: int
    unattempted: int

    @property
    def is_complete(self) -> bool:
        """Whether no mark is missing."""
        return all(judgement.marks is not None for judgement in self.judgements)


def recognised_options(question: Question, value: Any) -> tuple[str, ...]:
    """Return the keys of the options that `value` names, in its order, without repeats.

    The exam page sends option texts and, among them, texts of other questions: whatever is not an
    option of this question is dropped.
    """
    elements = value if isinstance(value, list) else [value]
    found = (_option(question.choices, e) for e in elements if isinstance(e, str))
    return tuple(dict.fromkeys(key for key in found if key is not None))


def recognised_truth(value: Any) -> bool | None:
    """Return the truth value that `value` states, None when it states none."""
    if isinstance(value, list):
        return as_truth(value[0]) if len(value) == 1 else None
    return as_truth(value)


def judge(question: Question, value: Any) -> Judgement:
    """Return what `value` is worth as the answer to `question`."""
    if question.void is not None:
        return _voided(question, judge(replace(question, void=None), value))
    return _unattempted(question) if is_empty(value) else _judged(question, value)


def _judged(question: Question, value: Any) -> Judgement:
    if not question.is_auto_gradable:
        return Judgement(question.id, is_attempted=True, is_correct=None, marks=None)
    if question.question_type is QuestionType.TRUE_FALSE:
        truth = recognised_truth(value)
        if truth is None:
            return _unattempted(question)
        is_correct = truth == question.truth_key
        return _attempted(question, (str(truth).lower(),), is_correct=is_correct)
    keys = recognised_options(question, value)
    if not keys:
        return _unattempted(question)
    return _attempted(question, keys, is_correct=frozenset(keys) == question.choice_key)


def judged_by_hand(question: Question, marks: float, source: Source = Source.MANUAL) -> Judgement:
    """Return the worth that a person gave: right with all marks, wrong with none."""
    is_correct = {question.marks: True, 0.0: False}.get(marks)
    return Judgement(
        question.id, is_attempted=True, is_correct=is_correct, marks=marks, source=source
    )


def grade(
    questions: Sequence[Question],
    values: Mapping[int, Any],
    passing_marks: float,
    marked: Mapping[int, float] | None = None,
    sources: Mapping[int, Source] | None = None,
) -> Grade:
    """Grade the answers `values` (by question id); `marked` holds marks that a person has given.

    `sources` says where those come from, unless they are one person's plain marks.
    """
    given = {
        question_id: (marks, (sources or {}).get(question_id, Source.MANUAL))
        for question_id, marks in (marked or {}).items()
    }
    judgements = tuple(
        _with_marks(question, judge(question, values.get(question.id)), given)
        for question in questions
    )
    return _summed(judgements, sum(q.marks for q in questions), passing_marks)


def _summed(judgements: tuple[Judgement, ...], total: float, passing_marks: float) -> Grade:
    obtained = round(sum(j.marks or 0.0 for j in judgements), 6)
    is_complete = all(j.marks is not None for j in judgements)
    return Grade(
        judgements=judgements,
        total_marks=total,
        marks_obtained=obtained,
        percentage=round(obtained / total * 100, 2) if total else 0.0,
        is_passed=obtained >= passing_marks if is_complete else None,
        correct_answers=_count(j.is_correct is True for j in judgements),
        incorrect_answers=_count(j.is_correct is False and j.is_attempted for j in judgements),
        unattempted=_count(not j.is_attempted for j in judgements),
    )


def _count(flags: Iterable[bool]) -> int:
    return sum(1 for flag in flags if flag)


def _with_marks(
    question: Question, judgement: Judgement, given: Mapping[int, tuple[float, Source]]
) -> Judgement:
    """Put in the marks of a person where the machine has none."""
    if judgement.marks is not None or question.id not in given:
        return judgement
    return judged_by_hand(question, *given[question.id])


def _attempted(question: Question, chosen: tuple[str, ...], *, is_correct: bool) -> Judgement:
    marks = question.marks if is_correct else -question.negative_marks
    return Judgement(
        question.id,
        is_attempted=True,
        is_correct=is_correct,
        marks=marks or 0.0,
        chosen=chosen,
    )


def _voided(question: Question, judgement: Judgement) -> Judgement:
    """Give what everybody gets; with full marks an answer counts as right, else as neither."""
    has_all = question.void is Void.FULL_MARKS
    return replace(
        judgement,
        is_correct=True if has_all and judgement.is_attempted else None,
        marks=question.marks if has_all else 0.0,
        source=Source.VOID,
    )


def _unattempted(question: Question) -> Judgement:
    return Judgement(question.id, is_attempted=False, is_correct=None, marks=0.0)


def _option(options: Mapping[str, str], element: str) -> str | None:
    """Find the option: exact text, else the one text alike but for case and space, else the key."""
    for key in sorted(options):
        if options[key] == element:
            return key
    plain = _plain(element)
    alike = [key for key, text in options.items() if _plain(text) == plain]
    if len(alike) == 1:
        return alike[0]
    key = element.strip()
    return key if key in options else None


def _plain(text: str) -> str:
    return text.strip().casefold()
