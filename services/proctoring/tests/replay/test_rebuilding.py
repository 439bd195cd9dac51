"""A lost stream gets back every event: as it was said, once, in order, beside whatever goes on."""

import asyncio
import json
from datetime import timedelta

import pytest
from chassis.bus import EVENTS, BusUnavailable
from chassis.database import DatabaseUnavailable
from chassis.waiting import eventually
from proctoring.replay import rebuilding, store
from proctoring.replay.rebuilding import KEPT, Outcome
from proctoring.replay.store import NOWHERE, Window
from proctoring.tables import EVENTS as ROWS
from proctoring.tables import INBOX_POSITIONS, OUTBOX, TALLIES
from sqlalchemy import insert, select, text, update

from .conftest import places


def done_by(owner, work):
    """Do what the service itself may not: events are never changed."""
    with owner.transaction() as session:
        return work(session)


@pytest.fixture
def small(monkeypatch):
    """Pages, batches and groups of which several are needed."""
    monkeypatch.setattr(rebuilding, "_PAGE", 7)
    monkeypatch.setattr(rebuilding, "_BATCH", 3)
    monkeypatch.setattr(rebuilding, "_SITTINGS", 2)
    monkeypatch.setattr(rebuilding, "_EVENTS_AT_ONCE", 10)


@pytest.mark.usefixtures("small")
async def test_every_event_is_there_again_to_the_byte_and_in_order(stream):
    exam_id, attempts = await stream.sat(20, 1, 9, 4, 8)
    before = await stream.said(exam_id)
    ids = [await stream.message_id(each) for each in before]
    assert not any(each.is_rebuilt for each in before)
    await stream.lose()
    assert await stream.rebuild(exam_id) == Outcome(exam_id, stored=42, rebuilt=42)
    after = await stream.said(exam_id)
    assert all(each.is_rebuilt for each in after)
    again = {await stream.message_id(each): (each.subject, each.data) for each in after}
    assert again == dict(zip(ids, ((e.subject, e.data) for e in before), strict=True))
    for (attempt_id, _), count in zip(attempts, (20, 1, 9, 4, 8), strict=True):
        assert places(after, attempt_id) == list(range(1, count + 1))


async def test_a_second_run_says_nothing_even_when_no_id_is_known_any_more(stream):
    exam_id, [(attempt_id, client)] = await stream.sat(6)
    await stream.lose(duplicate_window=0.1)
    try:
        await stream.rebuild(exam_id)
        await stream.post(client, attempt_id, 3)
        await stream.holds(exam_id, 9)
        subject = f"oep.v1.{exam_id}.1.forgotten"
        first = await stream.bus.publish(subject, b"{}", "forgotten")
        await eventually(lambda: _is_taken_again(stream.bus, subject, first), 10)
        assert await stream.rebuild(exam_id) == Outcome(exam_id, stored=9, held=9)
        assert places(await stream.said(exam_id), attempt_id) == list(range(1, 10))
    finally:
        await stream.lose()


async def _is_taken_again(bus, subject, first) -> bool:
    """Say whether the stream no longer knows an id that was said after all of ours."""
    return await bus.publish(subject, b"{}", "forgotten") != first


async def test_what_waits_in_the_outbox_is_left_to_the_relay(stream, rig):
    exam_id, [(attempt_id, _)] = await stream.sat(5)
    await stream.lose()

    def wait_again(session):
        query = select(ROWS.c.notice_id).where(ROWS.c.attempt_id == attempt_id, ROWS.c.sequence > 3)
        ids = session.execute(query).scalars().all()
        # Out of the relay's sight: behind what it reads, and of no attempt's order.
        session.execute(
            insert(OUTBOX),
            [{"id": i, "order_key": 0, "subject": "oep.nowhere", "payload": {}} for i in ids],
        )
        return ids

    ids = await rig.rows(wait_again)
    try:
        expected = Outcome(exam_id, stored=5, waiting=2, rebuilt=3)
        assert await stream.rebuild(exam_id) == expected
    finally:
        await rig.rows(lambda s: s.execute(OUTBOX.delete().where(OUTBOX.c.id.in_(ids))))
    assert places(await stream.said(exam_id), attempt_id) == [1, 2, 3]
    assert await stream.rebuild(exam_id) == Outcome(exam_id, stored=5, held=3, rebuilt=2)


