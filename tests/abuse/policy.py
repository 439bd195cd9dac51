"""Who may what: every REST operation and every socket, for every kind of caller (contract §2-8).

THE TABLE. A row says who `may`; whom the object is `hidden` from (404 instead of 403); `body`,
what is sent; `path`, which object the path names; `answers`, what "may" looks like when it is not
simply a success. Everybody else gets 403, and 401 without a token. An operation that is in no row
fails the test, so a new one brings its row along: write down who may, and a body that is valid.

Each cell is a request of a real login through the gateway, at objects of its own where the route
changes something.
"""

import io
import os
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from PIL import Image
from schemathesis.core.failures import FailureGroup
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from abuse.scene import Scene

OWNER = "student owner"
OTHER = "student other"
PROCTOR = "proctor"  # assigned to the exam, as the grader is
GRADER = "grader"
ADMIN = "admin"
HALL_IN_CHARGE = "hall_in_charge"
HALL_AUTH = "hall_auth"
TECHNICIAN = "technician"
ANONYMOUS = "anonymous"

STUDENTS = {OWNER, OTHER}
STAFF = {ADMIN, HALL_IN_CHARGE}
HALL = STAFF | {HALL_AUTH, TECHNICIAN}
ELSEWHERE = {"proctor elsewhere", "grader elsewhere"}
SIGNED_IN = STUDENTS | HALL | {PROCTOR, GRADER} | ELSEWHERE
EVERYBODY = SIGNED_IN | {ANONYMOUS}

Make = Callable[[Scene], Any]


@dataclass(frozen=True)
class Row:
    """One operation of the table."""

    operation: str
    may: set[str]
    hidden: set[str] = field(default_factory=set)
    body: Make | None = None
    path: Make = lambda _: {}
    answers: frozenset[int] = frozenset({200, 201, 204})
    sheet: str | None = None
    upload: Make | None = None
    ends_login: bool = False


def attempt(status: str = "in_progress") -> Make:
    return lambda s: {"attempt_id": s.attempt(status)}


def the_exam(s: Scene) -> dict[str, int]:
    return {"exam_id": s.exam_id}


def fresh_exam(s: Scene) -> dict[str, int]:
    return {"exam_id": s.fresh_exam()}


def question(s: Scene) -> dict[str, int]:
    return {"question_id": s.question()}


def of(**body: Any) -> Make:
    return lambda _: body


def allowance(s: Scene) -> dict[str, int]:
    attempt_id = s.attempt()
    return {"attempt_id": attempt_id, "allowance_id": s.allowance(attempt_id)}


def outage(s: Scene) -> dict[str, int]:
    attempt_id = s.attempt()
    return {"attempt_id": attempt_id, "outage_id": s.outage(attempt_id)}


def safe_browser_key(s: Scene) -> dict[str, int]:
    exam_id = s.fresh_exam()
    return {"exam_id": exam_id, "key_id": s.safe_browser_key(exam_id)}


def transfer(s: Scene) -> dict[str, int]:
    return {"transfer_id": s.transfer(s.attempt())}


def a_student(s: Scene) -> dict[str, int]:
    return {"user_id": s.student()}


def who_sat(s: Scene) -> dict[str, int]:
    """Return a student who has an attempt."""
    s.attempt()
    return {"user_id": s.actors[OWNER].user_id}


def held_attempt(s: Scene) -> dict[str, int]:
    return {"attempt_id": s.held_attempt()}


def sealed_attempt(s: Scene) -> dict[str, int]:
    return {"attempt_id": s.sealed_attempt()}


def written_answer(s: Scene) -> dict[str, int]:
    return {"attempt_id": s.submitted_attempt(), "question_id": s.written_id}


def marked_answer(s: Scene) -> dict[str, int]:
    return {"attempt_id": s.marked_attempt(), "question_id": s.written_id}


def sat_question(s: Scene) -> dict[str, int]:
    exam_id, question_id = s.sat_question()
    return {"exam_id": exam_id, "question_id": question_id}


def written_question(s: Scene) -> dict[str, int]:
    question_id = s.question("short_answer")
    return {"exam_id": s.exam(question_id), "question_id": question_id}


def rubric(s: Scene) -> dict[str, int]:
    return {"rubric_id": s.rubric()}


def webhook(s: Scene) -> dict[str, int]:
    return {"id": s.webhook()}


def webhook_delivery(s: Scene) -> dict[str, int]:
    endpoint_id, delivery_id = s.webhook_delivery()
    return {"id": endpoint_id, "delivery_id": delivery_id}


def review(state: str) -> Make:
    return lambda s: {"review_id": s.review(state)}


def assignment(s: Scene) -> dict[str, Any]:
    grader = s.actors["grader elsewhere"].user_id
    return {"exam_id": s.fresh_exam(), "role": "grader", "user_id": grader}


