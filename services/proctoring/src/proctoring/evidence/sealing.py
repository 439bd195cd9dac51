"""Seals the chains of attempts that have ended, once for each head, and looks for forgotten ones.

The inbox seals in the transaction in which it hears, so what is heard is sealed. The sweep finds
the rest: submissions that no seal was made for, and events that were on their way when their
attempt ended. Nothing is undone or sealed twice; any number of replicas may do it at once.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.signing import SigningKey
from sqlalchemy.orm import Session

from proctoring import keyring
from proctoring.attempt import Attempt, AttemptStatus
from proctoring.evidence import store
from proctoring.evidence.seal import Head, Reason, sealed
from proctoring.evidence.store import Found

log = structlog.get_logger()

_PAGE = 1_000
_AGAIN_SECONDS = 5.0

REASONS = {
    AttemptStatus.SUBMITTED: Reason.SUBMITTED,
    AttemptStatus.GRADED: Reason.GRADED,
    AttemptStatus.CANCELLED: Reason.CANCELLED,
}
"""Statuses that end a chain, and how its seal says so. Expired is late, not closed."""


@dataclass(frozen=True, slots=True)
class Ending:
    """An attempt that takes no more events."""

    attempt_id: int
    exam_id: int
    reason: Reason


def endings(attempts: Iterable[Attempt]) -> list[Ending]:
    """Return which of the attempts have ended."""
    return [
        Ending(attempt.attempt_id, attempt.exam_id, REASONS[attempt.status])
        for attempt in attempts
        if attempt.status in REASONS
    ]


def seal(session: Session, key: SigningKey, ended: Iterable[Ending]) -> int:
    """Seal the chains of attempts as they stand now; return how many heads were new."""
    reasons: dict[tuple[int, int], Reason] = {}
    for each in ended:  # the first reason is what ended it
        reasons.setdefault((each.attempt_id, each.exam_id), each.reason)
    found = store.heads(session, list(reasons)) if reasons else []
    fresh = [(f.head, reasons[f.head.attempt_id, f.head.exam_id]) for f in found if _is_new(f)]
    _add(session, key, fresh)
    return len(fresh)


def seal_export(session: Session, key: SigningKey, head: Head) -> None:
    """Seal the head that an export ends with, unless it is sealed."""
    _add(session, key, [(head, Reason.EXPORT)])


def _add(session: Session, key: SigningKey, heads: list[tuple[Head, Reason]]) -> None:
    if not heads:
        return
    now = store.clock(session)
    keyring.publish(session, key)
    store.add(session, [(head, sealed(head, reason, now, key)) for head, reason in heads])


def _is_new(found: Found) -> bool:
    before, now = found.sealed_sequence, found.head.sequence
    if before is not None and now < before:  # nothing that the service does can lead here
        log.error("evidence.chain_shrank", attempt_id=found.head.attempt_id, sealed=before, now=now)
    return before is None or now > before


class Sweeper:
    """`run` is its supervised task."""

    def __init__(self, database: Database, key: SigningKey, *, seconds: float) -> None:
        """`seconds` lie between two rounds; the first begins at once."""
        self._database = database
        self._key = key
        self._seconds = seconds

    async def run(self) -> None:
        """Go round until cancelled; come back soon when the database was away."""
        while True:
            try:
                await self.sweep()
                await asyncio.sleep(self._seconds)
            except Unavailable as failure:
                log.warning("evidence.again", error=type(failure).__name__)
                await asyncio.sleep(_AGAIN_SECONDS)

    async def sweep(self) -> int:
        """Look once at every submission; return how many heads were sealed."""
        last: int | None = 0
        count = 0
        while last is not None:
            last, new = await self._database.run(self._sweep_page, last)
            count += new
        if count:
            log.info("evidence.swept", count=count)
        return count

    def _sweep_page(self, after: int) -> tuple[int | None, int]:
        with self._database.transaction() as session:
            attempts = store.submitted(session, after, _PAGE)
            count = seal(session, self._key, [Ending(*each, Reason.SWEEP) for each in attempts])
        return (attempts[-1][0] if attempts else None), count
