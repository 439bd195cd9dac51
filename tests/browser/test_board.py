"""The proctors' board: what happens in the exam room is on it at once, and what is done there
reaches the students. Four students work; what they do besides is done by the tests.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.people import Hall, Student
from browser.walks import enter_room, sign_in_staff, wait_until

WIDE = {"width": 1440, "height": 900}
LISTEN = """() => {
    window.told = [];
    window.tones = 0;
    window.Notification = class extends Notification {
        constructor(title, options) { super(title, options); window.told.push(options.body); }
    };
    const tone = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () {
        window.tones++;
        return tone.call(this);
    };
}"""
HIDE = "Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })"
IS_WHOLE = """of => {
    const cell = of.closest('[role=gridcell]').getBoundingClientRect();
    return of.getBoundingClientRect().right <= cell.right && of.scrollWidth <= of.clientWidth + 1;
}"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

OpenBoard = Callable[..., Page]


@pytest.fixture(scope="module")
def seated(hall: Hall) -> list[Student]:
    students = [hall.student() for _ in range(4)]
    for each in students:
        each.http.post(f"/attempts/{each.attempt_id}/begin").raise_for_status()
    return students


@pytest.fixture
def open_board(open_page, seated) -> OpenBoard:
    """Return a function that opens the board as a `role`; those who work are shown."""

    def open_(role: str = "proctor", **options: object) -> Page:
        path = f"/app/staff/exams/{seated[0].exam_id}/board"
        page = open_page(path, viewport=WIDE, **options)
        sign_in_staff(page, role)
        expect(page.get_by_text("Data as of")).to_be_visible()
        page.get_by_label("Status", exact=True).select_option("in_progress")
        expect(row_of(page, seated[-1])).to_be_visible()
        return page

    return open_


def row_of(page: Page, student: Student) -> Locator:
    link = page.locator(f"a[href$='/attempts/{student.attempt_id}']")
    return page.get_by_role("row").filter(has=link)


def select(page: Page, *students: Student) -> None:
    for each in students:
        row_of(page, each).get_by_role("checkbox").check()


def first_link(page: Page) -> Locator:
    return page.locator("[role=row] a").first


def happens(student: Student, event_type: str, severity: str) -> None:
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    event = {"attempt_id": student.attempt_id, "event_type": event_type, "severity": severity}
    body = {**event, "event_id": str(uuid.uuid4()), "event_timestamp": at}
    student.http.post("/proctoring/events", json=body).raise_for_status()


def lively(seated: list[Student]) -> None:
    """Let enough happen for a picture."""
    seated[1].http.post(f"/proctoring/attempt/{seated[1].attempt_id}/hand").raise_for_status()
    happens(seated[0], "copy_paste_attempt", "violation")
    happens(seated[2], "tab_switch", "warning")
    for _ in range(3):
        happens(seated[3], "fullscreen_exit", "violation")


def test_what_a_student_does_in_his_browser_is_on_the_board_of_another(open_page, open_board, hall):
    student = hall.student()
    room = open_page("/app/")
    enter_room(room, student)
    board = open_board()
    row = row_of(board, student)
    expect(row).to_contain_text("Connected")
    room.keyboard.press("Control+c")
    expect(row).to_contain_text("Copy or paste")
    room.close()
    expect(row).to_contain_text("Not connected")
    student.http.close()


def test_a_message_to_three_and_a_pause_that_is_undone(open_board, seated):
    board = open_board()
    select(board, *seated[:3])
    board.get_by_role("button", name="Message", exact=True).click()
    board.get_by_role("textbox", name="Message").fill("Ten minutes left.")
    board.get_by_role("button", name="Send to 3 students").click()
    expect(board.get_by_text("Message sent to 3 students").first).to_be_visible()
    expect(row_of(board, seated[0])).to_contain_text("Message")
    for each in seated[:3]:
        shown = each.http.get(f"/proctoring/attempt/{each.attempt_id}/actions").json()
        assert [action["text"] for action in shown] == ["Ten minutes left."]

    board.get_by_role("button", name="Clear", exact=True).click()
    select(board, seated[0])
    board.get_by_role("button", name="Pause", exact=True).click()
    pause = board.get_by_role("dialog").get_by_role("button", name="Pause")
    pause.click()
    expect(board.get_by_text("Please write at least three letters.")).to_be_visible()
    board.get_by_role("textbox", name="Reason").fill("Fire alarm")
    pause.click()
    expect(row_of(board, seated[0])).to_contain_text("Paused")
    board.get_by_role("button", name="Undo").click()
    expect(row_of(board, seated[0])).not_to_contain_text("Paused")