def picture(_: Scene) -> dict[str, Any]:
    """Return what is sent as a small picture, like no other one."""
    about = {"source": "camera", "taken_at": "2026-03-02T09:00:00Z"}
    file = io.BytesIO()
    Image.frombytes("RGB", (16, 16), os.urandom(3 * 256)).save(file, "JPEG")
    return {"content": file.getvalue(), "params": about | {"snapshot_id": str(uuid.uuid4())}}


def new_exam(s: Scene) -> dict[str, Any]:
    marks = {"total_marks": 8, "passing_marks": 4}
    return {"title": s.new("exam"), "trade_id": s.trade_id, "duration_minutes": 30, **marks}


def new_question(s: Scene) -> dict[str, Any]:
    words = {"question_text": "Which?", "options": {"A": "one"}, "correct_answer": ["A"]}
    return {"question_bank_id": s.bank_id, **words}


def move(s: Scene) -> dict[str, Any]:
    return {
        "attempt_id": s.attempt(),
        "to_workstation": "WS-2",
        "reason": "the keyboard is broken",
    }


def event(s: Scene) -> dict[str, Any]:
    return {"attempt_id": s.attempt(), "event_type": "tab_switch"}


def timing(s: Scene) -> dict[str, Any]:
    return {"attempt_id": s.attempt(), "question_id": s.question_id, "total_time_seconds": 3}


def words(_: Scene) -> dict[str, Any]:
    return {"action_id": str(uuid.uuid4()), "action": "message", "text": "Please sit down"}


def words_to_all(s: Scene) -> dict[str, Any]:
    return words(s) | {"attempt_ids": [s.attempt()]}


def action(s: Scene) -> dict[str, int]:
    attempt_id = s.attempt()
    return {"attempt_id": attempt_id, "id": s.action(attempt_id)}


def hall_ticket(s: Scene) -> dict[str, str]:
    ticket = f"T{s.actors[OWNER].username}"
    return {
        "hall_ticket_number": ticket,
        "date_of_birth": "06/05/2004",
        "security_answer": "meadow",
    }


QUESTIONS = "question_text,question_type,option_a,option_b,correct_answer\nWhich?,,one,two,A\n"
STUDENTS_SHEET = "username,email,full_name,hall_ticket_number,date_of_birth\n"
REASON = of(reason="power cut")
RUBRIC = of(
    title="Essay", criteria=[{"title": "Content", "levels": [{"title": "all", "marks": 4}]}]
)
WEBHOOK = of(url="https://hooks.example.org/", topics=["attempt.graded"], is_active=False)
NO_STEP = {"challenge": "none", "code": "000000"}
REFUSED, NOT_SET_UP = frozenset({401}), frozenset({404})
WATCHERS = STAFF | {PROCTOR}
ANY_GRADER = STAFF | {GRADER, "grader elsewhere"}

