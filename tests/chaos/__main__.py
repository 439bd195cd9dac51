"""`python -m chaos [faults…]`: faults at full length; one JSON line each, then the table's rows."""

import asyncio
import dataclasses
import secrets
import signal
import sys
import time
from typing import Annotated

import typer
from rich.console import Console

from chaos.course import all_of, platform
from chaos.fault import SHORT, Result, Size
from chaos.faults import FAULTS

app = typer.Typer(add_completion=False, help="Faults under load; see tests/chaos/README.md.")
console = Console(width=None if sys.stdout.isatty() else 160, stderr=True)
_SEEDS = 1_000_000
_ORACLES = {False: "O1, O2, O3, O5, O6, O7", True: "O1-O7"}
_began = time.monotonic()


def _say(text: str) -> None:
    console.print(f"[dim]{time.monotonic() - _began:6.1f} s[/]  {text}", highlight=False)


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
    seed = secrets.randbelow(_SEEDS) if seed is None else seed
    size = Size(students=students, sockets=sockets, seed=seed)
    size = dataclasses.replace(SHORT, seed=seed) if short else size
    with platform(size, wanted, _say, nats=nats) as rig:
        results = asyncio.run(all_of(rig, size, wanted, _say, _tell))
    for result in results:
        print(_row(result, size))  # noqa: T201
    sys.exit(any(result.verdict.flaws or result.late for result in results))


def _tell(result: Result) -> None:
    print(result.line, flush=True)  # noqa: T201  # this is what it is for


def _row(result: Result, size: Size) -> str:
    """Return one row of the table in README.md."""
    verdict, fault = result.verdict, result.fault
    holds = "; ".join(verdict.shortened + result.late) or _ORACLES[fault.has_boards]
    refusals = ", ".join(f"{n} of {status or 'lost'}" for status, n in result.refusals.items())
    cells = [
        str(fault.number),
        fault.words,
        f"{size.students} at 1 per {size.period_seconds:g} s",
        f"{verdict.accepted} / {verdict.stored}",
        f"{verdict.duplicates} / {verdict.order_violations} / {result.unauthorised}",
        f"{result.converge_seconds:.1f} s",
        f"{result.p50_ms:.0f} / {result.p99_ms:.0f} ms",
        refusals or "none",
        "; ".join(result.words) or "-",
        holds,
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the platform ends with us
    app()
