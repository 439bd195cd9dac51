"""What proctoring holds on a person, as one JSON document that is made while it is sent.

Events are read in pages, each in a transaction of its own, so that neither the service nor the
database ever holds a whole person. A document that breaks off is no JSON: half an answer cannot be
taken for a whole one.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from chassis.database import Database
from sqlalchemy.orm import Session

from proctoring import store as events_store
from proctoring import timing_store
from proctoring.attempt import Attempt
from proctoring.retention import store
from proctoring.retention.holdings import Holding, Streamed
from proctoring.store import clock

_PAGE = 1_000
_encode = msgspec.json.encode


@dataclass(frozen=True)
class Exporter:
    """Puts a person's document together."""

    database: Database
    holdings: Sequence[Holding]
    streamed: Sequence[Streamed] = ()

    async def person(self, user_id: int, attempts: Sequence[Attempt]) -> AsyncIterator[bytes]:
        """Yield the document about a student and all his attempts."""
        at = await self.database.run(self._now)
        yield b'{"user_id":%d,"exported_at":%s,"attempts":[' % (user_id, _encode(at))
        for number, attempt in enumerate(attempts):
            yield b"," if number else b""
            async for piece in self._attempt(attempt):
                yield piece
        yield b"]}"

    async def _attempt(self, attempt: Attempt) -> AsyncIterator[bytes]:
        facts = _encode(await self.database.run(self._facts, attempt))
        yield facts[:-1] + b',"events":['
        after, is_first = 0, True
        while True:
            page = await self.database.run(self._events, attempt.attempt_id, after)
            if page:
                yield (b"" if is_first else b",") + _encode(page)[1:-1]
                after, is_first = page[-1]["sequence"], False
            if len(page) < _PAGE:
                break
        yield b"]"
        for each in self.streamed:
            yield b"," + _encode(each.name) + b":["
            separator = b""
            async for piece in each.pieces(attempt.attempt_id):
                yield separator + piece
                separator = b","
            yield b"]"
        yield b"}"

    def _now(self) -> Any:
        with self.database.transaction() as session:
            return clock(session)

    def _events(self, attempt_id: int, after: int) -> list[dict[str, Any]]:
        with self.database.transaction() as session:
            return store.events(session, attempt_id, after=after, limit=_PAGE)

    def _facts(self, attempt: Attempt) -> dict[str, Any]:
        with self.database.transaction() as session:
            return _facts(session, attempt, self.holdings)


def _hold(hold: store.Hold) -> dict[str, Any]:
    """Return a hold without the administrators who placed and lifted it."""
    names = ("reason", "placed_at", "lift_reason", "lifted_at")
    return {name: getattr(hold, name) for name in names}


def _facts(session: Session, attempt: Attempt, holdings: Sequence[Holding]) -> dict[str, Any]:
    attempt_id = attempt.attempt_id
    tally = events_store.summary(session, attempt_id).tally
    forgetting = store.forgetting(session, attempt_id)
    return {
        "attempt_id": attempt_id,
        "exam_id": attempt.exam_id,
        "status": attempt.status.value,
        "info_count": tally.info_count,
        "warning_count": tally.warning_count,
        "violation_count": tally.violation_count,
        "question_timings": timing_store.list_timings(session, attempt_id),
        "holds": [_hold(each) for each in store.holds(session, attempt_id)],
        "erasure_requested_at": None if forgetting is None else forgetting.requested_at,
        "deletion_records": store.records_of(session, attempt_id),
        **{holding.name: holding.export(session, attempt_id) for holding in holdings},
    }
