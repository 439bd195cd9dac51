"""How verbs tell what came of them: as JSON for programs, as a table for people."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def tell(value: Any, sentence: str, *, as_json: bool) -> None:
    """Print what came of a deed: its value for programs, a sentence for people."""
    if as_json:
        tell_json(value)
    else:
        typer.echo(sentence)


def tell_json(value: Any) -> None:
    """Print one JSON value on lines of its own."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def tell_line(value: Any) -> None:
    """Print one JSON value on one line, at once."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def tell_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows whose cells are anything; what was written by others is never taken as markup."""
    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    Console(highlight=False).print(table)


def tell_facts(facts: Iterable[tuple[str, Any]]) -> None:
    """Print names with their values, one a line."""
    table = Table.grid(padding=(0, 2))
    for name, value in facts:
        table.add_row(name, Text(shown(value)))
    Console(highlight=False).print(table)


def shown(value: Any) -> str:
    """Return a value as a cell: an instant without its fractions, nothing as a dash."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(shown, value)) or "-"
    return instant(value) or str(value)


def instant(value: Any) -> str | None:
    """Return an ISO 8601 instant in UTC as people read it; None when it is none."""
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        return datetime.fromisoformat(value).strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None
