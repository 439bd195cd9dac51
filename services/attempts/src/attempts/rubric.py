"""Rubrics: criteria with levels, and what the chosen levels are worth (ADR 0017).

Pure. Each criterion counts by its weight, by the share of its `max_marks` that the chosen level
earns; the sum is scaled to the marks of the question and rounded half up to two decimals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from chassis.errors import FieldError

from attempts.errors import InvalidContent, InvalidRating

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Level:
    id: int
    title: str
    description: str | None
    marks: float


@dataclass(frozen=True)
class Criterion:
    id: int
    title: str
    description: str | None
    max_marks: float
    weight: float
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Rubric:
    id: int
    title: str
    description: str | None
    version: int
    created_by: int | None
    created_at: datetime
    updated_at: datetime
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True)
class Choice:
    """The level that a grader chose for a criterion."""

    criterion_id: int
    level_id: int
    comment: str | None = None


@dataclass(frozen=True)
class Rated:
    """A choice with everything that it meant when it was made: rubrics may be lost, this stays."""

    criterion_id: int
    criterion: str
    level_id: int
    level: str
    marks: float
    max_marks: float
    weight: float
    comment: str | None = None


def rated(rubric: Rubric, choices: Sequence[Choice]) -> tuple[Rated, ...]:
    """Return the choices in the rubric's order; `InvalidRating` unless it is complete."""
    by_criterion = {choice.criterion_id: (place, choice) for place, choice in enumerate(choices)}
    flaws = _flaws(rubric, choices, by_criterion)
    if flaws:
        raise InvalidRating(flaws)
    return tuple(_rated(criterion, by_criterion[criterion.id][1]) for criterion in rubric.criteria)


def worth(given: Sequence[Rated], question_marks: float) -> float:
    """Return the marks that the levels earn: 2 decimals, half up, never more than there are."""
    total = sum((_exact(one.max_marks) * _exact(one.weight) for one in given), Fraction(0))
    earned = sum((_exact(one.marks) * _exact(one.weight) for one in given), Fraction(0))
    return min(half_up(earned / total * _exact(question_marks)), question_marks)


def half_up(value: Fraction) -> float:
    """Round to two decimals; the half goes up."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return float(exact.quantize(_CENT, ROUND_HALF_UP))


def mean(one: float, other: float) -> float:
    """Return the mean of two people's marks, as `worth` rounds."""
    return half_up((_exact(one) + _exact(other)) / 2)


def ensure_sound(criteria: Sequence[Mapping[str, Any]]) -> None:
    """Raise `InvalidContent` for criteria whose levels cannot be measured."""
    flaws = []
    for place, criterion in enumerate(criteria):
        highest = max((level["marks"] for level in criterion["levels"]), default=0)
        limit = criterion["max_marks"] if criterion["max_marks"] is not None else highest
        pointer = f"/criteria/{place}"
        if limit <= 0:
            flaws.append(FieldError(f"{pointer}/max_marks", "a criterion must be worth something"))
        elif highest > limit:
            flaws.append(FieldError(f"{pointer}/levels", "a level exceeds the criterion's marks"))
    if flaws:
        raise InvalidContent(flaws)


def _flaws(
    rubric: Rubric, choices: Sequence[Choice], by_criterion: Mapping[int, tuple[int, Choice]]
) -> list[FieldError]:
    flaws = []
    known = {
        criterion.id: {level.id for level in criterion.levels} for criterion in rubric.criteria
    }
    for place, choice in enumerate(choices):
        pointer = f"/criteria/{place}"
        if choice.criterion_id not in known:
            flaws.append(FieldError(f"{pointer}/criterion_id", "no criterion of this rubric"))
        elif choice.level_id not in known[choice.criterion_id]:
            flaws.append(FieldError(f"{pointer}/level_id", "no level of this criterion"))
        elif by_criterion[choice.criterion_id][0] != place:
            flaws.append(FieldError(f"{pointer}/criterion_id", "the criterion is named twice"))
    missing = sorted(known.keys() - by_criterion.keys())
    if missing:
        listed = ", ".join(map(str, missing))
        flaws.append(FieldError("/criteria", f"no level is chosen for criteria: {listed}"))
    return flaws


def _rated(criterion: Criterion, choice: Choice) -> Rated:
    level = next(level for level in criterion.levels if level.id == choice.level_id)
    return Rated(
        criterion.id,
        criterion.title,
        level.id,
        level.title,
        level.marks,
        criterion.max_marks,
        criterion.weight,
        choice.comment,
    )


def _exact(number: float) -> Fraction:
    """Take a number as it is written: 0.1 is a tenth."""
    return Fraction(Decimal(repr(float(number))))