async def test_a_long_outbox_is_not_read_through_for_each_event(stream, rig):
    exam_id, _ = await stream.sat(60)
    count = 3_000

    def read(session):
        rows = [
            {"id": -n, "order_key": 0, "subject": "oep.nowhere", "payload": {}}
            for n in range(1, count + 1)  # behind what the relay reads
        ]
        session.execute(insert(OUTBOX), rows)
        [sitting] = store.sittings(session, exam_id, store.now(session) - KEPT, 0, 10)
        window = Window(store.now(session) - KEPT, store.now(session))
        found = store.notices(session, exam_id, [sitting], window, NOWHERE, 100)
        visited = session.execute(
            text(
                "SELECT seq_tup_read FROM pg_stat_xact_user_tables"
                " WHERE schemaname = 'proctoring' AND relname = 'outbox'"
            )
        ).scalar_one()
        session.rollback()
        return len(found), visited

    said, visited = await rig.rows(read)
    assert said == 60
    assert visited <= 2 * count


async def test_a_database_that_is_away_for_a_moment_does_not_end_the_run(stream, monkeypatch):
    exam_id, _ = await stream.sat(3)
    await stream.lose()
    asked = store.notices
    troubles = [DatabaseUnavailable(), DatabaseUnavailable()]

    def away(*args):
        if troubles:
            raise troubles.pop()
        return asked(*args)

    monkeypatch.setattr(store, "notices", away)
    assert await stream.rebuild(exam_id) == Outcome(exam_id, stored=3, rebuilt=3)
    assert troubles == []


async def test_what_comes_meanwhile_is_said_once_and_in_order(stream):
    exam_id, attempts = await stream.sat(40, 40)
    await stream.lose()
    (first, client), (second, _) = attempts
    await stream.post(client, first, 2)
    await stream.holds(exam_id, 2)
    task = asyncio.create_task(stream.rebuild(exam_id, per_second=60))
    await eventually(lambda: _count(stream, exam_id, 10), 10)
    for _ in range(5):
        await stream.post(client, first, 3)
    outcome = await task
    assert (outcome.missing, outcome.rebuilt) == (0, 80)
    found = await stream.holds(exam_id, 97)
    assert len(found) == 97
    live = [each for each in found if not each.is_rebuilt]
    back = [each for each in found if each.is_rebuilt]
    assert places(live, first) == list(range(41, 58))
    assert places(back, first) == places(back, second) == list(range(1, 41))
    assert (await stream.rebuild(exam_id)).rebuilt == 0


async def _count(stream, exam_id, least) -> bool:
    return len(await stream.said(exam_id)) >= least


async def test_a_stream_that_is_lost_meanwhile_is_begun_anew(stream):
    exam_id, [(attempt_id, _)] = await stream.sat(60)
    await stream.lose()
    told = []
    rebuilder = rebuilding.Rebuilder(stream.bus, stream.rig.database, told.append)
    order = rebuilding.Order(exam_id, per_second=60)
    task = asyncio.create_task(rebuilder.run(order))
    await eventually(lambda: _count(stream, exam_id, 20), 10)
    await stream.lose()
    [outcome] = await task
    assert outcome == Outcome(exam_id, stored=60, rebuilt=60)
    assert places(await stream.said(exam_id), attempt_id) == list(range(1, 61))


async def test_a_process_that_was_killed_is_run_again_and_completes(stream, process):
    exam_id, attempts = await stream.sat(30, 30)
    await stream.lose()
    async with process("--exam", str(exam_id), "--per-second", "50") as first:
        await eventually(lambda: _count(stream, exam_id, 1), 30)
        first.kill()
        await first.wait()
    had = len(await stream.said(exam_id))
    assert 0 < had < 60
    outcome = await stream.rebuild(exam_id)
    assert outcome == Outcome(exam_id, stored=60, held=had, rebuilt=60 - had)
    found = await stream.said(exam_id)
    for attempt_id, _ in attempts:
        assert places(found, attempt_id) == list(range(1, 31))


