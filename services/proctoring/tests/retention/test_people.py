"""A person's export and erasure: what proctoring has of him."""

import json

from proctoring.retention import exporting

REASON = {"reason": "he asked for it"}


async def test_a_persons_export_is_one_document_with_everything_about_him(archive, rig, admin):
    sat = await archive.sat()
    somebody_else = await archive.sat()
    await admin.post(f"/attempt/{sat.attempt_id}/hold", json=REASON)
    answer = await admin.get(f"/people/{sat.student_id}/export")
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    assert found["user_id"] == sat.student_id
    assert found["exported_at"]
    [attempt] = found["attempts"]
    assert (attempt["attempt_id"], attempt["exam_id"]) == (sat.attempt_id, sat.exam_id)
    assert (attempt["status"], attempt["warning_count"]) == ("in_progress", 3)
    assert [event["sequence"] for event in attempt["events"]] == [1, 2, 3]
    for number, event in enumerate(attempt["events"]):
        assert event["event_data"] == {"title": "mother's mail", "number": number}
        assert (event["ip_address"], event["user_agent"]) == ("127.0.0.1", "a browser")
    [timing] = attempt["question_timings"]
    assert (timing["question_id"], timing["total_time_seconds"]) == (1, 3)
    [kept] = attempt["timing_answers"]
    assert kept["answer"]["total_time_seconds"] == 3
    assert [hold["reason"] for hold in attempt["holds"]] == [REASON["reason"]]
    assert str(somebody_else.attempt_id) not in answer.text
    assert "salt" not in answer.text


async def test_an_export_of_many_pages_loses_and_doubles_nothing(archive, admin, monkeypatch):
    monkeypatch.setattr(exporting, "_PAGE", 2)
    for count in (0, 1, 2, 3, 4):
        sat = await archive.sat(events=count)
        found = (await admin.get(f"/people/{sat.student_id}/export")).json()
        sequences = [event["sequence"] for event in found["attempts"][0]["events"]]
        assert sequences == list(range(1, count + 1))


async def test_an_export_of_somebody_without_attempts_is_an_empty_one(admin):
    assert (await admin.get("/people/1999999999/export")).json()["attempts"] == []


async def test_after_an_erasure_the_export_has_records_instead_of_payloads(archive, admin):
    sat = await archive.sat()
    await admin.post(f"/people/{sat.student_id}/erasure", json=REASON)
    found = (await admin.get(f"/people/{sat.student_id}/export")).json()
    [attempt] = found["attempts"]
    assert attempt["erasure_requested_at"]
    assert {event["event_data"] for event in attempt["events"]} == {None}
    assert attempt["timing_answers"] == []
    [record] = attempt["deletion_records"]
    assert json.loads(record["body"])["kind"] == "person"


async def test_erasure_of_one_person_leaves_the_chain_verifying_and_signed_records(
    archive, rig, admin
):
    sat = await archive.sat()
    other = await archive.sat()
    answer = await admin.post(f"/people/{sat.student_id}/erasure", json=REASON)
    assert answer.status_code == 200
    told = answer.json()
    assert told["pending"] == []
    [attempt] = told["attempts"]
    assert (attempt["payload_events"], attempt["network_events"]) == (3, 3)
    assert sum((await archive.left(sat)).values()) == 0
    assert await archive.verify(sat) == 3
    [said] = await archive.records(sat)
    assert (said["actor"], said["reason"]) == ("user:7", REASON["reason"])
    assert said["run_id"] == told["run_id"]
    assert sum((await archive.left(other)).values()) == 15


async def test_what_is_on_hold_is_named_and_erased_when_the_hold_ends(archive, admin):
    sat = await archive.sat()
    path = f"/attempt/{sat.attempt_id}/hold"
    await admin.post(path, json=REASON)
    told = (await admin.post(f"/people/{sat.student_id}/erasure", json=REASON)).json()
    assert told["pending"] == [sat.attempt_id]
    assert told["attempts"][0]["held_by"] == ["hold"]
    assert (await admin.get(path)).json()["erasure_requested_at"]
    assert sum((await archive.left(sat)).values()) == 15
    await admin.delete(path)
    await archive.run(sat)
    assert sum((await archive.left(sat)).values()) == 0


async def test_without_attempts_nobody_is_exported_or_erased(archive, rig, admin):
    sat = await archive.sat()
    async with rig.stub.away():
        for answer in (
            await admin.get(f"/people/{sat.student_id}/export"),
            await admin.post(f"/people/{sat.student_id}/erasure", json=REASON),
        ):
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
    assert sum((await archive.left(sat)).values()) == 15
