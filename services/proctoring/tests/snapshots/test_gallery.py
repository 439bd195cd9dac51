"""Who looks at snapshots, how they are handed out, what is found missing."""

import uuid

import pytest
from snapshots_kit import digest, picture


async def test_a_watcher_sees_them_in_the_order_of_the_chain_and_in_pages(camera, watcher):
    sent = [await camera.sent() for _ in range(5)]
    assert (await watcher.get(camera.path)).json() == sent
    first = (await watcher.get(camera.path, params={"limit": 2})).json()
    after = {"after_sequence": first[-1]["sequence"]}
    assert first + (await watcher.get(camera.path, params=after)).json() == sent


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
async def test_a_picture_is_handed_out_as_what_it_is_and_nothing_else(camera, watcher, kind):
    content = picture(kind)
    found = await camera.sent(content)
    answer = await watcher.get(f"{camera.path}/{found['snapshot_id']}")
    assert (answer.status_code, answer.content) == (200, content)
    assert digest(answer.content) == found["sha256"]
    assert answer.headers["content-type"] == f"image/{kind.lower()}"
    assert answer.headers["x-content-type-options"] == "nosniff"
    disposition = answer.headers["content-disposition"]
    assert disposition == (
        f'attachment; filename="camera-{camera.sat.attempt_id}-1.{kind.lower()}"'
    )
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["cache-control"] == "private, no-store"


async def test_who_does_not_watch_sees_none(rig, camera):
    found = await camera.sent()
    exam = camera.sat.exam_id
    others = [
        camera.client,
        rig.client(1),
        rig.member("proctor", assigned=[("proctor", exam + 1)]),
        rig.member("grader", assigned=[("grader", exam)]),
        rig.client(2, "technician"),
    ]
    for other in others:
        assert (await other.get(camera.path)).status_code == 403
        assert (await other.get(f"{camera.path}/{found['snapshot_id']}")).status_code == 403
    for role in ("admin", "hall_in_charge"):
        assert (await rig.client(3, role).get(camera.path)).status_code == 200
    anonymous = rig.client(None)
    assert (await anonymous.get(camera.path)).status_code == 401


async def test_who_looked_at_a_picture_stands_in_the_log(camera, watcher, capsys):
    found = await camera.sent()
    capsys.readouterr()
    await watcher.get(f"{camera.path}/{found['snapshot_id']}")
    lines = capsys.readouterr().out.splitlines()
    assert any("snapshot.viewed" in line and found["snapshot_id"] in line for line in lines)


async def test_what_is_not_there_is_404(rig, camera, watcher):
    assert (await watcher.get(f"{camera.path}/{uuid.uuid4()}")).status_code == 404
    found = await camera.sent()
    other = rig.stub.add(exam_id=camera.sat.exam_id)
    elsewhere = f"/attempt/{other.attempt_id}/snapshots/{found['snapshot_id']}"
    assert (await watcher.get(elsewhere)).status_code == 404
    assert (await watcher.get("/attempt/999999999/snapshots")).status_code == 404


async def test_a_row_without_its_file_is_told(rig, camera, watcher, capsys):
    found = await camera.sent()
    rig.app.state.snapshots._shelving.shelf.delete(bytes.fromhex(found["sha256"]))
    capsys.readouterr()
    answer = await watcher.get(f"{camera.path}/{found['snapshot_id']}")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:oep:problem:picture-missing")
    assert "snapshot.missing" in capsys.readouterr().out
