"""`oep verify`: hands its words to `verify`, which works without the rest of the runner, too."""

import typer

from oep_local import verify

WORDS = {"allow_extra_args": True, "ignore_unknown_options": True}


def register(app: typer.Typer) -> None:
    """Add `oep verify` to the command line."""

    @app.command("verify", context_settings=WORDS, add_help_option=False)
    def command(context: typer.Context) -> None:
        """Check a signed receipt: oep verify receipt.json --keys jwks.json (or --url, --answers).

        Exit code 0: everything holds; 1: something does not, or nobody's keys were given.
        """
        raise typer.Exit(verify.main(context.args, "oep verify"))
