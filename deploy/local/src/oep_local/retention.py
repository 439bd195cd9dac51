"""`oep retention run`: erases what need not be kept in the running platform, or says what would be.

proctoring does it by itself every few minutes; its own verb does it at once and tells.
"""

import json
import subprocess
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from oep_local import state
from oep_local.errors import RunnerError
from oep_local.layout import Layout
from oep_local.telling import AsJson, tell_line

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be erased.")]
Exam = Annotated[int | None, typer.Option(help="Only of the exam with this id.")]


class RunFailed(RunnerError):
    """The text says why; attempts that were erased before it stay erased."""


def register(app: typer.Typer) -> None:
    """Add `oep retention run` to the command line."""
    retention = typer.Typer(no_args_is_help=True)
    app.add_typer(retention, name="retention")

    @retention.callback()
    def several() -> None:
        """Erase evidence whose time is over.

        Example: `oep retention run --dry-run`
        """

    @retention.command("run")
    def run(dry_run: DryRun = False, exam: Exam = None, as_json: AsJson = False) -> None:
        """Go once through everything that is due; name what is held.

        JSON: a line for each attempt, `{attempt: {attempt_id, exam_id, payload_events?,
        network_events?, held_by}}`, then `{report: {dry_run, exams: [{attempts, held, …}]}}`

        Example: `oep retention run --dry-run`

        Example: `oep retention run --exam 900001 --json`
        """
        place = state.here()
        if not place.is_running():
            raise state.NotRunning
        lines = run_in(Layout.read(place), dry_run=dry_run, exam_id=exam)
        if as_json:
            for line in lines:
                tell_line(line)
        else:
            _show(lines, Console(highlight=False))


def run_in(
    running: Layout, *, dry_run: bool = False, exam_id: int | None = None
) -> list[dict[str, Any]]:
    """Run in a given platform; return a line for each attempt and the report. Blocks.

    Raises RunFailed.
    """
    words = [*(["--dry-run"] if dry_run else []), *(["--exam", str(exam_id)] if exam_id else [])]
    done = subprocess.run(  # noqa: S603  # our own module, our own arguments
        [sys.executable, "-m", "proctoring", "retention", "run", *words],
        env=dict(running.environment("proctoring")),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RunFailed(f"The run broke off: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _show(lines: list[dict[str, Any]], console: Console) -> None:
    *attempts, last = lines
    report = last["report"]
    if attempts:
        table = Table("attempt", "exam", "payloads", "network data", "held by")
        for each in (line["attempt"] for line in attempts):
            counts = (each["exam_id"], each["payload_events"], each["network_events"])
            shown = ("" if count is None else str(count) for count in counts)
            table.add_row(str(each["attempt_id"]), *shown, ", ".join(each["held_by"]))
        console.print(table)
    erased = sum(exam["attempts"] for exam in report["exams"])
    held = sum(exam["held"] for exam in report["exams"])
    words = "would be erased" if report["dry_run"] else "were erased"
    console.print(f"Of {erased} attempts something {words}; {held} are held.")
