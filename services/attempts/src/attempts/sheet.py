"""Questions from a CSV sheet: each row becomes a draft or a readable error (contract §4.2).

Pure. `chassis.sheets` reads the cells; a bad row never stops the good ones. A row without a key is
taken and marked by a person.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chassis import sheets
from chassis.errors import FieldError
from chassis.sheets import BadRow

from attempts.drafting import MAX_MARKS, MAX_TEXT, question_flaws
from attempts.errors import InvalidContent, SheetTooLarge
from attempts.question import Difficulty, QuestionType

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 10_000
_OPTIONS = {"option_a": "A", "option_b": "B", "option_c": "C", "option_d": "D"}

Draft = dict[str, Any]


@dataclass(frozen=True)
class Sheet:
    drafts: tuple[Draft, ...]
    errors: tuple[str, ...]


def read(content: bytes) -> Sheet:
    """Read a sheet in UTF-8, with or without BOM; rows count from 2, the header being 1."""
    drafts: list[Draft] = []
    errors: list[str] = []
    try:
        for row in sheets.read(
            content, needed=["question_text"], most_rows=MAX_ROWS, most_characters=MAX_TEXT
        ):
            try:
                drafts.append(_draft(row))
            except BadRow as error:
                errors.append(f"Row {row.number}: {error}")
    except sheets.Unreadable as error:
        raise InvalidContent([FieldError("/file", str(error))]) from error
    except sheets.TooManyRows as error:
        raise SheetTooLarge from error
    return Sheet(tuple(drafts), tuple(errors))


def _draft(row: sheets.Row) -> Draft:
    if row.flaw is not None:
        raise BadRow(row.flaw)
    return draft(row.cells)


def draft(row: Mapping[str, str]) -> Draft:
    """Return the question of a row; raise `BadRow` with everything that its rules forbid."""
    made = {
        "question_text": _text(row, "question_text"),
        "question_type": _word(row, "question_type", QuestionType, QuestionType.MULTIPLE_CHOICE),
        "options": {key: row[name] for name, key in _OPTIONS.items() if row.get(name)} or None,
        "correct_answer": _listed(row, "correct_answer"),
        "explanation": row.get("explanation") or None,
        "difficulty": _word(row, "difficulty", Difficulty, Difficulty.MEDIUM),
        "marks": _marks(row, "marks", 1.0),
        "negative_marks": _marks(row, "negative_marks", 0.0),
        "tags": _listed(row, "tags") or None,
    }
    flaws = question_flaws(made, needs_key=False)
    if flaws:
        raise BadRow("; ".join(flaw.message for flaw in flaws))
    return made


def _text(row: Mapping[str, str], column: str) -> str:
    text = row.get(column, "")
    if not text:
        raise BadRow(f"{column} is required")
    return text


def _word(row: Mapping[str, str], column: str, words: Any, default: str) -> str:
    word = row.get(column, "").lower() or default
    if word not in set(words):
        raise BadRow(f"{column} must be one of {', '.join(words)}")
    return str(word)


def _listed(row: Mapping[str, str], column: str) -> list[str]:
    parts = (part.strip() for part in row.get(column, "").split(","))
    return [part for part in parts if part]


def _marks(row: Mapping[str, str], column: str, default: float) -> float:
    text = row.get(column, "")
    try:
        marks = float(text) if text else default
    except ValueError:
        marks = math.nan
    if not 0 <= marks <= MAX_MARKS:
        raise BadRow(f"{column} must be a number from 0 to {MAX_MARKS}")
    return marks
