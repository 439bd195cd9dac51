"""`python -m abuse [parts…]`: harm at full length; one JSON line each, then the table's rows."""

import asyncio
import shutil
import signal
import sys
from dataclasses import dataclass, field
from typing import Annotated

import typer
from oep_local import unprivileged
from oep_local.rig import Platform

from abuse import scene
from abuse.parts import PARTS, Size, Stage
from abuse.tally import Tally

app = typer.Typer(add_completion=False, help="What must be refused; see tests/abuse/README.md.")
_REPLICAS = {"realtime": 2}


@dataclass
class Books:
    """The tallies of a run; each is told as soon as it is whole."""

    tallies: list[Tally] = field(default_factory=list)

    def tell(self, tally: Tally) -> None:
        tally.end()
        self.tallies.append(tally)
        print(tally.line, flush=True)  # noqa: T201  # this is what it is for


@app.command()
def main(
    parts: Annotated[list[str] | None, typer.Argument(help="Their names; all if none.")] = None,
    examples: Annotated[int, typer.Option(min=1, help="Of each operation and caller.")] = 20,
    held: Annotated[int, typer.Option(min=1, help="Slow connections of each kind.")] = 500,
    seed: Annotated[int, typer.Option(help="The same one tries the same.")] = 0,
) -> None:
    """Try what nobody may on a platform of its own, and say what was refused how."""
    wanted = parts or list(PARTS)
    if unknown := set(wanted) - set(PARTS):
        known = ", ".join(PARTS)
        raise typer.BadParameter(f"no such part: {', '.join(unknown)}; there are {known}")
    books, size = Books(), Size(examples, held, seed)
    folder = unprivileged.temporary_place("oep-abuse-", unprivileged.account())
    try:
        with Platform(folder / "platform", _REPLICAS) as platform:
            asyncio.run(_all_of(platform, wanted, size, books))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for tally in books.tallies:
        print(tally.row)  # noqa: T201
    sys.exit(any(tally.violations or not tally.cases for tally in books.tallies))


async def _all_of(platform: Platform, wanted: list[str], size: Size, books: Books) -> None:
    async with scene.opened(platform) as opened:
        for name in wanted:
            await PARTS[name](Stage(opened, size, books.tell))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the platform ends with us
    app()
