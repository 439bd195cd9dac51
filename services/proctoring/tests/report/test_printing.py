"""Reports on paper: what stands in the PDF, in whose letters, how many are printed at once."""

import asyncio
import io
import json
import sys

import pytest
from chassis.waiting import eventually
from proctoring.report.errors import ReportsBusy, ReportTooSlow
from proctoring.report.press import NotPrinted, Press
from pypdf import PdfReader

READS_AND_SLEEPS = "import sys, time; sys.stdin.buffer.read(); time.sleep(60)"


def text_of(paper: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in paper.pages)


def drawn(paper: PdfReader) -> list[list[float]]:
    """Return the colours of everything that is filled in: RGB, in per cent."""
    colours = []
    for page in paper.pages:
        for operands, operator in page.get_contents().operations:
            if operator == b"rg":
                colours.append([round(float(value) * 100) for value in operands])
    return colours


async def is_assessed(admin, sat) -> bool:
    found = (await admin.get(f"/attempt/{sat.attempt_id}/risk")).json()
    return found["computed_at"] is not None


WARNING, VIOLATION = [88, 60, 17], [55, 11, 18]


async def pdf(admin, sat, **query) -> PdfReader:
    path = f"/attempt/{sat.attempt_id}/report"
    answer = await admin.get(path, params={"format": "pdf"} | query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    name = f'attachment; filename="attempt-{sat.attempt_id}-report.pdf"'
    assert answer.headers["content-disposition"] == name
    return PdfReader(io.BytesIO(answer.content))


async def test_an_attempt_is_printed_with_texts_tables_and_charts(rig, admin, past):
    sat, _ = rig.sits()
    rig.auth.named(sat.student_id, "Asha Rao", "HT-77")
    await past.did(sat, "copy_paste_attempt", "tab_switch", "window_focus")
    await past.took(sat, 2, 41)
    await eventually(lambda: is_assessed(admin, sat), 10)
    paper = await pdf(admin, sat)
    said = text_of(paper)
    assert "copy-paste v1" in said
    for words in ("Asha Rao", "HT-77", "copy paste attempt", "3: 1 info, 1 warning, 1 violation"):
        assert words in said
    assert "Time for each question" in said
    assert "too few" in said
    colours = drawn(paper)
    assert WARNING in colours
    assert VIOLATION in colours
    assert 1 <= len(paper.pages) <= 3


async def test_events_that_came_in_another_order_are_printed_too(rig, admin, past, owner):
    sat, _ = rig.sits()
    await past.did(sat, "tab_switch", "copy_paste_attempt", "window_blur")
    await past.moved(owner, sat, up_to=2, seconds=-3600)
    said = text_of(await pdf(admin, sat))
    assert "copy paste attempt" in said


async def test_an_attempt_without_events_has_no_chart_of_them(rig, admin):
    sat, _ = rig.sits()
    paper = await pdf(admin, sat)
    assert "No events were recorded." in text_of(paper)
    assert VIOLATION not in drawn(paper)
    assert len(paper.pages) == 1


async def test_programs_are_told_title_author_language_and_headings(rig, admin):
    sat, _ = rig.sits()
    rig.auth.named(sat.student_id, "Asha Rao")
    paper = await pdf(admin, sat)
    assert paper.metadata.title == f"Report on attempt {sat.attempt_id}: Asha Rao"
    assert paper.metadata.author == "Online Exam Platform, proctoring"
    assert paper.trailer["/Root"]["/Lang"] == "en"
    assert paper.viewer_preferences.display_doctitle == True  # noqa: E712  # of a PDF
    headings = [entry.title for entry in paper.outline]
    assert headings == ["Risk", "Time for each question", "Timeline", "Review"]


NAMES = (
    "శ్రీనివాస్ కృష్ణ", "क्षत्रिय प्रिया", "தமிழ்ச்செல்வன்", "ಕೃಷ್ಣ", "Zażółć Ωmega Привет", "R. శ్రీ & <b>",
)  # fmt: skip


async def test_names_are_printed_in_their_own_letters(rig, admin):
    sats = [rig.stub.add()]
    sats += [rig.stub.add(exam_id=sats[0].exam_id) for _ in NAMES[1:]]
    for sat, name in zip(sats, NAMES, strict=True):
        rig.auth.named(sat.student_id, name)
    path = f"/exams/{sats[0].exam_id}/report"
    answer = await admin.get(path, params={"format": "pdf"})
    said = text_of(PdfReader(io.BytesIO(answer.content)))
    assert [name for name in NAMES if name not in said] == []
    assert "\ufffd" not in said
    alone = text_of(await pdf(admin, sats[0]))
    assert NAMES[0] in alone


async def test_a_letter_that_no_font_has_is_a_sign_and_no_crash(rig, admin):
    sat, _ = rig.sits()
    rig.auth.named(sat.student_id, "A\U00013000B \u0645\u062d\0\x07")
    paper = await pdf(admin, sat)
    assert f"Report on attempt {sat.attempt_id}" in text_of(paper)


async def test_a_long_timeline_is_cut_and_says_so(rig, admin, past, monkeypatch):
    monkeypatch.setattr("proctoring.report.about_attempt.PRINTED_BURSTS", 60)
    sat, _ = rig.sits()
    await past.did(sat, *["tab_switch", "window_blur"] * 35)
    paper = await pdf(admin, sat)
    assert "The timeline goes on" in text_of(paper)
    assert len(paper.pages) >= 2


async def test_the_header_accept_asks_for_paper_too(rig, admin):
    sat, _ = rig.sits()
    path = f"/attempt/{sat.attempt_id}/report"
    answer = await admin.get(path, headers={"Accept": "application/pdf, */*;q=0.1"})
    assert answer.content.startswith(b"%PDF-")


def waiting(**more) -> Press:
    return Press(program=(sys.executable, "-c", READS_AND_SLEEPS), **more)


async def test_a_full_line_is_503_and_tells_when_to_come_back(rig, admin, monkeypatch):
    sat, _ = rig.sits()
    press = waiting(at_once=1, line=1)
    monkeypatch.setitem(rig.app.state._state, "press", press)
    path = f"/attempt/{sat.attempt_id}/report?format=pdf"
    inside = [asyncio.create_task(admin.get(path)) for _ in range(2)]
    await eventually(lambda: press._taken == 2, 5)
    answer = await admin.get(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert answer.json()["type"] == "urn:oep:problem:reports-busy"
    assert (await admin.get(f"/attempt/{sat.attempt_id}/report")).status_code == 200
    for task in inside:
        task.cancel()
    await asyncio.gather(*inside, return_exceptions=True)
    await eventually(lambda: press._taken == 0, 5)


async def test_the_deadline_ends_the_process_and_frees_its_place():
    press = waiting(seconds=0.5)
    async with asyncio.timeout(20):  # the program itself would take a minute
        with pytest.raises(ReportTooSlow) as told:
            await press.print("attempt", b"{}")
    assert told.value.retry_after_seconds
    assert press._taken == 0
    assert not press._free.locked()


async def test_who_waits_too_long_in_the_line_is_told_as_well():
    press = waiting(seconds=0.5, line=1)
    outcomes = await asyncio.gather(
        *(press.print("attempt", b"{}") for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        ReportTooSlow.__name__,
        ReportTooSlow.__name__,
        ReportsBusy.__name__,
    ]


async def test_a_printer_that_fails_says_nothing_of_what_it_was_given():
    failing = "import sys; sys.stdin.read(); raise ValueError('Asha Rao')"
    with pytest.raises(NotPrinted) as told:
        await Press(program=(sys.executable, "-c", failing)).print("attempt", b"{}")
    assert str(told.value) == "exit 1: ValueError"


async def test_the_printer_is_told_no_secret():
    showing = "import os, json; print(json.dumps(dict(os.environ)))"
    shown = await Press(program=(sys.executable, "-c", showing)).print("attempt", b"{}")
    assert set(json.loads(shown)) <= {"LC_ALL", "LC_CTYPE"}
