"""The student's way through the pages, as his fingers go it: for the tests of the exam room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Locator, Page, expect

if TYPE_CHECKING:
    from browser.people import Student

_MOST_STOPS = 60
# Its accessible name, or the text of what the focus is on.
_FOCUSED = """() => {
  const it = document.activeElement;
  const label = it.labels?.[0]?.innerText ?? it.getAttribute('aria-label') ?? it.innerText ?? '';
  return label.trim();
}"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus is called `name`, or begins so; fails when nothing is."""
    seen = []
    for _ in range(_MOST_STOPS):
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED)
        if focused.startswith(name):
            return
        seen.append(focused)
    raise AssertionError(f"no stop of the Tab key is called {name!r}: {seen}")


def press(page: Page, name: str) -> None:
    """Go to a button or link with the Tab key and press Enter."""
    tab_to(page, name)
    page.keyboard.press("Enter")


def sign_in(page: Page, student: Student) -> None:
    """Sign in by hall ticket, on whatever page asks for it."""
    page.get_by_label("Hall ticket number").fill(student.hall_ticket)
    page.get_by_label("Date of birth").fill(student.born)
    page.get_by_label("Answer to your security question").fill(student.answer)
    page.get_by_role("button", name="Sign in").click()


def enter(page: Page, student: Student) -> None:
    """From the sign-in at the attempt's address into the exam room."""
    sign_in(page, student)
    page.get_by_role("button", name="Begin the exam").click()
    wait_for_room(page)


def wait_for_room(page: Page) -> None:
    page.locator("article").wait_for()
    connection(page, "online")


def connection(page: Page, look: str) -> None:
    """Wait until the page says so of its connection."""
    page.locator(f"[data-connection={look}]").wait_for(timeout=20_000)


def go_to(page: Page, number: int) -> None:
    page.get_by_role("button", name=f"Question {number},").click()
    expect(number_of(page, number)).to_be_visible()


def number_of(page: Page, number: int) -> Locator:
    return page.get_by_role("heading", name=f"Question {number} of")


def saved(page: Page) -> None:
    """Wait until the shown answer is said to be saved."""
    page.locator("[data-saving=saved]").wait_for(timeout=20_000)


def escape(page: Page) -> None:
    """Press Escape with the system's code of the key: only so it leaves full screen."""
    session = page.context.new_cdp_session(page)
    code = {"windowsVirtualKeyCode": 27, "nativeVirtualKeyCode": 9, "key": "Escape"}
    for kind in ("rawKeyDown", "keyUp"):
        session.send("Input.dispatchKeyEvent", {"type": kind, "code": "Escape", **code})
    session.detach()


def is_full(page: Page, *, wanted: bool) -> None:
    page.wait_for_function("wanted => Boolean(document.fullscreenElement) === wanted", arg=wanted)
