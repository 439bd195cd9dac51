"""Runs what works hard in a process of its own, so that it does not slow this one's clients."""

import asyncio
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TypeVar

T = TypeVar("T")

_FORK = multiprocessing.get_context("fork")
"""The work gets what is there as it is; only its answer must fit through a pipe."""


_LONGEST_SECONDS = 600.0


async def apart(work: Callable[[], T]) -> T:
    """Return what `work` returns.

    Raises `EOFError` when it ends without an answer, `TimeoutError` when it does not end.
    """
    ours, theirs = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=_worked, args=(work, theirs))
    process.start()
    theirs.close()
    try:
        if not await asyncio.to_thread(ours.poll, _LONGEST_SECONDS):
            raise TimeoutError("what was to be done apart does not end")
        answer: T = await asyncio.to_thread(ours.recv)
    finally:
        process.terminate()
        await asyncio.to_thread(process.join)
        ours.close()
    return answer


def _worked(work: Callable[[], T], answer: Connection) -> None:
    answer.send(work())
