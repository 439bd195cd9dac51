"""The attempt view and reviews, on events that really were sent (`sitting`)."""

import json
import uuid
from typing import Any

from playwright.sync_api import Page, expect

from browser.keyboard import focused, press, skip_to_content, walk_to, write
from browser.walks import panel, wait_until

SHOWN_ROWS = 25


def test_an_attempt_is_shown_as_it_was(sitting, staff_at, assert_accessible, screenshot):
    page = staff_at("proctor", f"/attempts/{sitting.attempt_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text(sitting.student.name)
    expect(page.get_by_text("2 are missing", exact=True)).to_be_visible()

    timeline = panel(page, "Timeline")
    rows = timeline.get_by_role("row").filter(has=page.get_by_role("rowheader"))
    expect(rows).to_have_count(SHOWN_ROWS)
    expect(timeline).to_contain_text(f"1\N{EN DASH}{SHOWN_ROWS} of {len(sitting.events)}")
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
    skip_to_content(page)
    walk_to(page, "Picture of the timeline")
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(span).not_to_have_text(whole)
    closer = span.inner_text()
    page.keyboard.press("ArrowLeft")
    expect(span).not_to_have_text(closer)
    page.keyboard.press("0")
    expect(span).to_have_text(whole)
    press(page, "Show event 2 on the timeline")
    expect(page.get_by_label("Show", exact=True)).to_have_value("chosen")
    assert focused(page) != "", "what had the focus is gone, and the focus with it"
    for name in ("Check the record", "Download", "Check a file"):
        walk_to(page, name)


def test_what_is_written_and_done_is_beside_the_attempt(staff_at, hall):
    student = hall.student()
    student.http.post(f"/attempts/{student.attempt_id}/begin").raise_for_status()
    mine = f"/proctoring/attempt/{student.attempt_id}"
    page = staff_at("proctor", f"/attempts/{student.attempt_id}")
    said = {"message_id": str(uuid.uuid4()), "text": "The fan is very loud"}
    student.http.post(f"{mine}/messages", json=said).raise_for_status()
    chat = panel(page, "Chat")
    expect(chat.get_by_role("listitem")).to_contain_text("The fan is very loud")
    write(page, "Message to the student", "Somebody comes")
    press(page, "Send")
    expect(chat.get_by_role("listitem").last).to_contain_text("Somebody comes")
    expect(chat.get_by_label("Message to the student")).to_have_value("")

    def heard() -> list[str]:
        return [each["text"] for each in student.http.get(f"{mine}/messages").json()]

    wait_until(page, lambda: heard() == ["The fan is very loud", "Somebody comes"])

    with hall.rest_of("proctor") as rest:
        body = {"action": "warn", "text": "Eyes on your screen", "action_id": str(uuid.uuid4())}
        rest.post(f"{mine}/actions", json=body).raise_for_status()
    row = panel(page, "Actions").get_by_role("row").last
    for told in ("Warning", "Eyes on your screen", "Not seen yet"):
        expect(row).to_contain_text(told)


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
    panel(page, "Risk, point by point").get_by_text("Copying and pasting").wait_for()
    press(page, "Copying and pasting: show ")
    press(page, "Open a review")
    dialog = page.get_by_role("dialog", name="Open a review")
    expect(dialog).to_contain_text("chosen on the timeline becomes its ground")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert focused(page) == "Open a review"
    page.keyboard.press("Enter")
    write(page, "Reason", "Three times in a row")
    press(page, "Open a review")
    page.wait_for_url("**/reviews/*")
    expect(panel(page, "Events it rests on").get_by_role("row")).to_have_count(2)
    place = page.url.partition("/app/staff")[2]

    judge = staff_at("grader", "/reviews")
    assert_accessible(judge)
    screenshot(judge, "reviews")
    skip_to_content(judge)
    press(judge, f"Review {place.rpartition('/')[2]}")
    judge.get_by_role("heading", name="Your decision").wait_for()
    number = sitting.student.http.get("/auth/me").json()["id"]
    named = f"Review of Student {number}"  # who marks sees no names
    expect(judge.get_by_role("heading", level=1)).to_have_text(named)
    assert_accessible(judge)
    screenshot(judge, "review-open")
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
    walk_to(other, "The decision stands")
    other.keyboard.press("ArrowDown")  # the other choice of two
    write(other, "Explanation for the student", "They are your own words")
    press(other, "Decide on the appeal")
    history = panel(other, "History")
    expect(history.get_by_role("listitem")).to_have_count(4)
    expect(history).to_contain_text("The record of all steps is whole.")
    expect(other.get_by_text("Cleared").first).to_be_visible()


def decide(page: Page) -> None:
    walk_to(page, "Cleared: there is nothing against the student")
    page.keyboard.press("ArrowDown")
    write(page, "Reason", "Content")
    write(page, "Explanation for the student", "Text was copied three times")
    press(page, "Decide")
    expect(page.get_by_text("Decided, may be appealed")).to_be_visible()
