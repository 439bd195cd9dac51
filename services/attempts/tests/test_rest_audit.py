"""GET /api/v1/attempts/audit: who reads it, what it shows, how it is filtered (contract §9.5)."""

import pytest

OTHERS = "student,proctor,grader,hall_in_charge,hall_auth,technician"


@pytest.fixture
async def begun(api, world) -> int:
    """An attempt that a student began, from a known place."""
    attempt_id = world.attempt("not_started")
    headers = {"X-Forwarded-For": "203.0.113.9", "User-Agent": "Firefox"}
    url = f"/attempts/{attempt_id}/begin"
    (await api().post(url, headers=headers)).raise_for_status()
    return attempt_id


async def test_only_administrators_read_the_audit(api):
    """Contract §9.5: readable by administrators only."""
    response = await api(1, OTHERS).get("/attempts/audit")
    assert response.status_code == 403
    assert response.json()["detail"] == "User does not have required role. Required: ['admin']"
    response = await api().get("/attempts/audit", headers={"Authorization": ""})
    assert response.status_code == 401


@pytest.mark.contract("9.5/fields")
async def test_an_entry_shows_user_address_agent_time_success_and_details(api, world, begun):
    """Contract §9.5: user, address, user agent, time, success and details."""
    response = await api(1, "admin").get("/attempts/audit", params={"attempt_id": begun})
    [entry] = response.raise_for_status().json()
    assert (entry["event_type"], entry["user_id"]) == ("attempt_begun", world.student)
    assert (entry["attempt_id"], entry["success"]) == (begun, True)
    assert (entry["ip_address"], entry["user_agent"]) == ("203.0.113.9", "Firefox")
    assert entry["created_at"].endswith("Z")
    assert entry["details"]["deadline_at"]
    assert (entry["chain"], entry["place"], len(entry["hash"])) == (f"attempt:{begun}", 1, 64)


async def test_entries_are_filtered_and_paged_newest_first(api, world, begun):
    (await api().post(f"/attempts/{begun}/submit", json={"confirm": True})).raise_for_status()
    admin = api(1, "admin")

    async def found(**params) -> list[dict]:
        about = {"attempt_id": begun} | params
        return (await admin.get("/attempts/audit", params=about)).raise_for_status().json()

    whole = await found()
    assert [e["event_type"] for e in whole] == [
        "attempt_graded",
        "attempt_submitted",
        "attempt_begun",
    ]
    assert await found(skip=1, limit=1) == [whole[1]]
    assert await found(event_type="attempt_begun") == [whole[2]]
    assert await found(user_id=world.student) == [whole[1], whole[2]]
    assert await found(exam_id=whole[0]["exam_id"]) == whole
    assert await found(exam_id=999_999) == []
    assert await found(success="true") == whole
    assert await found(success="false") == []
    assert await found(since=whole[1]["created_at"]) == whole[:2]
    assert await found(until=whole[1]["created_at"]) == [whole[2]]
    naive = whole[1]["created_at"].removesuffix("Z")
    assert await found(until=naive) == [whole[2]]


BAD = ["limit=0", "limit=1001", "skip=-1", "since=x", "event_type=A%00", "success=2", "exam_id=x"]


@pytest.mark.parametrize("query", BAD)
async def test_a_bad_filter_is_422(api, query):
    assert (await api(1, "admin").get(f"/attempts/audit?{query}")).status_code == 422


@pytest.mark.parametrize(
    "at",
    ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-12:00", "2026-09-11T17:57:52-20:43"],
)
async def test_the_ends_of_time_and_every_offset_are_instants_too(api, at):
    assert (await api(1, "admin").get(f"/attempts/audit?since={at}")).status_code == 200
