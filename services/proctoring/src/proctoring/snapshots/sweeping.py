"""Removes files that nothing refers to: of uploads that broke off, of pictures that were erased.

Any number of replicas may sweep. A file is taken for removal in one transaction, removed, and
forgotten in another; who would use it meanwhile is told to come back.
"""

import asyncio
from datetime import timedelta

import structlog
from chassis.database import Database
from chassis.errors import Unavailable

from proctoring.snapshots import store
from proctoring.snapshots.shelf import Shelf

log = structlog.get_logger()

IDLE = timedelta(minutes=10)
"""How long after it was noted a file is left alone: far longer than an upload takes."""
_PAGE = 200


class ShelfSweeper:
    """`run` is its supervised task."""

    def __init__(
        self, database: Database, shelf: Shelf, *, seconds: float, idle: timedelta = IDLE
    ) -> None:
        self._database = database
        self._shelf = shelf
        self._seconds = seconds
        self._idle = idle

    async def run(self) -> None:
        """Look every so often until cancelled; outlast a store that is away."""
        while True:
            try:
                while await self.sweep() == _PAGE:
                    pass
            except Unavailable as failure:
                log.warning("snapshots.sweep_put_off", reason=failure.slug)
            await asyncio.sleep(self._seconds)

    async def sweep(self) -> int:
        """Remove a page of files; return how many there were."""
        files = await self._database.run(self._let_go)
        if files:
            await self._database.run(self._remove, files)
            log.info("snapshots.swept", files=len(files))
        return len(files)

    def _let_go(self) -> list[bytes]:
        with self._database.transaction() as session:
            return store.let_go(session, idle=self._idle, limit=_PAGE)

    def _remove(self, files: list[bytes]) -> None:
        """Remove files that nobody may use; those of a shelf that is away are tried again."""
        for sha256 in files:
            self._shelf.delete(sha256)
        with self._database.transaction() as session:
            store.forget_files(session, files)
