"""The exam's report, on events that really were sent (`sitting`): its figures are the server's."""

import csv
import io
import json
import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from browser.keyboard import focused, press, skip_to_content, walk_to, write
from browser.people import Hall
from browser.sitting import Sitting
from browser.walks import panel, wait_until

AS_TABLE = "The same as a table"
SHEET = {"width": 1032, "height": 704}  # A4 on its side without its margins, in CSS pixels
# What is wider than the paper, or has more inside than it shows.
CUT = """() => [...document.querySelectorAll('main, main *')].filter(it => {
  const box = it.getBoundingClientRect();
  const isHidden = box.width === 0 || it.closest('.visually-hidden, svg, [role=img]');
  return !isHidden && (box.right > innerWidth + 1
    || (getComputedStyle(it).overflowX !== 'visible' && it.scrollWidth > it.clientWidth + 1));
}).map(it => `${it.tagName} ${it.className} ${it.textContent.slice(0, 40)}`)"""
INKED = """it => {
  const { width, height } = it;
  const dots = it.getContext('2d').getImageData(0, 0, width, height).data;
  return dots.some(Boolean);
}"""


@pytest.fixture(scope="module")
def rest(hall: Hall):
    with hall.rest_of("admin") as client:
        yield client


def test_the_report_counts_sorts_filters_and_gives_files(
    sitting, staff_at, rest, assert_accessible, screenshot
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
    check_files(page, rest, sitting)
    assert not [url for url in asked if "token" in url]


def check_files(page: Page, rest: httpx.Client, sitting: Sitting) -> None:
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


def test_each_picture_of_the_report_has_a_table_with_the_servers_figures(
    sitting, staff_at, rest, screenshot
):
    page = staff_at("admin", f"/exams/{sitting.exam_id}/report")
    proctoring = f"/proctoring/exams/{sitting.exam_id}/report"
    bins = rest.get(proctoring, params={"limit": 1}).json()["risk_histogram"]
    risk = panel(page, "Risk scores")
    assert_drawn(risk, 1)
    assert column(opened(risk, 0), 1) == [str(each["attempt_count"]) for each in bins]
    assert sum(each["attempt_count"] for each in bins if each["lowest"] >= 20) > 0

    marks = panel(page, "Marks")
    assert_drawn(marks, 2)
    tenths = rest.get(f"/attempts/statistics/{sitting.exam_id}").json()["score_bins"]
    assert len([count for count in tenths if count]) > 1
    assert column(opened(marks, 0), 1) == [str(count) for count in tenths]
    items = rest.get(f"/exams/{sitting.exam_id}/item-analysis").json()["items"]
    shares = [f"{each['difficulty'] * 100:.2f}".rstrip("0").rstrip(".") for each in items]
    assert column(opened(marks, 1), 1) == shares

    spread = rest.get(f"{proctoring}/questions").json()["questions"]
    times = panel(page, "Time for each question")
    assert_drawn(times, 1)
    assert column(opened(times, 0), 1) == [str(each["student_count"]) for each in spread]

    counted = rest.get(f"{proctoring}/events", params={"limit": 20}).json()
    totals: dict[str, int] = {}
    for each in counted["event_types"]:
        totals[each["event_type"]] = totals.get(each["event_type"], 0) + each["event_count"]
    types = panel(page, "Events by type and severity").get_by_role("table")
    assert column(types, 5) == [str(count) for count in sorted(totals.values(), reverse=True)]
    sums = [sum(warned + violated for _, warned, violated in each["cells"])
            for each in counted["heat_map"]["attempts"]]  # fmt: skip
    heat = panel(page, "Who and when").get_by_role("table")
    heat.wait_for()
    assert [int(sum_) for sum_ in heat.locator("tbody td:last-child").all_inner_texts()] == sums

    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        marks.scroll_into_view_if_needed()
        screenshot(page, f"report-marks-{scheme}")


def opened(part: Locator, number: int) -> Locator:
    """Open the table that says the same as a picture and return it."""
    part.get_by_text(AS_TABLE).nth(number).click()
    expect(part.locator("details[open]")).to_have_count(number + 1)
    return part.locator("details[open]").nth(number).get_by_role("table")


def column(table: Locator, number: int) -> list[str]:
    """Return a column's cells, once they are there; the first one, number 0, names the row."""
    table.wait_for()
    return table.locator(f"tbody tr > :nth-child({number + 1})").all_inner_texts()


def assert_drawn(part: Locator, count: int) -> None:
    """Wait for the pictures of a part; each has words for who does not see it, and ink."""
    pictures = part.get_by_role("img")
    expect(pictures).to_have_count(count)
    for each in pictures.all():
        expect(each).to_have_attribute("aria-label", re.compile(r"\d"))
        wait_until(part.page, lambda it=each: it.locator("canvas").evaluate(INKED))


def test_the_report_is_walked_by_keyboard_alone(sitting, staff_at):
    page = staff_at("admin", f"/exams/{sitting.exam_id}/report")
    page.route("**/attempts?*", many)
    skip_to_content(page)
    walk_to(page, "Download as CSV")
    with page.expect_download():
        page.keyboard.press("Enter")
    expect(panel(page, "Risk scores").get_by_role("img")).to_be_visible()
    press(page, AS_TABLE)
    expect(panel(page, "Risk scores").get_by_role("table")).to_be_visible()
    write(page, "Name or hall ticket", sitting.student.hall_ticket[:4])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("search=DEMO"))
    write(page, "With events of", "Viol")
    expect(page).to_have_url(re.compile("severity=violation"))
    press(page, "Warnings")
    expect(page).to_have_url(re.compile("sort=warnings"))
    attempts = panel(page, "Attempts")
    expect(attempts.get_by_role("columnheader", name="Warnings")).to_have_attribute(
        "aria-sort", "descending"
    )
    assert focused(page) == "Warnings"
    press(page, "Next")
    expect(page).to_have_url(re.compile("skip=50"))
    assert focused(page) == "Next"
    walk_to(page, "Previous", key="Shift+Tab")
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile("skip="))


def many(route: Route) -> None:
    """Answer as the server does, for an exam that has more attempts than a page shows."""
    answer = route.fetch()
    found: dict[str, Any] = answer.json()
    route.fulfill(response=answer, json={**found, "total": 120})


def test_the_report_and_an_attempt_go_on_paper(sitting, staff_at, screenshot):
    report = staff_at("admin", f"/exams/{sitting.exam_id}/report")
    assert_drawn(panel(report, "Marks"), 2)
    assert_fit_for_paper(report)
    screenshot(report, "report-paper")
    attempt = staff_at("proctor", f"/attempts/{sitting.attempt_id}")
    panel(attempt, "Timeline").get_by_role("table").wait_for()
    assert_fit_for_paper(attempt)
    screenshot(attempt, "attempt-paper")


def assert_fit_for_paper(page: Page) -> None:
    """No way elsewhere, nothing to press, nothing cut; dark on light also for who likes dark."""
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size(SHEET)
    expect(page.get_by_role("navigation", name="Main navigation")).to_be_hidden()
    # heads of columns stay, although pressing them sorts
    tools = page.locator("button:not(thead *), select, textarea, input:not(.visually-hidden)")
    expect(tools.filter(visible=True)).to_have_count(0)
    wait_until(page, lambda: page.evaluate(CUT) == [])  # pictures take their new size in a moment
    expect(page.locator("body")).to_have_css("color", "rgb(26, 31, 39)")
    assert b"/MediaBox [0 0 841" in page.pdf(prefer_css_page_size=True), "it lies on its side"
