"""Evidence on a real database and over REST: streamed, sealed, shown to whom it concerns."""

import asyncio
import json
import uuid

import pytest
from chassis.errors import Unavailable
from chassis.waiting import eventually
from google.protobuf.timestamp_pb2 import Timestamp
from oep_local import verify_evidence as verifier
from proctoring import delivery_store, event, store, timing_store
from proctoring.delivery import Submission
from proctoring.errors import ExportsBusy
from proctoring.evidence import exporting, sealing
from proctoring.evidence import store as evidence_store
from proctoring.evidence.exporting import Exports
from proctoring.evidence.seal import Reason
from proctoring.evidence.sealing import Ending, Sweeper
from sqlalchemy import text


def body(sat, **more) -> dict:
    return {"attempt_id": sat.attempt_id, "event_type": "tab_switch"} | more


async def sat_with_events(rig, count: int = 3):
    """Return an attempt that has events with all that an event can have."""
    sat, client = rig.sits()
    for number in range(1, count + 1):
        more = {
            "event_id": str(uuid.uuid4()),
            "client_sequence": number,
            "event_data": {"key": f"é{number}", "held": [1.0, None, 10**20]},
            "question_id": 2,
        }
        answer = await client.post("/events", json=body(sat, **more if number % 2 else {}))
        assert answer.status_code == 201
    return sat, client


async def exported(client, sat) -> dict:
    answer = await client.get(f"/attempt/{sat.attempt_id}/evidence")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def keys(rig) -> dict:
    return (await rig.client(None).get("/evidence-keys")).json()


async def flaws(rig, document) -> list[str]:
    found = verifier.findings(document, await keys(rig))
    return [said for verdict, said in found if verdict != verifier.HOLDS]


def sealed(document) -> list[tuple[int, str]]:
    bodies = [json.loads(each["body"]) for each in document["heads"]]
    return [(each["sequence"], each["reason"]) for each in bodies]


async def seals(rig, sat) -> list[tuple[int, str]]:
    found = await rig.rows(evidence_store.seals, sat.attempt_id)
    return [(number, json.loads(seal.body)["reason"]) for number, seal in found.items()]


async def forged(owner, *statements: str, **values) -> None:
    """Do to the database what the service itself may not."""

    def work() -> None:
        with owner.transaction() as session:
            for statement in statements:
                session.execute(text(statement), values)

    await owner.run(work)


async def test_a_bundle_holds_everything_and_verifies_with_the_published_keys(rig):
    sat, client = await sat_with_events(rig)
    posted = {"attempt_id": sat.attempt_id, "question_id": 1, "total_time_seconds": 20}
    assert (await client.post("/question-timing", json=posted)).status_code == 200
    rig.stub.submit(sat, 5)
    document = await exported(client, sat)
    assert await flaws(rig, document) == []
    assert list(document) == ["type", *verifier.SECTIONS, "export"]
    assert [each["event_data"] for each in document["events"]] == [
        {"key": "é1", "held": [1.0, None, 10**20]},
        None,
        {"key": "é3", "held": [1.0, None, 10**20]},
    ]
    assert document["events"][0]["network"]["ip_address"] == "127.0.0.1"
    assert [each["total_time_seconds"] for each in document["timings"]] == [20]
    assert document["delivery"] == {
        "claimed_last_sequence": 5,
        "received_count": 2,
        "highest_received": 3,
        "missing": [[2, 2], [4, 5]],
        "missing_count": 3,
    }
    assert document["keys"] == (await keys(rig))["keys"]


async def test_the_facts_of_the_attempt_are_asked_from_attempts_and_hold_no_names(rig):
    sat, client = rig.sits()
    known = rig.stub.known[sat.attempt_id]
    known.start_time.CopyFrom(Timestamp(seconds=1_772_442_000))
    known.deadline_at.CopyFrom(Timestamp(seconds=1_772_445_600))
    known.duration_seconds = 3_600
    assert (await exported(client, sat))["attempt"] == {
        "attempt_id": sat.attempt_id,
        "exam_id": sat.exam_id,
        "student_id": sat.student_id,
        "status": "in_progress",
        "duration_seconds": 3_600,
        "started_at": "2026-03-02T09:00:00.000000Z",
        "deadline_at": "2026-03-02T10:00:00.000000Z",
        "submitted_at": None,
    }


