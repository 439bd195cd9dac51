"""Takes snapshots in: the picture is durable first, then its row and its event are written as one.

Beside the way of events: a bounded number of uploads, threads for files, and connections of its
own. attempts is asked for every upload, behind its body. A known id is answered with its first
result, also after closing. What ends in between leaves a file that was noted before, which the
sweep removes; never a row without its file.
"""

import hashlib
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chassis.database import Database
from chassis.origins import Origin
from sqlalchemy.orm import Session

from proctoring import recording
from proctoring.attempt import Attempt
from proctoring.attempts_client import AttemptsClient
from proctoring.errors import AttemptClosed, PostedAttemptNotFound
from proctoring.event import Taken
from proctoring.settings import Settings
from proctoring.snapshots import snapshot, store
from proctoring.snapshots.errors import (
    SnapshotIdTaken,
    SnapshotsBusy,
    SnapshotsOff,
    TooManySnapshots,
)
from proctoring.snapshots.picture import look
from proctoring.snapshots.shelving import Shelving
from proctoring.snapshots.snapshot import Draft, Snapshot, Source
from proctoring.store import lock_tallies


@dataclass(frozen=True)
class Upload:
    """What a client says of a picture, and the picture."""

    attempt_id: int
    snapshot_id: UUID
    source: Source
    taken_at: datetime
    content: bytes
    origin: Origin

    def draft(self) -> Draft:
        """Return it looked at. Raises `NotAPicture`."""
        return Draft(
            self.attempt_id,
            self.snapshot_id,
            self.source,
            self.taken_at,
            hashlib.sha256(self.content).digest(),
            len(self.content),
            look(self.content),
            self.origin,
        )


class Taking:
    """Takes snapshots in."""

    def __init__(
        self,
        database: Database,
        attempts: AttemptsClient,
        shelving: Shelving,
        settings: Settings,
        *,
        wake: Callable[[], None],
    ) -> None:
        """Use connections of `database`, which events never wait for; `wake` after each commit."""
        self._database = database
        self._attempts = attempts
        self._shelving = shelving
        self._most = settings.snapshots_per_attempt
        self._grace = timedelta(seconds=settings.snapshots_late_seconds)
        self._places = settings.snapshots_at_once
        self._taken = 0
        self._wake = wake

    @property
    def load(self) -> int:
        """How full it is, 0 to 10: at 10 the next upload is refused."""
        return min(10, math.ceil(self._taken / self._places * 10))

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold room for one upload. Raises `SnapshotsBusy`, `SnapshotsOff`."""
        if self._shelving.shelf is None:
            raise SnapshotsOff
        if self._taken >= self._places:
            raise SnapshotsBusy
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    async def take(self, user_id: int, upload: Upload) -> Snapshot:
        """Store a snapshot once; return it, or what was stored under its id before.

        Raises `PostedAttemptNotFound`, `AttemptClosed`, `NotAPicture`, `SnapshotIdTaken`,
        `TooManySnapshots`, `Unavailable`.
        """
        arrived = time.monotonic()
        found = await self._attempts.ask([upload.attempt_id], with_questions=False)
        attempt = found.get(upload.attempt_id)
        if attempt is None or attempt.student_id != user_id:
            raise PostedAttemptNotFound
        draft = await self._shelving.do(upload.draft)
        known = await self._database.run(self._note, attempt, draft)
        if known is not None:
            return known
        await self._shelving.put(draft.sha256, upload.content)
        stored = await self._database.run(self._write, attempt, draft, arrived)
        self._wake()
        return stored

    def _note(self, attempt: Attempt, draft: Draft) -> Snapshot | None:
        """Return what is known already, or note the file that is about to be written."""
        with self._database.transaction() as session:
            known = store.find(session, draft.attempt_id, draft.snapshot_id)
            if known is not None:
                return _repeated(known, draft)
            now = store.clock(session)
            if not snapshot.may_come(attempt, draft.taken_at, now, self._grace):
                raise AttemptClosed
            self._ensure_few(session, draft.attempt_id, now)
            if not store.note_file(session, draft.sha256):
                raise SnapshotsBusy
        return None

    def _ensure_few(self, session: Session, attempt_id: int, now: datetime) -> None:
        count, recent, oldest = store.counts(session, attempt_id, now)
        if wait := snapshot.wait_seconds(count, self._most, recent, oldest, now):
            raise TooManySnapshots(retry_after_seconds=wait)

    def _write(self, attempt: Attempt, draft: Draft, arrived: float) -> Snapshot:
        """Write row and event in one transaction, behind the attempt's lock."""
        late = attempt.is_late or attempt.status.is_closed
        with self._database.transaction() as session:
            lock_tallies(session, [draft.attempt_id])
            known = store.find(session, draft.attempt_id, draft.snapshot_id)
            if known is not None:  # the same twice at once
                return _repeated(known, draft)
            if not store.use_file(session, draft.sha256):
                raise SnapshotsBusy
            told = snapshot.event(draft)
            event = recording.append(session, told, attempt.exam_id, late=late, arrived=arrived)
            if not isinstance(event, Taken):
                raise SnapshotIdTaken
            return store.add(
                session,
                draft,
                attempt.exam_id,
                late=late,
                sequence=event.sequence,
                received_at=event.received_at,
            )


def _repeated(known: Snapshot, draft: Draft) -> Snapshot:
    if not known.repeats(draft):
        raise SnapshotIdTaken
    return known
