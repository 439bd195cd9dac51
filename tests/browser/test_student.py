"""A student's exam in a real browser: by keyboard, through cuts and reloads, with proctors about.

What the pages promise is read back where it has to be true: from the database.
"""

import gzip
import json
import re
import time
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from oep_local import seed_rows, verify
from playwright.sync_api import Page, Route, expect

from browser import exam_room
from browser.bare import BareChromium
from browser.exam_room import connection, enter, go_to, number_of, press, saved, tab_to
from browser.pictures import look_at_them, take_two, try_the_camera
from browser.walks import sign_in

ROOM_BYTES = 150_000
EVENTS = """SELECT event_type, severity, COUNT(*) as count, MAX(event_timestamp) as latest
  FROM proctoring_events WHERE attempt_id = {}
  GROUP BY event_type, severity ORDER BY latest DESC;"""
DATA = """SELECT event_type, event_data->>'key', event_data::text, question_id IS NOT NULL
  FROM proctoring.proctoring_events WHERE attempt_id = {}"""
SWITCHES = """SELECT event_data->>'action', event_data->>'switch_count',
    (event_data->>'duration_seconds')::float >= 0, severity, question_id IS NOT NULL
  FROM proctoring.proctoring_events
  WHERE attempt_id = {} AND event_type = 'tab_switch' ORDER BY id"""
FOCUS = """SELECT event_type, severity, event_data ->> 'timestamp' <> '', question_id IS NOT NULL
  FROM proctoring.proctoring_events
  WHERE attempt_id = {} AND event_type LIKE 'window_%' ORDER BY id"""
ANSWER = "SELECT answer #>> '{{}}' FROM attempts.answers WHERE attempt_id = {} AND question_id = {}"
NO_FULL_SCREEN = "Object.defineProperty(document, 'fullscreenEnabled', { get: () => false })"
NEARLY_OVER = """UPDATE attempts.attempts SET deadline_at = now() + interval '1 second'
  WHERE id = {}"""
ENDED = "SELECT status, questions_answered FROM attempts.attempts WHERE id = {}"
WRITTEN = 9  # the demo exam's question with a short answer
WORDS = "Switch off the supply, then call for help; never touch the person first."


@pytest.fixture
def student(hall):
    """A student whose attempt has not begun."""
    return hall.student()


@pytest.fixture
def room(open_page, student) -> Page:
    """His exam room."""
    page = open_page(f"/app/attempts/{student.attempt_id}")
    enter(page, student)
    return page


@pytest.fixture
def proctor(hall):
    with hall.rest_of("proctor") as rest:
        yield rest


def answers_by_number() -> list[object]:
    """What `oep demo` answers, in the exam's order; null is left out."""
    return [question["demo_answer"] for question in seed_rows.exam()["questions"]]


def answer_by_keys(page: Page, answer: object) -> None:
    """Give one answer with Tab, arrows, the space bar and letters."""
    if answer is None:
        return
    if isinstance(answer, bool):
        tab_to(page, "True")
        page.keyboard.press("Space" if answer else "ArrowDown")
    elif isinstance(answer, str):
        page.keyboard.press("Tab")
        expect(page.get_by_role("textbox")).to_be_focused()
        page.keyboard.type(answer.strip())
    elif page.get_by_role("checkbox").count():
        for key in answer:
            tab_to(page, key)
            page.keyboard.press("Space")
    else:
        tab_to(page, "A")
        page.keyboard.press("Space")
        for _ in range("ABCD".index(answer[0])):
            page.keyboard.press("ArrowDown")


