"""Sit, submit, download, verify with the published keys alone, tamper, be found out."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chassis.waiting import eventually
from oep_local import verify_evidence


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


async def test_what_happened_in_an_exam_is_proved_by_its_bundle(
    platform, student, admin, rows, verified, tmp_path
):
    attempt, url = student.attempt_id, f"/proctoring/attempt/{student.attempt_id}/evidence"
    for number in (1, 2, 3):
        event = student.event(client_sequence=number, event_data={"key": f"F{number}"})
        assert (await student.report(event)).status_code == 201
    timing = {"attempt_id": attempt, "question_id": student.question_ids[0]}
    timing |= {"total_time_seconds": 12}
    (await student.http.post("/proctoring/question-timing", json=timing)).raise_for_status()
    (await student.submit(last_event_sequence=4)).raise_for_status()
    query = "SELECT body FROM proctoring.sealed_heads WHERE attempt_id = %s"
    [[sealed]] = await eventually(lambda: rows(query, attempt), 30)
    assert json.loads(sealed)["sequence"] == 3, "it was sealed when it ended, not when asked for"

    document = (await student.http.get(url)).raise_for_status().json()
    assert (await admin.http.get(url)).raise_for_status().json()["events"] == document["events"]
    assert document["attempt"]["student_id"] == student.user["id"]
    assert document["attempt"]["submitted_at"] is not None
    assert document["delivery"]["missing"] == [[4, 4]]
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
