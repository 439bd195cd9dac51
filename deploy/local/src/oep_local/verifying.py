"""`oep verify`: sees what a file is and hands the words to the checker of its kind.

Each checker works without the rest of the runner, too: `verify.py` for receipts,
`verify_evidence.py` for evidence bundles.
"""

import contextlib
import io
import json
from pathlib import Path
from typing import Annotated

import typer

from oep_local import verify, verify_evidence
from oep_local.telling import AsJson, tell_json

PROGRAM = "oep verify"
KEYS_PATH = "/api/v1/proctoring/evidence-keys"

File = Annotated[str, typer.Argument(help="As it was downloaded.", show_default=False)]
Keys = Annotated[
    str | None, typer.Option(help="The published keys (JWKS): a file; of a bundle, or an address.")
]
Url = Annotated[
    str | None, typer.Option(help="Take the keys from there, e.g. http://localhost:8000.")
]
Answers = Annotated[
    str | None, typer.Option(help="Of a receipt: what GET /attempts/{id}/answers gave.")
]


def register(app: typer.Typer) -> None:
    """Add `oep verify` to the command line."""

    @app.command("verify")
    def command(
        file: File,
        keys: Keys = None,
        url: Url = None,
        answers: Answers = None,
        as_json: AsJson = False,
    ) -> None:
        """Check a signed receipt or an evidence bundle.

        Exit code 0: everything holds; 1: something does not, or nobody's keys were given.

        JSON: `[{verdict, text}]`; a verdict is `holds`, `FAILS` or `NOT CHECKED`

        Example: `oep verify receipt.json --keys jwks.json --answers answers.json`

        Example: `oep verify evidence.json --url http://localhost:8000`
        """
        given = {"--keys": keys, "--url": url, "--answers": answers}
        raise typer.Exit(check(file, given, as_json=as_json))


def check(file: str, given: dict[str, str | None], *, as_json: bool = False) -> int:
    """Check a file with the options that were given; print what holds; return the exit code."""
    if not as_json:
        return _check(file, given)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = _check(file, given)
    tell_json([_finding(line) for line in said.getvalue().splitlines()])
    return code


def _check(file: str, given: dict[str, str | None]) -> int:
    if is_bundle(Path(file)):
        keys = given["--keys"] or (given["--url"] and given["--url"] + KEYS_PATH)
        return verify_evidence.main([file, *_words({"--keys": keys})], PROGRAM)
    return verify.main([file, *_words(given)], PROGRAM)


def _finding(line: str) -> dict[str, str]:
    """Return what a line of a checker says: each is a verdict in twelve places, and a text."""
    return {"verdict": line[:12].rstrip(), "text": line[13:]}


def _words(given: dict[str, str | None]) -> list[str]:
    return [word for name, value in given.items() if value for word in (name, value)]


def is_bundle(path: Path) -> bool:
    """Say whether a file holds an evidence bundle, of whatever version; not whether it is whole."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and str(document.get("type", "")).startswith("oep.evidence.")