def test_a_whole_exam_is_sat_by_keyboard_and_its_receipt_holds(
    open_page, student, stack, assert_accessible, screenshot, tmp_path
):
    page = open_page("/app/")
    page.get_by_role("heading", level=1).wait_for()
    assert_accessible(page)
    screenshot(page, "student-sign-in")
    tab_to(page, "Hall ticket number")
    for typed in (student.hall_ticket, student.born.replace("/", ""), student.answer):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.get_by_role("heading", name="Your exams").wait_for()
    assert_accessible(page)
    screenshot(page, "student-exams")
    press(page, "Go to the exam")
    page.wait_for_url(f"**/app/attempts/{student.attempt_id}")
    page.get_by_text("This computer is ready.").wait_for()
    press(page, "What this page notices")
    assert_accessible(page)
    screenshot(page, "student-instructions")
    press(page, "Begin the exam")

    exam_room.wait_for_room(page)
    exam_room.is_full(page, wanted=True)
    assert_accessible(page)
    given = answers_by_number()
    for number, answer in enumerate(given, start=1):
        expect(number_of(page, number)).to_be_visible()
        answer_by_keys(page, answer)
        if number == 3:
            press(page, "Flag for later")
            screenshot(page, "student-exam-room")
            assert_accessible(page)
        press(page, "Check and submit" if number == len(given) else "Next")

    page.get_by_role("dialog", name="Submit the exam?").wait_for()
    expect(page.get_by_role("dialog")).to_contain_text("You have answered 9 of 10 questions.")
    expect(page.get_by_role("button", name="Go to question 8")).to_be_visible()
    assert_accessible(page)
    screenshot(page, "student-submit")
    press(page, "Submit now")

    page.get_by_role("heading", name="Your exam is submitted").wait_for(timeout=20_000)
    page.get_by_text("Fingerprint of the answers").wait_for()
    assert_accessible(page)
    screenshot(page, "student-result")
    with page.expect_download() as download:
        press(page, "Download the receipt")
    download.value.save_as(tmp_path / "receipt.json")

    receipt = json.loads((tmp_path / "receipt.json").read_text())
    _assert_receipt(stack, student, receipt, given)
    fingerprint = receipt["receipt"]["answers_sha256"]
    expect(page.get_by_text(" ".join(re.findall(".{8}", fingerprint)), exact=True)).to_be_visible()
    assert student.http.get(f"/attempts/{student.attempt_id}/receipt").json() == receipt


def _assert_receipt(stack, student, receipt: object, given: list[object]) -> None:
    """Its signature holds, and what the platform has stored is what was answered."""
    keys = httpx.get(f"{stack.url}/api/v1/attempts/receipt-keys", trust_env=False).json()
    stored = student.http.get(f"/attempts/{student.attempt_id}/answers").json()
    found = verify.findings(receipt, verify.keys_in(keys), stored)
    assert {verdict for verdict, _ in found} == {verify.HOLDS}
    questions = student.http.get(f"/exams/{student.exam_id}").json()["questions"]
    by_question = {row["question_id"]: row["answer"] for row in stored}
    for question, answer in zip(questions, given, strict=True):
        wanted = _as_texts(question, answer)
        assert by_question.get(question["id"]) == wanted, question["question_text"]


def _as_texts(question: dict, answer: object) -> object:  # type: ignore[type-arg]
    """Return a demo answer as the page sends it: letters become the options' texts."""
    if not isinstance(answer, list):
        return answer.strip() if isinstance(answer, str) else answer
    texts = [question["options"][key] for key in answer]
    return texts[0] if question["question_type"] == "mcq_single" else texts


def test_the_seeds_table_of_events_is_made_by_real_keys(room, student, stack):
    exam_room.is_full(room, wanted=True)  # the room may be there first
    exam_room.escape(room)
    exam_room.is_full(room, wanted=False)
    room.get_by_role("button", name="Fill the screen").click()
    exam_room.is_full(room, wanted=True)
    for key in ("F12", "Control+c", "Control+v", "Alt+Tab", "F5", "Control+p", "F11", "Meta"):
        room.keyboard.press(key)
    room.mouse.click(300, 300, button="right")
    room.get_by_label("Testing every conductor").check()
    saved(room)
    go_to(room, 2)  # leaving a question reports its change at once

    wanted = {
        ("fullscreen_enter", "info"): 2,
        ("fullscreen_exit", "violation"): 1,
        ("developer_tools_attempt", "violation"): 1,
        ("copy_paste_attempt", "violation"): 2,
        ("keyboard_blocked", "violation"): 1,
        ("keyboard_blocked", "warning"): 4,
        ("context_menu_blocked", "warning"): 1,
        ("answer_change", "info"): 1,
    }
    # the room opens as the screen is filled, so its first entering may have come just before it
    early = {**wanted, ("fullscreen_enter", "info"): 1}
    _until(lambda: _counted(stack, student.attempt_id) in (wanted, early))
    assert_event_data(stack, student.attempt_id)