async def test_it_is_a_download_that_no_cache_keeps(rig):
    sat, client = rig.sits()
    answer = await client.get(f"/attempt/{sat.attempt_id}/evidence")
    name = f'attachment; filename="evidence-attempt-{sat.attempt_id}.json"'
    assert answer.headers["content-disposition"] == name
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"


async def test_it_is_shown_to_the_student_himself_and_to_those_who_may_look_at_the_exam(rig):
    sat, client = rig.sits()
    url = f"/attempt/{sat.attempt_id}/evidence"
    allowed = [
        client,
        rig.client(1, "admin"),
        rig.client(1, "hall_in_charge"),
        rig.member("proctor", assigned=[("proctor", sat.exam_id)]),
        rig.member("grader", assigned=[("grader", sat.exam_id)]),
    ]
    refused = [
        rig.sits()[1],
        rig.member("proctor", assigned=[("proctor", sat.exam_id + 1)]),
        rig.member("grader"),
        rig.client(1, "technician"),
    ]
    assert [(await each.get(url)).status_code for each in allowed] == [200] * 5
    answers = [await each.get(url) for each in refused]
    assert [(a.status_code, a.json()["detail"]) for a in answers] == [(403, "Access denied")] * 4
    assert (await rig.client(None).get(url)).status_code == 401
    unknown = await client.get("/attempt/999999/evidence")
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "Exam attempt not found")


async def test_who_exported_what_is_logged(rig, capsys):
    sat, _ = rig.sits()
    await exported(rig.client(77, "admin"), sat)
    [line] = [line for line in capsys.readouterr().out.splitlines() if "evidence.exported" in line]
    assert f"{sat.attempt_id}" in line
    assert "77" in line


async def test_while_attempts_is_away_the_answer_is_503(rig):
    sat, client = rig.sits()
    async with rig.stub.away():
        answer = await client.get(f"/attempt/{sat.attempt_id}/evidence")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


async def test_an_export_seals_the_head_once_however_often_it_is_asked_for(rig):
    sat, client = await sat_with_events(rig, 2)
    for _ in range(3):
        assert sealed(await exported(client, sat)) == [(2, "export")]
    await client.post("/events", json=body(sat))
    assert sealed(await exported(client, sat)) == [(2, "export"), (3, "export")]
    assert await seals(rig, sat) == [(2, "export"), (3, "export")]


async def test_a_chain_is_sealed_when_its_attempt_ends_and_later_seals_stand_on_it(rig):
    sat, client = await sat_with_events(rig, 2)
    key = rig.app.state.signing_key
    place = (sat.attempt_id, sat.exam_id)
    endings = [Ending(*place, Reason.SUBMITTED), Ending(*place, Reason.GRADED)]
    assert await rig.rows(sealing.seal, key, endings) == 1, "one head, one seal"
    assert await rig.rows(sealing.seal, key, endings) == 0, "again changes nothing"
    await client.post("/events", json=body(sat))
    document = await exported(client, sat)
    assert sealed(document) == [(2, "submitted"), (3, "export")]
    assert await flaws(rig, document) == []


async def test_an_attempt_that_ended_without_events_is_sealed_as_empty(rig):
    sat, client = rig.sits("cancelled")
    ending = Ending(sat.attempt_id, sat.exam_id, Reason.CANCELLED)
    await rig.rows(sealing.seal, rig.app.state.signing_key, [ending])
    document = await exported(client, sat)
    assert sealed(document) == [(0, "cancelled")]
    assert json.loads(document["heads"][0]["body"])["head_hash"] == "0" * 64
    assert await flaws(rig, document) == []


async def test_the_sweep_finds_what_was_submitted_and_not_sealed_or_grew_since(rig):
    forgotten, _ = await sat_with_events(rig, 1)
    grown, client = await sat_with_events(rig, 1)
    running, _ = await sat_with_events(rig, 1)
    key = rig.app.state.signing_key
    for sat in (forgotten, grown):
        submission = Submission(sat.attempt_id, sat.exam_id, None, None)
        await rig.rows(delivery_store.record, [submission])
    await rig.rows(sealing.seal, key, [Ending(grown.attempt_id, grown.exam_id, Reason.SUBMITTED)])
    await client.post("/events", json=body(grown))
    sweeper = Sweeper(rig.database, key, seconds=1)
    await sweeper.sweep()
    assert await seals(rig, forgotten) == [(1, "sweep")]
    assert await seals(rig, grown) == [(1, "submitted"), (2, "sweep")]
    assert await seals(rig, running) == [], "it has not ended"
    assert await sweeper.sweep() == 0


