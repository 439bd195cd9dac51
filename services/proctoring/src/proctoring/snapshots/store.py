"""Every statement about snapshots and their files, erasure included; decides nothing.

Blocking, inside the caller's transaction.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from proctoring.snapshots.snapshot import WINDOW, Draft, Snapshot, Source

_COLUMNS = """
    attempt_id, exam_id, snapshot_id, source, taken_at, received_at, late, sha256, media_type, size,
    width, height, sequence, erased_at
"""
_CLOCK = text("SELECT clock_timestamp()")
_FIND = text(
    f"""
    SELECT {_COLUMNS} FROM proctoring.snapshots
    WHERE attempt_id = :attempt_id AND snapshot_id = :snapshot_id
    """  # noqa: S608  # only constants of this module
)
_PAGE = text(
    f"""
    SELECT {_COLUMNS} FROM proctoring.snapshots
    WHERE attempt_id = :attempt_id AND sequence > :after ORDER BY sequence LIMIT :limit
    """  # noqa: S608  # only constants of this module
)
_COUNT = text(
    """
    SELECT count(*), count(*) FILTER (WHERE received_at > :since),
           min(received_at) FILTER (WHERE received_at > :since)
    FROM proctoring.snapshots WHERE attempt_id = :attempt_id
    """
)
_ADD = text(
    f"""
    INSERT INTO proctoring.snapshots ({_COLUMNS})
    VALUES (:attempt_id, :exam_id, :snapshot_id, :source, :taken_at, :received_at, :late, :sha256,
            :media_type, :size, :width, :height, :sequence, NULL)
    RETURNING {_COLUMNS}
    """  # noqa: S608  # only constants of this module
)
_NOTE = text(
    """
    INSERT INTO proctoring.snapshot_files (sha256) VALUES (:sha256)
    ON CONFLICT (sha256) DO UPDATE SET noted_at = clock_timestamp()
    WHERE snapshot_files.going_at IS NULL
    RETURNING sha256
    """
)
_USE = text(
    """
    UPDATE proctoring.snapshot_files SET in_use = true
    WHERE sha256 = :sha256 AND going_at IS NULL RETURNING sha256
    """
)
_LOCK_SPARE = text(
    """
    SELECT sha256 FROM proctoring.snapshot_files
    WHERE NOT in_use AND noted_at < clock_timestamp() - :idle
      AND (going_at IS NULL OR going_at < clock_timestamp() - :idle)
    ORDER BY noted_at LIMIT :limit FOR UPDATE SKIP LOCKED
    """
)
# A statement of its own, behind the locks: it sees what was committed before they were had.
_LET_GO = text(
    """
    UPDATE proctoring.snapshot_files f SET going_at = clock_timestamp()
    WHERE f.sha256 = ANY(:files)
      AND NOT EXISTS (SELECT FROM proctoring.snapshots s WHERE s.sha256 = f.sha256)
    RETURNING f.sha256
    """
)
_FORGET = text(
    """
    DELETE FROM proctoring.snapshot_files WHERE sha256 = ANY(:files) AND going_at IS NOT NULL
    """
)
_KEPT = text(
    """
    SELECT sha256 FROM proctoring.snapshots
    WHERE attempt_id = :attempt_id AND sha256 IS NOT NULL
    """
)
_ERASE = text(
    """
    UPDATE proctoring.snapshots SET sha256 = NULL, erased_at = clock_timestamp()
    WHERE attempt_id = :attempt_id AND sha256 IS NOT NULL
    """
)
_RELEASE = text(
    """
    UPDATE proctoring.snapshot_files f SET in_use = false
    FROM (SELECT sha256 FROM proctoring.snapshot_files WHERE sha256 = ANY(:files)
          ORDER BY sha256 FOR UPDATE) AS locked
    WHERE f.sha256 = locked.sha256
      AND NOT EXISTS (SELECT FROM proctoring.snapshots s WHERE s.sha256 = f.sha256)
    """
)
LEFT = """
    SELECT attempt_id, CAST(exam_id AS bigint), received_at FROM proctoring.snapshots
    WHERE sha256 IS NOT NULL
