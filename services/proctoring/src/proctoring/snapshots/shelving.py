"""The shelf for the event loop: on few threads of its own, so nothing else waits behind files."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from chassis import patience

from proctoring.snapshots.errors import ShelfUnavailable, SnapshotsOff
from proctoring.snapshots.shelf import Shelf

P = ParamSpec("P")
R = TypeVar("R")

_THREADS = 4


class Shelving:
    """Puts and opens files; a request waits no longer than its patience."""

    def __init__(self, shelf: Shelf | None) -> None:
        """Without a shelf nothing is kept: then `put` raises `SnapshotsOff`."""
        self.shelf = shelf
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="shelf")

    async def put(self, sha256: bytes, content: bytes) -> None:
        """Keep a file. Raises `ShelfUnavailable`."""
        if self.shelf is None:
            raise SnapshotsOff
        await self.do(self.shelf.put, sha256, content)

    async def open(self, sha256: bytes) -> bytes | None:
        """Return a file, or None when it is not there. Raises `ShelfUnavailable`."""
        return None if self.shelf is None else await self.do(self.shelf.open, sha256)

    async def do(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do what takes time on one of the threads; what has begun goes on without its caller."""
        begun = self._threads.submit(work, *args, **kwargs)
        try:
            async with patience.within():
                return await asyncio.wrap_future(begun)
        except patience.Spent:
            raise ShelfUnavailable from None

    def close(self) -> None:
        """Wait for what is being written. Blocking."""
        self._threads.shutdown(wait=True)
