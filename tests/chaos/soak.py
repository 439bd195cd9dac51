"""`python -m chaos.soak`: one exam under load for as long as wanted, with faults of chance.

Every three minutes something happens that chance chooses by a seed, in its short form. One ledger
keeps everything from the first minute to the last, and one verdict is about all of it; beside it
stands how fast the memory of every part grew.
"""

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated

import httpx
import typer
from load.rig import Rig

from chaos.course import begun, platform_for
from chaos.fault import Fault, Result, Size, chosen
from chaos.faults import CUT_OFF, FAULTS
from chaos.run import Run
from chaos.telling import row, say
from chaos.weights import weighed

OF_CHANCE = (1, 2, 4, 5, 7, 8, 9, 10, 12, 13, 15, 17, 23, 29)
"""The others need a disk, a clock, a line or releases of their own, or judge by a run's closes."""

_RENEW_SECONDS = 1_200.0
_TRY_AGAIN_SECONDS = 5.0

app = typer.Typer(add_completion=False, help="Load for as long as wanted; see tests/chaos.")


@dataclass
class Soak:
    """How long it takes, how often something happens, and what did."""

    seconds: float
    every_seconds: float
    seed: int
    done: list[int] = field(default_factory=list)

    async def go_on(self, run: Run) -> None:
        """Do one fault after another until the time is over."""
        began, chance = time.monotonic(), random.Random(self.seed)  # noqa: S311  # to be done again
        async with _staff_stays(run), weighed(run.rig) as weights:
            due = began + self.every_seconds
            while due < began + self.seconds:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                number = chance.choice(OF_CHANCE)
                self.done.append(number)
                say(f"{(time.monotonic() - began) / 60:.1f} min: {FAULTS[number].words}")
                await FAULTS[number].do(run)
                due = max(due, time.monotonic()) + self.every_seconds
            await asyncio.sleep(max(0.0, began + self.seconds - time.monotonic()))
        run.words.append(f"faults {', '.join(map(str, self.done)) or 'none'}")
        run.words.append(f"memory: {', '.join(weights.words)}")

    @property
    def fault(self) -> Fault:
        return Fault(
            0,
            f"{self.seconds / 60:g} min, a fault of chance every {self.every_seconds:g} s",
            self.go_on,
            CUT_OFF,
            60,
            has_boards=True,
            sockets=500,
            has_saves=True,
            is_silent=True,
            shown_as="soak",
        )


@contextlib.asynccontextmanager
async def _staff_stays(run: Run) -> AsyncIterator[None]:
    """Sign the staff in again before their half hour is over."""

    async def all_the_time() -> None:
        is_new = True
        while True:
            await asyncio.sleep(_RENEW_SECONDS if is_new else _TRY_AGAIN_SECONDS)
            is_new = await _renewed(run)

    task = asyncio.create_task(all_the_time())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _renewed(run: Run) -> bool:
    with contextlib.suppress(httpx.HTTPError):  # auth may be what is down
        run.staff_token = await asyncio.to_thread(run.rig.sign_in_staff)
        return True
    return False


async def _done(rig: Rig, size: Size, fault: Fault) -> Result:
    course = await begun(rig, size)
    return await course.run(fault)


@app.command()
def main(
    minutes: Annotated[float, typer.Option(min=0.5, help="How long.")] = 30,
    every: Annotated[float, typer.Option(min=5, help="Seconds from fault to fault.")] = 180,
    students: Annotated[int, typer.Option(min=3, help="Who post an event every 2 s.")] = 100,
    sockets: Annotated[int, typer.Option(min=1, help="Of students.")] = 500,
    nats: Annotated[int, typer.Option(help="Servers of the bus: 3, or 1.")] = 3,
    seed: Annotated[int | None, typer.Option(help="Of an earlier run's line.")] = None,
) -> None:
    """Keep the platform under load while chance breaks it."""
    size = Size(students=students, sockets=sockets, seed=chosen(seed), is_short=True)
    fault = Soak(minutes * 60, every, size.seed).fault
    with platform_for(size, [fault], say, nats=nats) as rig:
        result = asyncio.run(_done(rig, size, fault))
    print(result.line, flush=True)  # noqa: T201  # this is what it is for
    print(row(result, size))  # noqa: T201
    raise typer.Exit(bool(result.verdict.flaws or result.late))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the platform ends with us
    app()
