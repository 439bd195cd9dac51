"""The attempt view, reviews and the exam's report, on events that really were sent.

One sitting is made for all tests of this file: a student who does a lot and loses the line for a
while, and four who only answer, so that there is a class to stand beside.
"""

import csv
import io
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from browser.people import Hall, Student, staff
from browser.walks import wait_until

CUT_SECONDS = 300
CLASSMATES = 4


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


@pytest.fixture(scope="module")
def sitting(hall: Hall) -> Iterator[Sitting]:
    others = [hall.student() for _ in range(CLASSMATES)]
    student = hall.student()
    exam = student.http.get(f"/exams/{student.exam_id}").json()
    questions = [question["id"] for question in exam["questions"]]
    for seconds, each in enumerate([*others, student]):
        each.http.post(f"/attempts/{each.attempt_id}/begin").raise_for_status()
        for question in questions[:3]:
            spend(each, question, 20 + seconds)
    spend(student, questions[1], 900)
    events = report(student, told(student))
    body = {"confirm": True, "last_event_sequence": len(events) + 2}
    student.http.post(f"/attempts/{student.attempt_id}/submit", json=body).raise_for_status()
    yield Sitting(student, events)
    for each in [*others, student]:
        each.http.close()


def told(student: Student) -> list[dict[str, Any]]:
    """Return what the student's page has to tell; the last three waited for the line."""
    keys = {"key": "c", "combo": "Ctrl+C"}
    away = {"action": "visible", "duration_seconds": 95.0, "switch_count": 1}
    kinds = [
        *[("copy_paste_attempt", "violation", keys)] * 3,
        ("developer_tools_attempt", "violation", {"key": "F12", "combo": "F12"}),
        ("fullscreen_exit", "violation", {"exit_count": 1}),
        *[("tab_switch", "warning", {"action": "hidden"}), ("tab_switch", "warning", away)],
        *[("window_focus", "info", {})] * 4,
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


@pytest.fixture
def staff_at(open_page):
    """Return a function that signs a member of staff in at a page of theirs."""

    def open_(role: str, path: str, **options: object) -> Page:
        # Without motion, colours are what they will be as soon as the theme has changed.
        page = open_page(f"/app/staff{path}", **{"reduced_motion": "reduce", **options})
        name, password = staff(role)
        page.locator("input[autocomplete=username]").fill(name)
        page.locator("input[type=password]").fill(password)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Sign out").wait_for()
        page.get_by_role("heading", level=1).wait_for()
        return page

    return open_


def panel(page: Page, title: str):
    return page.locator("section").filter(has=page.get_by_role("heading", name=title, exact=True))


def test_an_attempt_is_shown_as_it_was(sitting, staff_at, assert_accessible, screenshot):
    page = staff_at("proctor", f"/attempts/{sitting.attempt_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text(sitting.student.name)
    expect(page.get_by_text("2 are missing", exact=True)).to_be_visible()

    timeline = panel(page, "Timeline")
    rows = timeline.get_by_role("row").filter(has=page.get_by_role("rowheader"))
    expect(rows).to_have_count(len(sitting.events))
    expect(rows.first).to_contain_text("Copy or paste tried")
    waits = timeline.get_by_role("region", name="Spans in which events could not reach us")
    expect(waits).to_contain_text("3 events came late")
    expect(waits).to_contain_text("never misconduct")

    risk = panel(page, "Risk, point by point")
    expect(risk).to_contain_text("Developer tools")
    expect(risk).to_contain_text("10 points each time; 20 at most.")
    score = int(risk.locator("p span").first.inner_text())
    points = [int(each.inner_text()) for each in risk.get_by_text("+", exact=False).all()]
    assert sum(points) == score > 0

    span = timeline.get_by_text("Shown: ")
    whole = span.inner_text()
    risk.get_by_role("button", name="Developer tools: show 1 event on the timeline").click()
    expect(span).not_to_have_text(whole)
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Developer tools called")

    timing = panel(page, "Time for each question, beside the class")
    expect(timing.get_by_role("row").nth(2)).to_contain_text("Slower")
    expect(timing.get_by_role("row").nth(3)).not_to_contain_text("Slower")

    assert_accessible(page)
    screenshot(page, "attempt-light")
    page.emulate_media(color_scheme="dark")
    assert_accessible(page)
    screenshot(page, "attempt-dark")


def test_the_timeline_is_zoomed_and_the_page_walked_by_keyboard_alone(sitting, staff_at):
    page = staff_at("proctor", f"/attempts/{sitting.attempt_id}")
    span = page.get_by_text("Shown: ")
    whole = span.inner_text()
    walk_to(page, lambda: page.evaluate("document.activeElement.tagName") == "FIELDSET")
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(span).not_to_have_text(whole)
    closer = span.inner_text()
    page.keyboard.press("ArrowLeft")
    expect(span).not_to_have_text(closer)
    page.keyboard.press("0")
    expect(span).to_have_text(whole)
    for name in ("Check the record", "Download", "Check a file"):
        walk_to(page, lambda name=name: focused(page) == name)


def walk_to(page: Page, is_there) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        if is_there():
            return
    pytest.fail(f"the Tab key does not lead there; it ended at {focused(page)!r}")


def focused(page: Page) -> str:
    found: str = page.evaluate("document.activeElement.innerText")
    return found.strip()


def test_the_evidence_is_checked_in_the_page_and_a_change_is_found(sitting, staff_at, hall):
    page = staff_at("proctor", f"/attempts/{sitting.attempt_id}")
    part = panel(page, "Evidence")
    workers: list[str] = []
    page.on("worker", lambda worker: workers.append(worker.url))
    part.get_by_role("button", name="Check the record").click()
    expect(part).to_contain_text("Intact: all five checks hold.")
    expect(part).to_contain_text(f"{len(sitting.events)} events, each linked to the one before")
    assert len(workers) == 1, "a long check does not block the page"

    with page.expect_download() as kept:
        part.get_by_role("button", name="Download").click()
    assert kept.value.suggested_filename == f"evidence-attempt-{sitting.attempt_id}.json"
    text = kept.value.path().read_text()
    bundle = json.loads(text)

    changed = json.loads(text)
    changed["events"][3]["severity"] = "info"
    choose(page, changed)
    expect(part).to_contain_text("Not intact: 2 checks fail.")
    expect(part).to_contain_text("Event 4: not what was recorded.")

    del bundle["events"][-1]
    choose(page, bundle)
    expect(part).to_contain_text("Not intact: 3 checks fail.")
    expect(part).to_contain_text("there are fewer events, or more, than were exported.")

    choose(page, text[: len(text) // 2])
    expect(part).to_contain_text("Not intact: 5 checks fail.")
    choose(page, text)
    expect(part).to_contain_text("Intact: all five checks hold.")


def choose(page: Page, content: Any) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    file = {"name": "given.json", "mimeType": "application/json", "buffer": text.encode()}
    page.get_by_label("Evidence file to check").set_input_files(file)


def test_a_review_goes_from_an_event_to_another_persons_word(
    sitting, staff_at, hall, assert_accessible, screenshot
):
    page = staff_at("proctor", f"/attempts/{sitting.attempt_id}")
    panel(page, "Risk, point by point").get_by_role("button", name="Copying and pasting").click()
    panel(page, "Review").get_by_role("button", name="Open a review").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("chosen on the timeline")
    dialog.get_by_label("Reason").fill("Three times in a row")
    dialog.get_by_role("button", name="Open a review").click()
    page.wait_for_url("**/reviews/*")
    expect(panel(page, "Events it rests on").get_by_role("row")).not_to_have_count(1)
    place = page.url.partition("/app/staff")[2]

    judge = staff_at("grader", "/reviews")
    assert_accessible(judge)
    judge.get_by_role("link", name=f"Review {place.rpartition('/')[2]}").click()
    decide(judge)

    mine = f"/proctoring/reviews/{place.rpartition('/')[2]}/appeal"
    words = {"text": "I copied my own words"}
    sitting.student.http.post(mine, json=words).raise_for_status()
    for refused, why in ((page, "You have opened this review"), (judge, "You have decided")):
        refused.reload()
        expect(refused.get_by_text(why)).to_be_visible()
        expect(refused.get_by_role("button", name="Decide on the appeal")).to_have_count(0)
    assert_accessible(judge)
    screenshot(judge, "review-appealed")

    other = staff_at("hall_in_charge", place)
    expect(other.get_by_role("blockquote")).to_have_text("I copied my own words")
    assert_accessible(other)
    other.get_by_text("The decision is taken back").click()
    other.get_by_label("Explanation for the student").fill("They are your own words")
    other.get_by_role("button", name="Decide on the appeal").click()
    history = panel(other, "History")
    expect(history.get_by_role("listitem")).to_have_count(4)
    expect(history).to_contain_text("The record of all steps is whole.")
    expect(other.get_by_text("Cleared").first).to_be_visible()


def decide(page: Page) -> None:
    page.get_by_text("Confirmed: a rule was broken").click()
    page.get_by_label("Reason", exact=True).select_option("copied_content")
    page.get_by_label("Explanation for the student").fill("Text was copied three times")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("Decided, may be appealed")).to_be_visible()


def test_the_report_counts_sorts_filters_and_gives_files(
    sitting, staff_at, hall, assert_accessible, screenshot
):
    asked: list[str] = []
    page = staff_at("admin", f"/exams/{sitting.exam_id}/report")
    page.on("request", lambda request: asked.append(request.url))
    table = panel(page, "Attempts").get_by_role("table")
    rows = table.get_by_role("row").filter(has=page.get_by_role("rowheader"))
    table.get_by_role("button", name="Violations").click()
    counts = rows.locator("td:nth-of-type(3)")

    def is_sorted() -> bool:
        shown = [int(text or 0) for text in counts.all_inner_texts()]
        return len(shown) > 1 and shown == sorted(shown, reverse=True) and shown[0] > shown[-1]

    wait_until(page, is_sorted)
    page.get_by_label("Name or hall ticket").fill(sitting.student.hall_ticket)
    page.get_by_role("button", name="Find").click()
    expect(page).to_have_url(re.compile("search="))
    expect(rows.filter(has_not_text=sitting.student.hall_ticket)).to_have_count(0)

    expect(panel(page, "Who and when")).to_contain_text(sitting.student.name)
    far = panel(page, "Time for each question").get_by_role("table", name="Times far")
    expect(far).to_contain_text(str(sitting.attempt_id))
    missing = panel(page, "Events that did not come").get_by_role("row")
    numbers = f"{len(sitting.events) + 1}\N{EN DASH}{len(sitting.events) + 2}"
    expect(missing.filter(has_text=str(sitting.attempt_id))).to_contain_text(numbers)

    assert_accessible(page)
    screenshot(page, "report-light")
    page.emulate_media(color_scheme="dark")
    assert_accessible(page)
    screenshot(page, "report-dark")
    check_files(page, hall, sitting)
    assert not [url for url in asked if "token" in url]


def check_files(page: Page, hall: Hall, sitting: Sitting) -> None:
    with hall.rest_of("admin") as rest:
        listed = rest.get(f"/proctoring/exams/{sitting.exam_id}/attempts").json()
    rows = list(csv.DictReader(io.StringIO(downloaded(page, "CSV").decode())))
    assert len(rows) == listed["total"]
    [ours] = [row for row in rows if row["attempt_id"] == str(sitting.attempt_id)]
    assert ours["violation_count"] == "5"
    assert len(json.loads(downloaded(page, "JSON"))["attempts"]) == listed["total"]
    assert downloaded(page, "PDF").startswith(b"%PDF")


def downloaded(page: Page, kind: str) -> bytes:
    with page.expect_download() as kept:
        page.get_by_role("button", name=f"Download as {kind}").click()
    assert kept.value.suggested_filename.endswith(f".{kind.lower()}")
    found: bytes = kept.value.path().read_bytes()
    return found
