"""Array literals of Postgres, for statements that take many rows at once.

psycopg2 writes a list as `ARRAY[…]` with every element adapted by itself and parsed as an
expression; one literal per column costs a tenth of that on both sides. Pure.
"""

from collections.abc import Iterable
from datetime import datetime


def numbers(values: Iterable[int | float | None]) -> str:
    """Return the literal of numbers."""
    return "{" + ",".join(["NULL" if v is None else repr(v) for v in values]) + "}"


def flags(values: Iterable[bool]) -> str:
    """Return the literal of booleans."""
    return "{" + ",".join(["t" if v else "f" for v in values]) + "}"


def texts(values: Iterable[str | None]) -> str:
    """Return the literal of any texts."""
    return "{" + ",".join(["NULL" if v is None else _quoted(v) for v in values]) + "}"


def words(values: Iterable[object | None]) -> str:
    """Return the literal of values whose text is letters, digits, `_` and `-`: names, UUIDs.

    They stand unquoted: never give it what a caller may write freely, `null` would be no word.
    """
    return "{" + ",".join(["NULL" if v is None else str(v) for v in values]) + "}"


def instants(values: Iterable[datetime | None]) -> str:
    """Return the literal of instants with their offsets."""
    return "{" + ",".join(["NULL" if v is None else v.isoformat() for v in values]) + "}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
