"""From what a student did to what staff is told of it: page, files, paper, and `oep report`."""

import asyncio
import csv
import io
import os
import subprocess
import sys

import pytest
from chassis.waiting import eventually
from oep_local import seed_rows
from pypdf import PdfReader


def text_of(paper: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(paper)).pages)


@pytest.fixture
def oep(platform, admin, tmp_path):
    """Run `oep report` as the demo's administrator; return its exit code and what it said."""

    def run(*words: str) -> tuple[int, str]:
        who = {
            "OEP_URL": platform.url,
            "OEP_LOGIN": admin.user["username"],
            "OEP_PASSWORD": seed_rows.people()["password"],
        }
        done = subprocess.run(
            [sys.executable, "-m", "oep_local", "report", *words],
            env=os.environ | who,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


async def test_what_a_student_did_is_told_on_the_page_in_files_and_on_paper(
    student, proctor, grader, admin, oep, tmp_path
):
    number, name = student.attempt_id, student.user["full_name"]
    for kind in ("copy_paste_attempt", "tab_switch", "tab_switch"):
        assert (await student.report(student.event(kind))).status_code == 201
    timing = {"question_id": student.question_ids[0], "total_time_seconds": 42}
    await student.http.post("/proctoring/question-timing", json={"attempt_id": number, **timing})
    (await student.submit()).raise_for_status()
    path = f"/proctoring/attempt/{number}/report"

    async def assessed() -> dict | None:
        told = (await proctor.http.get(path)).raise_for_status().json()
        return told if told["risk"]["as_of_sequence"] == 3 else None

    told = await eventually(assessed, 30)
    assert told["attempt"]["student_name"] == name
    assert [(line["event_type"], line["count"]) for line in told["timeline"]] == [
        ("copy_paste_attempt", 1),
        ("tab_switch", 2),
    ]
    assert told["question_timings"][0]["total_time_seconds"] == 42
    assert told["risk"]["score"] > 0
    marker = (await grader.http.get(path)).raise_for_status().json()
    assert marker["attempt"]["student_name"] is None
    assert (await student.http.get(path)).status_code == 403

    exam = f"/proctoring/exams/{student.exam_id}/report"
    page = (await admin.http.get(exam, params={"sort": "risk", "min_risk": 1})).json()
    assert number in [row["attempt_id"] for row in page["attempts"]]
    figures = (await admin.http.get(f"{exam}/events")).raise_for_status().json()
    assert number in [row["attempt_id"] for row in figures["heat_map"]["attempts"]]
    asked = {"format": "csv", "min_risk": 1}
    sheet = (await admin.http.get(exam, params=asked)).raise_for_status()
    rows = {row["attempt_id"]: row for row in csv.DictReader(io.StringIO(sheet.text, newline=""))}
    assert rows[str(number)]["student_name"] == name

    code, said = await asyncio.to_thread(oep, "attempt", str(number), "-o", "one.pdf")
    assert code == 0, said
    paper = text_of((tmp_path / "one.pdf").read_bytes())
    assert name in paper
    assert "copy paste attempt" in paper
    code, said = await asyncio.to_thread(oep, "exam", str(student.exam_id))
    assert (code, f"exam-{student.exam_id}-report.pdf" in said) == (0, True), said
    code, said = await asyncio.to_thread(oep, "attempt", "2147483647", "--format", "csv")
    assert (code, "Exam attempt not found (404)" in said) == (5, True), said
