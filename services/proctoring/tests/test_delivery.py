"""Delivery over REST: shown to whom it concerns, whatever was heard or not, never refused."""

import pytest
from proctoring import delivery_store
from proctoring.delivery import Submission


def body(attempt_id: int, **more) -> dict:
    return {"attempt_id": attempt_id, "event_type": "tab_switch"} | more


async def sent(client, sat, *numbers: int) -> None:
    for number in numbers:
        answer = await client.post("/events", json=body(sat.attempt_id, client_sequence=number))
        assert answer.status_code == 201


async def heard(rig, sat, claimed: int | None) -> None:
    submission = Submission(sat.attempt_id, sat.exam_id, claimed, None)
    await rig.rows(delivery_store.record, [submission])


async def shown(rig, sat) -> dict:
    answer = await rig.client(1, "admin").get(f"/attempt/{sat.attempt_id}/violations")
    assert answer.status_code == 200
    return answer.json()["delivery"]


async def test_what_was_claimed_is_shown_beside_what_came(rig):
    sat, client = rig.sits()
    await sent(client, sat, 1, 2, 3)
    await heard(rig, sat, 5)
    assert await shown(rig, sat) == {
        "claimed_last_sequence": 5,
        "received_count": 3,
        "highest_received": 3,
        "missing": [[4, 5]],
        "missing_count": 2,
    }


async def test_what_attempts_tells_counts_although_nothing_was_heard(rig):
    sat, client = rig.sits()
    await sent(client, sat, 1, 3)
    rig.stub.submit(sat, 4)
    found = await shown(rig, sat)
    assert (found["claimed_last_sequence"], found["missing"]) == (4, [[2, 2], [4, 4]])


async def test_a_late_event_before_the_submit_counts(rig):
    sat, client = rig.sits()
    await sent(client, sat, 1)
    rig.stub.set_status(sat, "expired")
    await sent(client, sat, 2)
    rig.stub.submit(sat, 2)
    assert (await shown(rig, sat))["missing_count"] == 0


async def test_events_without_numbers_are_no_part_of_it(rig):
    sat, client = rig.sits()
    await client.post("/events", json=body(sat.attempt_id))
    await heard(rig, sat, None)
    found = await shown(rig, sat)
    assert (found["received_count"], found["missing_count"]) == (0, 0)


async def test_an_exam_lists_the_submitted_attempts_of_which_something_is_missing(rig):
    first, client = rig.sits()
    await sent(client, first, 1)
    others = [rig.stub.add(exam_id=first.exam_id) for _ in range(3)]
    await sent(rig.client(others[0].student_id), others[0], 0, 1, 2)
    await sent(rig.client(others[1].student_id), others[1], 0, 2)
    await heard(rig, first, 3)
    await heard(rig, others[0], 2)
    await heard(rig, others[1], 2)
    await heard(rig, others[2], 2**63 - 1)
    path = f"/exams/{first.exam_id}/delivery"
    listed = (await rig.client(1, "admin").get(path)).json()
    missing = [(item["attempt_id"], item["delivery"]["missing"]) for item in listed]
    assert missing == [
        (first.attempt_id, [[2, 3]]),
        (others[1].attempt_id, [[1, 1]]),
        (others[2].attempt_id, [[1, 2**63 - 1]]),
    ]
    second = (await rig.client(1, "admin").get(path, params={"skip": 1, "limit": 1})).json()
    assert second == listed[1:2]


@pytest.mark.parametrize(
    ("role", "is_assigned", "status"),
    [
        ("admin", False, 200),
        ("hall_in_charge", False, 200),
        ("proctor", True, 200),
        ("grader", True, 200),
        ("proctor", False, 403),
        ("grader", False, 403),
        ("student", False, 403),
        ("technician", False, 403),
    ],
)
async def test_an_exams_deliveries_are_for_staff_and_who_is_assigned(
    rig, role, is_assigned, status
):
    sat, _ = rig.sits()
    member = rig.member(role, assigned=[(role, sat.exam_id)] if is_assigned else [])
    answer = await member.get(f"/exams/{sat.exam_id}/delivery")
    assert answer.status_code == status
    assert answer.json() == [] if status == 200 else answer.json()["detail"] == "Access denied"


@pytest.mark.parametrize("exam_id", ["0", "x", str(2**63), "-1"])
async def test_an_exam_that_cannot_be_is_a_readable_422(rig, exam_id):
    answer = await rig.client(1, "admin").get(f"/exams/{exam_id}/delivery")
    assert answer.status_code == 422


async def test_nobody_without_a_token_sees_an_exams_deliveries(rig):
    assert (await rig.client(None).get("/exams/1/delivery")).status_code == 401