ROWS = [
    # auth
    Row("GET /.well-known/jwks.json", EVERYBODY),
    Row(
        "POST /auth/login",
        EVERYBODY,
        body=lambda s: {"username": s.actors[OWNER].username, "password": "policy-policy"},
    ),
    Row("POST /auth/hall-ticket-login", EVERYBODY, body=hall_ticket),
    Row("POST /auth/refresh", EVERYBODY, body=lambda s: {"refresh_token": s.refresh_token}),
    Row("POST /auth/login/second-factor", EVERYBODY, body=of(**NO_STEP), answers=REFUSED),
    Row(
        "POST /auth/login/second-factor/enrolment",
        EVERYBODY,
        body=of(challenge="none"),
        answers=REFUSED,
    ),
    Row(
        "POST /auth/login/second-factor/enrolment/confirm",
        EVERYBODY,
        body=of(**NO_STEP),
        answers=REFUSED,
    ),
    Row("GET /auth/second-factor", SIGNED_IN - STUDENTS),
    Row("POST /auth/second-factor", SIGNED_IN - STUDENTS),
    Row(
        "POST /auth/second-factor/confirm",
        SIGNED_IN - STUDENTS,
        body=of(code="000000"),
        answers=frozenset({400, 409, 429}),  # wrong, or nothing was begun, or tried too often
    ),
    Row(
        "POST /auth/second-factor/recovery-codes",
        SIGNED_IN - STUDENTS,
        body=of(code="000000"),
        answers=frozenset({409, 429}),  # nothing is set up; tries of all rows count together
    ),
    Row(
        "POST /auth/second-factor/removal",
        SIGNED_IN - STUDENTS,
        body=of(code="000000"),
        answers=frozenset({409, 429}),  # nothing is set up; tries of all rows count together
    ),
    Row(
        "DELETE /auth/users/{user_id}/second-factor",
        {ADMIN},
        path=lambda s: {"user_id": s.actors[OTHER].user_id},
    ),
    # no identity provider is set up here
    Row("GET /auth/oidc", EVERYBODY),
    Row("GET /auth/oidc/start", EVERYBODY, answers=NOT_SET_UP),
    Row("GET /auth/oidc/callback", EVERYBODY, answers=NOT_SET_UP),
    Row("POST /auth/oidc/exchange", EVERYBODY, body=of(code="none"), answers=NOT_SET_UP),
    Row(
        "PUT /auth/users/{user_id}/identity",
        {ADMIN},
        path=lambda s: {"user_id": s.actors[OTHER].user_id},
        body=of(subject="7f"),
        answers=NOT_SET_UP,
    ),
    Row(
        "DELETE /auth/users/{user_id}/identity",
        {ADMIN},
        path=lambda s: {"user_id": s.actors[OTHER].user_id},
    ),
    Row("GET /auth/me", SIGNED_IN),
    Row("POST /auth/logout", SIGNED_IN, ends_login=True),
    Row("GET /auth/users", {ADMIN}),
    Row("POST /auth/users", {ADMIN}, body=lambda s: s.person_body(s.new("person"))),
    Row("GET /auth/users/{user_id}", {ADMIN}, path=lambda s: {"user_id": s.actors[OTHER].user_id}),
    Row(
        "PATCH /auth/users/{user_id}",
        {ADMIN},
        path=lambda s: {"user_id": s.actors[OTHER].user_id},
        body=of(full_name="Another Name"),
    ),
    Row(
        "GET /auth/users/{user_id}/export",
        {ADMIN},
        path=lambda s: {"user_id": s.actors[OTHER].user_id},
    ),
    Row("POST /auth/users/{user_id}/erasure", {ADMIN}, path=a_student, body=REASON),
    Row("POST /auth/users/import-csv", {ADMIN}, sheet=STUDENTS_SHEET),
    Row("GET /auth/exams/{exam_id}/staff", STAFF | {PROCTOR, GRADER}, path=the_exam),
    Row("GET /auth/audit", {ADMIN}),
    Row("GET /auth/centers", {ADMIN}),
    Row("POST /auth/centers", {ADMIN}, body=lambda s: {"name": "Hall", "code": s.new("c")}),
    Row("GET /auth/assignments", {ADMIN}),
    Row("PUT /auth/assignments/{exam_id}/{role}/{user_id}", {ADMIN}, path=assignment),
    Row("DELETE /auth/assignments/{exam_id}/{role}/{user_id}", {ADMIN}, path=assignment),
    # trades, question banks, questions, exams
    Row("GET /exams/trades", SIGNED_IN),
    Row("POST /exams/trades", STAFF, body=lambda s: {"name": s.new("t"), "code": s.new("t")}),
    Row("GET /exams/trades/{trade_id}", SIGNED_IN, path=lambda s: {"trade_id": s.trade_id}),
    Row(
        "PUT /exams/trades/{trade_id}",
        STAFF,
        path=lambda s: {"trade_id": s.trade()},
        body=of(description="changed"),
    ),
    Row("DELETE /exams/trades/{trade_id}", {ADMIN}, path=lambda s: {"trade_id": s.trade()}),
    Row("GET /exams/question-banks", SIGNED_IN),
    Row(
        "POST /exams/question-banks",
        STAFF,
        body=lambda s: {"name": s.new("bank"), "trade_id": s.trade_id},
    ),
    Row(
        "POST /exams/question-banks/{qbank_id}/import-csv",
        STAFF,
        path=lambda s: {"qbank_id": s.bank_id},
        sheet=QUESTIONS,
    ),
    Row(
        "POST /exams/question-banks/{qbank_id}/import-package",
        STAFF,
        path=lambda s: {"qbank_id": s.bank_id},
        sheet="no package",
        answers=frozenset({422}),
    ),
    Row(
        "POST /exams/question-banks/{qbank_id}/import-gift",
        STAFF,
        path=lambda s: {"qbank_id": s.bank_id},
        sheet="Which?{=one ~two}",
    ),
    Row("GET /exams/questions", SIGNED_IN),
    Row("POST /exams/questions", STAFF, body=new_question),
    Row(
        "GET /exams/questions/{question_id}",
        SIGNED_IN - ELSEWHERE,
        hidden=ELSEWHERE,
        path=lambda s: {"question_id": s.question_id},
    ),
    Row(
        "GET /exams/questions/{question_id}/images/{sha256}",
        SIGNED_IN,
        path=lambda s: {"question_id": s.question_id, "sha256": "0" * 64},
        answers=frozenset({404}),
    ),
    Row("PUT /exams/questions/{question_id}", STAFF, path=question, body=of(marks=2)),
    Row("DELETE /exams/questions/{question_id}", STAFF, path=question),
    Row("GET /exams/", SIGNED_IN),
    Row("POST /exams/", STAFF, body=new_exam),
    Row("GET /exams/{exam_id}", SIGNED_IN - ELSEWHERE, hidden=ELSEWHERE, path=the_exam),
    Row("PUT /exams/{exam_id}", STAFF, path=fresh_exam, body=of(title="Changed")),
    Row("DELETE /exams/{exam_id}", {ADMIN}, path=fresh_exam),
    Row("GET /exams/{exam_id}/export-qti", STAFF, path=the_exam),
    Row("GET /exams/{exam_id}/package", STAFF, path=the_exam),
    Row("GET /exams/{exam_id}/safe-browser", {ADMIN}, path=the_exam),
    Row(
        "PUT /exams/{exam_id}/safe-browser",
        {ADMIN},
        path=fresh_exam,
        body=of(is_required=True),
    ),
    Row(
        "POST /exams/{exam_id}/safe-browser/keys",
        {ADMIN},
        path=fresh_exam,
        body=of(kind="config", note="ours"),
    ),
    Row(
        "DELETE /exams/{exam_id}/safe-browser/keys/{key_id}",
        {ADMIN},
        path=safe_browser_key,
    ),
    Row("GET /exams/{exam_id}/safe-browser/config.seb", SIGNED_IN, path=the_exam),
    Row("GET /exams/{exam_id}/allowances", STAFF | {PROCTOR}, path=the_exam),
    Row(
        "POST /exams/{exam_id}/allowances",
        STAFF,
        path=fresh_exam,
        body=of(seconds=60, reason="power cut"),
    ),
    Row("GET /exams/{exam_id}/lobby", STAFF | {PROCTOR}, path=the_exam),
    Row("POST /exams/{exam_id}/authorise", STAFF | {PROCTOR}, path=the_exam, body=of()),
    # attempts: the student
    Row("POST /attempts/start", STUDENTS, body=lambda s: {"exam_id": s.fresh_exam()}),
    Row("GET /attempts/me", STUDENTS),
    Row("POST /attempts/{attempt_id}/begin", {OWNER}, hidden={OTHER}, path=attempt("not_started")),
    Row("POST /attempts/{attempt_id}/resume", {OWNER}, hidden={OTHER}, path=attempt(), body=of()),
    Row("GET /attempts/{attempt_id}/time-status", {OWNER}, hidden={OTHER}, path=attempt()),
    Row("GET /attempts/{attempt_id}/answers", {OWNER}, hidden={OTHER}, path=attempt()),
    Row(
        "POST /attempts/{attempt_id}/answers",
        {OWNER},
        hidden={OTHER},
        path=attempt(),
        body=lambda s: {"question_id": s.question_id, "answer": ["two"]},
    ),
    Row(
        "POST /attempts/{attempt_id}/submit",
        {OWNER},
        hidden={OTHER},
        path=attempt(),
        body=of(confirm=True),
    ),
    Row(
        "POST /attempts/{attempt_id}/allowances/{allowance_id}/ack",
        {OWNER},
        hidden={OTHER},
        path=allowance,
    ),
    # attempts: the student and who watches him
    Row("GET /attempts/{attempt_id}", {OWNER, PROCTOR} | STAFF, path=attempt()),
    Row("GET /attempts/{attempt_id}/result", {OWNER, PROCTOR} | STAFF, path=attempt("submitted")),
    Row(
        "GET /attempts/{attempt_id}/receipt",
        {OWNER, PROCTOR} | STAFF,
        path=lambda s: {"attempt_id": s.receipted_attempt()},
    ),
    Row("GET /attempts/receipt-keys", EVERYBODY),
    Row("GET /attempts/{attempt_id}/allowances", {OWNER, PROCTOR} | STAFF, path=attempt()),
    Row("GET /attempts/{attempt_id}/outages", {OWNER, PROCTOR} | STAFF, path=attempt()),
    # attempts: staff, proctors and graders
    Row("GET /exams/{exam_id}/outages", STAFF | {PROCTOR}, path=the_exam),
    Row("GET /exams/{exam_id}/outage-policy", STAFF | {PROCTOR}, path=the_exam),
    Row(
        "PUT /exams/{exam_id}/outage-policy",
        STAFF,
        path=fresh_exam,
        body=of(policy="auto", cap_seconds=600),
    ),
    Row(
        "POST /attempts/{attempt_id}/outages/{outage_id}/accept",
        STAFF | {PROCTOR},
        path=outage,
        body=of(reason="power cut"),
    ),
    Row(
        "POST /attempts/{attempt_id}/outages/{outage_id}/decline",
        STAFF | {PROCTOR},
        path=outage,
        body=of(reason="he had left the room"),
    ),
    Row("GET /attempts/", STAFF),
    Row("GET /attempts/audit", {ADMIN}),
    Row("GET /attempts/people/{user_id}/export", {ADMIN}, path=a_student),
    Row("POST /attempts/people/{user_id}/erasure", {ADMIN}, path=a_student, body=REASON),
    Row("GET /attempts/statistics/{exam_id}", STAFF, path=the_exam),
    Row(
        "PUT /attempts/{attempt_id}/answers/{question_id}/marks",
        STAFF | {GRADER},
        path=written_answer,
        body=of(marks_awarded=2),
    ),
    Row("POST /attempts/{attempt_id}/cancel", {ADMIN, PROCTOR}, path=attempt(), body=REASON),
    Row("POST /attempts/{attempt_id}/pause", {ADMIN, PROCTOR}, path=attempt(), body=REASON),
    Row(
        "POST /attempts/{attempt_id}/unpause",
        {ADMIN, PROCTOR},
        path=lambda s: {"attempt_id": s.paused_attempt()},
        body=REASON,
    ),
    Row("POST /attempts/{attempt_id}/reopen", {ADMIN}, path=attempt("cancelled"), body=REASON),
    Row(
        "POST /attempts/{attempt_id}/allowances",
        STAFF | {PROCTOR},
        path=attempt(),
        body=of(seconds=60, reason="power cut"),
    ),
    Row(
        "POST /attempts/{attempt_id}/authorise",
        STAFF | {PROCTOR},
        path=attempt("not_started"),
        body=of(),
    ),
    Row(
        "POST /attempts/{attempt_id}/release-device",
        STAFF | {PROCTOR},
        path=lambda s: {"attempt_id": s.used_attempt()},
        body=REASON,
    ),
    # grading
    Row("GET /exams/rubrics", ANY_GRADER),
    Row("POST /exams/rubrics", STAFF, body=RUBRIC),
    Row("GET /exams/rubrics/{rubric_id}", ANY_GRADER, path=rubric),
    Row("PUT /exams/rubrics/{rubric_id}", STAFF, path=rubric, body=RUBRIC),
    Row(
        "PUT /exams/{exam_id}/questions/{question_id}/rubric",
        STAFF,
        path=written_question,
        body=of(rubric_id=None),
    ),
    Row(
        "POST /exams/{exam_id}/questions/{question_id}/correct-key",
        STAFF,
        path=sat_question,
        body=of(void="full_marks", reason="The book says otherwise"),
        answers=frozenset({202}),
    ),
    Row("GET /exams/{exam_id}/regrades", STAFF, path=the_exam),
    Row("GET /exams/{exam_id}/item-analysis", STAFF, path=the_exam),
    Row("GET /exams/{exam_id}/marking", STAFF | {GRADER}, path=the_exam),
    Row("GET /attempts/{attempt_id}/grades", STAFF | {GRADER}, path=attempt("submitted")),
    Row("GET /attempts/{attempt_id}/final-answers", STAFF | {GRADER}, path=sealed_attempt),
    Row("GET /exams/{exam_id}/final-answers", STAFF | {GRADER}, path=the_exam),
    Row("POST /attempts/{attempt_id}/regrade", STAFF, path=attempt("submitted")),
    Row(
        "PUT /attempts/{attempt_id}/answers/{question_id}/moderate",
        STAFF,
        path=marked_answer,
        body=of(marks_awarded=2),
    ),
    # transfers
    Row("POST /transfers/request", {OWNER} | HALL, body=move),
    Row(
        "POST /transfers/{transfer_id}/approve",
        {HALL_IN_CHARGE},
        path=transfer,
        body=of(approved=False, reason="not needed"),
    ),
    Row("GET /transfers", SIGNED_IN),
    Row("GET /transfers/{transfer_id}", {OWNER} | HALL, path=transfer),
    Row("GET /transfers/audit/{transfer_id}", STAFF, path=transfer),
    # proctoring
    Row("POST /proctoring/events", {OWNER}, hidden=SIGNED_IN - {OWNER}, body=event),
    Row("POST /proctoring/events/batch", SIGNED_IN, body=lambda s: {"events": [event(s)]}),
    Row("POST /proctoring/question-timing", {OWNER}, hidden=SIGNED_IN - {OWNER}, body=timing),
    Row(
        "GET /proctoring/attempt/{attempt_id}/events",
        {OWNER, PROCTOR, GRADER} | STAFF,
        path=attempt(),
    ),
    Row(
        "GET /proctoring/attempt/{attempt_id}/violations",
        {ADMIN, PROCTOR, GRADER},
        path=attempt(),
    ),
    Row(
        "GET /proctoring/attempt/{attempt_id}/question-timings",
        {OWNER, PROCTOR, GRADER} | STAFF,
        path=attempt(),
    ),
    Row(
        "GET /proctoring/attempt/{attempt_id}/evidence",
        {OWNER, PROCTOR, GRADER} | STAFF,
        path=attempt(),
    ),
    Row("GET /proctoring/evidence-keys", EVERYBODY),
    Row(
        "GET /proctoring/attempt/{attempt_id}/report",
        {PROCTOR, GRADER} | STAFF,
        path=attempt(),
    ),
    Row("GET /proctoring/exams/{exam_id}/retention", {ADMIN}, path=fresh_exam),
    Row(
        "PUT /proctoring/exams/{exam_id}/retention",
        {ADMIN},
        path=fresh_exam,
        body=of(events_days=400, network_days=None, reason="a long appeal"),
    ),
    Row("GET /proctoring/attempt/{attempt_id}/hold", {ADMIN}, path=attempt()),
    Row("POST /proctoring/attempt/{attempt_id}/hold", {ADMIN}, path=attempt(), body=REASON),
    Row("DELETE /proctoring/attempt/{attempt_id}/hold", {ADMIN}, path=held_attempt),
    Row("POST /proctoring/retention/runs", {ADMIN}, body=of(dry_run=True)),
    Row(
        "GET /proctoring/people/{user_id}/export",
        {ADMIN},
        path=lambda s: {"user_id": s.actors[OTHER].user_id},
    ),
    Row(
        "POST /proctoring/people/{user_id}/erasure",
        {ADMIN},
        path=lambda s: {"user_id": s.actors[OTHER].user_id},
        body=REASON,
    ),
    Row("GET /proctoring/exams/{exam_id}/report", {PROCTOR, GRADER} | STAFF, path=the_exam),
    Row("GET /proctoring/exams/{exam_id}/report/events", {PROCTOR, GRADER} | STAFF, path=the_exam),
    Row(
        "GET /proctoring/exams/{exam_id}/report/questions",
        {PROCTOR, GRADER} | STAFF,
        path=the_exam,
    ),
    Row("GET /proctoring/exams/{exam_id}/delivery", {PROCTOR, GRADER} | STAFF, path=the_exam),
    Row(
        "POST /proctoring/attempt/{attempt_id}/snapshots",
        {OWNER},
        hidden=SIGNED_IN - {OWNER},
        path=attempt(),
        upload=picture,
    ),
    Row("GET /proctoring/attempt/{attempt_id}/snapshots", WATCHERS, path=attempt()),
    Row(
        "GET /proctoring/attempt/{attempt_id}/snapshots/{snapshot_id}",
        WATCHERS,
        path=lambda s: {"attempt_id": s.attempt(), "snapshot_id": str(uuid.uuid4())},
        answers=frozenset({404}),  # whoever may look is told that there is none
    ),
    Row("GET /exams/{exam_id}/statements", STAFF, path=the_exam),
    # proctoring: webhooks; addresses and secrets are for administrators, how they stand for staff
    Row("GET /proctoring/webhooks", STAFF),
    Row("POST /proctoring/webhooks", {ADMIN}, body=WEBHOOK),
    Row("GET /proctoring/webhooks/{id}", STAFF, path=webhook),
    Row("PUT /proctoring/webhooks/{id}", {ADMIN}, path=webhook, body=WEBHOOK),
    Row("DELETE /proctoring/webhooks/{id}", {ADMIN}, path=webhook),
    Row("POST /proctoring/webhooks/{id}/secret", {ADMIN}, path=webhook, body=of()),
    Row(
        "POST /proctoring/webhooks/{id}/test",
        {ADMIN},
        path=webhook,
        answers=frozenset({202}),
    ),
    Row("GET /proctoring/webhooks/{id}/deliveries", STAFF, path=webhook),
    Row(
        "POST /proctoring/webhooks/{id}/deliveries/{delivery_id}/replay",
        {ADMIN},
        path=webhook_delivery,
        answers=frozenset({202}),
    ),
    Row(
        "POST /proctoring/webhooks/{id}/replay",
        {ADMIN},
        path=webhook,
        body=of(since="2026-03-02T09:00:00Z"),
        answers=frozenset({202}),
    ),
    # proctoring: actions, claims, hands, chat
    Row("POST /proctoring/exams/{exam_id}/actions", WATCHERS, path=the_exam, body=words_to_all),
    Row("GET /proctoring/exams/{exam_id}/actions", WATCHERS, path=the_exam),
    Row("POST /proctoring/attempt/{attempt_id}/actions", WATCHERS, path=attempt(), body=words),
    Row("GET /proctoring/attempt/{attempt_id}/actions", {OWNER} | WATCHERS, path=attempt()),
    Row(
        "POST /proctoring/attempt/{attempt_id}/actions/{id}/acknowledge",
        {OWNER},
        hidden={OTHER},
        path=action,
    ),
    Row("POST /proctoring/attempt/{attempt_id}/claim", WATCHERS, path=attempt()),
    Row("DELETE /proctoring/attempt/{attempt_id}/claim", WATCHERS, path=attempt()),
    Row(
        "POST /proctoring/attempt/{attempt_id}/claim/hand-over",
        WATCHERS,
        path=attempt(),
        body=lambda s: {"to_user_id": s.actors[PROCTOR].user_id},
        answers=frozenset({409}),  # nobody has claimed it, so nobody can hand it over
    ),
    Row(
        "POST /proctoring/attempt/{attempt_id}/claim/take-over",
        STAFF,
        path=lambda s: {"attempt_id": s.claimed_attempt()},
        body=of(reason="a colleague is ill"),
    ),
    Row(
        "POST /proctoring/exams/{exam_id}/claims",
        WATCHERS,
        path=the_exam,
        body=lambda s: {"attempt_ids": [s.attempt()]},
    ),
    Row("GET /proctoring/exams/{exam_id}/claims", WATCHERS, path=the_exam),
    Row("POST /proctoring/attempt/{attempt_id}/hand", {OWNER}, hidden={OTHER}, path=attempt()),
    Row("DELETE /proctoring/attempt/{attempt_id}/hand", {OWNER} | WATCHERS, path=attempt()),
    Row(
        "POST /proctoring/attempt/{attempt_id}/messages",
        {OWNER} | WATCHERS,
        path=attempt(),
        body=lambda _: {"message_id": str(uuid.uuid4()), "text": "I need paper"},
    ),
    Row("GET /proctoring/attempt/{attempt_id}/messages", {OWNER} | WATCHERS, path=attempt()),
    Row(
        "POST /proctoring/attempt/{attempt_id}/messages/read",
        {OWNER} | WATCHERS,
        path=attempt(),
        body=of(up_to_id=1),
    ),
    Row("GET /proctoring/exams/{exam_id}/pulse", {PROCTOR, ADMIN}, path=the_exam),
    Row("GET /proctoring/exams/{exam_id}/attempts", {PROCTOR, GRADER} | STAFF, path=the_exam),
    # risk: a student sees no score; why a rule does not count is for those who decide it
    Row("GET /proctoring/risk/rules", {PROCTOR, GRADER} | STAFF | ELSEWHERE),
    Row("GET /proctoring/attempt/{attempt_id}/risk", {PROCTOR, GRADER} | STAFF, path=attempt()),
    Row("GET /proctoring/attempt/{attempt_id}/accommodations", STAFF, path=attempt()),
    Row(
        "PUT /proctoring/attempt/{attempt_id}/accommodations",
        STAFF,
        path=attempt(),
        body=of(rule_ids=["tab-switch"], reason="reads with a second screen"),
    ),
    Row(
        "PUT /proctoring/people/{user_id}/accommodations",
        STAFF,
        path=who_sat,
        body=of(rule_ids=["tab-switch"], reason="reads with a second screen"),
    ),
    # reviews: colleagues of the exam, and the student, who learns of one by its decision
    Row(
        "POST /proctoring/attempt/{attempt_id}/reviews",
        {PROCTOR, GRADER} | STAFF,
        path=attempt("submitted"),
        body=of(reason="a phone on the desk"),
    ),
    Row("GET /proctoring/reviews", {PROCTOR, GRADER} | STAFF | ELSEWHERE),
    Row(
        "GET /proctoring/reviews/{review_id}",
        {PROCTOR, GRADER} | STAFF,
        path=review("decided"),
    ),
    Row(
        "GET /proctoring/reviews/{review_id}/history",
        {PROCTOR, GRADER} | STAFF,
        path=review("decided"),
    ),
    Row(
        "POST /proctoring/reviews/{review_id}/decision",
        {PROCTOR, GRADER} | STAFF,
        path=review("open"),
        body=of(decision="cleared", reason_code="no_breach", explanation="Nothing was seen"),
    ),
    Row(
        "POST /proctoring/reviews/{review_id}/appeal-decision",
        {PROCTOR, GRADER} | STAFF,
        path=review("appealed"),
        body=of(decision="upheld", explanation="It was seen again"),
    ),
    Row(
        "GET /proctoring/attempt/{attempt_id}/review",
        {OWNER},
        hidden=SIGNED_IN - {OWNER},
        path=lambda s: {"attempt_id": s.reviewed_attempt()},
    ),
    Row(
        "POST /proctoring/reviews/{review_id}/appeal",
        {OWNER},
        hidden=SIGNED_IN - {OWNER},
        path=review("decided"),
        body=of(text="It was my calculator"),
    ),
]