async def test_the_sweep_goes_through_many_submissions_page_by_page(rig, monkeypatch):
    monkeypatch.setattr(sealing, "_PAGE", 2)
    sats = [rig.stub.add() for _ in range(5)]
    known = [Submission(sat.attempt_id, sat.exam_id, None, None) for sat in sats]
    await rig.rows(delivery_store.record, known)
    await Sweeper(rig.database, rig.app.state.signing_key, seconds=1).sweep()
    assert [await seals(rig, sat) for sat in sats] == [[(0, "sweep")]] * 5


async def test_the_running_service_seals_what_it_hears_to_have_ended(rig, bus):
    ended = {}
    for status in ("submitted", "graded", "cancelled"):
        sat, client = await sat_with_events(rig, 1)
        notice = {"exam_id": sat.exam_id, "attempt_id": sat.attempt_id, "data": {"status": status}}
        subject = f"oep.v1.{sat.exam_id}.{sat.attempt_id}.status_changed"
        await bus.publish(subject, json.dumps(notice).encode(), None)
        ended[status] = (sat, client)
    for status, (sat, client) in ended.items():

        async def is_sealed(sat=sat) -> bool:
            return bool(await seals(rig, sat))

        await eventually(is_sealed, 30)
        assert await seals(rig, sat) == [(1, status)]
        assert await flaws(rig, await exported(client, sat)) == []


async def test_what_was_changed_in_the_database_is_found(rig, owner):
    sat, client = await sat_with_events(rig, 3)
    key = rig.app.state.signing_key
    ending = Ending(sat.attempt_id, sat.exam_id, Reason.SUBMITTED)
    await rig.rows(sealing.seal, key, [ending])
    assert await flaws(rig, await exported(client, sat)) == []
    event_2 = "UPDATE proctoring.proctoring_events SET {} WHERE attempt_id = :id AND sequence = 2"

    async def found_after(change: str) -> list[str]:
        await forged(owner, event_2.format(change), id=sat.attempt_id)
        return await flaws(rig, await exported(client, sat))

    unlike = "event 2 is not what was recorded"
    assert await found_after("severity = 'info'") == [f"chain: {unlike}"]
    assert await found_after("severity = 'warning', ip_address = '10.9.9.9'") == [
        "payloads: network of event 2 is not what was recorded"
    ]
    assert await found_after("ip_address = '127.0.0.1'") == []


async def test_an_end_that_was_cut_off_with_its_tally_contradicts_the_seal(rig, owner):
    sat, client = await sat_with_events(rig, 3)
    ending = Ending(sat.attempt_id, sat.exam_id, Reason.SUBMITTED)
    await rig.rows(sealing.seal, rig.app.state.signing_key, [ending])
    _, second, _ = await rig.rows(store.chained_events, sat.attempt_id)
    await forged(
        owner,
        "DELETE FROM proctoring.proctoring_events WHERE attempt_id = :id AND sequence = 3",
        "UPDATE proctoring.tallies SET last_sequence = 2, head_hash = :hash WHERE attempt_id = :id",
        id=sat.attempt_id,
        hash=second.hash,
    )
    found = await flaws(rig, await exported(client, sat))
    assert found == ["chain: 3 events were sealed, here are fewer"]


