"""Snapshots from a student's client to row, event, chain and file, on the real database."""

import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from chassis.waiting import eventually
from oep_local import verify_evidence as verifier
from proctoring import chain
from proctoring import store as events_store
from proctoring.errors import AttemptsUnavailable
from proctoring.event import chained
from proctoring.snapshots import snapshot, store
from proctoring.snapshots.errors import ShelfUnavailable
from proctoring.snapshots.snapshot import MAX_BYTES
from snapshots_kit import digest, picture
from sqlalchemy import text


async def events(rig, sat) -> list:
    return list(await rig.rows(events_store.chained_events, sat.attempt_id))


async def test_a_snapshot_is_an_event_of_the_chain_and_a_file(rig, camera):
    content = picture("WEBP", (320, 240))
    taken_at = "2026-03-02T09:00:00+00:00"
    found = await camera.sent(content, source="screen", taken_at=taken_at)
    assert (found["source"], found["media_type"]) == ("screen", "image/webp")
    assert (found["width"], found["height"], found["size"]) == (320, 240, len(content))
    assert (found["sha256"], found["sequence"], found["late"]) == (digest(content), 1, False)
    [event] = await events(rig, camera.sat)
    assert event.hash == chain.link(chain.GENESIS, chained(event))
    assert (event.draft.event_type, event.draft.severity.value) == ("snapshot_taken", "info")
    assert str(event.draft.event_id) == found["snapshot_id"]
    said = json.loads(event.draft.event_data)
    assert (said["sha256"], said["source"]) == (digest(content), "screen")
    shelf = rig.app.state.snapshots._shelving.shelf
    assert shelf.open(bytes.fromhex(digest(content))) == content


async def test_events_and_snapshots_share_one_sequence(rig, camera):
    for number in range(6):
        if number % 2:
            body = {"attempt_id": camera.sat.attempt_id, "event_type": "tab_switch"}
            assert (await camera.client.post("/events", json=body)).status_code == 201
        else:
            await camera.sent()
    found = await events(rig, camera.sat)
    assert [event.sequence for event in found] == [1, 2, 3, 4, 5, 6]
    head = chain.GENESIS
    for event in found:
        head = chain.link(head, chained(event))
        assert event.hash == head
    tally = (await rig.rows(events_store.summary, camera.sat.attempt_id)).tally
    assert (tally.info_count, tally.warning_count, tally.head_hash) == (3, 3, head)


async def test_the_same_again_has_the_first_answer_and_something_else_is_a_conflict(rig, camera):
    said = {"snapshot_id": str(uuid.uuid4()), "taken_at": "2026-03-02T09:00:00Z"}
    content = picture()
    first = await camera.sent(content, **said)
    assert await camera.sent(content, **said) == first
    for change in ({"source": "screen"}, {"taken_at": "2026-03-02T09:00:01Z"}):
        assert (await camera.send(content, **said | change)).status_code == 409
    refused = await camera.send(picture(), **said)
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:oep:problem:snapshot-id-taken",
    )
    assert len(await events(rig, camera.sat)) == 1
    rig.stub.set_status(camera.sat, "cancelled")
    assert await camera.sent(content, **said) == first, "after closing, too"


async def test_the_same_many_times_at_once_is_one(rig, camera):
    said = {"snapshot_id": str(uuid.uuid4()), "taken_at": "2026-03-02T09:00:00Z"}
    content = picture()
    answers = await asyncio.gather(*(camera.sent(content, **said) for _ in range(10)))
    assert all(answer == answers[0] for answer in answers)
    assert len(await events(rig, camera.sat)) == 1


async def test_the_id_of_an_event_is_taken(camera):
    event_id = str(uuid.uuid4())
    body = {
        "attempt_id": camera.sat.attempt_id,
        "event_type": "tab_switch",
        "event_id": event_id,
    }
    await camera.client.post("/events", json=body)
    assert (await camera.send(snapshot_id=event_id)).status_code == 409


