"""`oep keys`: looks at the signing keys of the running platform, rotates them, revokes one.

The service's own verb does it, with the environment of the running auth; this module only shows
what came of it.
"""

import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from oep_local import processes, state
from oep_local.layout import Layout
from oep_local.processes import Command
from oep_local.telling import AsJson, tell_json

_WHOLE_WIDTH = 130
Kid = Annotated[str, typer.Argument(metavar="KID", help="The key's name, as list shows it.")]
Force = Annotated[
    bool, typer.Option("--force", help="Also when the next key may not be known everywhere yet.")
]


def register(app: typer.Typer) -> None:
    """Add `oep keys list|rotate|revoke` to the command line."""
    keys = typer.Typer(no_args_is_help=True)
    app.add_typer(keys, name="keys")

    @keys.callback()
    def about() -> None:
        """Look at the signing keys, rotate them, or revoke one.

        Example: `oep keys list`
        """

    @keys.command("list")
    def list_keys(as_json: AsJson = False) -> None:
        """Show the keys that are published: what signs now, what signs next, what still counts.

        JSON: `[{kid, state, created_at, activated_at?, published_until?}]`

        Example: `oep keys list`
        """
        _tell(change("list"), as_json=as_json)

    @keys.command()
    def rotate(force: Force = False, as_json: AsJson = False) -> None:
        """Let the next key sign from now on; the one before it counts until its tokens expire.

        Refused while the next key is younger than two cache times: a service that does not know
        it yet would refuse what it signs.

        JSON: as `oep keys list`, afterwards

        Example: `oep keys rotate`
        """
        _tell(change("rotate", *(["--force"] if force else [])), as_json=as_json)

    @keys.command()
    def revoke(kid: Kid, as_json: AsJson = False) -> None:
        """Emergency: refuse everything that a key has signed, at once.

        Whoever holds a token of it logs in anew. Was it the active key, the next one takes over.

        JSON: as `oep keys list`, afterwards

        Example: `oep keys revoke Zq3x0v9sJd1nQe7bYt5uWm2kLr8cHf4gPa6oTi0wXyE`
        """
        _tell(change("revoke", kid), as_json=as_json)


def change(*words: str) -> list[dict[str, Any]]:
    """Have auth do it and return the published keys; raises NotRunning, CommandFailed."""
    place = state.here()
    if not place.is_running():
        raise state.NotRunning
    return change_in(Layout.read(place), *words)


def change_in(running: Layout, *words: str) -> list[dict[str, Any]]:
    """Do it in a given platform. Blocks."""
    argv = (sys.executable, "-m", "auth", "keys", *words)
    environment = running.environment("auth")
    said = processes.run("auth keys", Command(argv, environment, running.state.root))
    keys: list[dict[str, Any]] = json.loads(said.strip().splitlines()[-1])["keys"]
    return keys


def _tell(keys: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        tell_json(keys)
    else:
        _show(keys)


def _show(keys: list[dict[str, Any]]) -> None:
    # A key's name is there to be copied: never cut it, however narrow the terminal.
    columns = ("key", "state", "made", "signs since", "counts until")
    table = Table(*(Column(name, no_wrap=True) for name in columns))
    for key in keys:
        moments = (key["created_at"], key["activated_at"], key["published_until"])
        table.add_row(key["kid"], key["state"], *(_short(moment) for moment in moments))
    console = Console(highlight=False)
    console.width = max(console.width, _WHOLE_WIDTH)
    console.print(table)


def _short(moment: str | None) -> str:
    return moment[:19].replace("T", " ") if moment else "-"
