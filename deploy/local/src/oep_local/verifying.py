"""`oep verify`: sees what a file is and hands the words to the checker of its kind.

Each checker works without the rest of the runner, too: `verify.py` for receipts,
`verify_evidence.py` for evidence bundles.
"""

import argparse
import json
from pathlib import Path

import typer

from oep_local import verify, verify_evidence

WORDS = {"allow_extra_args": True, "ignore_unknown_options": True}
PROGRAM = "oep verify"
KEYS_PATH = "/api/v1/proctoring/evidence-keys"


def register(app: typer.Typer) -> None:
    """Add `oep verify` to the command line."""

    @app.command("verify", context_settings=WORDS, add_help_option=False)
    def command(context: typer.Context) -> None:
        """Check a signed receipt or an evidence bundle: oep verify FILE --keys jwks.json.

        A receipt also takes --url and --answers; for a bundle, --keys may be an address, or --url
        the platform's. Exit code 0: everything holds; 1: something does not, or nobody's keys were
        given.
        """
        raise typer.Exit(run(context.args))


def run(words: list[str]) -> int:
    """Check the file that `words` name; return the exit code."""
    parser = argparse.ArgumentParser(PROGRAM, add_help=False)
    parser.add_argument("file", nargs="?")
    parser.add_argument("--keys")
    parser.add_argument("--url")
    chosen, others = parser.parse_known_args(words)
    if chosen.file is None or not is_bundle(Path(chosen.file)):
        return verify.main(words, PROGRAM)
    keys = chosen.keys or (chosen.url and chosen.url + KEYS_PATH)
    trust = ["--keys", keys] if keys else []
    return verify_evidence.main([chosen.file, *trust, *others], PROGRAM)


def is_bundle(path: Path) -> bool:
    """Say whether a file holds an evidence bundle, of whatever version; not whether it is whole."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and str(document.get("type", "")).startswith("oep.evidence.")
