"""One sitting for the tests of what comes after an exam: a student who does a lot and loses the
line for a while, and four classmates who answer more or less of it: a class to stand beside.
"""

import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from oep_local import seed_rows

from browser.people import Hall, Student

CUT_SECONDS = 300
CLASSMATES = 4
NOTICES = 18  # more events than the timeline's table shows at once


@dataclass(frozen=True)
class Sitting:
    """A submitted attempt with its events in the order of the chain, and its exam."""

    student: Student
    events: list[dict[str, Any]]

    @property
    def exam_id(self) -> int:
        return self.student.exam_id

    @property
    def attempt_id(self) -> int:
        return self.student.attempt_id


def sit(hall: Hall) -> Sitting:
    """Let all of them sit the demo exam and submit it. Blocks."""
    others = [hall.student() for _ in range(CLASSMATES)]
    student = hall.student()
    questions = student.http.get(f"/exams/{student.exam_id}").json()["questions"]
    for number, each in enumerate([*others, student]):
        each.http.post(f"/attempts/{each.attempt_id}/begin").raise_for_status()
        for question in questions[:3]:
            spend(each, question["id"], 20 + number)
    for number, each in enumerate(others):
        answer_first(each, questions, 1 + 2 * number)
        submit(each, last_event=0)
    spend(student, questions[1]["id"], 900)
    events = report(student, told(student))
    submit(student, last_event=len(events) + 2)
    with hall.rest_of("proctor") as rest:
        wait_for_risk(rest, student, len(events))
    return Sitting(student, events)


def wait_for_risk(rest: httpx.Client, student: Student, count: int) -> None:
    """Wait until all events are in the score, which follows them by a second or so."""
    path, deadline = f"/proctoring/attempt/{student.attempt_id}/report", time.monotonic() + 30
    while rest.get(path).raise_for_status().json()["risk"]["as_of_sequence"] < count:
        assert time.monotonic() < deadline, "nobody scored what happened"
        time.sleep(0.1)


def answer_first(student: Student, questions: list[dict[str, Any]], count: int) -> None:
    """Answer the first questions right; the others are left out, so that the grade is whole."""
    known = seed_rows.exam()["questions"]
    for question, source in zip(questions[:count], known, strict=False):
        key = source["demo_answer"]
        texts = [question["options"][each] for each in key] if isinstance(key, list) else key
        body = {"question_id": question["id"], "answer": texts}
        path = f"/attempts/{student.attempt_id}/answers"
        student.http.post(path, json=body).raise_for_status()


def submit(student: Student, last_event: int) -> None:
    body = {"confirm": True, "last_event_sequence": last_event}
    student.http.post(f"/attempts/{student.attempt_id}/submit", json=body).raise_for_status()


def told(student: Student) -> list[dict[str, Any]]:
    """Return what the student's page has to tell; the last three waited for the line."""
    keys = {"key": "c", "combo": "Ctrl+C"}
    away = {"action": "visible", "duration_seconds": 95.0, "switch_count": 1}
    kinds = [
        *[("copy_paste_attempt", "violation", keys)] * 3,
        ("developer_tools_attempt", "violation", {"key": "F12", "combo": "F12"}),
        ("fullscreen_exit", "violation", {"exit_count": 1}),
        *[("tab_switch", "warning", {"action": "hidden"}), ("tab_switch", "warning", away)],
        *[("window_focus", "info", {})] * NOTICES,
    ]
    now = datetime.now(UTC)
    usual = [event(student, *kind, at=now) for kind in kinds]
    cut = now - timedelta(seconds=CUT_SECONDS)
    waited = [event(student, "window_blur", "warning", {}, at=cut) for _ in range(3)]
    return [{**each, "client_sequence": n} for n, each in enumerate(usual + waited, 1)]


def event(
    student: Student, kind: str, severity: str, data: dict[str, Any], at: datetime
) -> dict[str, Any]:
    return {
        "attempt_id": student.attempt_id,
        "event_id": str(uuid.uuid4()),
        "event_type": kind,
        "severity": severity,
        "event_data": data,
        "event_timestamp": at.isoformat(),
    }


def report(student: Student, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answer = student.http.post("/proctoring/events/batch", json={"events": events})
    results = answer.raise_for_status().json()["results"]
    assert {result["status"] for result in results} == {201}
    return [result["event"] for result in results]


def spend(student: Student, question: int, seconds: int) -> None:
    body = {"attempt_id": student.attempt_id, "question_id": question}
    body |= {"total_time_seconds": seconds, "answer_changed": True}
    student.http.post("/proctoring/question-timing", json=body).raise_for_status()
