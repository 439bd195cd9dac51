"""Marks that people give an answer, and which of them count when two mark it (ADR 0017).

Pure. Without second marking the newest mark counts. With it, two people mark, the second without
seeing what the first gave; what they agree on within the tolerance is averaged, anything else is
decided by a third.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from attempts.errors import MarkedTwice, NothingToModerate, SameGrader
from attempts.exam import Exam, SecondMarking
from attempts.grading import Source
from attempts.rubric import Rated, mean


class Stage(StrEnum):
    """Which of the markings of an answer a mark belongs to."""

    FIRST = "first"
    SECOND = "second"
    MODERATION = "moderation"


class Waiting(StrEnum):
    """What an answer without marks waits for."""

    MARK = "todo"
    SECOND = "second"
    MODERATE = "moderate"


@dataclass(frozen=True)
class HandMark:
    """What one person gave one answer; `source` says whether by a number or by a rubric."""

    id: int
    attempt_id: int
    question_id: int
    stage: Stage
    grader_id: int | None
    source: Source
    marks: float
    rubric_id: int | None
    criteria: tuple[Rated, ...] | None
    feedback: str | None
    created_at: datetime


@dataclass(frozen=True)
class Settled:
    """What counts in the end, and the marks that it was made of."""

    marks: float
    source: Source
    of: tuple[HandMark, ...]


def is_blind(exam: Exam) -> bool:
    return exam.second_marking is SecondMarking.BLIND


def next_stage(exam: Exam, given: Sequence[HandMark], grader_id: int) -> Stage:
    """Return where the next mark of an answer belongs; refuse one that has no place.

    Raises `SameGrader` when one person would mark twice, `MarkedTwice` when two have.
    """
    newest = _newest(given)
    first = newest.get(Stage.FIRST)
    if not is_blind(exam) or first is None:
        return Stage.FIRST
    if Stage.SECOND in newest or Stage.MODERATION in newest:
        raise MarkedTwice
    if first.grader_id == grader_id:
        raise SameGrader
    return Stage.SECOND


def ensure_moderator(
    exam: Exam, given: Sequence[HandMark], moderator_id: int, *, is_graded: bool
) -> None:
    """Refuse a decision where none is due, and one by somebody who has marked the answer."""
    differ = is_blind(exam) and Stage.SECOND in _newest(given) and settled(exam, given) is None
    if not (differ or (is_graded and given)):
        raise NothingToModerate
    markers = {mark.grader_id for mark in given if mark.stage is not Stage.MODERATION}
    if moderator_id in markers:
        raise SameGrader


def settled(exam: Exam, given: Sequence[HandMark]) -> Settled | None:
    """Return what counts of the marks of one answer, oldest first; None = still open."""
    newest = _newest(given)
    decided = newest.get(Stage.MODERATION)
    if decided is not None:
        return Settled(decided.marks, Source.MODERATION, (decided,))
    first, second = newest.get(Stage.FIRST), newest.get(Stage.SECOND)
    if not is_blind(exam):
        last = given[-1] if given else None
        return None if last is None else Settled(last.marks, last.source, (last,))
    if first is None or second is None:
        return None
    if abs(first.marks - second.marks) > exam.second_marking_tolerance + 1e-9:
        return None
    return Settled(mean(first.marks, second.marks), Source.SECOND, (first, second))


def _newest(given: Sequence[HandMark]) -> dict[Stage, HandMark]:
    return {mark.stage: mark for mark in given}
