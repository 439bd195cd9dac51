"""Waiting for a condition with a deadline; for start-up code and tests, never for a request."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(
    condition: Callable[[], T | Awaitable[T]], seconds: float = 5.0, every: float = 0.02
) -> T:
    """Return the first true result of `condition`; raise `TimeoutError` with its last result."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        value: T = await result if inspect.isawaitable(result) else result
        if value:
            return value
        if time.monotonic() > deadline:
            message = f"still {value!r} after {seconds} s"
            raise TimeoutError(message)
        await asyncio.sleep(every)
