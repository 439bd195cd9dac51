"""Hands an attempt's evidence out in one pass, page by page, signed at its end (ADR 0020).

What it shows is one moment: head, seals, delivery and timings are read together, and events only up
to that head. Payloads that retention removes meanwhile are missing in what is read later, so its
records are read last. No session is open while a reader is waited for.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis import signing
from chassis.database import Database
from chassis.signing import SigningKey
from sqlalchemy.orm import Session

from proctoring import delivering, keyring, timing_store
from proctoring.attempt import Sitting
from proctoring.errors import ExportsBusy
from proctoring.evidence import bundle, sealing, store
from proctoring.evidence.bundle import Bundle, Listing
from proctoring.evidence.seal import Head, Signed
from proctoring.retention.store import records_of

PAGE = 500
"""Events in memory at a time: 8 MB of payloads at most."""
MOST_AT_ONCE = 20

Listed = Callable[[Session, int], list[dict[str, Any]]]


def _nothing(_session: Session, _attempt_id: int) -> list[dict[str, Any]]:
    return []


@dataclass(frozen=True, slots=True)
class Moment:
    """What an export shows beside events, read at one moment."""

    at: datetime
    head: Head
    seals: dict[int, Signed]
    delivery: dict[str, Any]
    timings: list[dict[str, Any]]


class Exports:
    """All exports of a process; so many at once that events never wait for a thread behind them."""

    def __init__(self, database: Database, key: SigningKey, listed: Listed = _nothing) -> None:
        """Take `listed` at its word on the pictures of an attempt."""
        self._database = database
        self._key = key
        self._listed = listed
        self._running = 0

    async def begin(self, sitting: Sitting) -> AsyncIterator[bytes]:
        """Return the document in parts. Raises `Unavailable` before there is a first one.

        Whatever breaks off later leaves the document unreadable, never shorter.
        """
        if self._running >= MOST_AT_ONCE:
            raise ExportsBusy
        export = _Export(self._key, sitting, self._database, self._listed)
        moment = await self._database.run(export.moment)
        return self._counted(export.parts(moment))

    async def _counted(self, parts: AsyncIterator[str]) -> AsyncIterator[bytes]:
        self._running += 1
        try:
            async for part in parts:
                yield part.encode()
        finally:
            self._running -= 1


class _Export:
    """One export of one attempt."""

    def __init__(
        self, key: SigningKey, sitting: Sitting, database: Database, listed: Listed
    ) -> None:
        self._key = key
        self._listed = listed
        self._sitting = sitting
        self._database = database
        self._bundle = Bundle()

    async def parts(self, moment: Moment) -> AsyncIterator[str]:
        """Yield the document; parts are made on database threads, too: they cost time."""
        yield self._beginning(moment)
        listing = self._bundle.listing("events")
        yield listing.opening()
        last: int | None = 0
        while last is not None:
            part, last = await self._database.run(self._page, listing, last, moment.head)
            yield part
        yield listing.close()
        yield await self._database.run(self._end, moment)

    def moment(self) -> Moment:
        """Read everything that has to be of one moment."""
        attempt = self._sitting.attempt
        with self._database.transaction() as session:
            store.hold_still(session)
            [found] = store.heads(session, [(attempt.attempt_id, attempt.exam_id)])
            timings = timing_store.list_timings(session, attempt.attempt_id)
            delivery = bundle.delivery_facts(delivering.compare(session, attempt))
            snapshots = self._listed(session, attempt.attempt_id)
            return Moment(
                at=store.clock(session),
                head=found.head,
                seals=store.seals(session, attempt.attempt_id),
                delivery=delivery | ({"snapshots": snapshots} if snapshots else {}),
                timings=[bundle.timing_facts(timing) for timing in timings],
            )

    def _beginning(self, moment: Moment) -> str:
        facts = bundle.attempt_facts(self._sitting)
        return (
            self._bundle.opening()
            + self._bundle.section("attempt", facts)
            + self._bundle.section("delivery", moment.delivery)
            + self._bundle.section("timings", moment.timings)
        )

    def _page(self, listing: Listing, after: int, head: Head) -> tuple[str, int | None]:
        """Return the next events as text, and the last one's sequence unless there was none."""
        attempt_id, through = head.attempt_id, head.sequence
        with self._database.transaction() as session:
            events = store.page(session, attempt_id, after=after, through=through, limit=PAGE)
        part = listing.add(event.text() for event in events)
        return part, events[-1].sequence if events else None

    def _end(self, moment: Moment) -> str:
        head = moment.head
        with self._database.transaction() as session:
            sealing.seal_export(session, self._key, head)
            sealed = {head.sequence: store.seals(session, head.attempt_id)[head.sequence]}
            removed = records_of(session, head.attempt_id)
            keys = [self._key.public, *keyring.public_keys(session)]
        seals = sorted((moment.seals | sealed).items())
        return (
            self._bundle.section("removals", removed)
            + self._bundle.section("heads", [seal.envelope() for _, seal in seals])
            + self._bundle.section("keys", [signing.jwk(key) for key in dict.fromkeys(keys)])
            + self._bundle.closing(head, moment.at, self._key)
        )
