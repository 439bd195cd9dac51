"""How long pictures are kept: retention, holds, a person's export and erasure, and the files."""

import base64
import json
import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
from chassis.errors import Unavailable
from oep_local import verify_evidence as verifier
from proctoring.app import HOLDINGS
from proctoring.retention import keeping
from proctoring.retention import store as retention_store
from proctoring.retention.due import HeldBy, Part, Policy
from proctoring.retention.erasing import Eraser, Order
from proctoring.snapshots import store
from proctoring.snapshots.sweeping import IDLE, ShelfSweeper
from snapshots_kit import digest, picture
from sqlalchemy import text

AGE = """
    UPDATE proctoring.snapshots SET received_at = received_at - make_interval(days => :days)
    WHERE attempt_id = :attempt_id
"""
AGE_TALLY = """
    UPDATE proctoring.tallies SET last_received_at = last_received_at - make_interval(days => :days)
    WHERE attempt_id = :attempt_id
"""
REASON = {"reason": "he asked for it"}
AT_ONCE = timedelta(0)


@pytest.fixture
def kept(rig, camera, owner):
    """Return what a retention of 180, 170 and 90 days does to the attempt."""
    key = rig.app.state.signing_key
    eraser = Eraser(rig.database, key, Policy(180, 170, 90), HOLDINGS, lambda *_: set())
    exam_id = camera.sat.exam_id

    async def age(days: int) -> None:
        def work() -> None:
            with owner.transaction() as session:
                for statement in (AGE, AGE_TALLY):
                    row = {"attempt_id": camera.sat.attempt_id, "days": days}
                    session.execute(text(statement), row)

        await rig.database.run(work)

    async def run():
        page = await rig.database.run(eraser.run, Order(), exam_id=exam_id)
        return page.outcomes[0] if page.outcomes else None

    async def rehearse():
        page = await rig.database.run(eraser.rehearse, exam_id=exam_id)
        return page.outcomes[0] if page.outcomes else None

    return SimpleNamespace(age=age, run=run, rehearse=rehearse)


@pytest.fixture
def shelf(rig):
    return rig.app.state.snapshots._shelving.shelf


@pytest.fixture
def sweep(rig, shelf):
    async def work(*, idle: timedelta = AT_ONCE) -> int:
        return await ShelfSweeper(rig.database, shelf, seconds=60, idle=idle).sweep()

    return work


async def test_pictures_go_after_their_days_signed_for_and_the_chain_still_verifies(
    rig, camera, watcher, kept, shelf, sweep
):
    content = picture()
    found = await camera.sent(content)
    await kept.age(89)
    assert await kept.run() is None
    await kept.age(1)
    planned = await kept.rehearse()
    assert (planned.events, planned.others["snapshots"]) == ({Part.SNAPSHOTS: 1}, 1)
    assert shelf.open(bytes.fromhex(digest(content))) == content, "it was a rehearsal"
    assert (await kept.run()).events == {Part.SNAPSHOTS: 1}
    assert await kept.run() is None, "once"
    [record] = await rig.rows(retention_store.records, camera.sat.attempt_id)
    assert (record.said["kind"], record.said["sequences"]) == ("payload", [])
    assert record.said["others"] == {"snapshots": 1}
    await sweep()
    assert shelf.open(bytes.fromhex(digest(content))) is None
    answer = await watcher.get(f"{camera.path}/{found['snapshot_id']}")
    assert answer.json()["type"] == "urn:oep:problem:picture-erased"
    [listed] = (await watcher.get(camera.path)).json()
    assert (listed["sha256"], listed["erased_at"] is None) == (None, False)
    document = (await camera.client.get(f"/attempt/{camera.sat.attempt_id}/evidence")).json()
    assert document["delivery"]["snapshots"][0]["is_erased"]
    assert document["events"][0]["event_data"]["sha256"] == digest(content)
    keys = (await rig.client(None).get("/evidence-keys")).json()
    assert {verdict for verdict, _ in verifier.findings(document, keys)} == {verifier.HOLDS}


async def test_the_same_snapshot_again_after_its_erasure_brings_nothing_back(
    camera, kept, sweep, watcher
):
    content, said = (
        picture(),
        {"snapshot_id": str(uuid.uuid4()), "taken_at": "2026-03-02T09:00:00Z"},
    )
    await camera.sent(content, **said)
    await kept.age(90)
    await kept.run()
    assert (await camera.sent(content, **said))["sha256"] is None


async def test_an_exam_may_keep_them_shorter(rig, camera, kept):
    await camera.sent()
    admin = rig.client(7, "admin")
    body = {"events_days": None, "network_days": None, "snapshots_days": 3, **REASON}
    answer = await admin.put(f"/exams/{camera.sat.exam_id}/retention", json=body)
    assert answer.json()["snapshots_days"] == 3
    await kept.age(3)
    assert (await kept.run()).events == {Part.SNAPSHOTS: 1}


