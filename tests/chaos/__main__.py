"""`python -m chaos [faults…]`: faults at full length; one JSON line each, then the table's rows."""

import asyncio
import dataclasses
import signal
import sys
from typing import Annotated

import typer

from chaos.course import all_of, platform, stages
from chaos.fault import SHORT, Result, Size, chosen
from chaos.faults import FAULTS
from chaos.telling import row, say

app = typer.Typer(add_completion=False, help="Faults under load; see tests/chaos/README.md.")


@app.command()
def main(
    faults: Annotated[list[int] | None, typer.Argument(help="Their numbers; all if none.")] = None,
    students: Annotated[int, typer.Option(min=3, help="Who post an event every 2 s.")] = 200,
    sockets: Annotated[
        int | None,
        typer.Option(min=1, help="Of students in faults that have some; 1,000 and 5,000 if none."),
    ] = None,
    nats: Annotated[int, typer.Option(help="Servers of the bus: 3, or 1.")] = 3,
    seed: Annotated[
        int | None, typer.Option(help="Of an earlier run's line, to do the same again.")
    ] = None,
    short: Annotated[bool, typer.Option(help="As in `make test`.")] = False,
) -> None:
    """Break the platform while students post events, and judge what survived."""
    wanted = faults or list(FAULTS)
    seed = chosen(seed)
    size = Size(students=students, sockets=sockets, seed=seed)
    size = dataclasses.replace(SHORT, seed=seed) if short else size
    results: list[Result] = []

    def tell(result: Result) -> None:
        results.append(result)
        print(result.line, flush=True)  # noqa: T201  # this is what it is for

    try:
        for numbers in stages(wanted):
            with platform(size, numbers, say, nats=nats) as rig:
                asyncio.run(all_of(rig, size, numbers, say, tell))
    finally:
        for result in results:
            print(row(result, size))  # noqa: T201
    sys.exit(any(result.verdict.flaws or (result.late and not short) for result in results))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the platform ends with us
    app()
