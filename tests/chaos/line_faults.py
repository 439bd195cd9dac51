"""What the way between the students and the gateway does to them (20)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from chaos.fault import Fault
from chaos.rough_line import RoughLine, Weather
from chaos.run import Run

_HOLE_SECONDS = 10.0
_HOLES = 3
_SILENCE = frozenset({0, 408, 503, 504})
"""0 is a connection that broke; 408 and 504 say that a request came too slowly."""


@contextlib.asynccontextmanager
async def a_rough_line(run: Run) -> AsyncIterator[None]:
    """Let everything that students send go over one line, which is quiet to begin with."""
    run.weather = Weather()
    async with RoughLine(run.rig.port("gateway"), run.weather).serving() as line:
        run.all_go_by(line.port)
        yield


async def be_rough(run: Run) -> None:
    assert run.weather is not None  # laid before the students began
    weather, is_short = run.weather, run.size.is_short
    async with run.window():
        weather.is_rough = True
        try:
            for _ in range(1 if is_short else _HOLES):
                await asyncio.sleep(3.0 if is_short else 20.0)
                await weather.hole(2.0 if is_short else _HOLE_SECONDS)
            await asyncio.sleep(3.0 if is_short else 20.0)
        finally:
            weather.is_rough = False
    run.words.append(
        f"{weather.resets} connections broken, {weather.half_open} half open, "
        f"{weather.holes} times silent"
    )
    if not weather.resets:
        run.flaw("no connection was broken: the line was not rough")


LINE_FAULTS = (
    Fault(
        20,
        "a bad network",
        be_rough,
        _SILENCE,
        30,
        has_boards=True,
        sockets=500,
        is_silent=True,
        beside=a_rough_line,
    ),
)