def test_of_two_who_claim_at_once_the_slower_one_is_told_by_whom(open_board, seated, hall):
    student = seated[3]
    boards = {"demo-proctor": open_board("proctor"), "demo-admin": open_board("admin")}
    for board in boards.values():
        select(board, student)
    for board in boards.values():
        board.get_by_role("button", name="Claim", exact=True).click(no_wait_after=True)
    for board in boards.values():
        expect(row_of(board, student)).to_contain_text(re.compile("demo-(proctor|admin)"))
    with hall.rest_of("proctor") as rest:
        claims = rest.get(f"/proctoring/exams/{student.exam_id}/claims").json()
    [holder] = [each["claimed_by"] for each in claims if each["attempt_id"] == student.attempt_id]
    [loser] = boards.keys() - {holder}
    expect(boards[loser].get_by_text(f"{holder} was faster").first).to_be_visible()
    expect(boards[holder].get_by_text("is yours now").first).to_be_visible()
    boards[holder].get_by_role("button", name="Undo").click()
    expect(row_of(boards[loser], student)).not_to_contain_text(holder)


def test_a_student_is_handed_over_and_taken_over(open_board, seated, hall, assert_accessible):
    student = seated[0]
    mine, theirs = open_board("admin"), open_board("proctor")
    row, seen = row_of(mine, student), row_of(theirs, student)
    select(mine, student)
    hand_over = mine.get_by_role("button", name="Hand over", exact=True)
    hand_over.click()
    dialog = mine.get_by_role("dialog", name="Hand over")
    with hall.rest_of("proctor") as rest:
        colleague = rest.get("/auth/me").json()
    to = dialog.get_by_role("combobox", name="To")
    expect(to).to_contain_text(colleague["full_name"])  # who has never had a student here
    to.select_option(colleague["full_name"])
    assert_accessible(mine)
    dialog.get_by_role("button", name="Hand over").click()
    refused = mine.get_by_role("dialog", name="Not done for 1 student")
    expect(refused).to_contain_text(student.name)
    assert_accessible(mine)
    refused.get_by_role("button", name="Close").last.click()

    mine.get_by_role("button", name="Claim", exact=True).click()
    expect(seen).to_contain_text("demo-admin")
    hand_over.click()
    to.select_option(colleague["full_name"])
    dialog.get_by_role("button", name="Hand over").click()
    handed = f"1 student handed over to {colleague['full_name']}"
    expect(mine.get_by_text(handed).first).to_be_visible()
    for each in (row, seen):
        expect(each).to_contain_text("demo-proctor")
    seen.get_by_role("button", name="Actions for").click()
    expect(theirs.get_by_role("menuitem", name="Give back")).to_be_visible()
    expect(theirs.get_by_role("menuitem", name="Take over")).to_have_count(0)
    theirs.keyboard.press("Escape")

    row.get_by_role("button", name="Actions for").click()
    mine.get_by_role("menuitem", name="Take over").click()
    dialog = mine.get_by_role("dialog", name=f"Take over {student.name} from demo-proctor")
    dialog.get_by_role("button", name="Take over").click()
    expect(dialog).to_contain_text("Please write at least three letters.")
    assert_accessible(mine)
    dialog.get_by_role("textbox", name="Reason").fill("He is ill")
    dialog.get_by_role("button", name="Take over").click()
    for each in (row, seen):
        expect(each).to_contain_text("demo-admin")
    mine.keyboard.press("c")  # nothing: the list has not got the keyboard
    row.focus()
    mine.keyboard.press("c")
    expect(seen).not_to_contain_text("demo-admin")


def test_groups_are_by_center_and_extra_time_is_shown_until_the_student_has_seen_it(
    open_board, seated, hall
):
    board, student = open_board(), seated[1]
    with hall.rest_of("admin") as rest:
        center = rest.get("/auth/centers").json()[0]["name"]
    board.get_by_label("Group by").select_option("center")
    heading = board.get_by_role("button", name=center)
    expect(heading).to_contain_text(re.compile("[0-9]+ students?"))
    heading.click()
    expect(row_of(board, student)).to_have_count(0)
    heading.click()
    select(board, student)
    board.get_by_role("button", name="Extra time", exact=True).click()
    dialog = board.get_by_role("dialog", name="Extra time")
    dialog.get_by_role("textbox", name="Minutes").fill("7")
    dialog.get_by_role("textbox", name="Reason").fill("Fire alarm")
    dialog.get_by_role("button", name="Give extra time").click()
    unseen = row_of(board, student).get_by_text("+7 min")
    expect(unseen).to_be_visible()
    assert unseen.evaluate(IS_WHOLE), "it is cut off by the next column"
    of_his = f"/proctoring/attempt/{student.attempt_id}/actions"
    [given] = [each for each in student.http.get(of_his).json() if each["action"] == "extend"]
    student.http.post(f"{of_his}/{given['id']}/acknowledge").raise_for_status()
    expect(unseen).to_have_count(0)


