"""The drill: a platform is lost with its bus and comes back from its backup on another machine.

The other machine is an empty folder with a database and a bus of its own; of the first it gets the
backup and the file of secrets, nothing else.
"""

import asyncio
import io
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from chassis.waiting import eventually
from oep_local.rig import Platform
from oep_local.state import State
from PIL import Image

OF_OPEN_SOCKETS = {"is_online", "socket_count", "last_seen_at", "connection", "connection_since"}
OF_OPEN_SOCKETS |= {"last_close", "last_refusal"}
"""What a board's row says of sockets: the nodes know it, no table does."""
EVIDENCE = ("attempt", "delivery", "timings", "events", "heads")
"""The parts of a bundle that do not tell of its own export."""


def oep(place: State, *words: object) -> str:
    """Run the command as a person does, for the installation in `place`; return what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "oep_local", *map(str, words)],
        env={**os.environ, "OEP_STATE": str(place.root), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def moved(person, url: str):
    """Let somebody speak to another platform, with the token that he has."""
    return type(person)(url, {"access_token": person.token, "user": person.user})


async def board(person, exam_id: int) -> dict[int, dict[str, Any]]:
    """Return the rows that a fresh board of the exam begins with, by attempt."""
    async with person.socket(f"exams/{exam_id}/monitor") as socket:
        snapshot = await socket.until(lambda frame: frame["type"] == "snapshot")
    return {
        row["attempt_id"]: {name: row[name] for name in row.keys() - OF_OPEN_SOCKETS}
        for row in snapshot["attempts"]
    }


async def pages(person, *paths: str) -> dict[str, Any]:
    """Return what REST tells somebody, by path."""
    answers = [await person.http.get(path) for path in paths]
    return {p: a.raise_for_status().json() for p, a in zip(paths, answers, strict=True)}


def of_staff(exam_id: int, attempt_id: int) -> tuple[str, ...]:
    return (
        f"/proctoring/exams/{exam_id}/attempts",
        f"/proctoring/attempt/{attempt_id}/events",
        f"/proctoring/attempt/{attempt_id}/violations",
        f"/proctoring/attempt/{attempt_id}/snapshots",
        f"/attempts/{attempt_id}/grades",
        f"/attempts/statistics/{exam_id}",
        f"/auth/exams/{exam_id}/staff",
    )


def of_student(attempt_id: int) -> tuple[str, ...]:
    return tuple(f"/attempts/{attempt_id}/{page}" for page in ("answers", "receipt", "result"))


async def sit(student) -> None:
    """Let a student report, answer and stay on a question."""
    for number in (1, 2, 3):
        event = student.event("developer_tools_attempt", client_sequence=number)
        event |= {"severity": "violation", "event_data": {"key": f"F{number}"}}
        assert (await student.report(event)).status_code == 201
    (await student.save(student.question_ids[0], "B")).raise_for_status()
    timing = {"attempt_id": student.attempt_id, "question_id": student.question_ids[0]}
    timing |= {"total_time_seconds": 12}
    (await student.http.post("/proctoring/question-timing", json=timing)).raise_for_status()


async def picture(student) -> str:
    """Send a picture and return the path that it is shown at."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 150)).save(file, "WEBP")
    path = f"/proctoring/attempt/{student.attempt_id}/snapshots"
    about = {"snapshot_id": str(uuid.uuid4()), "source": "camera"}
    about |= {"taken_at": datetime.now(UTC).isoformat()}
    kind = {"Content-Type": "image/webp"}
    sent = await student.http.post(path, params=about, content=file.getvalue(), headers=kind)
    assert sent.status_code == 201, sent.text
    return f"{path}/{about['snapshot_id']}"


async def seen(staff, student) -> dict[str, Any]:
    """Return all that people are shown of a student's exam: the board, pages, sealed evidence."""
    exam_id, attempt_id = student.exam_id, student.attempt_id
    found: dict[str, Any] = {"board": await board(staff, exam_id)}
    found |= await pages(staff, *of_staff(exam_id, attempt_id))
    found |= await pages(student, *of_student(attempt_id))
    evidence = await pages(staff, f"/proctoring/attempt/{attempt_id}/evidence")
    [bundle] = evidence.values()
    return found | {name: bundle[name] for name in EVIDENCE}


