"""Hearing which attempts are closed: in one stream and the next, readable or not."""

import asyncio
import contextlib
import json
from datetime import UTC, datetime

from chassis.bus import EVENTS, Delivery
from chassis.waiting import eventually
from proctoring import delivery_store
from proctoring.acting.hearing import PLACE, Hearing, closed


def delivery(place: int, data: object) -> Delivery:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return Delivery(place, "oep.v1.3.7.status_changed", raw, datetime.now(UTC))


def test_only_what_says_that_an_attempt_is_closed_is_taken_and_the_unreadable_passed_over():
    said = [("submitted", 1), ("expired", 2), ("in_progress", 3), ("cancelled", 4), ("graded", 1)]
    batch = [delivery(i, {"attempt_id": a, "data": {"status": s}}) for i, (s, a) in enumerate(said)]
    assert closed([delivery(9, b"\xff{"), delivery(10, {"data": 1}), *batch]) == [1, 4]


async def test_where_it_stands_in_a_stream_that_is_gone_it_begins_anew_in_the_next(hall, run, bus):
    async def stands_in() -> str | None:
        found = await hall.rig.rows(delivery_store.position, PLACE)
        return found.epoch if found else None

    epoch = (await bus.head(EVENTS)).epoch

    async def is_here() -> bool:
        return await stands_in() == epoch

    await eventually(is_here, 10)
    await run(
        "UPDATE proctoring.inbox_positions SET epoch = 'gone', sequence = sequence + 1000000"
        " WHERE stream = :stream",
        stream=PLACE,
    )
    hearing = Hearing(bus, hall.rig.database, lambda: None)
    task = asyncio.create_task(hearing.run())
    try:
        await eventually(is_here, 10)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
