"""What is committed is announced: once, in order, whatever dies in between."""

import asyncio
import contextlib
import json
import time
import uuid

import pytest
from chassis import outbox as outbox_module
from chassis.bus import EVENTS, Bus
from chassis.outbox import Note, Relay
from chassis.waiting import eventually
from sqlalchemy import func, select


@pytest.fixture
def exam_id() -> int:
    return uuid.uuid4().int % 10**9


def note(exam_id: int, key: int, number: int) -> Note:
    return Note(
        f"oep.v1.{exam_id}.{key}.counted",
        "counted",
        {"number": number},
        order_key=key,
        exam_id=exam_id,
        attempt_id=key,
    )


def write(store, outbox, notes) -> None:
    with store.transaction() as session:
        outbox_module.add(session, outbox, notes)


def left(store, outbox) -> int:
    with store.transaction() as session:
        return session.execute(select(func.count()).select_from(outbox)).scalar_one()


@contextlib.asynccontextmanager
async def relaying(*relays: Relay):
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def published(bus: Bus, exam_id: int, begin: int) -> list[dict]:
    head = await bus.head(EVENTS)
    found = await bus.replay(EVENTS, [f"oep.v1.{exam_id}.>"], begin, head.sequence)
    return [json.loads(delivery.data) for delivery in found]


async def test_notes_leave_in_order_per_key_and_are_deleted(store, outbox, bus, urls, exam_id):
    begin = (await bus.head(EVENTS)).sequence
    notes = [note(exam_id, key, number) for number in range(40) for key in (1, 2, 3)]
    await store.run(write, store, outbox, notes)
    async with relaying(Relay(urls.app_url, outbox, bus, source="auth")):
        await eventually(lambda: store.run(lambda: left(store, outbox) == 0))
    messages = await published(bus, exam_id, begin)
    assert len(messages) == 120
    for key in (1, 2, 3):
        numbers = [m["data"]["number"] for m in messages if m["attempt_id"] == key]
        assert numbers == list(range(40))
    assert messages[0].keys() == {"id", "fact", "at", "data", "exam_id", "attempt_id"}


async def test_a_rolled_back_note_is_never_said(store, outbox, bus, urls, exam_id):
    begin = (await bus.head(EVENTS)).sequence

    def write_and_fail() -> None:
        with store.transaction() as session:
            outbox_module.add(session, outbox, [note(exam_id, 1, 1)])
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await store.run(write_and_fail)
    await store.run(write, store, outbox, [note(exam_id, 1, 2)])
    async with relaying(Relay(urls.app_url, outbox, bus, source="auth")):
        await eventually(lambda: store.run(lambda: left(store, outbox) == 0))
    assert [m["data"]["number"] for m in await published(bus, exam_id, begin)] == [2]


async def test_a_row_published_but_not_deleted_is_not_doubled(store, outbox, bus, urls, exam_id):
    begin = (await bus.head(EVENTS)).sequence
    await store.run(write, store, outbox, [note(exam_id, 1, n) for n in range(5)])
    forgetful = Relay(urls.app_url, outbox, bus, source="auth")
    forgetful._forget += " AND false"  # as one that dies between publishing and deleting
    async with relaying(forgetful):
        await eventually(lambda: bus_has(bus, exam_id, begin, 5))
    assert await store.run(left, store, outbox) == 5
    async with relaying(Relay(urls.app_url, outbox, bus, source="auth")):
        await eventually(lambda: store.run(lambda: left(store, outbox) == 0))
    assert len(await published(bus, exam_id, begin)) == 5


async def bus_has(bus: Bus, exam_id: int, begin: int, count: int) -> bool:
    return len(await published(bus, exam_id, begin)) == count


async def test_of_two_relays_one_leads_and_the_other_takes_over(store, outbox, bus, urls, exam_id):
    first = Relay(urls.app_url, outbox, bus, source="auth")
    second = Relay(urls.app_url, outbox, bus, source="auth")
    async with relaying(second):
        async with relaying(first):
            await store.run(write, store, outbox, [note(exam_id, 1, 1)])
            await eventually(lambda: store.run(lambda: left(store, outbox) == 0))
            assert [first._is_leader, second._is_leader].count(True) == 1
        await store.run(write, store, outbox, [note(exam_id, 1, 2)])
        await eventually(lambda: store.run(lambda: left(store, outbox) == 0))


async def test_the_outbox_waits_while_the_bus_is_away_and_drains_after(
    store, outbox, bus, urls, exam_id, nats_server
):
    begin = (await bus.head(EVENTS)).sequence
    async with relaying(Relay(urls.app_url, outbox, bus, source="auth")):
        await asyncio.to_thread(nats_server.kill)
        await store.run(write, store, outbox, [note(exam_id, 1, n) for n in range(3)])
        assert await store.run(left, store, outbox) == 3
        await asyncio.to_thread(nats_server.start)
        await eventually(lambda: store.run(lambda: left(store, outbox) == 0), 15)
    assert [m["data"]["number"] for m in await published(bus, exam_id, begin)] == [0, 1, 2]


async def test_waking_saves_the_poll_interval(store, outbox, bus, urls, exam_id, monkeypatch):
    monkeypatch.setattr(outbox_module, "_POLL_SECONDS", 3600)
    relay = Relay(urls.app_url, outbox, bus, source="auth")
    async with relaying(relay):
        await eventually(lambda: relay._is_leader)
        await store.run(write, store, outbox, [note(exam_id, 1, 1)])
        relay.wake()
        await eventually(lambda: store.run(lambda: left(store, outbox) == 0))


@pytest.mark.parametrize(("moved", "seconds"), [(0, 0.0), (1, 0.02), (50, 0.04)])
async def test_turns_keep_a_distance_that_grows_with_what_there_is_to_move(
    outbox, bus, urls, monkeypatch, moved, seconds
):
    relay = Relay(urls.app_url, outbox, bus, source="test")
    turns: list[float] = []
    done = asyncio.Event()

    async def turn() -> float:
        await asyncio.sleep(0)
        turns.append(time.monotonic())
        relay._moved = moved
        relay.wake()  # there is news already when the turn ends
        if len(turns) == 6:
            done.set()
        return 60.0

    monkeypatch.setattr(relay, "_turn", turn)
    monkeypatch.setattr(outbox_module, "_GATHER_SECONDS", 0.02 if moved else 60.0)
    monkeypatch.setattr(outbox_module, "_GATHER_MANY_SECONDS", 0.04 if moved else 60.0)
    async with relaying(relay):
        await asyncio.wait_for(done.wait(), 20)
    assert turns[5] - turns[0] >= 5 * seconds * 0.98
