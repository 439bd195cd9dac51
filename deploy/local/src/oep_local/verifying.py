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
    parser = argparse.ArgumentParser(PROGRAM, description="Check what the platform has signed.")
    parser.add_argument("file", help="a receipt or an evidence bundle, as it was downloaded")
    parser.add_argument("--keys", help="the published keys (JWKS): a file, or an address (bundle)")
    parser.add_argument("--url", help="take the keys from there, e.g. http://localhost:8000")
    parser.add_argument("--answers", help="of a receipt: what GET /attempts/{id}/answers gave")
    chosen = parser.parse_args(words)
    if not is_bundle(Path(chosen.file)):
        return verify.main(words, PROGRAM)
    keys = chosen.keys or (chosen.url and chosen.url + KEYS_PATH)
    return verify_evidence.main([chosen.file, *(["--keys", keys] if keys else [])], PROGRAM)


def is_bundle(path: Path) -> bool:
    """Say whether a file holds an evidence bundle, of whatever version; not whether it is whole."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and str(document.get("type", "")).startswith("oep.evidence.")
