"""Both pages come up in a real browser, from `oep up`'s own server, past the gateway."""

import pytest
from playwright.sync_api import expect

from browser.walks import sign_in_staff


@pytest.mark.parametrize("path", ["/app/", "/app/staff/"])
def test_a_page_comes_up_and_is_accessible(open_page, assert_accessible, screenshot, path):
    page = open_page(path)
    page.get_by_role("heading", level=1).wait_for()
    assert_accessible(page)
    if path == "/app/staff/":
        screenshot(page, "staff-sign-in")


def test_the_pages_speak_hindi_to_who_prefers_it(open_page):
    page = open_page("/app/", locale="hi-IN")
    page.get_by_role("heading", level=1).wait_for()
    expect(page.locator("html")).to_have_attribute("lang", "hi")


def test_a_part_whose_code_is_gone_says_so_and_comes_with_the_next_load(
    open_page, assert_accessible, screenshot
):
    page = open_page("/app/staff/")
    page.route("**/assets/Reviews-*.js", lambda route: route.abort())
    sign_in_staff(page, "admin")
    page.get_by_role("heading", name="Exams", level=1).wait_for()
    screenshot(page, "staff-exams")
    page.get_by_role("link", name="Reviews").click()
    gone = page.get_by_text("This page cannot be shown just now.").last
    gone.wait_for()
    assert_accessible(page)
    page.unroute("**/assets/Reviews-*.js")
    page.get_by_role("button", name="Load the page again").click()
    page.get_by_role("heading", name="Reviews", level=1).wait_for()