def test_notices_are_given_to_who_chose_them(open_board, seated):
    board = open_board()
    board.context.grant_permissions(["notifications"])
    board.evaluate(LISTEN)
    board.get_by_role("button", name="Notices").click()
    board.get_by_role("switch", name="Sound").press("Space")
    board.get_by_role("switch", name="Desktop notices").press("Space")
    expect(board.get_by_role("switch", name="Desktop notices")).to_be_checked()
    board.keyboard.press("Escape")
    board.evaluate(HIDE)
    board.evaluate("window.tones = 0")  # the one that let hear what was chosen
    happens(seated[0], "copy_paste_attempt", "violation")
    said = "[window.told, window.tones]"
    wait_until(board, lambda: board.evaluate(said) == [["1 violation."], 2])


@pytest.fixture
def waiting(hall) -> Iterator[Student]:
    """A student who is to be let in; until the test is over the exam asks for that."""
    student = hall.student()
    path = f"/exams/{student.exam_id}"
    with hall.rest_of("admin") as admin:
        admin.put(path, json={"requires_authorisation": True}).raise_for_status()
        yield student
        admin.put(path, json={"requires_authorisation": False}).raise_for_status()
    student.http.close()


def test_each_window_is_accessible_and_fits_from_right_to_left(
    open_board, seated, waiting, assert_accessible, screenshot
):
    board = open_board()
    board.evaluate("localStorage.setItem('oep.language', 'ar-XB')")
    board.reload()
    expect(board.locator("html")).to_have_attribute("dir", "rtl")
    row = row_of(board, seated[0])
    window = board.get_by_role("dialog")
    for key in "mwpexa?":
        (row_of(board, waiting) if key == "a" else row).focus()
        board.keyboard.press(key)
        expect(window).to_be_visible()
        if key in "mexa?":  # a warning and a pause are windows like a message
            assert_accessible(board)
        assert board.evaluate(TOO_WIDE) == 0, key
        if key == "x":
            screenshot(board, "board-window-right-to-left")
        board.keyboard.press("Escape")
        expect(window).to_have_count(0)
    row.focus()
    board.keyboard.press("r")
    expect(board.get_by_role("complementary").get_by_role("textbox")).to_be_focused()
    assert_accessible(board)
    assert board.evaluate(TOO_WIDE) == 0


