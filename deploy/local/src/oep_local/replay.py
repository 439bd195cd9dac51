"""`oep replay`: puts back into the running platform's stream what it has lost of events.

proctoring has the rows and makes the notices again (its own verb, ADR 34); here its lines become
progress and a table. Safe beside everything that goes on, and to be broken off and run again.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from oep_local import state
from oep_local.errors import RunnerError
from oep_local.layout import Layout
from oep_local.telling import AsJson, tell_line

Line = dict[str, Any]

Exam = Annotated[int | None, typer.Option(min=1, help="Only of the exam with this id.")]
Since = Annotated[
    str | None,
    typer.Option(metavar="INSTANT", help="Only what was stored since, ISO 8601; default 72 h ago."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what is missing.")]
_COLUMNS = ("stored", "held", "waiting", "rebuilt", "missing")


class NotRebuilt(RunnerError):
    """The text says why; what was put back until then stays."""


def register(app: typer.Typer) -> None:
    """Add `oep replay` to the command line."""

    @app.command()
    def replay(
        exam: Exam = None, since: Since = None, dry_run: DryRun = False, as_json: AsJson = False
    ) -> None:
        """Put back into the bus what it has lost of events.

        The stream OEP_EVENTS is made again from Postgres, and what was missing is said.

        JSON: a line each, `{progress: {exam_id, stored, held, waiting, rebuilt, missing}}` on the
        way, `{exam: {…}}` for each exam, `{report: {dry_run, exams, stored, …}}` last

        Example: `oep replay --dry-run`

        Example: `oep replay --exam 900001 --since 2026-03-02T08:00:00Z`
        """
        place = state.here()
        if not place.is_running():
            raise state.NotRunning
        lines = run_in(Layout.read(place), exam_id=exam, since=since, is_dry_run=dry_run)
        if as_json:
            for line in lines:
                tell_line(line)
            return
        _show(lines, Console(highlight=False))


def run_in(
    running: Layout,
    *,
    exam_id: int | None = None,
    since: str | None = None,
    is_dry_run: bool = False,
) -> Iterator[Line]:
    """Run in a given platform; yield its lines as they come: progress, exams, the report. Blocks.

    Raises NotRebuilt behind the last line.
    """
    words = ["--dry-run"] if is_dry_run else []
    words += ["--exam", str(exam_id)] if exam_id else []
    words += ["--since", since] if since else []
    with tempfile.TemporaryFile("w+") as said_aside:
        child = subprocess.Popen(  # noqa: S603  # our own module, our own arguments
            [sys.executable, "-m", "proctoring", "replay", *words],
            env=dict(running.environment("proctoring")),
            stdout=subprocess.PIPE,
            stderr=said_aside,
            text=True,
        )
        with child:
            yield from map(json.loads, child.stdout or ())
        said_aside.seek(0)
        complaint = said_aside.read().strip()
    if child.returncode:
        raise NotRebuilt(complaint.splitlines()[-1] if complaint else "The run broke off")


def _show(lines: Iterator[Line], console: Console) -> None:
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    table = Table("exam", *_COLUMNS)
    report: Line = {}
    try:
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("looking at the stream", total=None)
            for line in lines:
                bar.update(task, description=_so_far(line))
                if "exam" in line and line["exam"]["stored"]:
                    exam = line["exam"]
                    table.add_row(*(str(exam[name]) for name in ("exam_id", *_COLUMNS)))
                report = line.get("report", report)
    finally:
        if table.row_count:
            console.print(table)
    if report:
        console.print(_words(report))


def _so_far(line: Line) -> str:
    at = line.get("progress") or line.get("exam")
    return "done" if at is None else f"exam {at['exam_id']}: {at['rebuilt']} of {at['stored']}"


def _words(report: Line) -> str:
    if report["dry_run"]:
        return f"Of {report['stored']} events {report['missing']} are missing in the stream."
    return f"Of {report['stored']} events {report['rebuilt']} were missing and are there again."
