"""Hearing by itself: while nobody listens, from which place it goes on, a stream that is lost."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from chassis.bus import EVENTS, Position
from chassis.database import Database
from chassis.waiting import eventually
from proctoring import delivery_store
from proctoring.outgoing import endpoint_store, signature
from proctoring.outgoing.endpoint import Wish
from proctoring.outgoing.hearing import PLACE, Hearing, read
from proctoring.outgoing.topic import Topic
from sqlalchemy import text

KEPT = timedelta(days=30)
PATIENCE_SECONDS = 30


class World:
    """A database of its own that hears the common bus."""

    attempt_id = 70_000

    def __init__(self, bus, database: Database) -> None:
        self.bus = bus
        self.database = database
        self.woken: list[None] = []

    def hearing(self) -> Hearing:
        wake = lambda: self.woken.append(None)  # noqa: E731  # a stub
        return Hearing(self.bus, self.database, kept=KEPT, look_seconds=0.05, wake=wake)

    async def rows(self, query, *arguments):
        def work():
            with self.database.transaction() as session:
                return query(session, *arguments)

        return await self.database.run(work)

    async def listens(self) -> int:
        wish = Wish("https://lms.example.org/", (Topic.STATUS_CHANGED,))
        return await self.rows(endpoint_store.add, wish, signature.new_salt(), 1)

    async def say(self, *, at: datetime | None = None) -> str:
        World.attempt_id += 1
        message_id = f"attempts-{World.attempt_id}"
        notice = {
            "id": message_id,
            "fact": "status_changed",
            "at": (at or datetime.now(UTC)).isoformat(),
            "exam_id": 7,
            "attempt_id": World.attempt_id,
            "data": {"status": "submitted"},
        }
        subject = f"oep.v1.7.{World.attempt_id}.status_changed"
        await self.bus.publish(subject, json.dumps(notice).encode(), None)
        return message_id

    async def heard(self) -> list[str]:
        found = text("SELECT message_id FROM proctoring.outgoing ORDER BY id")
        return list(await self.rows(lambda s: list(s.execute(found).scalars())))

    async def position(self) -> Position | None:
        return await self.rows(delivery_store.position, PLACE)


@pytest.fixture
async def world(bus, own_database):
    world = World(bus, own_database)
    for table in ("outgoing", "webhook_endpoints", "inbox_positions"):
        emptied = text(f"DELETE FROM proctoring.{table}")  # noqa: S608  # one of two
        await world.rows(lambda s, emptied=emptied: s.execute(emptied))
    return world


async def ended(task: asyncio.Task) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_while_nobody_listens_nothing_is_read_and_then_everything_from_then_on(world):
    hearing = world.hearing()
    task = asyncio.create_task(hearing.run())
    before = await world.bus.head(EVENTS)
    await world.say()
    await eventually(lambda: (hearing._idle_head or before) > before, PATIENCE_SECONDS)
    assert await world.position() is None
    await world.listens()
    said = await world.say()
    await eventually(world.position, PATIENCE_SECONDS)

    async def is_heard() -> bool:
        return said in await world.heard()

    await eventually(is_heard, PATIENCE_SECONDS)
    await ended(task)
    assert await world.heard() == [said]
    assert world.woken


async def test_what_was_said_while_it_was_away_is_heard_by_the_next_and_once(world):
    await world.listens()
    first = await world.say()
    two = [asyncio.create_task(world.hearing().run()) for _ in range(2)]

    async def has_heard() -> bool:
        return first in await world.heard()

    await eventually(has_heard, PATIENCE_SECONDS)
    for task in two:
        await ended(task)
    missed = await world.say()
    task = asyncio.create_task(world.hearing().run())

    async def has_heard_both() -> bool:
        return missed in await world.heard()

    await eventually(has_heard_both, PATIENCE_SECONDS)
    await ended(task)
    assert await world.heard() == [first, missed]


async def test_of_a_stream_that_was_made_anew_all_that_is_left_is_heard(world):
    await world.listens()
    said = await world.say()
    head = await world.bus.head(EVENTS)
    elsewhere = Position(head.sequence, "another epoch")
    await world.rows(delivery_store.move_to, PLACE, elsewhere)
    task = asyncio.create_task(world.hearing().run())

    async def has_heard() -> bool:
        return said in await world.heard()

    await eventually(has_heard, PATIENCE_SECONDS)
    await ended(task)
    assert (await world.position()).epoch == head.epoch


async def test_what_is_older_than_rows_are_kept_is_not_told_anew(world):
    await world.listens()
    early = text("UPDATE proctoring.webhook_endpoints SET heard_from = '2020-01-01'")
    await world.rows(lambda s: s.execute(early))
    now = datetime.now(UTC)
    told = [await world.say(at=now - KEPT - timedelta(hours=1)), await world.say(at=now)]
    task = asyncio.create_task(world.hearing().run())

    async def has_heard() -> bool:
        return told[1] in await world.heard()

    await eventually(has_heard, PATIENCE_SECONDS)
    await ended(task)
    assert told[0] not in await world.heard()


def test_what_cannot_be_read_is_passed_over():
    class Said:
        subject = "oep.v1.1.1.event_recorded"

        def __init__(self, data: bytes) -> None:
            self.data = data

    whole = {
        "id": "a-1",
        "fact": "status_changed",
        "at": "2026-03-02T09:00:00Z",
        "exam_id": 1,
        "attempt_id": 1,
        "data": {},
    }
    broken = whole | {"fact": "event_recorded", "data": {"event": {"severity": "violation"}}}
    odd = [b"", b"{}", b"\xff", json.dumps(broken).encode(), json.dumps(whole).encode()]
    assert [message.id for message in read(map(Said, odd)).messages] == ["a-1"]