def test_a_hall_in_charge_is_told_what_there_is_instead_of_a_board(
    open_page, seated, assert_accessible
):
    page = open_page(f"/app/staff/exams/{seated[0].exam_id}/board", viewport=WIDE)
    sign_in_staff(page, "hall_in_charge")
    expect(page.get_by_text("The live board is for this exam's proctors")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Report").click()
    page.get_by_role("heading", name="Report").first.wait_for()
    expect(page.get_by_role("link", name="Board")).to_have_count(0)


def test_rows_stay_under_the_pointer_until_it_leaves(open_board, seated):
    board = open_board()
    student = seated[2]
    row = row_of(board, student)
    row.get_by_role("checkbox").hover()
    first = first_link(board).get_attribute("href")
    happens(student, "developer_tools_attempt", "violation")
    expect(row).to_contain_text("Developer tools")
    expect(board.get_by_role("button", name="Show now")).to_be_visible()
    expect(first_link(board)).to_have_attribute("href", first or "")
    board.mouse.move(5, 5)
    expect(first_link(board)).to_have_attribute("href", re.compile(f"/{student.attempt_id}$"))
    expect(board.get_by_role("button", name="Show now")).to_have_count(0)


def test_all_of_it_goes_by_keyboard(open_board, seated):
    board = open_board()
    board.locator("[role=grid] [role=row][tabindex='0']").focus()
    board.keyboard.press("End")
    board.keyboard.press("Home")
    board.keyboard.press("ArrowDown")
    focused = board.locator("[role=row]:focus")
    expect(focused).to_have_attribute("aria-rowindex", "3")
    board.keyboard.press("Space")
    expect(focused).to_have_attribute("aria-selected", "true")
    board.keyboard.press("Shift+ArrowDown")
    expect(board.get_by_text("2 selected")).to_be_visible()
    board.keyboard.press("?")
    expect(board.get_by_role("dialog", name="Shortcuts")).to_be_visible()
    board.keyboard.press("Escape")
    expect(board.get_by_role("dialog")).to_have_count(0)
    board.keyboard.press("m")
    expect(board.get_by_role("dialog", name="Message")).to_be_visible()
    board.keyboard.press("Escape")
    expect(board.get_by_role("dialog")).to_have_count(0)
    expect(focused).to_have_attribute("aria-rowindex", "4")
    board.keyboard.press("Escape")
    expect(board.get_by_text("Nobody selected")).to_be_visible()
    board.keyboard.press("Space")
    expect(board.get_by_text("1 selected")).to_be_visible()
    board.evaluate("document.activeElement.blur()")  # as for a frame after a window has closed
    board.keyboard.press("Escape")
    expect(board.get_by_text("Nobody selected")).to_be_visible()
    board.locator("[role=grid] [role=row][tabindex='0']").focus()
    board.keyboard.press("/")
    expect(board.get_by_role("searchbox")).to_be_focused()
    board.keyboard.type(seated[1].hall_ticket)
    expect(board.get_by_text(re.compile("^1 of "))).to_be_visible()
    row_of(board, seated[1]).focus()
    board.keyboard.press("Enter")
    expect(board).to_have_url(re.compile(f"/attempts/{seated[1].attempt_id}$"))


def test_a_raised_hand_is_seen_and_answered(open_board, seated):
    board = open_board()
    student, attempt = seated[1], f"/proctoring/attempt/{seated[1].attempt_id}"
    student.http.post(f"{attempt}/hand").raise_for_status()
    said = {"message_id": str(uuid.uuid4()), "text": "My mouse is broken."}
    student.http.post(f"{attempt}/messages", json=said).raise_for_status()
    row = row_of(board, student)
    expect(row).to_contain_text("Hand up")
    expect(row).to_contain_text("1 message")
    row.get_by_role("button", name="Actions for").click()
    board.get_by_role("menuitem", name="Chat").click()
    chat = board.get_by_role("complementary")
    expect(chat).to_contain_text("My mouse is broken.")
    expect(row).not_to_contain_text("1 message")
    chat.get_by_role("textbox", name="Answer").fill("I am coming.")
    chat.get_by_role("button", name="Send").click()
    expect(chat.get_by_role("listitem")).to_have_count(2)
    chat.get_by_role("button", name="Lower the hand").click()
    expect(row).not_to_contain_text("Hand up")


def test_a_board_whose_cable_is_cut_says_how_old_it_is_and_has_all_that_came(open_board, seated):
    student = seated[2]
    happens(student, "tab_switch", "warning")  # before the page listens
    events = student.http.get(f"/proctoring/attempt/{student.attempt_id}/events").json()
    board = open_board()

    def bars(count: int) -> Locator:
        name = re.compile(f"^{count} events? in the last 15 minutes$")
        return row_of(board, student).get_by_role("img", name=name)

    expect(bars(len(events))).to_be_visible()
    is_old = board.get_by_text(re.compile("What you see is .* old"))
    board.context.set_offline(True)  # the socket seems open, as with a cable that is cut
    expect(is_old).to_be_visible()
    happens(student, "tab_switch", "warning")
    board.context.set_offline(False)
    expect(is_old).to_have_count(0)
    expect(board.get_by_text("Live", exact=True)).to_be_visible()
    expect(bars(len(events) + 1)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_board_is_accessible_in_light_and_dark(
    open_board, seated, assert_accessible, screenshot, scheme
):
    board = open_board(color_scheme=scheme)
    board.get_by_label("Group by").select_option("center")
    expect(board.get_by_role("button", name="students").first).to_be_visible()
    assert_accessible(board)
    board.get_by_label("Group by").select_option("none")
    board.get_by_label("Status", exact=True).select_option("")
    lively(seated)
    expect(row_of(board, seated[1])).to_contain_text("Hand up")
    expect(row_of(board, seated[3])).to_contain_text("Left full screen")
    board.mouse.move(5, 5)
    screenshot(board, f"board-{scheme}")
    board.get_by_role("button", name="Notices").click()
    assert_accessible(board)