SOCKETS = {
    "/ws/attempts/{attempt_id}": {OWNER},
    "/ws/exams/{exam_id}/monitor": {ADMIN, PROCTOR},
    "/ws/admin/broadcast/{attempt_id}": {ADMIN, PROCTOR},
}

PUBLIC = ("/api/v1/", "/.well-known/")
FORBIDDEN_CLOSE, OPEN = 4503, 101


def full(path: str) -> str:
    return path if path.startswith(PUBLIC) else f"/api/v1{path}"


def named(row: Row) -> str:
    """Return a row's operation as descriptions name it: `GET /api/v1/auth/me`."""
    method, path = row.operation.split()
    return f"{method} {full(path)}"


async def operations(scene: Scene) -> set[str]:
    """Return what the services themselves say that they do."""
    found = set()
    for service in ("auth", "attempts", "proctoring", "realtime"):
        answer = await scene.http.get(f"{scene.platform.service_url(service)}/openapi.json")
        for path, item in answer.json()["paths"].items():
            found |= {f"{method.upper()} {path}" for method in item}
    return found


@dataclass(frozen=True)
class Cell:
    """One of the table: who asked for what, what he was answered, and what is wrong with that."""

    place: str
    name: str
    answer: str
    wrong: str = ""


async def cells(scene: Scene, described: dict[str, Any], row: Row) -> AsyncIterator[Cell]:
    """Ask as everybody in turn; `described` is what OpenAPI says, by operation."""
    operation = described[named(row)]
    for name in scene.actors:
        answer = await asked(scene, row, name)
        wrong = "" if fits(row, name, answer) else answer.text[:200] or "nothing was said"
        wrong = wrong or await _misdescribed(operation, answer)
        yield Cell(row.operation, name, str(answer.status_code), wrong)


