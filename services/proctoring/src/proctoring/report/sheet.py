"""Rows as CSV that is safe to open: quoted by the csv module, no cell that a spreadsheet would run.

Pure. A text that begins like a formula gets an apostrophe before it (CWE-1236), so does one that
hides such a beginning behind white space. Numbers stay numbers. Instants are ISO 8601 in UTC.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

BOM = "\ufeff"
"""Some spreadsheets read UTF-8 as such only when a file begins with it."""
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # and in full width
_CONTROLS = ("\t", "\r", "\n", "\0")


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """Return `rows` as CSV lines that end with CRLF (RFC 4180)."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[cell(value) for value in row] for row in rows])
    return out.getvalue()


def cell(value: Any) -> str:
    """Return what stands in the cell of a value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, float):
        return f"{value:.3f}"
    return str(value) if isinstance(value, int) else _harmless(str(value))


def _harmless(text: str) -> str:
    text = text.replace("\0", "")
    runs = text.lstrip().startswith(_FORMULA) or text.startswith(_CONTROLS)
    return f"'{text}" if runs else text
