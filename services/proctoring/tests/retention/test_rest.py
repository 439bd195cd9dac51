"""REST of retention: who decided what, holds, runs; all of it for administrators."""

import pytest
from proctoring import keyring
from sqlalchemy import text

REASON = {"reason": "asked for by the ministry"}


async def test_an_exam_has_the_installations_policy_until_somebody_decides(archive, admin):
    exam_id = archive.rig.stub.add().exam_id
    found = (await admin.get(f"/exams/{exam_id}/retention")).json()
    assert found == {
        "exam_id": exam_id,
        "events_days": 180,
        "network_days": 90,
        "snapshots_days": 90,
        "history": [],
    }


async def test_a_policy_is_overridden_per_exam_with_author_and_history(archive, rig, admin):
    exam_id = rig.stub.add().exam_id
    path = f"/exams/{exam_id}/retention"
    first = {"events_days": 365, "network_days": 30, **REASON}
    assert (await admin.put(path, json=first)).status_code == 200
    second = {"events_days": None, "network_days": 31, "reason": "one day more"}
    colleague = rig.client(8, "admin")
    found = (await colleague.put(path, json=second)).json()
    assert (found["events_days"], found["network_days"]) == (180, 31)
    told = [(each["author_id"], each["reason"], each["events_days"]) for each in found["history"]]
    assert told == [(8, "one day more", None), (7, REASON["reason"], 365)]
    assert (await admin.get(path)).json() == found


@pytest.mark.parametrize(
    "body",
    [
        {"events_days": 0, "network_days": 1, **REASON},
        {"events_days": 36_501, "network_days": 1, **REASON},
        {"events_days": "9", "network_days": 1, **REASON},
        {"events_days": 9, **REASON},
        {"events_days": 9, "network_days": 9, "snapshots_days": 0, **REASON},
        {"events_days": 9, "network_days": 9},
        {"events_days": 9, "network_days": 9, "reason": ""},
        {"events_days": 9, "network_days": 9, "reason": "a\x00b"},
        {"events_days": 9, "network_days": 9, "days": 9, **REASON},
    ],
)
async def test_a_policy_that_is_none_is_refused(admin, body):
    answer = await admin.put("/exams/1/retention", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_an_administrator_holds_an_attempt_and_lifts_the_hold_and_both_are_kept(
    archive, admin
):
    sat = await archive.sat(days_ago=999)
    path = f"/attempt/{sat.attempt_id}/hold"
    placed = await admin.post(path, json=REASON)
    assert placed.status_code == 201
    assert placed.json()["placed_by_id"] == 7
    standing = (await admin.get(path)).json()
    assert standing["held_by"] == ["hold"]
    assert await archive.left(sat) == dict.fromkeys(await archive.left(sat), 3)
    run = {"dry_run": False, "exam_id": sat.exam_id}
    [told] = (await admin.post("/retention/runs", json=run)).json()["attempts"]
    assert (told["held_by"], told["payload_events"]) == (["hold"], None)
    lifted = await admin.delete(path, params={"reason": "settled"})
    assert (lifted.status_code, lifted.content) == (204, b"")
    await admin.post("/retention/runs", json=run)
    standing = (await admin.get(path)).json()
    assert standing["held_by"] == []
    assert standing["payload_erased_at"]
    assert standing["network_erased_at"]
    [hold] = standing["holds"]
    assert (hold["reason"], hold["lift_reason"]) == (REASON["reason"], "settled")
    assert (hold["lifted_by_id"], bool(hold["lifted_at"])) == (7, True)


async def test_an_attempt_is_held_once_and_the_second_is_told_by_whom(archive, rig, admin):
    sat = rig.stub.add()
    path = f"/attempt/{sat.attempt_id}/hold"
    await admin.post(path, json=REASON)
    second = await rig.client(8, "admin").post(path, json=REASON)
    assert second.status_code == 409
    assert second.json()["placed_by_id"] == 7
    await admin.delete(path)
    again = await admin.delete(path)
    assert (again.status_code, again.json()["detail"]) == (404, "The attempt is not on hold")
    assert (await admin.post(path, json=REASON)).status_code == 201
    assert len((await admin.get(path)).json()["holds"]) == 2


async def test_an_attempt_that_does_not_exist_has_no_hold(admin):
    for answer in (
        await admin.get("/attempt/2000000000/hold"),
        await admin.post("/attempt/2000000000/hold", json=REASON),
        await admin.delete("/attempt/2000000000/hold"),
    ):
        assert (answer.status_code, answer.json()["detail"]) == (404, "Exam attempt not found")


async def test_a_run_changes_nothing_unless_it_is_told_to(archive, admin):
    sat = await archive.sat(days_ago=181)
    chosen = {"exam_id": sat.exam_id}
    for body in (chosen, chosen | {"dry_run": True}):
        told = (await admin.post("/retention/runs", json=body)).json()
        assert told["dry_run"] is True
        assert told["next_after_attempt_id"] is None
        counts = {"attempts": 1, "payload_events": 3, "network_events": 3}
        counts |= {"snapshots": 0, "held": 0}
        assert told["exams"] == [{"exam_id": sat.exam_id, **counts}]
        [attempt] = told["attempts"]
        assert attempt["attempt_id"] == sat.attempt_id
        assert attempt["others"]["timing_answers"] == 1
        assert (await archive.left(sat))["event_data"] == 3
    done = (await admin.post("/retention/runs", json=chosen | {"dry_run": False})).json()
    assert (done["dry_run"], done["exams"]) == (False, told["exams"])
    assert [said["actor"] for said in await archive.records(sat)] == ["user:7", "user:7"]
    assert {said["run_id"] for said in await archive.records(sat)} == {done["run_id"]}


async def test_a_page_of_a_run_says_where_the_next_one_begins(archive, admin):
    sat = await archive.sat(days_ago=181)
    body = {"exam_id": sat.exam_id, "limit": 1}
    first = (await admin.post("/retention/runs", json=body)).json()
    assert first["next_after_attempt_id"] == sat.attempt_id
    body["after_attempt_id"] = sat.attempt_id
    second = (await admin.post("/retention/runs", json=body)).json()
    assert (second["attempts"], second["next_after_attempt_id"]) == ([], None)


async def test_the_key_of_a_deletion_record_is_published(archive, admin):
    sat = await archive.sat(days_ago=181)
    await admin.post("/retention/runs", json={"dry_run": False, "exam_id": sat.exam_id})
    [said, _] = await archive.records(sat)
    keys = (await archive.rig.client(None).get("/evidence-keys")).json()["keys"]
    assert said["kid"] in [key["kid"] for key in keys]
    count = text("SELECT count(*) FROM proctoring.evidence_keys WHERE kid = :kid")
    stored = await archive.rig.rows(
        lambda session: session.execute(count, {"kid": said["kid"]}).scalar_one()
    )
    assert stored == 1
    assert archive.rig.app.state.signing_key.public in await archive.rig.rows(keyring.public_keys)
