"""Pictures of a student's camera: asked for, taken, kept in a cut, and looked at by the staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

from browser.walks import panel

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    Look = Callable[[Page], None]
    Screenshot = Callable[[Page, str], object]

_LONG = 20_000


def try_the_camera(page: Page, assert_accessible: Look, screenshot: Screenshot) -> None:
    """Pass the check: consent first; refused by the browser, he is told what to do and not locked
    out; allowed, he sees himself.
    """
    ready = page.get_by_role("button", name="I am ready")
    page.get_by_text("This computer is ready.").wait_for()
    page.get_by_text("when you have said whether pictures may be taken").wait_for()
    expect(ready).to_be_disabled()
    page.get_by_label("No, without pictures").check()
    expect(ready).to_be_enabled()
    page.get_by_label("Yes, pictures may be taken").check()
    expect(ready).to_be_disabled()
    page.get_by_role("button", name="Turn the camera on").click()
    page.get_by_text("This page is not allowed to use the camera.").wait_for()
    expect(page.get_by_text("You are not locked out")).to_be_visible()
    expect(ready).to_be_enabled()
    assert_accessible(page)
    page.context.grant_permissions(["camera"])
    page.get_by_role("button", name="Try the camera again").click()
    page.get_by_text("The camera works.").wait_for()
    page.wait_for_function("() => document.querySelector('video').videoWidth > 0")
    assert_accessible(page)
    screenshot(page, "student-camera")


def take_two(
    page: Page,
    attempt_id: int,
    proctor: httpx.Client,
    assert_accessible: Look,
    screenshot: Screenshot,
) -> None:
    """Let one picture be taken, cut the line, let another be taken, and see it arrive later.

    The camera is off again before the next picture is due, however slow the machine is.
    """
    page.locator("[data-pictures=on]").click(timeout=_LONG)
    dialog = page.get_by_role("dialog", name="Pictures from your camera")
    stop = dialog.get_by_role("button", name="Take no more pictures")
    expect(dialog).to_contain_text("1 picture has arrived.", timeout=_LONG)
    expect(dialog.get_by_alt_text("The newest picture from your camera")).to_be_visible()
    screenshot(page, "student-pictures")
    stop.click()
    page.context.set_offline(True)
    dialog.get_by_role("button", name="Agree and turn the camera on").click()
    expect(dialog).to_contain_text("1 picture waits on this computer", timeout=_LONG)
    stop.click()
    page.locator("[data-pictures=off]").wait_for()
    path = f"/proctoring/attempt/{attempt_id}/snapshots"
    assert len(proctor.get(path).raise_for_status().json()) == 1
    assert_accessible(page)
    page.context.set_offline(False)
    expect(dialog).to_contain_text("2 pictures have arrived.", timeout=_LONG)
    dialog.get_by_role("button", name="Back to the exam").click()


def look_at_them(page: Page, assert_accessible: Look, screenshot: Screenshot) -> None:
    """Open the two at the attempt's page, go on by the keys, and to the event that tells of one."""
    part = panel(page, "Snapshots")
    part.scroll_into_view_if_needed()
    expect(part.locator("li img")).to_have_count(2, timeout=_LONG)
    part.get_by_role("button", name="Open: Picture from the camera").first.press("Enter")
    first = page.get_by_role("dialog", name="Picture 1 of 2")
    expect(first).to_contain_text("This is the picture that the record names.", timeout=_LONG)
    page.keyboard.press("ArrowRight")
    second = page.get_by_role("dialog", name="Picture 2 of 2")
    expect(second).to_contain_text("This is the picture that the record names.", timeout=_LONG)
    expect(second.get_by_role("button", name="Later")).to_be_disabled()
    assert_accessible(page)
    screenshot(page, "attempt-snapshots")
    second.get_by_role("button", name="Show event").click()
    rows = panel(page, "Timeline").get_by_role("row")
    expect(rows.filter(has=page.get_by_role("rowheader"))).to_have_count(1)
    expect(rows.last).to_contain_text("Picture taken")
