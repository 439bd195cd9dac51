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
