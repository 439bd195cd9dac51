"""What a question or an exam must fulfil to be stored, and what is frozen once it is sat (§4.2).

Pure. A change is judged on the merged object: what is stored with the changes on top.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.errors import FieldError
from chassis.origins import NOWHERE, Origin

from attempts.audit import Entry
from attempts.errors import InvalidContent
from attempts.question import QuestionType, truth_of

MAX_TEXT = 20_000
MAX_MARKS = 10_000
MAX_OPTIONS = 50

QUESTION_CONTENT = frozenset(
    {"question_text", "question_type", "options", "correct_answer", "marks", "negative_marks"}
)
EXAM_CONTENT = frozenset(
    {
        "duration_minutes",
        "total_marks",
        "passing_marks",
        "total_questions",
        "shuffle_questions",
        "shuffle_options",
    }
)
"""What students are asked and what it is worth: fixed by the first attempt."""


@dataclass(frozen=True)
class Author:
    """Who writes, and from where."""

    user_id: int | None = None
    origin: Origin = NOWHERE

    def entry(
        self, event_type: str, description: str, exam_id: int | None = None, **details: Any
    ) -> Entry:
        """Return what the audit says; `details` name fields and ids, never texts or keys."""
        return Entry(
            event_type,
            "content",
            description,
            user_id=self.user_id,
            exam_id=exam_id,
            details=details,
            origin=self.origin,
        )


NOBODY = Author()


def ensure_question(fields: Mapping[str, Any], *, needs_key: bool = True) -> None:
    """Raise `InvalidContent` with everything that is wrong with a question."""
    _ensure(question_flaws(fields, needs_key=needs_key))


def ensure_exam(fields: Mapping[str, Any]) -> None:
    """Raise `InvalidContent` with everything that is wrong with an exam."""
    _ensure(exam_flaws(fields))


def ensure_known(asked: Sequence[int], known: Iterable[int]) -> None:
    """Raise `InvalidContent` for question ids that repeat or do not exist."""
    flaws = []
    if len(set(asked)) < len(asked):
        flaws.append(FieldError("/question_ids", "question ids must not be repeated"))
    unknown = sorted(set(asked) - set(known))
    if unknown:
        listed = ", ".join(map(str, unknown))
        flaws.append(FieldError("/question_ids", f"unknown question ids: {listed}"))
    _ensure(flaws)


def question_flaws(fields: Mapping[str, Any], *, needs_key: bool = True) -> list[FieldError]:
    """Return every broken rule; without a key (`needs_key` false) a person marks."""
    key, options = fields["correct_answer"], fields["options"] or {}
    flaws = []
    if needs_key and not key:
        flaws.append(
            FieldError("/correct_answer", "correct_answer must contain at least one answer")
        )
    kind = QuestionType(fields["question_type"])
    if kind is QuestionType.MULTIPLE_CHOICE and not options:
        flaws.append(FieldError("/options", "options are required for multiple choice questions"))
    elif key and not _is_usable(kind, key, options):
        flaws.append(FieldError("/correct_answer", _UNUSABLE[kind]))
    return flaws


def exam_flaws(fields: Mapping[str, Any]) -> list[FieldError]:
    flaws = []
    if fields["passing_marks"] > fields["total_marks"]:
        flaws.append(FieldError("/passing_marks", "passing_marks cannot exceed total_marks"))
    start, end = fields["start_time"], fields["end_time"]
    if start is not None and end is not None and end <= start:
        flaws.append(FieldError("/end_time", "end_time must lie after start_time"))
    return flaws


def frozen_question_fields(stored: Mapping[str, Any], changes: Mapping[str, Any]) -> list[str]:
    """Return the changed fields that an exam with attempts forbids."""
    return [name for name in _changed(stored, changes) if name in QUESTION_CONTENT]


def frozen_exam_fields(
    stored: Mapping[str, Any], changes: Mapping[str, Any], *, has_questions: bool
) -> list[str]:
    """Return the changed fields that attempts forbid; naming the questions is a change."""
    changed = [name for name in _changed(stored, changes) if name in EXAM_CONTENT]
    return changed + ["questions"] * has_questions


_UNUSABLE = {
    QuestionType.MULTIPLE_CHOICE: "correct_answer entries must be option keys",
    QuestionType.TRUE_FALSE: "correct_answer of a true_false question must be true or false",
}


def _is_usable(kind: QuestionType, key: Sequence[str], options: Mapping[str, str]) -> bool:
    if kind is QuestionType.MULTIPLE_CHOICE:
        return all(entry.strip() in options for entry in key)
    if kind is QuestionType.TRUE_FALSE:
        return len(key) == 1 and truth_of(key[0], options) is not None
    return True


def _changed(stored: Mapping[str, Any], changes: Mapping[str, Any]) -> list[str]:
    return [name for name, value in changes.items() if name in stored and stored[name] != value]


def _ensure(flaws: Sequence[FieldError]) -> None:
    if flaws:
        raise InvalidContent(flaws)
