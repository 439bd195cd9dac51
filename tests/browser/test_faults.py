"""What a student sees and loses while parts of the platform die under him: a word, and nothing."""

import re

import pytest
from playwright.sync_api import expect

from browser.exam_room import connection
from browser.walks import enter_room, wait_until

SLOW_MS = 60_000


@pytest.fixture
def room(open_page, hall):
    """A student in his exam; returns the page and the student."""
    student, page = hall.student(), open_page("/app/")
    enter_room(page, student)
    connection(page, "online")
    return page, student


@pytest.fixture
def healed(stack):
    yield stack
    stack.heal()


def answers(student) -> dict[int, object]:
    found = student.http.get(f"/attempts/{student.attempt_id}/answers").raise_for_status().json()
    return {each["question_id"]: each["answer"] for each in found}


def choose(page, number: int) -> None:
    """Choose an option of the question that is shown."""
    page.get_by_role("radio").nth(number).check(force=True)


def test_an_answer_that_is_given_while_no_realtime_runs_is_saved(room, healed):
    page, student = room
    healed.kill("realtime", hold=True)
    expect(page.locator("[data-connection=online]")).to_have_count(0, timeout=SLOW_MS)
    choose(page, 1)
    expect(page.get_by_text(re.compile(r"^Saved"))).to_be_visible(timeout=SLOW_MS)
    assert len(answers(student)) == 1
    healed.cont("realtime")
    expect(page.locator("[data-connection=online]")).to_be_attached(timeout=SLOW_MS)


def test_what_is_answered_while_attempts_is_away_is_kept_and_saved_afterwards(room, healed):
    page, student = room
    healed.kill("attempts", hold=True)
    choose(page, 2)
    page.get_by_role("button", name="Next").click()
    choose(page, 0)
    healed.cont("attempts")
    expect(page.get_by_text(re.compile(r"^Saved"))).to_be_visible(timeout=SLOW_MS)
    page.get_by_role("button", name="Previous").click()
    expect(page.get_by_text(re.compile(r"^Saved"))).to_be_visible(timeout=SLOW_MS)
    wait_until(page, lambda: len(answers(student)) == 2)


def test_an_event_that_happens_while_proctoring_is_away_arrives_once(room, healed):
    page, student = room
    healed.kill("proctoring", hold=True)
    page.keyboard.press("F12")
    healed.cont("proctoring")

    def arrived() -> bool:
        path = f"/proctoring/attempt/{student.attempt_id}/events"
        found = student.http.get(path, params={"event_type": "developer_tools_attempt"})
        return found.is_success and len(found.json()) == 1

    wait_until(page, arrived, seconds=60)
