"""Ending tasks for good: a shut-down that waits for ever is a defect like any other.

One cancellation may be lost. In Python 3.11 `asyncio.wait_for` forgets it when what it waits for
ends at the same moment, and a library that goes on after any error then goes on for ever.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog

log = structlog.get_logger()

_MOST_TIMES = 3


async def end(tasks: Iterable[asyncio.Task[Any]], *, seconds: float) -> None:
    """Cancel `tasks` and wait until each has ended, finishing what it must.

    Who has not ended after `seconds` is told again, and given up after the third time.
    """
    pending = set(tasks)
    for _ in range(_MOST_TIMES):
        if not pending:
            return
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=seconds)
        for task in pending:
            log.error("task.not_ended", task=task.get_name())


def stop_if_cancelled() -> None:
    """Raise the cancellation of the current task that a library has swallowed."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
