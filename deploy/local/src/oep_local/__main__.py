"""The command `oep`: finds the verb that a person typed; a failure becomes a message and a code.

What there is stands in `verbs`, what the exit codes mean in `exits`.
"""

import sys

import typer

from oep_local.errors import RunnerError
from oep_local.exits import MEANINGS, Exit
from oep_local.verbs import LazyGroup

_CODES = "\n\n".join(f"{code:d} - {meaning}" for code, meaning in MEANINGS.items())

app = typer.Typer(
    name="oep",
    cls=LazyGroup,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=True,
    epilog=f"Exit codes:\n\n{_CODES}",
)


@app.callback()
def oep() -> None:
    """Run the Online Exam Platform, and an exam on it, from a terminal.

    `oep up` starts PostgreSQL, NATS, four services and the gateway, loads demo data and prints
    where to go; Ctrl-C stops it. In a second terminal `oep status` shows every process, `oep logs
    attempts` what one says, and `oep kill attempts` how the platform takes a fault.

    The exam office signs in: `--login`, and the password from OEP_PASSWORD or when it is asked for.
    The services judge what that login may do. `--url` (OEP_URL) leads to another platform.

    A SERVICE is postgres, nats, auth, attempts, proctoring, realtime, web or gateway; `attempts#2`
    is its second replica, `nats#3` the third server of a cluster. Everything is kept in `.oep` (or
    OEP_STATE).

    Each verb has a `--help` of its own with examples, and each that prints data has `--json`.

    Example: `oep exams list --login demo-admin`
    """


def main() -> None:
    """Run the command line; a RunnerError becomes a message and an exit code."""
    try:
        app(prog_name="oep")
    except RunnerError as failure:
        _complain(str(failure), failure.code)
        sys.exit(failure.code)


def _complain(words: str, code: Exit) -> None:
    from rich.console import Console  # noqa: PLC0415  # half of what starting would take
    from rich.text import Text  # noqa: PLC0415

    err = Console(stderr=True, highlight=False)
    if code is Exit.NOTHING_RUNS:
        err.print(Text(words, "yellow"))
    else:
        err.print(Text("oep: ", "bold red"), Text(words), sep="", soft_wrap=True)


if __name__ == "__main__":
    main()
