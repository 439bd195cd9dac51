"""Snapshots on the wire; the picture itself travels as what it is."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from proctoring.snapshots.snapshot import Snapshot, Source

_FILE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
PICTURES: dict[str, Any] = {"image/jpeg": _FILE, "image/webp": _FILE}
"""Both forms of a body."""


class SnapshotOut(BaseModel):
    """A stored snapshot; `sha256` is null once its picture was erased."""

    snapshot_id: UUID
    attempt_id: int
    source: Source
    taken_at: datetime = Field(description="the client's clock")
    received_at: datetime
    late: bool
    media_type: str
    size: int
    width: int
    height: int
    sha256: str | None
    sequence: int = Field(description="of the event in the chain that tells of it")
    erased_at: datetime | None

    @classmethod
    def of(cls, found: Snapshot) -> Self:
        sha256 = None if found.sha256 is None else found.sha256.hex()
        names = cls.model_fields.keys() - {"sha256"}
        return cls(sha256=sha256, **{name: getattr(found, name) for name in names})
