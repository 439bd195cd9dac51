"""An exam for Safe Exam Browser only: what its student reads in Chromium, and how he gets in.

Chromium plays Safe Exam Browser by what a page can see of it: the object that SEB gives its pages.
"""

import hashlib
import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from browser.exam_room import enter, saved, sign_in
from browser.people import Hall, Student

KEY = "5eb" * 21 + "0"
OTHER_KEY = "0" * 64


@pytest.fixture
def kept_in(hall: Hall) -> Iterator[Student]:
    """A student whose exam opens with KEY only; afterwards it opens for everybody again."""
    student = hall.student()
    with hall.rest_of("admin") as admin:
        door = f"/exams/{student.exam_id}/safe-browser"
        added = admin.post(f"{door}/keys", json={"kind": "config", "key": KEY, "note": "of a test"})
        added.raise_for_status()
        admin.put(door, json={"is_required": True}).raise_for_status()
        try:
            yield student
        finally:
            admin.put(door, json={"is_required": False}).raise_for_status()
            for key in added.json()["keys"]:
                admin.delete(f"{door}/keys/{key['id']}").raise_for_status()


def tell(page: Page, address: str, key: str) -> None:
    """Let the next pages see what Safe Exam Browser with this key would tell them."""
    told = hashlib.sha256(f"{address}{key}".encode()).hexdigest()
    security = json.dumps({"configKey": told})
    page.add_init_script(f"window.SafeExamBrowser = {{ security: {security} }};")


def test_any_other_browser_gets_a_clear_page(open_page, kept_in, assert_accessible):
    page = open_page(f"/app/attempts/{kept_in.attempt_id}")
    sign_in(page, kept_in)
    said = page.get_by_role("alert").filter(has_text="opens only in Safe Exam Browser")
    expect(said).to_contain_text("Open the configuration of this exam")
    expect(page.get_by_role("button", name="Begin the exam")).to_have_count(0)
    assert_accessible(page)


def test_the_right_browser_sits_the_exam_and_another_configuration_does_not(
    open_page, stack, kept_in
):
    address = f"{stack.layout.url}/app/attempts/{kept_in.attempt_id}"  # as PUBLIC_URL has it
    wrong = open_page("/app/")
    tell(wrong, address, OTHER_KEY)
    wrong.goto(address)
    sign_in(wrong, kept_in)
    expect(wrong.get_by_text("If this is Safe Exam Browser, close it")).to_be_visible()

    page = open_page("/app/")
    tell(page, address, KEY)
    page.goto(address)
    enter(page, kept_in)
    page.get_by_role("checkbox").or_(page.get_by_role("radio")).first.check()
    saved(page)
