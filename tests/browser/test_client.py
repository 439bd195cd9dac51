"""What only a browser proves of @oep/client: its database, its locks, its tabs.

The client runs beside the gateway's word of its health, so that no other page's login or room takes
part; all that it asks is answered by the real platform. (A page that a test makes up itself may not
open sockets to this machine: Chromium checks where a page came from.)
"""

import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from browser.people import Student, staff

ROOT = Path(__file__).parents[2]
BATCH = "/api/v1/proctoring/events/batch"

ENTER = """async ([ticket, born, answer, attemptId]) => {
    const { LoginKeeper, openRoom } = await import('/lab.js');
    self.login = new LoginKeeper();
    await self.login.signInWithHallTicket(ticket, born, answer);
    self.room = await openRoom({ login: self.login, attemptId, WebSocket: class extends WebSocket {
        constructor(url, protocol) {
            super(self.isCut ? url.replace('/ws/', '/nowhere/') : url, protocol);
            self.line = this;
        }
    }});
}"""
REPORT = """async ([name, count]) => {
    for (let number = 0; number < count; number++) {
        await self.room.reporter.report({ event_type: name, event_data: { number } });
    }
}"""
ALL_SENT = "() => self.room.reporter.state.waiting === 0"
LISTEN = """() => {
    self.heard = [];
    self.room.socket.on('notification', ({ message }) => self.heard.push(message));
}"""
SIGN_IN = """async ([username, password]) => {
    const { LoginKeeper } = await import('/lab.js');
    self.login = new LoginKeeper();
    await self.login.signIn(username, password);
    return sessionStorage.getItem('oep.login');
}"""
TAKE_OVER = """async (kept) => {
    const { LoginKeeper } = await import('/lab.js');
    sessionStorage.setItem('oep.login', kept);
    self.login = new LoginKeeper();
}"""
RENEW = "async () => { await self.login.renew(await self.login.token()) }"
WHO = """async () => {
    const { createApi } = await import('/lab.js');
    const { username } = await createApi({ login: self.login }).get('/api/v1/auth/me');
    return [username, self.login.state.login.refreshToken];
}"""


