"""Sit, submit, download, verify with the published keys alone, tamper, be found out."""

import asyncio
import hashlib
import io
import json
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from chassis.waiting import eventually
from oep_local import verify_evidence
from PIL import Image


@pytest.fixture
def verified(tmp_path):
    """Check a bundle with the one file that an expert gets; return its exit code and words."""
    alone = tmp_path / "verify_evidence.py"
    alone.write_text(Path(verify_evidence.__file__).read_text())

    def run(document: Any, *trust: str) -> tuple[int, str]:
        path = tmp_path / "bundle.json"
        path.write_text(json.dumps(document))
        argv = [sys.executable, "-I", str(alone), str(path), *trust]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return run


async def shown(student, admin) -> bytes:
    """Send a picture through the gateway, see it as who watches does, and return it."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 150)).save(file, "WEBP")
    path = f"/proctoring/attempt/{student.attempt_id}/snapshots"
    about = {"snapshot_id": str(uuid.uuid4()), "source": "camera"}
    about |= {"taken_at": datetime.now(UTC).isoformat()}
    form = {"Content-Type": "image/webp"}
    sent = await student.http.post(path, params=about, content=file.getvalue(), headers=form)
    assert (sent.status_code, sent.json()["sequence"]) == (201, 4), sent.text
    seen = await admin.http.get(f"{path}/{about['snapshot_id']}")
    assert (seen.content, seen.headers["content-type"]) == (file.getvalue(), "image/webp")
    assert seen.headers.get_list("content-security-policy") == ["default-src 'none'; sandbox"]
    assert (await student.http.get(path)).status_code == 403
    return file.getvalue()


async def test_what_happened_in_an_exam_is_proved_by_its_bundle(
    platform, student, admin, rows, verified, tmp_path
):
    attempt, url = student.attempt_id, f"/proctoring/attempt/{student.attempt_id}/evidence"
    for number in (1, 2, 3):
        event = student.event(client_sequence=number, event_data={"key": f"F{number}"})
        assert (await student.report(event)).status_code == 201
    content = await shown(student, admin)
    timing = {"attempt_id": attempt, "question_id": student.question_ids[0]}
    timing |= {"total_time_seconds": 12}
    (await student.http.post("/proctoring/question-timing", json=timing)).raise_for_status()
    (await student.submit(last_event_sequence=4)).raise_for_status()
    query = "SELECT body FROM proctoring.sealed_heads WHERE attempt_id = %s"
    [[sealed]] = await eventually(lambda: rows(query, attempt), 30)
    assert json.loads(sealed)["sequence"] == 4, "it was sealed when it ended, not when asked for"

    document = (await student.http.get(url)).raise_for_status().json()
    assert (await admin.http.get(url)).raise_for_status().json()["events"] == document["events"]
    assert document["attempt"]["student_id"] == student.user["id"]
    assert document["attempt"]["submitted_at"] is not None
    assert document["delivery"]["missing"] == [[4, 4]]
    [picture] = document["delivery"]["snapshots"]
    said = document["events"][picture["sequence"] - 1]["event_data"]
    assert said["sha256"] == picture["sha256"] == hashlib.sha256(content).hexdigest()
    assert [each["total_time_seconds"] for each in document["timings"]] == [12]
    assert [json.loads(each["body"])["reason"] for each in document["heads"]] == ["graded"]

    keys = tmp_path / "keys.json"
    del student.http.headers["Authorization"]
    keys.write_bytes((await student.http.get("/proctoring/evidence-keys")).content)
    code, words = await asyncio.to_thread(verified, document, "--keys", str(keys))
    assert code == 0, words
    published = f"{platform.url}/api/v1/proctoring/evidence-keys"
    assert (await asyncio.to_thread(verified, document, "--keys", published))[0] == 0
    code, words = await asyncio.to_thread(verified, document)
    assert (code, "NOT CHECKED" in words) == (1, True)

    document["events"][1]["event_data"] = {"key": "F9"}
    code, words = await asyncio.to_thread(verified, document, "--keys", str(keys))
    assert code == 1
    assert "FAILS        payloads: event_data of event 2 is not what was recorded" in words
