"""`oep people import`: enrols a CSV sheet of students in the running platform.

The service's own verb does it, in a process of its own: it needs no administrator's password, works
before there is one, and no request's time bounds it. This module shows the progress and the report.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from oep_local import state
from oep_local.errors import RunnerError
from oep_local.layout import Layout

_COUNTS = ("added", "updated", "unchanged", "skipped", "refused")
_QUIET = frozenset({"added", "updated", "unchanged"})

Sheet = Annotated[Path, typer.Argument(help="CSV in UTF-8; the first row names the columns.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Update = Annotated[
    bool, typer.Option("--update", help="Bring those who are here already up to date.")
]


class ImportFailed(RunnerError):
    """Nothing was written; the text says why."""


def register(app: typer.Typer) -> None:
    """Add `oep people import` to the command line."""
    people = typer.Typer(no_args_is_help=True, help="Bring people into the running platform.")
    app.add_typer(people, name="people")

    @people.callback()
    def several() -> None:
        """Bring people into the running platform."""

    @people.command("import")
    def import_(file: Sheet, dry_run: DryRun = False, update: Update = False) -> None:
        """Enrol the students of a sheet: good rows in one transaction, bad ones are named.

        Columns: username, email, full_name, hall_ticket_number, date_of_birth (DD/MM/YYYY or ISO),
        security_question, security_answer, password, center_code, trade_code. Rows count from 2.
        """
        place = state.here()
        if not place.is_running():
            raise state.NotRunning
        words = [*(["--dry-run"] if dry_run else []), *(["--on-existing=update"] if update else [])]
        console = Console(highlight=False, soft_wrap=True)
        _show(import_in(Layout.read(place), file, words, console), console)


def import_in(running: Layout, file: Path, words: Iterable[str], console: Console) -> Any:
    """Import into a given platform and return the report; raises ImportFailed. Blocks."""
    argv = [sys.executable, "-m", "auth", "people", "import", str(file.absolute()), *words]
    with (
        Progress(console=console, transient=True) as bar,
        subprocess.Popen(  # noqa: S603 - our own module, our own arguments
            argv, env=dict(_environment(running)), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        assert process.stderr is not None  # noqa: S101 - a pipe was asked for
        task = bar.add_task("hashing secrets", total=None)
        last: dict[str, Any] = {}
        for raw in process.stdout:
            last = _read(raw) or last
            if "progress" in last:
                bar.update(task, completed=last["progress"], total=last["total"])
        said = process.stderr.read().decode(errors="replace").strip()
    if process.returncode or "report" not in last:
        raise ImportFailed(f"Nothing was imported: {last.get('error') or said}")
    return last["report"]


def _read(raw: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(raw)
    except ValueError:
        return {}  # a stray print is no reason to lose the report
    return found


def _environment(running: Layout) -> Mapping[str, str]:
    return running.environment("auth")


def _show(report: Any, console: Console) -> None:
    told = [row for row in report["rows"] if row["outcome"] not in _QUIET]
    if told:
        table = Table("row", "user name", "outcome", "why")
        for row in told:
            why = Text("; ".join(row["messages"]))
            table.add_row(str(row["row"]), Text(row["username"]), row["outcome"], why)
        console.print(table)
    counts = ", ".join(f"{report[name]} {name}" for name in _COUNTS)
    console.print(("Nothing was written; it would be: " if report["dry_run"] else "") + counts)
