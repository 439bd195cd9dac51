"""Questions from a CSV sheet: each row becomes a draft or a readable error (contract §4.2).

Pure. The csv module reads the cells; a bad row never stops the good ones. A row without a key is
taken and marked by a person.
"""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.errors import FieldError

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


class BadRow(ValueError):
    """Why a row is no question, in words for its author."""


def read(content: bytes) -> Sheet:
    """Read a sheet in UTF-8, with or without BOM; rows count from 2, the header being 1."""
    rows = _rows(_decoded(content))
    header = [cell.strip().lower() for cell in next(rows, None) or ()]
    if "question_text" not in header:
        raise _unreadable("the first row must name the columns, question_text among them")
    drafts: list[Draft] = []
    errors: list[str] = []
    for number, cells in enumerate(rows, start=2):
        if number > MAX_ROWS + 1:
            raise SheetTooLarge
        if cells is not None and not any(cell.strip() for cell in cells):
            continue
        try:
            drafts.append(draft(_named(header, cells)))
        except BadRow as error:
            errors.append(f"Row {number}: {error}")
    return Sheet(tuple(drafts), tuple(errors))


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


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable("the file must be UTF-8") from error


def _rows(text: str) -> Iterator[list[str] | None]:
    """Yield the cells of each row, None for one that the csv module gives up on."""
    reader = csv.reader(io.StringIO(text, newline=""))
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield None


def _named(header: Sequence[str], cells: Sequence[str] | None) -> dict[str, str]:
    """Name the cells of a row; missing ones at its end are empty."""
    if cells is None:
        raise BadRow("not readable as CSV")
    if any(cell.strip() for cell in cells[len(header) :]):
        raise BadRow("more cells than the header has columns")
    trimmed = [cell.strip() for cell in cells]
    if any("\0" in cell for cell in trimmed):
        raise BadRow("must not contain the character NUL")
    if any(len(cell) > MAX_TEXT for cell in trimmed):
        raise BadRow(f"a cell must not be longer than {MAX_TEXT} characters")
    return dict(zip(header, trimmed, strict=False))


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


def _unreadable(message: str) -> InvalidContent:
    return InvalidContent([FieldError("/file", message)])
