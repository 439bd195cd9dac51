"""A snapshot: what is said of it, what of it stands in the chain, and until when it may come.

Pure. The event is one like any other, so sequence, chain, board and verifiers need nothing new; no
rule of risk is about its type.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from chassis.origins import NOWHERE, Origin

from proctoring import chain
from proctoring.attempt import Attempt, AttemptStatus
from proctoring.event import EventDraft, Severity
from proctoring.snapshots.picture import Picture

MAX_BYTES = 512 * 1024
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""A clock beyond these is none; its owner is told."""
EVENT_TYPE = "snapshot_taken"
MOST_IN_A_WINDOW = 60
WINDOW = timedelta(seconds=60)
"""Far more than a page takes, enough for one that comes back with what it kept."""
NO_MORE_SECONDS = 3_600
"""When to come back after the last one that is kept of an attempt: nobody expects it."""


class Source(StrEnum):
    CAMERA = "camera"
    SCREEN = "screen"


@dataclass(frozen=True, slots=True)
class Draft:
    """A snapshot as it came, its picture looked at."""

    attempt_id: int
    snapshot_id: UUID
    source: Source
    taken_at: datetime
    sha256: bytes
    size: int
    picture: Picture
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A stored snapshot; without `sha256` its picture was erased."""

    attempt_id: int
    exam_id: int
    snapshot_id: UUID
    source: Source
    taken_at: datetime
    received_at: datetime
    late: bool
    sha256: bytes | None
    media_type: str
    size: int
    width: int
    height: int
    sequence: int
    """The event of the chain that tells of it."""
    erased_at: datetime | None

    def repeats(self, draft: Draft) -> bool:
        """Say whether `draft` is this one again; of an erased picture nobody can tell."""
        is_same = (self.source, self.taken_at) == (draft.source, draft.taken_at)
        return is_same and self.sha256 in {None, draft.sha256}


def event(draft: Draft) -> EventDraft:
    """Return what the chain is told."""
    said: dict[str, Any] = {
        "snapshot_id": str(draft.snapshot_id),
        "source": draft.source.value,
        "sha256": draft.sha256.hex(),
        "size": draft.size,
        "width": draft.picture.width,
        "height": draft.picture.height,
        "taken_at": chain.instant(draft.taken_at),
    }
    return EventDraft(
        attempt_id=draft.attempt_id,
        event_type=EVENT_TYPE,
        severity=Severity.INFO,
        event_timestamp=draft.taken_at,
        event_data=chain.canonical(said),
        event_id=draft.snapshot_id,
        origin=draft.origin,
    )


def may_come(attempt: Attempt, taken_at: datetime, now: datetime, grace: timedelta) -> bool:
    """Say whether a snapshot is still taken in.

    As long as events are; then, for `grace` after the submit, what was taken before it. Nothing of
    a cancelled attempt.
    """
    if not attempt.status.is_closed:
        return True
    submitted_at = None if attempt.submission is None else attempt.submission.submitted_at
    if submitted_at is None or attempt.status is AttemptStatus.CANCELLED:
        return False
    return taken_at <= submitted_at and now <= submitted_at + grace


def wait_seconds(
    count: int, most: int, recent: int, oldest_recent: datetime | None, now: datetime
) -> int:
    """Return how long to wait before one more of an attempt is taken; 0 = it is.

    `count` are all so far, `recent` those within the window, whose oldest came at `oldest_recent`.
    """
    if count >= most:
        return NO_MORE_SECONDS
    if recent < MOST_IN_A_WINDOW or oldest_recent is None:
        return 0
    return max(1, math.ceil((oldest_recent + WINDOW - now).total_seconds()))