@pytest.fixture(scope="module")
def client_code(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("client")
    build = [sys.executable, ROOT / "web" / "build.py", "bundle", "--workspace", "@oep/client"]
    subprocess.run([*build, "--", folder], check=True)
    return (folder / "client.js").read_text()


@pytest.fixture
def profile(open_page, client_code) -> BrowserContext:
    """One browser profile in which every page of the platform's origin can load the client.

    What the gateway says of itself may do nothing; here it may, for want of a page without others.
    """
    context: BrowserContext = open_page("/health", bypass_csp=True).context
    context.route(
        "**/lab.js", lambda route: route.fulfill(body=client_code, content_type="text/javascript")
    )
    return context


@pytest.fixture
def open_tab(profile) -> Callable[[], Page]:
    def open_() -> Page:
        page: Page = profile.new_page()
        page.goto("/health")
        return page

    return open_


@pytest.fixture
def student(hall) -> Student:
    """A student whose attempt has begun."""
    seated: Student = hall.student()
    seated.http.post(f"/attempts/{seated.attempt_id}/begin").raise_for_status()
    return seated


@pytest.fixture
def enter(open_tab, student) -> Callable[[], Page]:
    """Return a function that opens a tab in which the student is in his room."""

    def enter_() -> Page:
        page: Page = open_tab()
        typed = [student.hall_ticket, student.born, student.answer]
        page.evaluate(ENTER, [*typed, student.attempt_id])
        return page

    return enter_


def test_what_a_closed_page_could_not_send_the_next_one_sends(enter, student, profile):
    question_id = student.http.get(f"/exams/{student.exam_id}").json()["questions"][0]["id"]
    page = enter()
    page.wait_for_function(ALL_SENT)
    page.evaluate("() => self.room.socket.close()")
    profile.route("**/api/v1/**", lambda route: route.abort())
    page.evaluate(REPORT, ["window_blur", 3])
    page.evaluate("id => self.room.answers.write(id, 'half a sentence')", question_id)
    page.wait_for_function("id => self.room.answers.get(id).state === 'offline'", arg=question_id)
    assert events(student) == []
    page.close()
    profile.unroute("**/api/v1/**")

    page = enter()
    page.wait_for_function(ALL_SENT)
    page.wait_for_function("id => self.room.answers.get(id).state === 'saved'", arg=question_id)
    assert [each["client_sequence"] for each in events(student)] == [1, 2, 3]
    [stored] = student.http.get(f"/attempts/{student.attempt_id}/answers").json()
    assert stored["answer"] == "half a sentence"


def test_two_tabs_of_one_attempt_send_each_event_once(enter, student, profile):
    posted: list[str] = []
    profile.on("request", lambda asked: posted.extend(_ids(asked)))
    tabs = [enter(), enter()]
    for page in tabs:
        page.evaluate(f"() => {{ self.reporting = ({REPORT})(['fullscreen_exit', 12]) }}")
    for page in tabs:
        page.evaluate("() => self.reporting")
        page.wait_for_function(ALL_SENT)

    stored = events(student)
    assert sorted(each["client_sequence"] for each in stored) == list(range(1, 25))
    assert sorted(posted) == sorted(each["event_id"] for each in stored)


def test_an_answer_that_one_tab_saves_is_shown_in_the_other(enter, student):
    [question, *_] = student.http.get(f"/exams/{student.exam_id}").json()["questions"]
    one, other = enter(), enter()
    one.evaluate("id => self.room.answers.write(id, 'from one')", question["id"])
    other.wait_for_function(
        "id => { const { value, state } = self.room.answers.get(id);"
        " return value === 'from one' && state === 'saved'; }",
        arg=question["id"],
    )


def test_what_staff_say_while_the_line_is_cut_arrives_once(enter, student, hall):
    page = enter()
    page.evaluate(LISTEN)
    page.wait_for_function("() => self.room.socket.connection.name === 'online'")
    page.evaluate("() => { self.isCut = true; self.line.close() }")
    page.wait_for_function("() => self.room.socket.connection.name === 'offline'")
    said = [f"message {number}" for number in range(3)]
    with hall.rest_of("proctor") as proctor:
        for text in said:
            body = {"action": "message", "text": text, "action_id": str(uuid.uuid4())}
            path = f"/proctoring/attempt/{student.attempt_id}/actions"
            proctor.post(path, json=body).raise_for_status()
    page.evaluate("() => { self.isCut = false }")
    page.wait_for_function("() => self.heard.length >= 3")
    assert page.evaluate("() => self.heard") == said


def test_a_duplicated_tab_renews_its_login_without_ending_it(open_tab):
    first, second = open_tab(), open_tab()
    kept = first.evaluate(SIGN_IN, list(staff("proctor")))
    second.evaluate(TAKE_OVER, kept)
    first.evaluate(RENEW)
    first.evaluate(RENEW)  # the token that the second tab holds was spent, and its successor too
    second.evaluate(RENEW)
    assert first.evaluate(WHO) == second.evaluate(WHO)


def test_two_tabs_that_renew_at_the_same_moment_exchange_one_token(open_tab, profile):
    exchanges: list[str] = []
    profile.on("request", lambda asked: exchanges.extend(_exchange(asked)))
    first, second = open_tab(), open_tab()
    kept = first.evaluate(SIGN_IN, list(staff("proctor")))
    second.evaluate(TAKE_OVER, kept)
    for page in (first, second):
        page.evaluate(f"() => {{ self.renewing = ({RENEW})() }}")
    for page in (first, second):
        page.evaluate("() => self.renewing")
    assert first.evaluate(WHO) == second.evaluate(WHO)
    assert len(exchanges) == 1


def events(student: Student) -> list[dict[str, Any]]:
    """Return what the platform has, oldest first."""
    path = f"/proctoring/attempt/{student.attempt_id}/events"
    found: list[dict[str, Any]] = student.http.get(path).raise_for_status().json()
    return found[::-1]


def _ids(asked: Any) -> list[str]:
    is_batch = asked.url.endswith(BATCH) and asked.method == "POST"
    return [each["event_id"] for each in asked.post_data_json["events"]] if is_batch else []


def _exchange(asked: Any) -> list[str]:
    return [asked.url] if asked.url.endswith("/auth/refresh") and asked.method == "POST" else []
