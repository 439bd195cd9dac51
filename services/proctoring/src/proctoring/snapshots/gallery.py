"""Shows snapshots: what is known of them, and the pictures."""

from uuid import UUID

import structlog
from chassis.database import Database

from proctoring.snapshots import store
from proctoring.snapshots.errors import PictureErased, PictureMissing, SnapshotNotFound
from proctoring.snapshots.shelving import Shelving
from proctoring.snapshots.snapshot import Snapshot

log = structlog.get_logger()


class Gallery:
    """Reads; changes nothing."""

    def __init__(self, database: Database, shelving: Shelving) -> None:
        self._database = database
        self._shelving = shelving

    async def page(self, attempt_id: int, *, after: int, limit: int) -> list[Snapshot]:
        """Return snapshots behind an event's number, in the order of the chain."""
        return await self._database.run(self._page, attempt_id, after, limit)

    async def picture(self, attempt_id: int, snapshot_id: UUID) -> tuple[Snapshot, bytes]:
        """Return a snapshot and its file.

        Raises `SnapshotNotFound`, `PictureErased`, `PictureMissing`, `Unavailable`.
        """
        found = await self._database.run(self._find, attempt_id, snapshot_id)
        if found.sha256 is None:
            raise PictureErased
        content = await self.content(found)
        if content is None:
            raise PictureMissing
        return found, content

    async def content(self, found: Snapshot) -> bytes | None:
        """Return the file of a snapshot; None when it is erased, or not where it should be."""
        if found.sha256 is None:
            return None
        content = await self._shelving.open(found.sha256)
        if content is None:
            about = {"attempt_id": found.attempt_id, "snapshot_id": str(found.snapshot_id)}
            log.error("snapshot.missing", **about)
        return content

    def _page(self, attempt_id: int, after: int, limit: int) -> list[Snapshot]:
        with self._database.transaction() as session:
            return store.page(session, attempt_id, after=after, limit=limit)

    def _find(self, attempt_id: int, snapshot_id: UUID) -> Snapshot:
        with self._database.transaction() as session:
            found = store.find(session, attempt_id, snapshot_id)
        if found is None:
            raise SnapshotNotFound
        return found
