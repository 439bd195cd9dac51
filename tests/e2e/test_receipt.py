"""Flush, then submit: the receipt proves what was accepted, delivery shows what did not come."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chassis.waiting import eventually


@pytest.fixture
def verified(platform, tmp_path):
    """Run `oep verify` on a document; return its exit code and what it said."""

    def write(name: str, content: Any) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(content))
        return path

    def run(document: Any, answers: Any, *trust: str) -> tuple[int, str]:
        files = [str(write("r.json", document)), "--answers", str(write("a.json", answers))]
        argv = [sys.executable, "-m", "oep_local", "verify", *files, *trust]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return run


async def test_a_submit_is_proved_by_its_receipt_and_tells_what_did_not_come(
    platform, student, admin, rows, verified
):
    attempt, url = student.attempt_id, f"/attempts/{student.attempt_id}"
    first, second = student.question_ids[:2]
    async with student.socket(f"attempts/{attempt}") as socket:
        await socket.send(type="checkpoint", question_id=first, answer="über", message_id="m1")
        ack = await socket.until(lambda f: f["type"] == "checkpoint_ack")
    saved = (await student.save(second, False)).raise_for_status().json()
    for number in (1, 2, 3):
        event = student.event(client_sequence=number)
        assert (await student.report(event)).status_code == 201

    await asyncio.to_thread(platform.kill, "proctoring", hold=True)
    try:
        submitted = await student.submit(last_event_sequence=5)
    finally:
        await asyncio.to_thread(platform.cont, "proctoring")
    document = submitted.raise_for_status().json()["receipt"]
    said = {item["question_id"]: item for item in document["receipt"]["answers"]}
    assert (said[first]["revision"], said[first]["sha256"]) == (ack["revision"], ack["sha256"])
    assert (said[second]["revision"], said[second]["sha256"]) == (1, saved["sha256"])
    assert document["receipt"]["last_event_sequence"] == 5

    again = (await student.submit(last_event_sequence=9)).raise_for_status().json()
    assert again["receipt"] == document
    looks = [await student.http.get(f"{url}/receipt") for _ in range(2)]
    assert looks[0].content == looks[1].content
    assert looks[0].json() == document

    answers = (await student.http.get(f"{url}/answers")).json()
    trust = ("--url", platform.url)
    code, text = await asyncio.to_thread(verified, document, answers, *trust)
    assert code == 0, text
    code, text = await asyncio.to_thread(verified, document, answers)
    assert (code, "NOT CHECKED" in text) == (1, True)
    document["receipt"]["last_event_sequence"] = 3
    code, text = await asyncio.to_thread(verified, document, answers, *trust)
    assert (code, "FAILS" in text) == (1, True)

    query = "SELECT last_event_sequence FROM proctoring.submissions WHERE attempt_id = %s"
    await eventually(lambda: rows(query, attempt) == [(5,)], 30)
    listed = await admin.http.get(f"/proctoring/exams/{student.exam_id}/delivery")
    [mine] = [item for item in listed.json() if item["attempt_id"] == attempt]
    assert mine["delivery"] == {
        "claimed_last_sequence": 5,
        "received_count": 3,
        "highest_received": 3,
        "missing": [[4, 5]],
        "missing_count": 2,
    }
    shown = await admin.http.get(f"/proctoring/attempt/{attempt}/violations")
    assert shown.json()["delivery"] == mine["delivery"]


async def test_the_keys_are_there_for_everybody(platform, student):
    del student.http.headers["Authorization"]
    answer = await student.http.get("/attempts/receipt-keys")
    assert answer.status_code == 200
    assert answer.json()["keys"][0]["crv"] == "Ed25519"