def assert_event_data(stack, attempt_id: int) -> None:
    """Every type has exactly the contract's keys (section 11.4)."""
    names = {
        "fullscreen_enter": {"screen_width", "screen_height"},
        "fullscreen_exit": {"exit_count", "screen_width", "screen_height", "timestamp"},
        "developer_tools_attempt": {"key", "combo"},
        "copy_paste_attempt": {"key", "combo"},
        "context_menu_blocked": {"x", "y"},
        "answer_change": {
            "previous_answer", "new_answer", "change_count", "time_spent_seconds",
            "is_first_answer",
        },
    }  # fmt: skip
    keys = {"F11": {"key", "reason"}, "Meta": {"key"}}
    for event_type, key, data, has_question in stack.rows(DATA.format(attempt_id)):
        wanted = names.get(event_type) or keys.get(key, {"key", "combo"})
        assert set(json.loads(data)) == wanted, event_type
        assert (has_question == "t") is (event_type == "answer_change")


def _counted(stack, attempt_id: int) -> dict[tuple[str, str], int]:
    """Run the contract's query (section 12) as it stands and read psql's table."""
    text = stack.psql(EVENTS.format(attempt_id))
    rows = [[cell.strip() for cell in line.split("|")] for line in text.splitlines()[2:]]
    counted = {(row[0], row[1]): int(row[2]) for row in rows if len(row) == 4}
    # what a window manager does with the focus is its own business
    return {pair: count for pair, count in counted.items() if not pair[0].startswith("window_")}


def test_a_tab_that_is_hidden_is_told_twice_with_its_length(student, stack, hall, tmp_path):
    login = hall.login_as(student)
    kept = {
        "user": login["user"],
        "accessToken": login["access_token"],
        "refreshToken": login["refresh_token"],
        "expiresAt": time.time() * 1000 + 3_600_000,
    }
    student.http.post(f"/attempts/{student.attempt_id}/begin").raise_for_status()
    with BareChromium(tmp_path / "profile") as bare:
        tab = bare.open(
            f"{stack.url}/app/attempts/{student.attempt_id}", _signed_in(json.dumps(kept))
        )
        tab.wait("document.querySelector('[data-connection=online]') !== null")
        other = bare.open("about:blank")
        other.to_front()
        tab.wait("document.visibilityState === 'hidden'")
        tab.to_front()
        tab.wait("document.visibilityState === 'visible'")
        told = [["hidden", "", "", "warning", "t"], ["visible", "1", "t", "warning", "t"]]
        _until(lambda: stack.rows(SWITCHES.format(student.attempt_id)) == told)
        moved = [["window_blur", "warning", "t", "t"], ["window_focus", "info", "t", "t"]]
        _until(lambda: stack.rows(FOCUS.format(student.attempt_id)) == moved)


