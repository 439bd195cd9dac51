"""Questions: their kinds, their keys, and what a student may see of them (contract §4.3).

Pure. How an answer is judged is decided in `grading`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any


class QuestionType(StrEnum):
    MULTIPLE_CHOICE = "multiple_choice"
    TRUE_FALSE = "true_false"
    SHORT_ANSWER = "short_answer"
    ESSAY = "essay"


class Void(StrEnum):
    """What everybody gets for a question of an exam that turned out to be unusable."""

    FULL_MARKS = "full_marks"
    NO_MARKS = "no_marks"


class Difficulty(StrEnum):
    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


@dataclass(frozen=True)
class Image:
    """An image of a question: the text names it by its number, the store by its SHA-256 (hex)."""

    number: int
    sha256: str
    media_type: str
    alternative: str


@dataclass(frozen=True)
class Question:
    """A question; inside an exam with its marks there, and its key as corrected there."""

    id: int
    question_bank_id: int
    question_text: str
    question_type: QuestionType
    options: dict[str, str] | None
    correct_answer: tuple[Any, ...]
    explanation: str | None
    difficulty: Difficulty
    marks: float
    negative_marks: float
    tags: tuple[str, ...] | None
    is_active: bool
    created_at: datetime
    updated_at: datetime
    void: Void | None = None
    """Only inside an exam, as is `rubric_id`."""
    rubric_id: int | None = None
    images: tuple[Image, ...] = ()
    """Only where questions are shown: nothing is judged by them."""

    @property
    def choices(self) -> dict[str, str]:
        return self.options or {}

    @property
    def choice_key(self) -> frozenset[str]:
        """The option keys that are right; empty when there is no usable key."""
        keys = frozenset(str(entry).strip() for entry in self.correct_answer)
        return keys if keys <= self.choices.keys() else frozenset()

    @property
    def truth_key(self) -> bool | None:
        """Whether "true" is right; None when there is no usable key.

        A key may name an option (`["A"]` where A is "True"), as some imported questions do.
        """
        if len(self.correct_answer) != 1:
            return None
        return truth_of(self.correct_answer[0], self.choices)

    @property
    def is_auto_gradable(self) -> bool:
        if self.question_type is QuestionType.MULTIPLE_CHOICE:
            return bool(self.choice_key)
        return self.question_type is QuestionType.TRUE_FALSE and self.truth_key is not None

    @property
    def widget(self) -> str:
        """The type word that the exam page can show."""
        if self.question_type is QuestionType.MULTIPLE_CHOICE:
            keys = {str(entry).strip() for entry in self.correct_answer}
            return "mcq_multiple" if len(keys) > 1 else "mcq_single"
        if self.question_type is QuestionType.ESSAY:
            return "long_answer"
        return self.question_type.value


def as_truth(value: Any) -> bool | None:
    """Return the truth value of a boolean or of the words true and false, else None."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().casefold())
    return None


def truth_of(entry: Any, options: Mapping[str, str]) -> bool | None:
    """Return the truth value that the entry of a key states or names among the options."""
    direct = as_truth(entry)
    return direct if direct is not None else as_truth(options.get(str(entry).strip()))


def without_key(question: Question) -> Question:
    """Return what a student may see; the key is nowhere, whatever the exam's state."""
    return replace(question, correct_answer=(), explanation=None)


def marker(number: int) -> str:
    """Return the words by which a text says where its image of that number belongs."""
    return f"[image {number}]"