@pytest.mark.parametrize("status", ["not_started", "in_progress", "expired"])
async def test_open_attempts_take_snapshots_and_expired_is_late(rig, camera, status):
    rig.stub.set_status(camera.sat, status)
    assert (await camera.sent())["late"] == (status == "expired")


@pytest.mark.parametrize("status", ["submitted", "graded", "cancelled"])
async def test_closed_attempts_take_nothing(rig, camera, status):
    rig.stub.set_status(camera.sat, status)
    answer = await camera.send()
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Cannot log events for a completed exam"
    assert await events(rig, camera.sat) == []


async def test_what_was_taken_before_the_submit_may_come_behind_it(rig, camera):
    before = datetime.now(UTC) - timedelta(seconds=30)
    rig.stub.submit(camera.sat, None)
    found = await camera.sent(taken_at=before.isoformat())
    assert found["late"]
    later = datetime.now(UTC) + timedelta(seconds=30)
    assert (await camera.send(taken_at=later.isoformat())).status_code == 400


async def test_nobody_sends_anothers(rig, camera):
    camera.client = rig.client(camera.sat.student_id + 1)
    answer = await camera.send()
    assert answer.status_code == 404
    assert answer.json()["detail"] == "Exam attempt not found or access denied"


async def test_a_file_of_512_kib_is_taken_and_one_byte_more_is_413(camera):
    content = picture()
    comment, rest = content[:2], content[2:]
    while len(comment) + len(rest) + 4 < MAX_BYTES:
        room = min(65_533, MAX_BYTES - len(comment) - len(rest) - 4)
        comment += b"\xff\xfe" + (room + 2).to_bytes(2) + bytes(room)
    whole = comment + rest
    assert MAX_BYTES - 4 <= len(whole) <= MAX_BYTES
    await camera.sent(whole)
    answer = await camera.send(whole + bytes(MAX_BYTES + 1 - len(whole)))
    assert (answer.status_code, answer.json()["detail"]) == (413, "A snapshot may have 512 KiB")


@pytest.mark.parametrize("content", [b"", b"<svg/>", picture("PNG"), picture() + b"<script>"])
async def test_what_is_no_picture_is_refused(rig, camera, content):
    answer = await camera.send(content)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:oep:problem:not-a-picture")
    assert await events(rig, camera.sat) == []


@pytest.mark.parametrize(
    "said",
    [
        {"snapshot_id": "seven"},
        {"source": "microphone"},
        {"taken_at": "yesterday"},
        {"taken_at": "2026-03-02T09:00:00"},
        {"taken_at": "0001-01-01T00:00:00+14:00"},
    ],
)
async def test_what_is_said_of_it_must_be_readable(camera, said):
    assert (await camera.send(**said)).status_code == 422


async def test_a_minute_takes_so_many_and_an_attempt_so_many(rig, camera, monkeypatch):
    monkeypatch.setattr(snapshot, "MOST_IN_A_WINDOW", 2)
    await camera.sent()
    await camera.sent()
    answer = await camera.send()
    assert (answer.status_code, answer.json()["type"]) == (
        429,
        "urn:oep:problem:too-many-snapshots",
    )
    assert 0 < int(answer.headers["retry-after"]) <= 60
    monkeypatch.setattr(rig.app.state.snapshots, "_most", 2)
    assert (await camera.send()).headers["retry-after"] == "3600"


async def test_without_a_place_it_is_503_and_every_answer_tells_the_load(rig, camera, monkeypatch):
    assert (await camera.send()).headers["oep-load"] == "0"
    monkeypatch.setattr(rig.app.state.snapshots, "_places", 0)
    monkeypatch.setattr(type(rig.app.state.snapshots), "load", property(lambda _: 10))
    answer = await camera.send()
    assert (answer.status_code, answer.headers["oep-load"]) == (503, "10")
    assert int(answer.headers["retry-after"]) > 0