def test_not_a_keystroke_is_lost_by_a_cut_and_a_reload(room, student, stack, screenshot):
    go_to(room, WRITTEN)
    field = room.get_by_role("textbox")
    field.press_sequentially(WORDS[:20])
    saved(room)
    left, began = _seconds_left(room), time.monotonic()
    room.context.set_offline(True)
    connection(room, "offline")
    field.press_sequentially(WORDS[20:])
    room.locator("[data-saving=offline]").wait_for()
    room.get_by_role("button", name="Flag for later").click()
    expect(room.get_by_role("main")).to_contain_text("Kept on this computer")
    screenshot(room, "student-cut")
    _until(lambda: _seconds_left(room) < left)  # the clock goes on, and as fast as time
    assert left - _seconds_left(room) < time.monotonic() - began + 3
    room.context.set_offline(False)
    connection(room, "online")
    saved(room)
    question = _question(student, WRITTEN)
    assert stack.rows(ANSWER.format(student.attempt_id, question)) == [[WORDS]]

    room.on("dialog", lambda dialog: dialog.accept())
    room.reload()
    exam_room.wait_for_room(room)
    expect(number_of(room, WRITTEN)).to_be_visible()
    expect(room.get_by_role("textbox")).to_have_value(WORDS)
    expect(
        room.get_by_role("button", name=f"Question {WRITTEN}, answered, flagged")
    ).to_be_visible()


def test_what_was_typed_in_a_cut_survives_the_page(room, student, stack):
    go_to(room, WRITTEN)
    room.context.set_offline(True)
    room.get_by_role("textbox").press_sequentially(WORDS)
    room.locator("[data-saving=offline]").wait_for()
    context, address = room.context, room.url
    kept = room.evaluate("sessionStorage.getItem('oep.login')")
    room.close(run_before_unload=False)  # as a crash would
    context.set_offline(False)
    context.add_init_script(_signed_in(kept))
    again = context.new_page()
    again.goto(address)
    exam_room.wait_for_room(again)
    question = _question(student, WRITTEN)
    _until(lambda: stack.rows(ANSWER.format(student.attempt_id, question)) == [[WORDS]])


def test_a_page_that_is_loaded_again_in_a_cut_goes_on(room, student, stack):
    go_to(room, WRITTEN)
    field = room.get_by_role("textbox")
    field.press_sequentially(WORDS[:20])
    saved(room)
    kept = "() => navigator.serviceWorker.controller !== null"  # it takes the page once all is kept
    room.wait_for_function(kept, timeout=20_000)
    left, began = _seconds_left(room), time.monotonic()
    room.context.set_offline(True)
    connection(room, "offline")
    field.press_sequentially(WORDS[20:30])
    room.locator("[data-saving=offline]").wait_for()
    room.on("dialog", lambda dialog: dialog.accept())
    room.reload()
    expect(number_of(room, WRITTEN)).to_be_visible(timeout=20_000)
    expect(field).to_have_value(WORDS[:30])
    assert 0 <= left - _seconds_left(room) < time.monotonic() - began + 3
    field.press("End")
    field.press_sequentially(WORDS[30:])
    room.locator("[data-saving=offline]").wait_for()
    room.context.set_offline(False)
    connection(room, "online")
    saved(room)
    question = _question(student, WRITTEN)
    assert stack.rows(ANSWER.format(student.attempt_id, question)) == [[WORDS]]
    room.get_by_role("button", name="Raise hand").wait_for()


def test_a_second_tab_says_where_the_exam_is_open_and_can_take_it(
    room, student, assert_accessible, screenshot
):
    second = room.context.new_page()
    second.goto(room.url)
    exam_room.sign_in(second, student)
    second.get_by_role("heading", name="This exam is open in another tab").wait_for()
    assert_accessible(second)
    screenshot(second, "student-other-tab")
    second.get_by_role("button", name="Go on here").click()
    exam_room.wait_for_room(second)
    room.get_by_role("heading", name="This exam is open in another tab").wait_for()
    second.close(run_before_unload=False)
    exam_room.wait_for_room(room)  # by itself, once the other one is gone


def test_a_second_computer_is_told_that_the_exam_is_open_on_another(
    room, open_page, student, hall, assert_accessible, screenshot
):
    with hall.rest_of("admin") as admin:
        path = f"/exams/{student.exam_id}"
        admin.put(path, json={"device_policy": "refuse"}).raise_for_status()
        try:
            other = open_page(f"/app/attempts/{student.attempt_id}")
            exam_room.sign_in(other, student)
            other.get_by_text("This exam is open on another computer").wait_for()
            assert_accessible(other)
            screenshot(other, "student-other-computer")
        finally:
            admin.put(path, json={"device_policy": "allow"}).raise_for_status()
    connection(room, "online")


