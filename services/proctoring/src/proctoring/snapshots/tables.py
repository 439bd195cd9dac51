"""The tables of snapshots: what was taken, and which files are on the shelf.

The service's role may only take a picture's hash out of a row, when the picture is erased.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Uuid,
    func,
    text,
)

from proctoring.tables import METADATA, SCHEMA


def _instant(name: str, *, nullable: bool = False, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable, **options)


FILES = Table(
    "snapshot_files",
    METADATA,
    Column("sha256", LargeBinary, primary_key=True),
    _instant("noted_at", server_default=func.clock_timestamp()),
    Column("in_use", Boolean, nullable=False, server_default=text("false")),
    _instant("going_at", nullable=True),
    CheckConstraint("octet_length(sha256) = 32", "sha256"),
    CheckConstraint("NOT in_use OR going_at IS NULL", "going"),
    Index("ix_snapshot_files_spare", "noted_at", postgresql_where=text("NOT in_use")),
)
"""Noted before its file is written, so no file is on the shelf that nobody knows of; `going_at`
while the file is being removed, when nobody may begin to use it."""

SNAPSHOTS = Table(
    "snapshots",
    METADATA,
    Column("attempt_id", Integer, nullable=False),
    Column("exam_id", Integer, nullable=False),
    Column("snapshot_id", Uuid, nullable=False),
    Column("source", String(10), nullable=False),
    _instant("taken_at"),
    _instant("received_at"),
    Column("late", Boolean, nullable=False),
    Column("sha256", LargeBinary, ForeignKey(FILES.c.sha256, name="fk_snapshots_sha256")),
    Column("media_type", String(20), nullable=False),
    Column("size", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    _instant("erased_at", nullable=True),
    PrimaryKeyConstraint("attempt_id", "snapshot_id"),
    CheckConstraint("source IN ('camera', 'screen')", "source"),
    CheckConstraint("media_type IN ('image/jpeg', 'image/webp')", "media_type"),
    CheckConstraint("(sha256 IS NULL) = (erased_at IS NOT NULL)", "erased"),
    Index("uq_snapshots_attempt_id_sequence", "attempt_id", "sequence", unique=True),
    Index("ix_snapshots_sha256", "sha256", postgresql_where=text("sha256 IS NOT NULL")),
    Index("ix_snapshots_left", "attempt_id", postgresql_where=text("sha256 IS NOT NULL")),
    schema=SCHEMA,
)