async def test_attempts_away_is_503_and_stores_nothing(rig, camera, monkeypatch):
    async def away(*_, **__) -> None:
        raise AttemptsUnavailable

    monkeypatch.setattr(rig.app.state.attempts, "ask", away)
    assert (await camera.send()).status_code == 503
    assert await events(rig, camera.sat) == []


async def test_a_shelf_that_is_away_stores_neither_row_nor_event(rig, camera, monkeypatch):
    shelf = rig.app.state.snapshots._shelving.shelf

    def away(*_) -> None:
        raise ShelfUnavailable

    monkeypatch.setattr(type(shelf), "put", away)
    said = {"snapshot_id": str(uuid.uuid4())}
    content = picture()
    answer = await camera.send(content, **said)
    assert (answer.status_code, answer.json()["type"]) == (
        503,
        "urn:oep:problem:snapshot-store-unavailable",
    )
    assert await events(rig, camera.sat) == []
    monkeypatch.undo()
    await camera.sent(content, **said)


async def test_the_file_is_there_before_the_row(rig, camera, monkeypatch):
    """Whatever is seen of the table, its file can be opened."""
    shelf, content = rig.app.state.snapshots._shelving.shelf, picture()
    seen = []
    add = store.add

    def look_and_add(*arguments, **named):
        seen.append(shelf.open(bytes.fromhex(digest(content))))
        return add(*arguments, **named)

    monkeypatch.setattr(store, "add", look_and_add)
    await camera.sent(content)
    assert seen == [content]


async def test_a_row_that_is_refused_leaves_no_event(rig, camera, monkeypatch):
    def broken(*_, **__):
        raise ShelfUnavailable

    monkeypatch.setattr(store, "add", broken)
    assert (await camera.send()).status_code == 503
    assert await events(rig, camera.sat) == []


async def test_events_do_not_wait_for_a_shelf_that_stands_still(rig, camera, monkeypatch):
    import threading  # noqa: PLC0415

    gate = threading.Event()
    shelf = rig.app.state.snapshots._shelving.shelf
    put = type(shelf).put
    monkeypatch.setattr(type(shelf), "put", lambda *a: (gate.wait(20), put(*a))[1])
    waiting = [asyncio.create_task(camera.send()) for _ in range(8)]

    async def are_in() -> bool:
        return rig.app.state.snapshots.load >= 5

    assert await eventually(are_in)
    body = {"attempt_id": camera.sat.attempt_id, "event_type": "tab_switch"}
    async with asyncio.timeout(3):
        assert (await camera.client.post("/events", json=body)).status_code == 201
    assert int((await camera.client.post("/events", json=body)).headers["oep-load"]) == 0
    gate.set()
    assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [201] * 8


async def test_the_bundle_lists_snapshots_and_verifies(rig, camera):
    content = picture()
    await camera.sent(content)
    await camera.sent(source="screen")
    document = (await camera.client.get(f"/attempt/{camera.sat.attempt_id}/evidence")).json()
    first, second = document["delivery"]["snapshots"]
    assert (first["sha256"], first["sequence"]) == (digest(content), 1)
    assert (second["source"], second["is_erased"]) == ("screen", False)
    assert document["events"][0]["event_data"]["sha256"] == digest(content)
    keys = (await rig.client(None).get("/evidence-keys")).json()
    assert {verdict for verdict, _ in verifier.findings(document, keys)} == {verifier.HOLDS}


async def test_the_service_may_change_nothing_of_a_snapshot(rig):
    for statement in (
        "UPDATE proctoring.snapshots SET source = 'screen'",
        "DELETE FROM proctoring.snapshots",
        "TRUNCATE proctoring.snapshots",
    ):
        with pytest.raises(Exception, match="permission denied"):
            await rig.rows(lambda session, said=statement: session.execute(text(said)))