def test_extra_time_reaches_the_student_within_a_second_and_is_acknowledged(
    room, student, proctor, assert_accessible, screenshot
):
    before = _seconds_left(room)
    began = time.monotonic()
    _act(proctor, student, action="extend", seconds=300, reason="The power was out for a while")
    dialog = room.get_by_role("alertdialog", name="You have been given extra time")
    dialog.wait_for()
    took = time.monotonic() - began
    assert took < 1
    expect(dialog).to_contain_text("5 minutes more")
    expect(dialog).to_contain_text("The power was out for a while")
    assert 290 < _seconds_left(room) - before <= 301
    assert_accessible(room)
    screenshot(room, "student-extra-time")
    room.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    _until(lambda: _live(student) == [])
    path = f"/attempts/{student.attempt_id}/allowances"
    _until(lambda: all(row["acknowledged_at"] for row in student.http.get(path).json()))


def test_words_of_the_staff_are_seen_and_a_pause_hides_the_exam(
    room, student, proctor, assert_accessible, screenshot
):
    _act(proctor, student, action="warn", text="Please look at your own screen")
    room.get_by_role("alertdialog", name="A warning from the staff").wait_for()
    assert_accessible(room)
    room.keyboard.press("Enter")

    room.get_by_role("button", name="Raise hand").click()
    room.get_by_role("button", name="Chat").click()
    room.get_by_label("Your message").fill("May I have paper?")
    room.keyboard.press("Enter")
    talk = f"/proctoring/attempt/{student.attempt_id}/messages"
    _until(lambda: [line["text"] for line in proctor.get(talk).json()] == ["May I have paper?"])
    body = {"message_id": str(uuid.uuid4()), "text": "It is on its way"}
    proctor.post(talk, json=body).raise_for_status()
    room.get_by_text("It is on its way").wait_for()
    assert_accessible(room)
    screenshot(room, "student-chat")
    room.keyboard.press("Escape")
    expect(room.get_by_role("button", name="Raise hand")).to_have_attribute("aria-pressed", "true")

    _act(proctor, student, action="pause", reason="A fire drill")
    room.get_by_role("heading", name="The exam is paused").wait_for()
    expect(room.get_by_text("A fire drill")).to_be_visible()
    expect(room.locator("article")).to_have_count(0)
    assert_accessible(room)
    screenshot(room, "student-paused")
    _act(proctor, student, action="resume")
    room.locator("article").wait_for()
    _until(lambda: _live(student) == [])

    _act(proctor, student, action="terminate", reason="It was the wrong exam")
    room.get_by_role("heading", name="This exam was cancelled").wait_for()
    assert_accessible(room)


def test_a_student_waits_in_the_lobby_until_a_proctor_lets_him_in(
    open_page, student, hall, proctor, staff_at, assert_accessible, screenshot
):
    with hall.rest_of("admin") as admin:
        path = f"/exams/{student.exam_id}"
        asks = {"requires_authorisation": True, "camera_required": True}
        admin.put(path, json=asks).raise_for_status()
        try:
            page = open_page(f"/app/attempts/{student.attempt_id}")
            exam_room.sign_in(page, student)
            _check_the_computer(page, student)
            try_the_camera(page, assert_accessible, screenshot)
            page.get_by_role("button", name="I am ready").click()
            page.get_by_role("heading", name="Please wait to be let in").wait_for()
            assert_accessible(page)
            screenshot(page, "student-lobby")
            _act(proctor, student, action="authorise")
            page.get_by_role("button", name="Begin the exam").click()
            exam_room.wait_for_room(page)
        finally:
            admin.put(path, json=dict.fromkeys(asks, False)).raise_for_status()
    take_two(page, student.attempt_id, proctor, assert_accessible, screenshot)
    desk = staff_at("proctor", f"/attempts/{student.attempt_id}")
    look_at_them(desk, assert_accessible, screenshot)