async def test_ten_thousand_events_are_streamed_and_only_a_page_is_held(rig, monkeypatch):
    count = 10_000
    sat, _ = rig.sits()
    tally, events = event.Tally(sat.attempt_id, sat.exam_id), []
    now = await rig.rows(evidence_store.clock)
    for number in range(count):
        data = f'{{"key":"Key{number}"}}'
        draft = event.EventDraft(
            sat.attempt_id, "tab_switch", event.Severity.WARNING, event_data=data
        )
        salt = number.to_bytes(16)
        one, tally = event.record(tally, draft, event.Reception(now, now, False, salt, salt))
        events.append(one)

    def put(session) -> None:
        store.lock_tallies(session, [sat.attempt_id])
        for start in range(0, count, 1_000):
            store.insert_events(session, events[start : start + 1_000])
        store.save_tallies(session, [tally])

    await rig.rows(put)
    sizes, original = [], evidence_store.page

    def page(*args, **kwargs):
        found = original(*args, **kwargs)
        sizes.append(len(found))
        return found

    monkeypatch.setattr(evidence_store, "page", page)
    sitting = (await rig.app.state.attempts.sittings([sat.attempt_id]))[sat.attempt_id]
    parts = [part async for part in await rig.app.state.exports.begin(sitting)]
    assert max(sizes) == exporting.PAGE
    assert max(len(part) for part in parts) < 2 * sum(map(len, parts)) / (count / exporting.PAGE)
    document = json.loads(b"".join(parts))
    assert len(document["events"]) == count
    assert await flaws(rig, document) == []


async def test_events_that_come_during_an_export_are_no_part_of_it(rig, monkeypatch):
    monkeypatch.setattr(exporting, "PAGE", 2)
    sat, client = await sat_with_events(rig, 4)
    sitting = (await rig.app.state.attempts.sittings([sat.attempt_id]))[sat.attempt_id]
    parts = []
    async for part in await rig.app.state.exports.begin(sitting):
        parts.append(part)
        if len(parts) == 3:
            assert (await client.post("/events", json=body(sat))).status_code == 201
    document = json.loads(b"".join(parts))
    assert len(document["events"]) == 4
    assert await flaws(rig, document) == []


async def test_an_event_that_comes_while_the_moment_is_read_leaves_it_one_moment(rig, monkeypatch):
    sat, client = await sat_with_events(rig, 1)
    loop, original = asyncio.get_running_loop(), timing_store.list_timings

    def list_timings(session, attempt_id):
        """Let an event be stored behind the head and before the delivery are read."""
        posted = client.post("/events", json=body(sat, client_sequence=9))
        assert asyncio.run_coroutine_threadsafe(posted, loop).result(10).status_code == 201
        return original(session, attempt_id)

    monkeypatch.setattr(timing_store, "list_timings", list_timings)
    document = await exported(client, sat)
    assert await flaws(rig, document) == []
    assert (len(document["events"]), document["delivery"]["highest_received"]) == (1, 1)


async def test_an_export_that_breaks_off_is_unreadable_and_not_merely_shorter(rig, monkeypatch):
    monkeypatch.setattr(exporting, "PAGE", 2)
    sat, _ = await sat_with_events(rig, 4)
    original, asked = evidence_store.page, []

    def page(*args, **kwargs):
        asked.append(args)
        if len(asked) == 2:
            raise Unavailable
        return original(*args, **kwargs)

    monkeypatch.setattr(evidence_store, "page", page)
    sitting = (await rig.app.state.attempts.sittings([sat.attempt_id]))[sat.attempt_id]
    parts = []

    async def read() -> None:
        async for part in await rig.app.state.exports.begin(sitting):
            parts.append(part)  # noqa: PERF401  # what came before it breaks off is kept

    with pytest.raises(Unavailable):
        await read()
    assert b"tab_switch" in b"".join(parts)
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(b"".join(parts))


async def test_more_exports_than_the_service_can_bear_are_asked_to_come_back(rig, monkeypatch):
    monkeypatch.setattr(exporting, "MOST_AT_ONCE", 1)
    exports = Exports(rig.database, rig.app.state.signing_key)
    sat, _ = rig.sits()
    sitting = (await rig.app.state.attempts.sittings([sat.attempt_id]))[sat.attempt_id]
    first = await exports.begin(sitting)
    await anext(first)
    with pytest.raises(ExportsBusy):
        await exports.begin(sitting)
    await first.aclose()
    parts = [part async for part in await exports.begin(sitting)]
    assert json.loads(b"".join(parts))["attempt"]["attempt_id"] == sat.attempt_id


async def test_the_bundle_says_of_an_event_what_the_chain_says_of_it(rig):
    sat, _ = await sat_with_events(rig, 2)
    stored = await rig.rows(store.chained_events, sat.attempt_id)
    wanted = {"after": 0, "through": 9, "limit": 9}
    shown = await rig.rows(lambda session: evidence_store.page(session, sat.attempt_id, **wanted))
    assert [each.chained for each in shown] == [event.chained(each) for each in stored]
