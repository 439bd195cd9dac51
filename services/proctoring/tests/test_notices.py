"""What is stored is announced: in order per attempt, once, and nothing private."""

import asyncio
import json
import uuid

from chassis.bus import EVENTS
from chassis.waiting import eventually
from proctoring.tables import OUTBOX
from sqlalchemy import func, select


async def notices(bus, sat, begin: int, count: int) -> list[dict]:
    async def enough() -> list[dict]:
        head = await bus.head(EVENTS)
        subjects = [f"oep.v1.{sat.exam_id}.{sat.attempt_id}.>"]
        found = await bus.replay(EVENTS, subjects, begin, head.sequence)
        told = [json.loads(d.data) for d in found]
        told = [n for n in told if n["fact"] != "risk_changed"]  # assessed behind the events
        return told if len(told) >= count else []

    return await eventually(enough, 10)


async def test_events_are_announced_in_order_with_absolute_counts(rig, bus):
    sat, client = rig.sits()
    begin = (await bus.head(EVENTS)).sequence
    types = ["tab_switch", "fullscreen_exit", "answer_change"] * 10
    data = {"new_answer": "secret words"}
    await asyncio.gather(
        *(
            client.post(
                "/events",
                json={"attempt_id": sat.attempt_id, "event_type": t, "event_data": data,
                      "event_id": str(uuid.uuid4())},
                headers={"User-Agent": "Firefox"},
            )
            for t in types
        )
    )  # fmt: skip
    listed = (await client.get(f"/attempt/{sat.attempt_id}/events")).json()[::-1]
    told = await notices(bus, sat, begin, 30)
    assert len(told) == 30
    assert {n["fact"] for n in told} == {"event_recorded"}
    assert {n["exam_id"] for n in told} == {sat.exam_id}
    private = {"event_data", "user_agent", "ip_address", "skew_ms"}
    for number, (notice, event) in enumerate(zip(told, listed, strict=True), 1):
        public = {k: v for k, v in event.items() if k not in private}
        assert notice["data"]["event"] == public
        assert sum(notice["data"]["counts"].values()) == number
        assert notice["data"]["last_event"]["received_at"] == event["received_at"]
    assert told[-1]["data"]["counts"] == {"info": 10, "warning": 10, "violation": 10}
    assert "secret words" not in json.dumps(told)
    assert "Firefox" not in json.dumps(told)


async def test_timings_are_announced_and_repeats_are_not(rig, bus):
    sat, client = rig.sits()
    begin = (await bus.head(EVENTS)).sequence
    posted = {"attempt_id": sat.attempt_id, "question_id": 1, "total_time_seconds": 9,
              "event_id": str(uuid.uuid4()), "answer_changed": True}  # fmt: skip
    for _ in range(3):
        await client.post("/question-timing", json=posted)
    await client.post("/events", json={"attempt_id": sat.attempt_id, "event_type": "last_one"})
    timing, event = await notices(bus, sat, begin, 2)
    assert timing["fact"] == "timing_recorded"
    assert timing["data"] == {"question_id": 1, "total_time_seconds": 9, "answer_count": 1}
    assert event["fact"] == "event_recorded"


async def test_a_bus_that_is_away_delays_notices_and_refuses_nothing(rig, bus, nats_server):
    sat, client = rig.sits()
    begin = (await bus.head(EVENTS)).sequence
    await asyncio.to_thread(nats_server.stop)
    try:
        for _ in range(5):
            posted = {"attempt_id": sat.attempt_id, "event_type": "tab_switch"}
            assert (await client.post("/events", json=posted)).status_code == 201
    finally:
        await asyncio.to_thread(nats_server.start)
    await eventually(lambda: bus.is_connected, 10)
    assert len(await notices(bus, sat, begin, 5)) == 5

    def left(session) -> int:
        return session.execute(select(func.count()).select_from(OUTBOX)).scalar_one()

    async def is_empty() -> bool:
        return await rig.rows(left) == 0

    assert await eventually(is_empty, 10)