def _check_the_computer(page: Page, student) -> None:
    """Without a way to the platform nobody begins; a screen that cannot be filled is only said."""
    line = page.locator("[data-check=network]")
    screen = page.locator("[data-check=full_screen]")
    expect(line).to_have_attribute("data-state", "good")
    expect(screen).to_have_attribute("data-state", "good")
    way = f"**/attempts/{student.attempt_id}/time-status"
    page.route(way, lambda route: route.fulfill(content_type="text/html", body="Pay for this net"))
    page.evaluate(NO_FULL_SCREEN)
    again = page.get_by_role("button", name="Check again")
    again.click()
    expect(line).to_have_attribute("data-state", "bad")
    expect(line).to_contain_text("The platform does not answer.")
    expect(page.get_by_text("The exam cannot be taken like this.")).to_be_visible()
    page.unroute(way)
    again.click()
    expect(line).to_have_attribute("data-state", "good")
    expect(screen).to_have_attribute("data-state", "notice")


def test_an_exam_opens_by_the_platforms_clock_whatever_this_computers_says(
    open_page, student, hall, screenshot
):
    with hall.rest_of("admin") as admin:
        path = f"/exams/{student.exam_id}"
        was = admin.get(path).json()["start_time"]
        page = open_page("/app/")
        page.add_init_script("{ const now = Date.now; Date.now = () => now() + 7_200_000; }")
        page.reload()
        sign_in(page, student)  # before it counts: it takes as long as it takes
        opens = datetime.now(UTC) + timedelta(seconds=7)
        admin.put(path, json={"start_time": opens.isoformat()}).raise_for_status()
        try:
            page.goto(f"/app/attempts/{student.attempt_id}")
            page.get_by_text("The exam opens in").wait_for()
            clock = page.locator("[data-check=clock]")
            # as far as it can be known: within half the time that asking takes
            expect(clock).to_contain_text(re.compile("by 7,(199|200|201) s"))
            expect(page.get_by_role("button", name="Begin the exam")).to_be_disabled()
            page.get_by_text("The exam opens in").scroll_into_view_if_needed()
            screenshot(page, "student-waiting")
            page.get_by_role("button", name="Begin the exam", disabled=False).click()
            exam_room.wait_for_room(page)
            assert datetime.now(UTC) >= opens
            assert 3590 <= _seconds_left(page) <= 3600
        finally:
            admin.put(path, json={"start_time": was}).raise_for_status()


def test_a_decision_is_shown_with_its_reasons_and_can_be_appealed_once(
    open_page, student, proctor, assert_accessible, screenshot
):
    attempt = f"/attempts/{student.attempt_id}"
    student.http.post(f"{attempt}/begin").raise_for_status()
    student.http.post(f"{attempt}/submit", json={"confirm": True}).raise_for_status()
    reviews = f"/proctoring/attempt/{student.attempt_id}/reviews"
    opened = proctor.post(reviews, json={"reason": "A second voice"}).raise_for_status().json()
    words = {
        "decision": "confirmed",
        "reason_code": "help_by_others",
        "explanation": "We heard it.",
    }
    decision = f"/proctoring/reviews/{opened['id']}/decision"
    proctor.post(decision, json=words).raise_for_status()

    page = open_page("/app/attempts/2000000000")
    exam_room.sign_in(page, student)
    expect(page.get_by_role("alert")).to_contain_text("not found")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    assert_accessible(page)
    screenshot(page, "student-error")
    page.goto(page.url.replace("/attempts/2000000000", attempt))
    page.get_by_role("heading", name="A decision about your exam").wait_for()
    expect(page.get_by_text("We heard it.")).to_be_visible()
    assert_accessible(page)
    screenshot(page, "student-decision")
    page.get_by_label("Why do you think").fill("It was the radio.")
    page.get_by_role("button", name="Send the appeal").click()
    page.get_by_text("You appealed on").wait_for()
    expect(page.get_by_text("It was the radio.")).to_be_visible()
    expect(page.get_by_role("button", name="Send the appeal")).to_have_count(0)


