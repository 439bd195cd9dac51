"""What retention erases of snapshots, a person's export shows and a bundle lists."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from proctoring.retention.due import Part
from proctoring.retention.holdings import Holding
from proctoring.snapshots import store
from proctoring.snapshots.gallery import Gallery
from proctoring.snapshots.snapshot import Snapshot

_ALL = 1_000_000
_PAGE = 20


def _export(session: Session, attempt_id: int) -> list[dict[str, Any]]:
    return [facts(each) for each in store.page(session, attempt_id, after=0, limit=_ALL)]


def facts(each: Snapshot) -> dict[str, Any]:
    """Return what is known of a snapshot beside its picture."""
    return {
        "snapshot_id": str(each.snapshot_id),
        "sequence": each.sequence,
        "source": each.source.value,
        "sha256": None if each.sha256 is None else each.sha256.hex(),
        "is_erased": each.sha256 is None,
    }


SNAPSHOTS = Holding(
    "snapshots", _export, store.erase, store.count_kept, store.LEFT, part=Part.SNAPSHOTS
)
"""Pictures: their files go, the event and what it says stay until the payload goes, too."""


def listed(session: Session, attempt_id: int) -> list[dict[str, Any]]:
    """Return the snapshots that an evidence bundle lists: each names its event in the chain."""
    return _export(session, attempt_id)


class Pictures:
    """The pictures in a person's export, a few in memory at a time."""

    name = "pictures"

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery

    async def pieces(self, attempt_id: int) -> AsyncIterator[bytes]:
        """Yield the entries of a JSON array, without what separates them."""
        page = await self._gallery.page(attempt_id, after=0, limit=_PAGE)
        while page:
            for each in page:
                content = await self._gallery.content(each)
                told = {
                    "snapshot_id": str(each.snapshot_id),
                    "media_type": each.media_type,
                    "taken_at": each.taken_at,
                    "base64": None if content is None else base64.b64encode(content).decode(),
                }
                yield msgspec.json.encode(told)
            page = await self._gallery.page(attempt_id, after=page[-1].sequence, limit=_PAGE)