"""
"""What `erase` would take, and when it came."""


def clock(session: Session) -> datetime:
    return session.execute(_CLOCK).scalar_one()  # type: ignore[no-any-return]


def find(session: Session, attempt_id: int, snapshot_id: UUID) -> Snapshot | None:
    row = session.execute(_FIND, {"attempt_id": attempt_id, "snapshot_id": snapshot_id})
    found = row.one_or_none()
    return None if found is None else _snapshot(found)


def page(session: Session, attempt_id: int, *, after: int, limit: int) -> list[Snapshot]:
    """Return snapshots behind an event's number, in the order of the chain."""
    wanted = {"attempt_id": attempt_id, "after": after, "limit": limit}
    return [_snapshot(row) for row in session.execute(_PAGE, wanted)]


def counts(session: Session, attempt_id: int, now: datetime) -> tuple[int, int, datetime | None]:
    """Return how many there are, how many of them came within the window, and their first."""
    row = session.execute(_COUNT, {"attempt_id": attempt_id, "since": now - WINDOW}).one()
    return row[0], row[1], row[2]


def note_file(session: Session, sha256: bytes) -> bool:
    """Note that a file is about to be written; False while it is being removed."""
    return session.execute(_NOTE, {"sha256": sha256}).one_or_none() is not None


def use_file(session: Session, sha256: bytes) -> bool:
    """Keep a file that was noted; False when it was let go meanwhile."""
    return session.execute(_USE, {"sha256": sha256}).one_or_none() is not None


def add(
    session: Session,
    draft: Draft,
    exam_id: int,
    *,
    late: bool,
    sequence: int,
    received_at: datetime,
) -> Snapshot:
    row = {
        "attempt_id": draft.attempt_id,
        "exam_id": exam_id,
        "snapshot_id": draft.snapshot_id,
        "source": draft.source.value,
        "taken_at": draft.taken_at,
        "received_at": received_at,
        "late": late,
        "sha256": draft.sha256,
        "media_type": draft.picture.media_type,
        "size": draft.size,
        "width": draft.picture.width,
        "height": draft.picture.height,
        "sequence": sequence,
    }
    return _snapshot(session.execute(_ADD, row).one())


def let_go(session: Session, *, idle: timedelta, limit: int) -> list[bytes]:
    """Take files that nothing refers to for removal; from its commit on nobody may use them.

    Those that a removal had begun with before `idle` are taken again: it did not end.
    """
    wanted = {"idle": idle, "limit": limit}
    spare = [bytes(found) for found in session.execute(_LOCK_SPARE, wanted).scalars()]
    if not spare:
        return []
    return [bytes(found) for found in session.execute(_LET_GO, {"files": spare}).scalars()]


def forget_files(session: Session, files: Collection[bytes]) -> None:
    """Forget files that are removed."""
    session.execute(_FORGET, {"files": list(files)})


def erase(session: Session, attempt_id: int) -> int:
    """Take the pictures out of an attempt whose tally is locked; return how many there were."""
    wanted = {"attempt_id": attempt_id}
    files = [bytes(found) for found in session.execute(_KEPT, wanted).scalars()]
    if files:
        session.execute(_ERASE, wanted)
        session.execute(_RELEASE, {"files": list(set(files))})
    return len(files)


def count_kept(session: Session, attempt_id: int) -> int:
    """Return how many pictures `erase` would take."""
    return len(session.execute(_KEPT, {"attempt_id": attempt_id}).scalars().all())


def _snapshot(row: Any) -> Snapshot:
    sha256 = None if row.sha256 is None else bytes(row.sha256)
    values = dict(row._mapping) | {"source": Source(row.source), "sha256": sha256}  # noqa: SLF001  # its public name
    return Snapshot(**values)