def test_when_time_is_over_what_has_arrived_is_submitted(
    room, student, stack, assert_accessible, screenshot
):
    room.get_by_label("Testing every conductor").check()
    saved(room)
    room.context.route(f"**/attempts/{student.attempt_id}", _as_expired)
    told = {"title": "Conflict", "status": 409, "detail": "The clerk is out"}
    refused = {"status": 409, "content_type": "application/problem+json", "json": told}
    room.context.route("**/submit", lambda route: route.fulfill(**refused))
    stack.rows(NEARLY_OVER.format(student.attempt_id))
    room.get_by_role("heading", name="Your time is over").wait_for(timeout=20_000)
    expect(room.get_by_role("alert")).to_contain_text("The clerk is out")
    hand_in = room.get_by_role("button", name="Submit and get the receipt")
    expect(hand_in).to_be_enabled()
    assert_accessible(room)
    screenshot(room, "student-expired")
    room.context.unroute_all()
    hand_in.click()
    room.get_by_role("heading", name="Your result").wait_for(timeout=20_000)
    room.get_by_text("Fingerprint of the answers").wait_for()
    assert_accessible(room)
    [[status, answered]] = stack.rows(ENDED.format(student.attempt_id))
    assert (status, answered) == ("graded", "1")


def test_the_room_is_small_and_speaks_hindi(open_page, student, assert_accessible, screenshot):
    page = open_page(f"/app/attempts/{student.attempt_id}", locale="hi-IN", color_scheme="dark")
    page.get_by_label("हॉल टिकट संख्या").fill(student.hall_ticket)
    page.get_by_label("जन्म तिथि").fill(student.born)
    page.get_by_label("आपके सुरक्षा प्रश्न का उत्तर").fill(student.answer)
    page.get_by_role("button", name="साइन इन करें").click()
    page.get_by_role("button", name="परीक्षा आरंभ करें").click()
    exam_room.wait_for_room(page)
    # What may follow the room is fetched three seconds later, and is not the room's.
    loaded = page.evaluate("performance.getEntriesByType('resource').map(it => it.name)")
    assert_accessible(page)
    screenshot(page, "student-exam-room-hindi-dark")
    scripts = {url for url in loaded if url.endswith(".js")}
    sizes = Counter(
        {Path(url).name: len(gzip.compress(page.request.get(url).body())) for url in scripts}
    )
    assert sizes.total() < ROOM_BYTES, sizes.most_common()


def _as_expired(route: Route) -> None:
    """Answer with an attempt that is over in so far as it runs no more, and not submitted yet."""
    answer = route.fetch()
    attempt = answer.json()
    is_over = attempt["status"] != "in_progress"
    route.fulfill(response=answer, json={**attempt, **({"status": "expired"} if is_over else {})})


def _signed_in(login: str) -> str:
    """Return a script that leaves a login where the page looks for it."""
    return f"if (location.host) sessionStorage.setItem('oep.login', {json.dumps(login)})"


def _act(proctor: httpx.Client, student, **order: object) -> None:
    """Do one thing to the student's attempt, as a proctor's board does."""
    path = f"/proctoring/attempt/{student.attempt_id}/actions"
    body = {"action_id": str(uuid.uuid4()), **order}
    proctor.post(path, json=body).raise_for_status()


def _live(student) -> list[object]:
    path = f"/proctoring/attempt/{student.attempt_id}/actions"
    found: list[object] = student.http.get(path, params={"live": True}).json()
    return found


def _question(student, number: int) -> int:
    exam = student.http.get(f"/exams/{student.exam_id}").json()
    found: int = exam["questions"][number - 1]["id"]
    return found


def _seconds_left(page: Page) -> int:
    figures = page.get_by_role("timer").inner_text()
    assert re.fullmatch(r"(\d+:)?\d+:\d\d", figures), figures
    total = 0
    for part in figures.split(":"):
        total = 60 * total + int(part)
    return total


def _until(is_so, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never became so"
        time.sleep(0.05)
