"""`oep attempts assign`: gives students their attempts at an exam in the running platform.

The service's own verb does it, in a process of its own, and says what came of it.
"""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from oep_local import state
from oep_local.errors import RunnerError
from oep_local.layout import Layout

Exam = Annotated[str, typer.Argument(help="The exam's id or its code.")]
Students = Annotated[
    Path, typer.Option(help="A file with a user id in each line's first column; - reads stdin.")
]


class NotAssigned(RunnerError):
    """No attempt was made; the text says why."""


def register(app: typer.Typer) -> None:
    """Add `oep attempts assign` to the command line."""
    attempts = typer.Typer(no_args_is_help=True, help="Make attempts in the running platform.")
    app.add_typer(attempts, name="attempts")

    @attempts.callback()
    def several() -> None:
        """Make attempts in the running platform."""

    @attempts.command("assign")
    def assign(exam: Exam, students: Students) -> None:
        """Give each student of a file an attempt at an exam, not started; repeat as you like.

        Who has one already keeps it. The first attempt freezes what the exam asks.
        """
        place = state.here()
        if not place.is_running():
            raise state.NotRunning
        typer.echo(assign_in(Layout.read(place), exam, students))


def assign_in(running: Layout, exam: str, students: Path) -> str:
    """Assign in a given platform and return what came of it; raises NotAssigned. Blocks."""
    file = "-" if str(students) == "-" else str(students.absolute())
    argv = [sys.executable, "-m", "attempts", "assign", exam, "--students", file]
    done = subprocess.run(  # noqa: S603  # our own module, our own arguments
        argv,
        env=dict(running.environment("attempts")),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotAssigned(f"No attempt was made: {done.stderr.strip()}")
    return done.stdout.strip()
