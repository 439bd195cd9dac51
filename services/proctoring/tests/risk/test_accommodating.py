"""A student who needs it is eased in all his attempts at once, or in those of one exam."""

import asyncio
import time
import uuid

import pytest
from proctoring.risk import reading


@pytest.fixture
def admin(rig):
    return rig.client(1, "admin")


async def sat_twice(rig) -> list:
    """Return two attempts of one student in two exams, each with a score of 4."""
    first = rig.stub.add()
    sats = [first, rig.stub.add("graded", student_id=first.student_id)]
    client = rig.client(first.student_id)
    for sat in sats:
        before = rig.stub.known[sat.attempt_id].status
        rig.stub.set_status(sat, "in_progress")
        body = {"attempt_id": sat.attempt_id, "event_type": "fullscreen_exit"}
        body["event_id"] = str(uuid.uuid4())
        assert (await client.post("/events", json=body)).status_code == 201
        rig.stub.known[sat.attempt_id].status = before
        until = time.monotonic() + 10
        while await score(rig, sat) != 4:
            assert time.monotonic() < until
            await asyncio.sleep(0.05)
    return sats


async def score(rig, sat) -> int:
    return (await rig.rows(reading.risk_of, sat.attempt_id)).score


async def ease(client, student_id: int, **body):
    asked = {"rule_ids": ["fullscreen-exit"], "reason": "Uses a screen reader"} | body
    return await client.put(f"/people/{student_id}/accommodations", json=asked)


async def test_a_student_is_eased_in_all_his_attempts_at_once(rig, admin):
    sats, (other, _) = await sat_twice(rig), rig.sits()
    answer = await ease(admin, sats[0].student_id)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "student_id": sats[0].student_id,
        "exam_id": None,
        "rule_ids": ["fullscreen-exit"],
        "attempt_ids": [sat.attempt_id for sat in sats],
    }
    for sat in sats:
        assert await score(rig, sat) == 0
        told = (await admin.get(f"/attempt/{sat.attempt_id}/risk")).json()["contributions"]
        assert [each["switched_off"] for each in told] == ["switched off: Uses a screen reader"]
        decided = (await admin.get(f"/attempt/{sat.attempt_id}/accommodations")).json()
        assert [each["author_id"] for each in decided["decisions"]] == [1]
    untouched = (await admin.get(f"/attempt/{other.attempt_id}/accommodations")).json()
    assert untouched["decisions"] == []
    assert (await ease(admin, sats[0].student_id, rule_ids=[])).status_code == 200
    assert [await score(rig, sat) for sat in sats] == [4, 4]


async def test_a_student_is_eased_in_one_exam_only(rig, admin):
    sats = await sat_twice(rig)
    answer = await ease(admin, sats[0].student_id, exam_id=sats[1].exam_id)
    assert answer.json()["attempt_ids"] == [sats[1].attempt_id]
    assert [await score(rig, sat) for sat in sats] == [4, 0]


async def test_who_sat_nothing_cannot_be_eased(rig, admin):
    sat = rig.stub.add()
    for student_id, exam_id in ((2**31 - 1, None), (sat.student_id, sat.exam_id + 1)):
        answer = await ease(admin, student_id, exam_id=exam_id)
        assert (answer.status_code, answer.json()["detail"]) == (
            404,
            "This student has no such attempt",
        )


async def test_it_is_decided_by_administrators_and_halls_in_charge_only(rig):
    sat = rig.stub.add()
    for client in (
        rig.client(sat.student_id),
        rig.member("proctor", assigned=[("proctor", sat.exam_id)]),
    ):
        assert (await ease(client, sat.student_id)).status_code == 403
    assert (await ease(rig.member("hall_in_charge"), sat.student_id)).status_code == 200


async def test_a_rule_that_is_not_there_is_named(rig, admin):
    sat = rig.stub.add()
    answer = await ease(admin, sat.student_id, rule_ids=["fullscreen"])
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/rule_ids"


async def test_without_attempts_nothing_is_decided(rig, admin):
    sat = rig.stub.add()
    async with rig.stub.away():
        answer = await ease(admin, sat.student_id)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
