"""Both pages come up in a real browser, from `oep up`'s own server, past the gateway."""

import pytest


@pytest.mark.parametrize("path", ["/app/", "/app/staff/"])
def test_a_page_comes_up_and_is_accessible(open_page, assert_accessible, path):
    page = open_page(path)
    page.get_by_role("heading", level=1).wait_for()
    assert_accessible(page)


def test_the_pages_speak_hindi_to_who_prefers_it(open_page):
    page = open_page("/app/", locale="hi-IN")
    page.get_by_role("heading", level=1).wait_for()
    assert page.locator("html").get_attribute("lang") == "hi"


def test_the_first_page_is_shown_within_a_second(open_page):
    page = open_page("/app/")
    page.get_by_role("heading", level=1).wait_for()
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    assert painted < 1000