async def test_the_relay_and_the_inbox_come_back_by_themselves_after_a_wipe(
    stream, rig, nats_server, bus
):
    """A whole server with an empty store, under a service that runs on."""
    exam_id, [(attempt_id, client)] = await stream.sat(4)
    before = await bus.head(EVENTS)
    await asyncio.to_thread(nats_server.wipe)
    await stream.post(client, attempt_id, 2)
    found = await stream.holds(exam_id, 2)
    assert places(found, attempt_id) == [5, 6]
    assert (await bus.head(EVENTS)).epoch != before.epoch
    assert (await stream.rebuild(exam_id)).rebuilt == 4
    seen = await stream.said(exam_id)
    assert [each.is_rebuilt for each in seen] == [False] * 2 + [True] * 4
    assert places(seen, attempt_id) == [5, 6, 1, 2, 3, 4]

    def of_the_new_stream(session):
        query = select(INBOX_POSITIONS.c.epoch).where(INBOX_POSITIONS.c.stream == EVENTS)
        return session.execute(query).scalar_one_or_none()

    async def is_read_on() -> bool:
        return await rig.rows(of_the_new_stream) == (await bus.head(EVENTS)).epoch

    await eventually(is_read_on, 15)


async def test_only_what_is_young_enough_and_of_the_exam_is_put_back(stream, owner):
    exam_id, [(attempt_id, _), (other, _)] = await stream.sat(4, 3)
    elsewhere, _ = await stream.sat(1)

    def age(session):
        of = ROWS.c.attempt_id == attempt_id
        old = timedelta(hours=73)
        session.execute(
            update(ROWS).where(of, ROWS.c.sequence < 3).values(created_at=ROWS.c.created_at - old)
        )
        session.execute(
            update(TALLIES)
            .where(TALLIES.c.attempt_id == other)
            .values(updated_at=TALLIES.c.updated_at - old)
        )

    await asyncio.to_thread(done_by, owner, age)
    await stream.lose()
    dry = await stream.rebuild(exam_id, is_dry_run=True)
    assert dry == Outcome(exam_id, stored=2, missing=2)
    assert await stream.said(exam_id) == []
    assert await stream.rebuild(exam_id) == Outcome(exam_id, stored=2, rebuilt=2)
    found = await stream.said(exam_id)
    assert [json.loads(each.data)["data"]["counts"] for each in found] == [
        {"info": 1, "warning": 1, "violation": 1},
        {"info": 2, "warning": 1, "violation": 1},
    ]
    assert await stream.said(elsewhere) == []


async def test_an_event_whose_number_of_notice_is_unknown_gets_an_id_of_its_own(stream, owner):
    exam_id, [(attempt_id, _)] = await stream.sat(3)

    def forget(session):
        of = ROWS.c.attempt_id == attempt_id
        ids = session.execute(select(ROWS.c.id).where(of).order_by(ROWS.c.sequence)).scalars().all()
        session.execute(update(ROWS).where(of).values(notice_id=None))
        return ids

    ids = await asyncio.to_thread(done_by, owner, forget)
    assert await stream.rebuild(exam_id) == Outcome(exam_id, stored=3, held=3)
    await stream.lose()
    assert (await stream.rebuild(exam_id)).rebuilt == 3
    found = await stream.said(exam_id)
    told = [json.loads(each.data)["id"] for each in found]
    assert told == [await stream.message_id(each) for each in found]
    assert told == [f"proctoring-event-{row_id}" for row_id in ids]


async def test_a_look_that_is_old_is_looked_again_before_anything_is_said(stream, monkeypatch):
    monkeypatch.setattr(rebuilding, "_LOOK_IS_BELIEVED_SECONDS", -1.0)
    monkeypatch.setattr(rebuilding, "_PAGE", 4)
    exam_id, _ = await stream.sat(12)
    await stream.lose()
    looked = []
    original = rebuilding.Look._read

    async def looking(look, upto):
        looked.append(upto)
        await original(look, upto)

    monkeypatch.setattr(rebuilding.Look, "_read", looking)
    assert (await stream.rebuild(exam_id)).rebuilt == 12
    assert len(looked) == 5  # at first, for each of three pages, in the end
    assert looked == sorted(looked)


async def test_a_bus_that_is_away_ends_the_run(rig, monkeypatch):
    monkeypatch.setattr(rebuilding, "_PATIENCE_SECONDS", 0.2)
    nowhere = rebuilding.Bus("nats://127.0.0.1:1", "nobody")
    await nowhere.start()
    try:
        with pytest.raises(BusUnavailable):
            await rebuilding.Rebuilder(nowhere, rig.database, print).run(rebuilding.Order())
    finally:
        await nowhere.close()
