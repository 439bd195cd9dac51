"""With which number the command ends, and what a script may conclude from it."""

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typer import Typer


class Exit(IntEnum):
    """The exit codes of every verb of `oep`; `oep psql` ends with psql's own."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOTHING_RUNS = 3
    REFUSED = 4
    NOT_FOUND = 5
    INTERRUPTED = 130


MEANINGS = {
    Exit.DONE: "Done; what was asked about is healthy, holds or is there.",
    Exit.FAILED: "It did not work, or what was checked does not hold; the message says what to do.",
    Exit.USAGE: "Wrong words or settings; nothing was done.",
    Exit.NOTHING_RUNS: "Nothing runs here, or nothing answers at the address that was given.",
    Exit.REFUSED: "The login was refused, or it may not do this.",
    Exit.NOT_FOUND: "What was named is not there.",
    Exit.INTERRUPTED: "Ctrl-C; what was finished before it stays done. `oep watch` ends with 0.",
}


def register(app: "Typer") -> None:
    """Add `oep exit-codes` to the command line."""
    # Imported late: who only needs a number should not pay for tables.
    from oep_local.telling import AsJson, tell_json, tell_table  # noqa: PLC0415

    @app.command("exit-codes")
    def exit_codes(as_json: AsJson = False) -> None:
        """Say what the exit codes mean.

        JSON: `[{code, name, meaning}]`

        Example: `oep exit-codes`
        """
        if as_json:
            tell_json(
                [
                    {"code": int(code), "name": code.name.lower(), "meaning": meaning}
                    for code, meaning in MEANINGS.items()
                ]
            )
        else:
            tell_table(("code", "meaning"), [(int(c), text) for c, text in MEANINGS.items()])