async def test_a_hold_keeps_them(rig, camera, kept):
    await camera.sent()
    await kept.age(999)
    await rig.rows(keeping.place, camera.sat.attempt_id, "a law suit", 7)
    assert (await kept.run()).held_by == (HeldBy.HOLD,)
    await rig.rows(keeping.lift, camera.sat.attempt_id, "settled", 7)
    assert Part.SNAPSHOTS in (await kept.run()).events


async def test_a_persons_export_holds_his_pictures(rig, camera):
    first, second = picture(), picture("WEBP")
    await camera.sent(first)
    await camera.sent(second)
    admin = rig.client(7, "admin")
    found = (await admin.get(f"/people/{camera.sat.student_id}/export")).json()
    [attempt] = found["attempts"]
    told = [base64.b64decode(each["base64"]) for each in attempt["pictures"]]
    assert told == [first, second]
    assert [each["sha256"] for each in attempt["snapshots"]] == [digest(first), digest(second)]


async def test_a_persons_erasure_takes_his_pictures_at_once(rig, camera, shelf, sweep):
    content = picture()
    await camera.sent(content)
    admin = rig.client(7, "admin")
    told = (await admin.post(f"/people/{camera.sat.student_id}/erasure", json=REASON)).json()
    assert told["attempts"][0]["snapshots"] == 1
    [record] = await rig.rows(retention_store.records, camera.sat.attempt_id)
    assert (record.said["kind"], record.said["others"]) == ("person", {"snapshots": 1})
    await sweep()
    assert shelf.open(bytes.fromhex(digest(content))) is None
    [attempt] = (await admin.get(f"/people/{camera.sat.student_id}/export")).json()["attempts"]
    assert [each["base64"] for each in attempt["pictures"]] == [None]
    assert digest(content) not in json.dumps(attempt)


async def test_a_file_that_two_attempts_have_goes_with_the_last_one(
    rig, camera, shelf, sweep, kept
):
    content = picture()
    await camera.sent(content)
    other = type(camera)(*rig.sits())
    await other.sent(content)
    await kept.age(90)
    await kept.run()
    await sweep()
    assert shelf.open(bytes.fromhex(digest(content))) == content
    await rig.rows(store.erase, other.sat.attempt_id)
    await sweep()
    assert shelf.open(bytes.fromhex(digest(content))) is None


async def test_a_file_whose_upload_broke_off_is_swept_and_a_fresh_one_is_left(rig, shelf, sweep):
    content = picture()
    sha256 = bytes.fromhex(digest(content))
    assert await rig.rows(store.note_file, sha256)
    shelf.put(sha256, content)
    await sweep(idle=IDLE)
    assert shelf.open(sha256) == content, "its upload may still be going on"
    await sweep()
    assert shelf.open(sha256) is None


async def test_a_file_that_is_being_removed_is_used_by_nobody(rig, camera, shelf, sweep):
    content = picture()
    sha256 = bytes.fromhex(digest(content))
    await rig.rows(store.note_file, sha256)
    found = await rig.rows(lambda session: store.let_go(session, idle=AT_ONCE, limit=999))
    assert sha256 in found
    answer = await camera.send(content)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:oep:problem:snapshots-busy")
    assert not await rig.rows(store.use_file, sha256)
    await rig.rows(store.forget_files, found)
    await camera.sent(content)
    await sweep()
    assert shelf.open(sha256) == content


async def test_a_file_that_was_let_go_during_its_upload_gets_no_row(
    rig, camera, shelf, watcher, sweep, monkeypatch
):
    """The sweep comes between the file and its row, and removes it before the row is there."""
    content = picture()
    put = type(shelf).put

    def put_late(*arguments) -> None:
        put(*arguments)
        with rig.database.transaction() as session:
            store.let_go(session, idle=AT_ONCE, limit=999)

    monkeypatch.setattr(type(shelf), "put", put_late)
    answer = await camera.send(content)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:oep:problem:snapshots-busy")
    assert (await watcher.get(camera.path)).json() == []
    monkeypatch.undo()
    await sweep()
    await camera.sent(content)
    assert shelf.open(bytes.fromhex(digest(content))) == content


async def test_a_shelf_that_is_away_is_tried_again(rig, shelf, sweep, monkeypatch):
    from proctoring.snapshots.errors import ShelfUnavailable  # noqa: PLC0415

    sha256 = bytes.fromhex(digest(picture()))
    await rig.rows(store.note_file, sha256)

    def away(*_) -> None:
        raise ShelfUnavailable

    monkeypatch.setattr(type(shelf), "delete", away)
    with pytest.raises(Unavailable):
        await sweep()
    monkeypatch.undo()
    assert await sweep() >= 1
