"""Sheets in CSV: cells by the header's names, rows that count from 2, no row that stops another.

Pure. The csv module reads the cells; what they mean is the service's to say, as what is wrong with
a whole sheet is: it gives `Unreadable` and `TooManyRows` its own words.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


class Unreadable(ValueError):
    """Why this is no sheet, in words for its author."""


class TooManyRows(ValueError):
    """The sheet has more rows than are read."""


class BadRow(ValueError):
    """Why a row cannot be used, in words for its author."""


@dataclass(frozen=True)
class Row:
    """The trimmed cells of a row by column; `flaw` says why there are none."""

    number: int
    cells: dict[str, str]
    flaw: str | None = None


def read(
    content: bytes, *, needed: Sequence[str], most_rows: int, most_characters: int
) -> Iterator[Row]:
    """Yield the rows of a sheet in UTF-8, with or without BOM, that are not empty.

    Raises `Unreadable` unless the first row names the columns, the `needed` ones among them, and
    `TooManyRows` on the way.
    """
    rows = _rows(_decoded(content))
    header = [cell.strip().lower() for cell in next(rows, None) or ()]
    missing = [name for name in needed if name not in header]
    if missing:
        message = f"the first row must name the columns, {', '.join(missing)} among them"
        raise Unreadable(message)
    for number, cells in enumerate(rows, start=2):
        if number > most_rows + 1:
            raise TooManyRows
        if cells is not None and not any(cell.strip() for cell in cells):
            continue
        try:
            yield Row(number, _named(header, cells, most_characters))
        except BadRow as flaw:
            yield Row(number, {}, str(flaw))


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = "the file must be UTF-8"
        raise Unreadable(message) from error


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


def _named(
    header: Sequence[str], cells: Sequence[str] | None, most_characters: int
) -> dict[str, str]:
    """Name the cells of a row; missing ones at its end are empty."""
    if cells is None:
        raise BadRow("not readable as CSV")
    if any(cell.strip() for cell in cells[len(header) :]):
        raise BadRow("more cells than the header has columns")
    trimmed = [cell.strip() for cell in cells]
    if any("\0" in cell for cell in trimmed):
        raise BadRow("must not contain the character NUL")
    if any(len(cell) > most_characters for cell in trimmed):
        raise BadRow(f"a cell must not be longer than {most_characters} characters")
    return dict(zip(header, trimmed, strict=False))
