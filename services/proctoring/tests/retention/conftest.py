"""Attempts whose sitting ended long ago, in the database of the whole service."""

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from chassis.signing import thumbprint
from chassis.waiting import eventually
from proctoring import chain, keyring, store
from proctoring.app import HOLDINGS
from proctoring.event import chained
from proctoring.retention import store as retention_store
from proctoring.retention.due import Policy
from proctoring.retention.erasing import Eraser, Order, Outcome
from proctoring.retention.holdings import Holding
from proctoring.retention.record import first_flaw
from proctoring.tables import EVENTS
from sqlalchemy import func, select, text

DEFAULTS = Policy(events_days=180, network_days=90)
AGE = text(
    """
    UPDATE proctoring.tallies SET last_received_at = last_received_at - make_interval(days => :days)
    WHERE attempt_id = :attempt_id
    """
)


@dataclass
class Reviews:
    """Stands for the concept of reviews: says which attempts have one open."""

    open: set[int] = field(default_factory=set)

    def held(self, _: Any, attempt_ids: Collection[int]) -> set[int]:
        return self.open & set(attempt_ids)


@dataclass
class Archive:
    """What tests do with stored evidence."""

    rig: Any
    reviews: Reviews
    defaults = DEFAULTS

    @property
    def eraser(self) -> Eraser:
        return self.eraser_with(HOLDINGS)

    def eraser_with(self, holdings: Sequence[Holding]) -> Eraser:
        key = self.rig.app.state.signing_key
        return Eraser(self.rig.database, key, DEFAULTS, holdings, self.reviews.held)

    async def sat(self, *, days_ago: int = 0, events: int = 3) -> Any:
        """Return an attempt with events that have payload and network data, and one timing."""
        sat, client = self.rig.sits()
        client.headers["User-Agent"] = "a browser"
        for number in range(events):
            body = {
                "attempt_id": sat.attempt_id,
                "event_type": "tab_switch",
                "event_id": str(uuid.uuid4()),
                "event_data": {"title": "mother's mail", "number": number},
            }
            await self._posted(client, body)
        await self.time(sat, client)
        await self.rig.rows(self.age, sat.attempt_id, days_ago)
        return sat

    async def _posted(self, client: httpx.AsyncClient, body: dict[str, Any]) -> None:
        """Post as a client does: attempts may have come back a moment ago."""

        async def is_taken() -> bool:
            return (await client.post("/events", json=body)).status_code == 201

        assert await eventually(is_taken, 10)

    async def time(self, sat: Any, client: httpx.AsyncClient) -> None:
        body = {
            "attempt_id": sat.attempt_id,
            "question_id": 1,
            "total_time_seconds": 3,
            "event_id": str(uuid.uuid4()),
        }
        (await client.post("/question-timing", json=body)).raise_for_status()

    async def run(self, sat: Any, **chosen: Any) -> Outcome | None:
        """Erase what is due in the attempt's own exam."""
        return self._of(await self.do(self.eraser.run, Order(), exam_id=sat.exam_id, **chosen))

    async def rehearse(self, sat: Any) -> Outcome | None:
        return self._of(await self.do(self.eraser.rehearse, exam_id=sat.exam_id))

    async def do(self, deed: Callable, *arguments: Any, **named: Any) -> Any:
        return await self.rig.database.run(deed, *arguments, **named)

    async def waiting(self, count: int) -> None:
        """Return as soon as `count` transactions wait for somebody's row."""
        query = text(
            "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
            " AND locktype IN ('tuple', 'transactionid')"
        )

        async def are_waiting() -> bool:
            found = await self.rig.rows(lambda session: session.execute(query).scalar_one())
            return bool(found >= count)

        await eventually(are_waiting, 5)

    async def left(self, sat: Any) -> dict[str, int]:
        """Return how many events still hold what can be removed."""

        def count(session: Any) -> dict[str, int]:
            names = ("event_data", "data_salt", "ip_address", "user_agent", "network_salt")
            query = select(*(func.count(EVENTS.c[name]) for name in names))
            row = session.execute(query.where(EVENTS.c.attempt_id == sat.attempt_id)).one()
            return dict(zip(names, row, strict=True))

        return await self.rig.rows(count)

    async def records(self, sat: Any) -> list[dict[str, Any]]:
        """Return what the attempt's deletion records say, once their signatures are checked."""
        found = await self.rig.rows(retention_store.records, sat.attempt_id)
        keys = await self.rig.rows(keyring.public_keys)
        by_kid = {thumbprint(public): public for public in keys}
        assert first_flaw(found, by_kid) is None
        return [record.said for record in found]

    async def verify(self, sat: Any) -> int:
        """Recompute the chain from what is stored; return how many events it links."""
        events = await self.rig.rows(store.chained_events, sat.attempt_id)
        head = chain.GENESIS
        for event in events:
            head = chain.link(head, chained(event))
            assert head == event.hash
        tally = (await self.rig.rows(store.summary, sat.attempt_id)).tally
        assert tally.head_hash == head
        return len(events)

    @staticmethod
    def age(session: Any, attempt_id: int, days: int) -> None:
        session.execute(AGE, {"attempt_id": attempt_id, "days": days})

    @staticmethod
    def _of(page: Any) -> Outcome | None:
        return page.outcomes[0] if page.outcomes else None


@pytest.fixture
def archive(rig) -> Archive:
    return Archive(rig, Reviews())


@pytest.fixture
def admin(rig) -> httpx.AsyncClient:
    return rig.client(7, "admin")
