"""Ways through the pages that several tests go: in at a door, and to where the test begins."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page

from browser.people import Student, staff


def sign_in(page: Page, student: Student) -> None:
    """Sign a student in by hall ticket, at the page that is open; his exams are shown then."""
    page.get_by_role("textbox", name="Hall ticket number").fill(student.hall_ticket)
    page.get_by_role("textbox", name="Date of birth").fill(student.born)
    page.get_by_role("textbox", name="Answer to your security question").fill(student.answer)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Your exams").wait_for()


def enter_room(page: Page, student: Student) -> None:
    """Go from the student's door to the first question."""
    sign_in(page, student)
    page.goto(f"/app/attempts/{student.attempt_id}")
    page.get_by_role("button", name="Begin the exam").click()
    page.get_by_role("heading", name="Question 1 of").wait_for()


def sign_in_staff(page: Page, role: str) -> None:
    """Sign a demo member of staff in, at the page that is open."""
    username, password = staff(role)
    page.get_by_role("textbox", name="User name").fill(username)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Sign out").wait_for()


def wait_until(page: Page, is_so: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for a condition outside the page, while the page goes on."""
    for _ in range(int(seconds * 10)):
        if is_so():
            return
        page.wait_for_timeout(100)
    pytest.fail("it did not happen")


def panel(page: Page, title: str) -> Locator:
    """Return the part of a page that stands below this heading."""
    return page.locator("section").filter(has=page.get_by_role("heading", name=title, exact=True))
