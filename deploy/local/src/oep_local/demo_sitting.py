"""One student's exam in the demo, from login to the comparison of promises and rows.

It is nothing but a client: REST, two student sockets and a proctor's board, all through the public
port; only at the end it reads the two tables that people read with psql.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import chain
from typing import Any

from oep_local import seed_rows
from oep_local.demo_board import BoardSocket
from oep_local.demo_client import Client, DemoFailedError, described
from oep_local.demo_ledger import Ledger
from oep_local.demo_script import (
    VISITS,
    VISITS_SECONDS,
    Credentials,
    EventMaker,
    choose_answer,
    demo_students,
)
from oep_local.demo_sockets import StudentSocket
from oep_local.demo_tables import EVENTS_QUERY, TIMINGS_QUERY, Tables
from oep_local.transcript import Transcript

OPEN_STATUSES = {"not_started", "in_progress"}
CLOSED_TEXT = "Cannot log events for a completed exam"


async def _nothing(_step: str) -> None:
    return None


@dataclass(frozen=True)
class Options:
    """How to play. `on_step` is awaited before each step, by its name: tests cut cables there."""

    tables: Tables
    base_url: str = "http://localhost:8000"
    student: Credentials | None = None
    pace_seconds: float = 0.0
    patience_seconds: float = 60.0
    on_step: Callable[[str], Awaitable[None]] = _nothing


class Sitting:
    """One student's exam from login to the comparison; its methods are the steps, in order."""

    def __init__(self, options: Options, transcript: Transcript, stack: AsyncExitStack) -> None:
        self._options = options
        self._transcript = transcript
        self._stack = stack
        self._student = self._client()
        self._proctor = self._client()
        self.ledger = Ledger(0, 0)
        self._questions: list[dict[str, Any]] = []
        self._events = EventMaker(0)
        self._last_event: dict[str, Any] = {}

    def _client(self) -> Client:
        client = Client(self._options.base_url, self._transcript, self._options.patience_seconds)
        self._stack.push_async_callback(client.close)
        return client

    # -- who and what

    async def sign_in(self) -> None:
        self._transcript.section("1  A student signs in with the hall ticket")
        attempt = await self._first_open_attempt()
        self.ledger = Ledger(attempt["id"], attempt["exam_id"])
        self._events = EventMaker(attempt["id"])
        exam = await self._student.get(f"/exams/{attempt['exam_id']}")
        self._questions = exam["questions"]
        text = f"exam {exam['exam_code']}: {exam['title']}, {len(self._questions)} questions"
        self._say(f"{text}, {exam['duration_minutes']} min, {exam['total_marks']:g} marks")

    async def _first_open_attempt(self) -> dict[str, Any]:
        candidates = [self._options.student] if self._options.student else demo_students()
        for student in candidates:
            await self._log_in(student)
            attempts = await self._student.get("/attempts/me")
            if attempts and attempts[0]["status"] in OPEN_STATUSES:
                first: dict[str, Any] = attempts[0]
                self._say(f"attempt {first['id']} is {first['status']}: {first['exam_title']}")
                return first
            self._say("no open attempt: all are handed in")
        raise DemoFailedError(
            "Nobody has an open attempt left. Give each demo student another one with"
            " `oep seed --fresh`, or begin from nothing with `make reset`."
        )

    async def _log_in(self, student: Credentials) -> None:
        body = {
            "hall_ticket_number": student.hall_ticket_number,
            "date_of_birth": student.date_of_birth,
            "security_answer": student.security_answer,
        }
        answer = await self._student.call("POST", "/auth/hall-ticket-login", body=body)
        if not answer.is_success:
            raise DemoFailedError(
                f"{student.hall_ticket_number} cannot log in: {described(answer)}. Demo students"
                " come with `make up`, others with `oep import-legacy FILE`."
            )
        login = answer.json()
        self._student.token = login["access_token"]
        user = login["user"]
        center = (user.get("center") or {}).get("name", "no center")
        self._say(f"{student.hall_ticket_number} is {user['full_name']}, {center}")

    async def open_board(self) -> None:
        self._transcript.section("2  A proctor is assigned to this exam and opens its board")
        admin = self._client()
        await self._log_staff_in(admin, "demo-admin")
        proctor_id = await self._log_staff_in(self._proctor, "demo-proctor")
        await admin.put(f"/auth/assignments/{self.ledger.exam_id}/proctor/{proctor_id}")
        self._board = BoardSocket(
            self._socket_url(f"/ws/exams/{self.ledger.exam_id}/monitor"),
            self._proctor.token,
            self._transcript,
            who="board",
            attempt_id=self.ledger.attempt_id,
            patience_seconds=self._options.patience_seconds,
        )
        self._stack.push_async_callback(self._board.close)
        await self._board.open()
        await self._board.until(lambda: bool(self._board.row), "row of our attempt")

    async def _log_staff_in(self, client: Client, username: str) -> int:
        body = {"username": username, "password": seed_rows.people()["password"]}
        login = await client.post("/auth/login", body)
        client.token = login["access_token"]
        user_id: int = login["user"]["id"]
        return user_id

    async def open_sockets(self) -> None:
        self._transcript.section("3  The exam page opens its sockets, before the exam begins")
        self._page = self._socket("page", versioned=False)
        self._second = self._socket("second", versioned=True)
        for socket in (self._page, self._second):
            await socket.open()
        remaining = self._page.frames[0]["time_remaining_seconds"]
        self._say(f"connected twice (plain and oep.v1), {remaining} s on the clock")

    def _socket(self, who: str, *, versioned: bool) -> StudentSocket:
        socket = StudentSocket(
            self._socket_url(f"/ws/attempts/{self.ledger.attempt_id}"),
            self._student.token,
            self._transcript,
            who=who,
            versioned=versioned,
            patience_seconds=self._options.patience_seconds,
        )
        self._stack.push_async_callback(socket.close)
        return socket

    def _socket_url(self, path: str) -> str:
        return f"{self._options.base_url.replace('http', 'ws', 1)}/api/v1{path}"

    # -- the exam

    async def begin(self) -> None:
        self._transcript.section("4  The exam begins (the page calls twice at the same time)")
        path = f"/attempts/{self.ledger.attempt_id}/begin"
        first, second = await asyncio.gather(
            self._student.post(path, None), self._student.post(path, None)
        )
        if first["start_time"] != second["start_time"]:
            raise DemoFailedError(f"two beginnings: {first['start_time']}, {second['start_time']}")
        remaining = first["time_remaining_seconds"]
        self._say(f"in progress since {first['start_time']} for both, {remaining} s left")

    async def press_keys(self) -> None:
        self._transcript.section("5  F12, copy, paste, Esc, full screen, Alt+Tab, a held key")
        away = self._events.leave_and_return(self._questions[0]["id"])
        for what, event in chain(self._events.forbidden_keys(), away):
            await self._report(event)
            self._say(f"{what}: {event['event_type']} ({event['severity']}) is recorded")
            await self._pace()
        burst = self._events.held_key()
        await asyncio.gather(*map(self._report, burst))
        self._say(f"F5 held down: {len(burst)} events at once are recorded")

    async def _report(self, event: dict[str, Any]) -> None:
        stored = await self._student.post("/proctoring/events", event)
        if stored["event_id"] != event["event_id"]:
            raise DemoFailedError(f"another event came back: {stored}")
        self.ledger.events[event["event_id"]] = event["event_type"]
        self._last_event = event

    async def answer(self) -> None:
        self._transcript.section("6  Answers, by socket and by REST in turn")
        for number, question in enumerate(self._questions[:-2], start=1):
            await self._answer_question(number, question)
            await self._pace()

    async def _answer_question(
        self, number: int, question: dict[str, Any], way: StudentSocket | None = None
    ) -> None:
        answer, question_id = choose_answer(question), question["id"]
        if answer is None:
            self._say(f"question {question_id} is left out")
            return
        socket = way or (self._page if number % 2 else None)
        if socket is not None:
            ack = await socket.save(question_id, answer, number)
            told = f"socket, ack of {ack['sequence']}, {ack['time_remaining_seconds']} s left"
        else:
            body = {"question_id": question_id, "answer": answer, "time_spent_seconds": 0}
            await self._student.post(f"/attempts/{self.ledger.attempt_id}/answers", body)
            told = "REST, 200"
        self.ledger.answers[question_id] = answer
        self._say(f"question {question_id} ({question['question_type']}) saved: {told}")
        if isinstance(answer, str):
            await self._report(self._events.answer_change(question_id, answer))

    async def stay_on_a_question(self) -> None:
        self._transcript.section("7  One question is looked at three times")
        question_id = self._questions[0]["id"]
        path = f"/proctoring/attempt/{self.ledger.attempt_id}/question-timings"
        known = {row["question_id"]: row for row in await self._student.get(path)}
        before = known.get(question_id, {}).get("total_time_seconds", 0)
        total = before
        for number, visit in enumerate(VISITS):
            total = await self._visit(question_id, visit, has_answered=number == 0)
            self._say(f"this visit {max(visit)} s, in all {total} s")
        self.ledger.timings[question_id] = total
        if total != before + VISITS_SECONDS:
            raise DemoFailedError(f"{total} s instead of {before} + {VISITS_SECONDS} s")

    async def _visit(
        self, question_id: int, seconds: tuple[int, ...], *, has_answered: bool
    ) -> int:
        visit_id = str(uuid.uuid4())
        total = 0
        for value in seconds:
            body = {
                "attempt_id": self.ledger.attempt_id,
                "question_id": question_id,
                "total_time_seconds": value,
                "answer_changed": has_answered and value == seconds[-1],
                "event_id": str(uuid.uuid4()),
                "visit_id": visit_id,
            }
            answer = await self._student.post("/proctoring/question-timing", body)
            total = int(answer["total_time_seconds"])
            await self._pace()
        return total

    async def lose_the_line(self) -> None:
        self._transcript.section("8  One socket loses its line and catches up")
        await self._second.drop()
        seen, resyncs = len(self._second.frames), self._second.resync_count
        missed = self._questions[-2:]
        self._say("second socket is cut off; the page goes on")
        for number, question in enumerate(missed, start=len(self._questions) - 1):
            await self._answer_question(number, question, self._page)
        wanted = {f"Question {question['id']} saved" for question in missed}
        await self._second.open()
        await self._second.until(
            lambda: (
                self._second.resync_count > resyncs
                or wanted <= {frame.get("message") for frame in self._second.frames[seen:]}
            ),
            "replay of what it missed",
        )
        if self._second.resync_count > resyncs:
            attempt = await self._student.get(f"/attempts/{self.ledger.attempt_id}")
            self._say(f"resync: reloaded by REST, {attempt['questions_answered']} answered")
            return
        position = self._second.position
        self._say(f"back at position {position[0] if position else '?'}: both saves were replayed")

    # -- the end

    async def submit(self) -> None:
        self._transcript.section("9  Submit and result")
        attempt = f"/attempts/{self.ledger.attempt_id}"
        await self._student.post(f"{attempt}/submit", {"confirm": True})
        result = await self._student.get(f"{attempt}/result")
        self.ledger.status = result["status"]
        right, wrong, empty = (
            result[name] for name in ("correct_answers", "incorrect_answers", "unattempted")
        )
        await self._be_told()
        self._say(f"{result['status']}: {result['score']:g} of {result['total_marks']:g} marks")
        self._say(f"{right} right, {wrong} wrong, {empty} left out, passed: {result['is_passed']}")
        for socket in (self._second, self._page):
            await socket.close()

    async def _be_told(self) -> None:
        """Wait until the second socket knows: by its event, or by the refusal to come back."""
        told = {"attempt_submitted", "attempt_graded"}
        socket = self._second
        await socket.until(
            lambda: socket.is_over or any(f.get("event") in told for f in socket.frames),
            "word of the submit",
        )
        self._say("the second socket was told that the attempt is closed")

    async def try_too_late(self) -> None:
        self._transcript.section("10  Afterwards: a late event is refused, a repeated one is not")
        late = self._events.make("window_blur", "warning", timestamp="late")
        answer = await self._student.call("POST", "/proctoring/events", body=late)
        self.ledger.late_refusal = described(answer)
        if self.ledger.late_refusal != f"400 {CLOSED_TEXT}":
            raise DemoFailedError(f"a late event got: {self.ledger.late_refusal}")
        self._say(f"a new event: {self.ledger.late_refusal}")
        await self._report(self._last_event)
        self._say("the last accepted event, sent again: its first answer, and no second row")

    async def compare(self) -> None:
        self._transcript.section("11  What was promised against what is stored")
        ledger, attempt_id = self.ledger, self.ledger.attempt_id
        tables = self._options.tables
        ledger.event_verdict = ledger.judge_events(await tables.event_ids(attempt_id))
        ledger.timing_verdict = ledger.judge_timings(await tables.timings(attempt_id))
        rows = await self._student.get(f"/attempts/{attempt_id}/answers")
        ledger.answer_verdict = ledger.judge_answers((r["question_id"], r["answer"]) for r in rows)
        await self._compare_board()
        ledger.retry_count = (
            self._student.retry_count + self._proctor.retry_count + self._page.resent_count
        )
        self._transcript.say("server", f"events:  {ledger.event_verdict}")
        self._transcript.say("server", f"answers: {ledger.answer_verdict}")
        self._transcript.say("server", f"timings: {ledger.timing_verdict}")
        self._transcript.say("server", f"sent again because of trouble: {ledger.retry_count}")
        for query in (EVENTS_QUERY, TIMINGS_QUERY):
            self._transcript.verbatim(f"\nexam_db=> {query.format(attempt_id=attempt_id)}")
            self._transcript.verbatim(await tables.show(query, attempt_id))

    async def _compare_board(self) -> None:
        summary = await self._proctor.get(
            f"/proctoring/attempt/{self.ledger.attempt_id}/violations"
        )
        counts = {name: summary[f"{name}_count"] for name in ("info", "warning", "violation")}
        await self._board.until(
            lambda: self._board.has({self.ledger.status}, counts),
            f"agreement with the server: {self.ledger.status}, {counts}",
        )
        self.ledger.board_agrees = True
        self._transcript.say(
            "board", f"shows what the server holds, after {self._board.delta_count} deltas"
        )

    async def _pace(self) -> None:
        await asyncio.sleep(self._options.pace_seconds)

    def _say(self, text: str) -> None:
        self._transcript.say("student", text)