async def settled(staff, student) -> dict[str, Any]:
    """Return what is seen when nothing changes any more: scores and seals come behind events."""
    looks: list[dict[str, Any]] = [{}]

    async def is_still() -> bool:
        looks.append(await seen(staff, student))
        is_scored = looks[-1]["board"][student.attempt_id]["risk_score"] > 0
        return is_scored and bool(looks[-1]["heads"]) and looks[-1] == looks[-2]

    await eventually(is_still, 30, every=0.5)
    return looks[-1]


def replayed(place: State, *words: str) -> dict[str, Any]:
    """Have the stream made again; return the counts of the last line."""
    *_, last = oep(place, "replay", "--json", *words).splitlines()
    report: dict[str, Any] = json.loads(last)["report"]
    return report


@pytest.fixture
def verified(tmp_path):
    """Check what was signed, as an expert does, by keys that were published before the loss."""

    async def check(document: Any, keys: bytes) -> None:
        file, published = tmp_path / "document.json", tmp_path / "keys.json"
        file.write_text(json.dumps(document))
        published.write_bytes(keys)
        here = State(tmp_path / "nowhere")
        await asyncio.to_thread(oep, here, "verify", file, "--keys", published)

    return check


@pytest.fixture
def elsewhere(server_folder) -> Iterator[Platform]:
    """Another machine, where nothing ever ran."""
    other = Platform(server_folder / f"restored-{uuid.uuid4().hex[:8]}", seed=False)
    yield other
    if other.state.is_running():
        other.stop()


async def test_a_lost_platform_is_there_again_from_its_backup(
    platform, elsewhere, three_students, admin, verified, tmp_path
):
    done, sitting, _ = three_students
    exam_id, attempt_id = done.exam_id, done.attempt_id
    for student in (done, sitting):
        await sit(student)
    pictured = await picture(done)
    (await done.submit(last_event_sequence=3)).raise_for_status()

    before = await settled(admin, done)
    shot = (await admin.http.get(pictured)).raise_for_status().content
    evidence_keys = (await admin.http.get("/proctoring/evidence-keys")).raise_for_status().content
    receipt_keys = (await admin.http.get("/attempts/receipt-keys")).raise_for_status().content

    file, secrets = tmp_path / "exams.backup", tmp_path / "secrets.json"
    await asyncio.to_thread(oep, platform.state, "backup", file, "--secrets", secrets)
    assert (file.stat().st_mode & 0o777, secrets.stat().st_mode & 0o777) == (0o600, 0o600)

    await asyncio.to_thread(oep, elsewhere.state, "restore", file, "--secrets", secrets)
    await asyncio.to_thread(elsewhere.start)
    rebuilt = await asyncio.to_thread(replayed, elsewhere.state)
    assert rebuilt["stored"] == rebuilt["rebuilt"] + rebuilt["held"] + rebuilt["waiting"]
    assert (rebuilt["rebuilt"] >= 7, rebuilt["missing"]) == (True, 0)
    assert (await asyncio.to_thread(replayed, elsewhere.state, "--dry-run"))["missing"] == 0

    people = [moved(person, elsewhere.url) for person in (admin, done, sitting)]
    staff_there, done_there, sitting_there = people
    done_there.exam_id, done_there.attempt_id = exam_id, attempt_id
    after = await seen(staff_there, done_there)
    assert {name: after[name] for name in before if after[name] != before[name]} == {}
    assert (await staff_there.http.get(pictured)).raise_for_status().content == shot
    bundle = await staff_there.http.get(f"/proctoring/attempt/{attempt_id}/evidence")
    await verified(bundle.json(), evidence_keys)
    await verified(after[f"/attempts/{attempt_id}/receipt"], receipt_keys)

    event = sitting.event("window_blur", client_sequence=4)
    taken = await sitting_there.http.post("/proctoring/events", json=event)
    assert taken.status_code == 201, taken.text
    assert taken.json()["sequence"] == 4
    known = before["board"][sitting.attempt_id]["counts"]

    async def is_counted() -> bool:
        counts = (await board(staff_there, exam_id))[sitting.attempt_id]["counts"]
        return sum(counts.values()) == sum(known.values()) + 1

    await eventually(is_counted, 15, every=0.5)
    for person in people:
        await person.http.aclose()