async def _misdescribed(operation: Any, answer: httpx.Response) -> str:
    """Say what of an answer OpenAPI does not say, if anything."""
    if str(answer.status_code) not in operation.responses.status_codes:
        return "no such answer is described"
    await answer.request.aread()  # of a sheet; schemathesis looks at what was sent, too
    try:
        operation.validate_response(answer)
    except FailureGroup as group:
        return "; ".join(str(each) for each in group.exceptions)
    return ""


async def socket_cells(scene: Scene, path: str) -> AsyncIterator[Cell]:
    """Try a socket as everybody in turn, in the old way and with our subprotocol."""
    place = full(path).format(exam_id=scene.exam_id, attempt_id=scene.attempt())
    for name, actor in scene.actors.items():
        may = name in SOCKETS[path]
        old = await handshake(scene, place, actor.token)
        good = {OPEN} if may else {401, 403}
        yield Cell(path, name, str(old), "" if old in good else f"wanted: {good}")
        if actor.token is not None:
            new = await handshake(scene, place, actor.token, "oep.v1")
            wanted = OPEN if may else FORBIDDEN_CLOSE
            yield Cell(path, name, str(new), "" if new == wanted else f"wanted: {wanted}")


async def asked(scene: Scene, row: Row, name: str) -> httpx.Response:
    method, path = named(row).split()
    actor = scene.actors[name]
    token = actor.token
    if row.operation == "POST /auth/refresh":
        scene.refresh_token = (await scene.login_of(scene.actors[OWNER]))["refresh_token"]
    if row.ends_login and token is not None:
        token = (await scene.login_of(actor))["access_token"]
    sent: dict[str, Any] = {"headers": {"Authorization": f"Bearer {token}"} if token else {}}
    url = f"{scene.platform.url}{path.format(**row.path(scene))}"
    if row.body is not None:
        sent["json"] = row.body(scene)
    if row.upload is not None:
        sent |= row.upload(scene)
    if row.sheet is not None:
        sent["files"] = {"file": ("sheet.csv", row.sheet.encode(), "text/csv")}
    return await scene.http.request(method, url, **sent)


def fits(row: Row, name: str, answer: httpx.Response) -> bool:
    if name in row.may:
        return answer.status_code in row.answers
    expected = 401 if name == ANONYMOUS else 404 if name in row.hidden else 403
    return answer.status_code == expected and is_problem(answer)


def is_problem(answer: httpx.Response) -> bool:
    body = answer.json()
    return (
        answer.headers["content-type"] == "application/problem+json"
        and {"type", "title", "status", "detail", "instance", "request_id"} <= set(body)
        and body["status"] == answer.status_code
        and isinstance(body["detail"], str)
        and (answer.status_code != 401 or answer.headers["www-authenticate"] == "Bearer")
    )


async def handshake(scene: Scene, path: str, token: str | None, *subprotocols: str) -> int:
    """Return 101 once a first frame has come, the code of a close, or the status of a refusal."""
    url = f"{scene.platform.ws_url}{path}" + (f"?token={token}" if token else "")
    try:
        async with connect(
            url, subprotocols=[*map(Subprotocol, subprotocols)] or None, proxy=None
        ) as connection:
            await connection.send("{}")  # the broadcast socket says nothing by itself
            await connection.recv()
            return OPEN
    except InvalidStatus as refused:
        return refused.response.status_code
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 0
