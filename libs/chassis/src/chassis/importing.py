"""How rows from elsewhere get into a service: NDJSON on standard input, one transaction, a report.

Each service brings a `load` function that knows its tables; nobody else writes into its schema.
"""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TextIO

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from chassis.database import Database
from chassis.errors import Failure, Unavailable

Rows = dict[str, list[dict[str, Any]]]


class ImportRefused(ValueError):
    """The rows cannot be imported as they are; the text says which and why."""


@dataclass
class Report:
    """What an import did: rows per table, what was changed on the way, what was left out."""

    imported: dict[str, int] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


Progress = Callable[[int, int], None]
Load = Callable[[Session, Rows, Report, Progress], None]


def run_importer(
    database: Database,
    load: Load,
    *,
    source: TextIO | None = None,
    target: TextIO | None = None,
) -> int:
    """Read rows, let `load` write them in one transaction, report; return an exit code.

    From standard input and to standard output unless told otherwise. Blocking.
    """
    said = target or sys.stdout

    def say(line: dict[str, Any]) -> None:
        said.write(json.dumps(line) + "\n")
        said.flush()

    report = Report()
    try:
        rows = read_rows(source or sys.stdin)
        with database.transaction() as session:
            load(session, rows, report, lambda done, total: say({"progress": done, "total": total}))
    except (ImportRefused, Failure) as error:
        say({"error": str(error), "may_repeat": isinstance(error, Unavailable)})
        return 1
    except SQLAlchemyError as error:
        say({"error": f"The database refused the rows: {_why(error)}. Nothing was written."})
        return 1
    say({"report": vars(report)})
    return 0


def _why(error: SQLAlchemyError) -> str:
    """Name the table and constraint, never a value: rows may hold names and hashes."""
    diagnosis = getattr(getattr(error, "orig", None), "diag", None)
    table = getattr(diagnosis, "table_name", None)
    constraint = getattr(diagnosis, "constraint_name", None)
    if constraint is None:
        return type(error).__name__
    return f"{table} violates {constraint}; other rows may stand under these ids or names"


def read_rows(lines: Iterable[str]) -> Rows:
    """Group `{"table": …, "row": …}` lines by table, in order. Raises `ImportRefused`."""
    rows: Rows = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            rows.setdefault(item["table"], []).append(dict(item["row"]))
        except (ValueError, KeyError, TypeError) as error:
            message = f"Line {number} is not of the form {{'table': name, 'row': object}}"
            raise ImportRefused(message) from error
    return rows
