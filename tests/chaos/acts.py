"""What several faults do: take something down for a while, and wait for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from chaos.run import Run

T = TypeVar("T")

_LOOK_SECONDS = 0.05
_BACK_SECONDS = 180.0
"""How long a machine that is busy may take to start what was killed."""


async def down(run: Run, target: str, seconds: float) -> None:
    """Kill, and hold down for so long."""
    await asyncio.to_thread(run.platform.kill, target, hold=True)
    try:
        await asyncio.sleep(seconds)
    finally:
        await asyncio.to_thread(run.platform.cont, target)
    await back(run, target)


async def suspended(run: Run, target: str, seconds: float) -> None:
    """Stop, alive and silent, for so long."""
    await asyncio.to_thread(run.platform.suspend, target)
    try:
        await asyncio.sleep(seconds)
    finally:
        await asyncio.to_thread(run.platform.cont, target)
    await back(run, target)


async def back(run: Run, target: str) -> None:
    await asyncio.to_thread(run.platform.wait_ready, target, _BACK_SECONDS)


async def until(ask: Callable[[], Awaitable[T]], seconds: float = 30.0) -> T:
    """Return the first true answer, or the last one."""
    deadline = time.monotonic() + seconds
    while not (answer := await ask()) and time.monotonic() < deadline:  # noqa: ASYNC110  # no event
        await asyncio.sleep(_LOOK_SECONDS)
    return answer
