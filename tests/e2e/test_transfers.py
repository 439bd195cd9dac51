"""A running attempt moves to another workstation: REST, bus, both kinds of socket, audit."""

import pytest
from chassis.waiting import eventually


@pytest.mark.contract("8.3/request", "8.3/approve", "8.3/move/deadline", "8.3/audit")
async def test_a_transfer_is_asked_for_approved_and_seen_by_all(student, proctor, hall_in_charge):
    attempt = student.attempt_id
    before = (await student.http.get(f"/attempts/{attempt}")).json()
    monitor = f"exams/{student.exam_id}/monitor"
    async with student.socket(f"attempts/{attempt}") as page, proctor.socket(monitor) as board:
        await board.until(lambda frame: frame["type"] == "snapshot")
        wish = {"attempt_id": attempt, "to_workstation": "PC-2", "reason": "The screen is broken"}
        asked = await student.http.post("/transfers/request", json=wish)
        assert asked.status_code == 201, asked.text
        transfer_id = asked.json()["id"]
        requested = await page.until(lambda frame: frame["type"] == "transfer_requested")
        assert requested["requested_by"] == student.user["username"]
        url = f"/transfers/{transfer_id}/approve"
        decided = await hall_in_charge.http.post(url, json={"approved": True})
        assert decided.status_code == 200, decided.text
        completed = await page.until(lambda frame: frame["type"] == "transfer_completed")
        assert completed["migration_checksum"] == decided.json()["migration_checksum"]
        [approved] = page.of_type("transfer_approved")
        assert approved["approved_by"] == hall_in_charge.user["username"]
        places = [f["position"]["sequence"] for f in (requested, approved, completed)]
        assert places == sorted(set(places))

        def told() -> bool:
            mine = [f for f in board.of_type("delta") if f["attempt_id"] == attempt]
            kinds = [frame["kind"] for frame in mine]
            return kinds.count("transfer") == 3

        await eventually(told, 10)
    after = (await student.http.get(f"/attempts/{attempt}")).json()
    assert (after["workstation_id"], after["transfer_count"]) == (
        "PC-2",
        before["transfer_count"] + 1,
    )
    assert after["deadline_at"] == before["deadline_at"]
    trail = (await hall_in_charge.http.get(f"/transfers/audit/{transfer_id}")).json()
    assert [(entry["event_type"], entry["username"]) for entry in trail] == [
        ("transfer_requested", student.user["username"]),
        ("transfer_approved", hall_in_charge.user["username"]),
        ("transfer_completed", hall_in_charge.user["username"]),
    ]
