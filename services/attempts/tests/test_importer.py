"""The importer on a real database: once, again, and never over what has begun."""

import io
import json
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from attempts import importer
from attempts.attempt import is_salt
from attempts.lifecycle import Lifecycle
from attempts.store import audit, importing
from chassis.audit_store import Wanted
from chassis.database import Database
from chassis.importing import run_importer
from chassis.migrating import migrate
from chassis.settings import psycopg2_url
from sqlalchemy import create_engine, select, text

NOW = datetime.now(UTC)
ALL_TABLES = [row_class.__table__ for row_class in importing.TABLES.values()]
OLD = "2025-10-26T18:37:32.080353Z"
ENDED = "2025-11-25T18:37:32.080353Z"


@pytest.fixture(scope="module")
def urls(database):
    urls = database("attempts")
    migrate("attempts", urls.owner_url, "attempts")
    return urls


@pytest.fixture(scope="module")
def db(urls):
    db = Database(urls.app_url, pool_size=1)
    yield db
    db.dispose()


@pytest.fixture
def look(urls):
    engine = create_engine(psycopg2_url(urls.admin_url))
    with engine.begin() as connection:
        tables = "attempts.trades, attempts.rubrics, attempts.audit_logs"
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))

    def run(query: str) -> list[dict]:
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(query)).mappings()]

    yield run
    engine.dispose()


def portal() -> list[tuple[str, dict]]:
    question = {
        "question_bank_id": 3,
        "question_text": "?",
        "question_type": "multiple_choice",
        "options": {"A": "one", "B": "two"},
        "correct_answer": ["B"],
        "difficulty": "medium",
        "marks": 4,
        "negative_marks": 1,
        "created_at": OLD,
        "updated_at": OLD,
    }
    exam = {
        "id": 5,
        "title": "Exam",
        "trade_id": 2,
        "duration_minutes": 120,
        "start_time": OLD,
        "end_time": ENDED,
        "total_marks": 8,
        "passing_marks": 4,
        "total_questions": 2,
        "status": "published",
    }
    attempt = {"exam_id": 5, "duration_minutes": 120, "total_marks": 0, "questions_flagged": []}
    answer = {"attempt_id": 8, "question_id": 41, "is_flagged": True, "answer": ["A"]}
    transfer = {
        "attempt_id": 8,
        "from_workstation": "PC-1",
        "to_workstation": "PC-2",
        "requested_by_id": 2,
        "reason": "broken screen",
        "answers_transferred": None,
    }
    rows = [
        ("trades", {"id": 2, "name": "Electrician", "code": "ELEC", "is_active": True}),
        ("question_banks", {"id": 3, "name": "Bank", "trade_id": 2, "is_active": True}),
        ("questions", question | {"id": 41}),
        ("questions", question | {"id": 42, "negative_marks": -1}),
        ("exams", exam),
        ("exam_questions", {"id": 1, "exam_id": 5, "question_id": 41, "order_number": 1}),
        (
            "exam_questions",
            {"id": 2, "exam_id": 5, "question_id": 42, "order_number": 2, "marks_override": 6},
        ),
        ("exam_questions", {"id": 3, "exam_id": 5, "question_id": 99, "order_number": 3}),
        ("student_attempts", attempt | {"id": 7, "student_id": 1, "status": "not_started"}),
        (
            "student_attempts",
            attempt
            | {"id": 8, "student_id": 2, "status": "in_progress", "start_time": NOW.isoformat()},
        ),
        ("student_answers", answer | {"id": 1, "last_updated_at": OLD}),
        ("student_answers", answer | {"id": 2, "last_updated_at": ENDED, "answer": ["B"]}),
        ("transfers", transfer | {"id": 1, "status": "completed", "approved_by_id": 5}),
        ("transfers", transfer | {"id": 2, "status": "PENDING"}),
        ("transfers", transfer | {"id": 3, "status": "pending", "created_at": ENDED}),
        ("transfers", transfer | {"id": 4, "status": "pending", "attempt_id": 99}),
        ("grading_feedback", {"id": 1}),
    ]
    return [(table, {"created_at": OLD, "updated_at": OLD} | row) for table, row in rows]


def take(db, rows, *, keep_windows: bool = False) -> tuple[int, dict]:
    source = io.StringIO("\n".join(json.dumps({"table": t, "row": r}) for t, r in rows))
    target = io.StringIO()
    load = partial(importer.load, keep_windows=keep_windows, now=datetime.now(UTC))
    code = run_importer(db, load, source=source, target=target)
    return code, json.loads(target.getvalue().splitlines()[-1])


@pytest.mark.contract("4.2/pre-assigned", "9.1/move/created")
def test_an_import_takes_fills_and_reports(db, look):
    code, last = take(db, portal())
    assert code == 0
    assert last["report"]["imported"] == {
        "trades": 1,
        "question_banks": 1,
        "questions": 2,
        "exams": 1,
        "exam_questions": 2,
        "student_attempts": 2,
        "student_answers": 1,
        "transfers": 3,
    }
    assert last["report"]["left"] == [
        "exam_questions: question_id is unknown (1)",
        "transfers: attempt_id is unknown (1)",
        "grading_feedback: not kept by this service (1)",
    ]
    assert len(last["report"]["changed"]) == 6
    [exam] = look("SELECT * FROM attempts.exams")
    assert exam["exam_code"] == "ELEC-5"
    assert abs(exam["start_time"] - datetime.now(UTC)) < timedelta(minutes=1)
    assert exam["end_time"] - exam["start_time"] == timedelta(days=30)
    waiting, running = look("SELECT * FROM attempts.attempts ORDER BY id")
    assert is_salt(waiting["encryption_salt"])
    assert waiting["total_marks"] == 10.0
    assert running["deadline_at"] == running["start_time"] + timedelta(minutes=120)
    assert running["questions_answered"] == 1
    assert running["questions_flagged"] == [41]
    [answer] = look("SELECT * FROM attempts.answers")
    assert (answer["id"], answer["answer"]) == (2, ["B"])


def test_a_second_import_changes_nothing(db, look):
    take(db, portal())
    before = [look(str(select(table).order_by(table.c.id))) for table in ALL_TABLES]
    code, last = take(db, portal())
    assert code == 0
    assert [look(str(select(table).order_by(table.c.id))) for table in ALL_TABLES] == before
    assert "student_attempts: begun here already, kept (1)" in last["report"]["left"]
    changed = last["report"]["changed"]
    assert "exams: a window that had ended begins at an earlier import (1)" in changed
    assert not any("encryption_salt" in text for text in changed)


def test_what_has_begun_here_is_never_undone(db, look, key):
    take(db, portal())
    lifecycle = Lifecycle(db, lambda: None, key)
    lifecycle.begin(7, 1)
    lifecycle.submit(7, 1, None)
    lifecycle.submit(8, 2, None)
    before = look("SELECT * FROM attempts.attempts ORDER BY id")
    take(db, portal())
    assert look("SELECT * FROM attempts.attempts ORDER BY id") == before


def test_transfers_are_taken_as_history(db, look):
    _, last = take(db, portal())
    assert "transfers: a second open one set to failed (1)" in last["report"]["changed"]
    done, failed, waiting = look("SELECT * FROM attempts.transfers ORDER BY id")
    assert (done["status"], done["approved_by_id"], done["answers_transferred"]) == (
        "completed",
        5,
        0,
    )
    assert done["created_at"] == datetime.fromisoformat(OLD)
    assert (failed["status"], waiting["status"]) == ("failed", "pending")
    [row] = look("SELECT nextval(pg_get_serial_sequence('attempts.transfers', 'id')) AS id")
    assert row["id"] == 4


def test_a_transfer_that_is_here_already_is_never_replaced(db, look):
    take(db, portal())
    with db.transaction() as session:
        session.execute(text("UPDATE attempts.transfers SET status = 'rejected' WHERE id = 3"))
    _, last = take(db, portal())
    assert "transfers: here already, kept (3)" in last["report"]["left"]
    [row] = look("SELECT status FROM attempts.transfers WHERE id = 3")
    assert row["status"] == "rejected"


def test_windows_may_be_kept(db, look):
    take(db, portal(), keep_windows=True)
    [exam] = look("SELECT end_time FROM attempts.exams")
    assert exam["end_time"] == datetime.fromisoformat(ENDED)


def test_new_ids_begin_behind_the_imported_ones(db, look):
    take(db, portal())
    [row] = look("SELECT nextval(pg_get_serial_sequence('attempts.attempts', 'id')) AS id")
    assert row["id"] == 9


def test_an_answer_whose_id_is_taken_gets_a_new_one(db, look):
    take(db, portal())
    other = ("student_answers", {"id": 2, "attempt_id": 7, "question_id": 42, "answer": "A"})
    code, last = take(db, [other])
    assert code == 0
    assert last["report"]["changed"] == ["student_answers: given a new id (1)"]
    assert len(look("SELECT id FROM attempts.answers")) == 2


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("exams", {"id": 5}), "lacks a column"),
        (("student_attempts", {"id": 9, "exam_id": 5, "status": "DANCING"}), "no known word"),
        (("trades", {"id": 9, "name": "x", "code": "ELEC"}), "database refused"),
    ],
)
def test_a_row_that_cannot_be_taken_stops_everything(db, look, row, words):
    code, last = take(db, [*portal(), row])
    assert code == 1
    assert words in last["error"]
    assert look("SELECT * FROM attempts.trades") == []


def graded(**changed) -> tuple[str, dict]:
    """Return an attempt that the portal graded, with a mark by hand for question 42."""
    row = {
        "id": 9,
        "student_id": 3,
        "exam_id": 5,
        "status": "GRADED",
        "start_time": OLD,
        "end_time": ENDED,
        "marks_obtained": 7,
        "percentage": 70,
        "is_passed": True,
        "graded_by": 77,
        "graded_at": ENDED,
        "created_at": OLD,
        "updated_at": OLD,
    }
    return "student_attempts", row | changed


def answered(number: int, question: int, marks: float | None, *, auto: bool) -> tuple[str, dict]:
    row = {"id": number, "attempt_id": 9, "question_id": question, "answer": "B"}
    row |= {"marks_awarded": marks, "is_correct": True, "auto_graded": auto, "created_at": OLD}
    return "student_answers", row


def test_imported_grades_are_the_first_version_and_hand_marks_are_kept(db, look):
    given = [answered(11, 41, 4, auto=True), answered(12, 42, 3, auto=False)]
    for _ in range(2):
        assert take(db, [*portal(), graded(), *given])[0] == 0
        [grade] = look("SELECT * FROM attempts.grades")
        assert (grade["attempt_id"], grade["version"], grade["reason"]) == (9, 1, "import")
        assert (grade["marks_obtained"], grade["graded_by"], grade["missing"]) == (7.0, 77, [])
        assert [(j["marks"], j["source"]) for j in grade["judgements"]] == [
            (4, "auto"),
            (3, "manual"),
        ]
        [mark] = look("SELECT * FROM attempts.hand_marks")
        assert (mark["question_id"], mark["marks"], mark["grader_id"]) == (42, 3.0, 77)


AUDITED = {
    "event_type": "login_failed",
    "event_category": "auth",
    "user_id": None,
    "username": "river02",
    "attempt_id": 7,
    "exam_id": 5,
    "transfer_id": None,
    "description": "Wrong answer",
    "details": {"via": "hall ticket"},
    "ip_address": "10.0.0.8",
    "user_agent": None,
    "created_at": OLD,
}


def test_imported_audit_is_a_chain_of_its_own_that_is_whole_and_not_repeated(db, look, key):
    rows = [
        ("audit_logs", AUDITED | {"id": 1, "success": 0, "error_message": "Incorrect"}),
        ("audit_logs", AUDITED | {"id": 2, "success": 1, "error_message": None}),
    ]
    take(db, portal())
    Lifecycle(db, lambda: None, key).begin(7, 1)
    _, first = take(db, [*portal(), *rows])
    assert first["report"]["imported"]["audit_logs"] == 2
    more = ("audit_logs", AUDITED | {"id": 3, "success": 0, "error_message": None})
    _, again = take(db, [*portal(), *rows, more])
    assert again["report"]["imported"]["audit_logs"] == 1
    assert "audit_logs: here already, kept (2)" in again["report"]["left"]
    found = look("SELECT * FROM attempts.audit_logs WHERE chain = 'imported' ORDER BY place")
    assert [(row["place"], row["success"], row["error_message"]) for row in found] == [
        (1, False, "Incorrect"),
        (2, True, None),
        (3, False, "failed"),
    ]
    assert found[0]["details"]["imported"] == {
        "id": 1,
        "username": "river02",
        "created_at": datetime.fromisoformat(OLD).isoformat(),
        "details": {"via": "hall ticket"},
    }
    assert abs(found[0]["created_at"] - datetime.now(UTC)) < timedelta(minutes=1)
    with db.transaction() as session:
        verdict = audit.AUDIT.verify(session)
        shown = audit.find(session, Wanted(), {"attempt_id": 7})
    assert (verdict.flaws, verdict.chain_count, verdict.entry_count) == ([], 2, 4)
    assert len(shown) == 4, "what is asked about an attempt shows its history, too"


def test_rubrics_are_taken_and_mark_their_questions_in_all_exams(db, look):
    rubric = {"id": 3, "title": "Essay", "description": None, "max_score": 4, "created_by": 1}
    criterion = {"rubric_id": 3, "name": "Steps", "weight": None, "order": None}
    level = {"criterion_id": 31, "name": "All", "description": None, "order": 1}
    rows = [
        ("rubrics", rubric),
        ("rubric_criteria", criterion | {"id": 31, "max_points": 4}),
        ("rubric_criteria", criterion | {"id": 32, "max_points": 0}),
        ("rubric_criteria", criterion | {"id": 33, "max_points": 1, "rubric_id": 99}),
        ("rubric_levels", level | {"id": 311, "points": 5}),
        ("rubric_levels", level | {"id": 312, "points": -1}),
        ("rubric_levels", level | {"id": 321, "points": 0, "criterion_id": 32}),
        ("question_rubrics", {"id": 1, "question_id": 42, "rubric_id": 3}),
        ("question_rubrics", {"id": 2, "question_id": 42, "rubric_id": 99}),
    ]
    code, last = take(db, [*portal(), *rows])
    assert code == 0, last
    report = last["report"]
    names = ("rubrics", "rubric_criteria", "rubric_levels", "question_rubrics")
    assert {name: report["imported"][name] for name in names} == dict(
        zip(names, (1, 1, 2, 1), strict=True)
    )
    assert [text for text in report["left"] if "rubric" in text] == [
        "rubric_criteria: worth nothing (1)",
        "rubric_criteria: rubric_id is unknown (1)",
        "rubric_levels: criterion_id is unknown (1)",
        "question_rubrics: rubric_id is unknown (1)",
    ]
    [criterion] = look("SELECT * FROM attempts.rubric_criteria")
    assert (criterion["max_marks"], criterion["weight"], criterion["title"]) == (5.0, 1.0, "Steps")
    marks = look("SELECT marks FROM attempts.rubric_levels ORDER BY id")
    assert [row["marks"] for row in marks] == [5.0, 0.0]
    [link] = look("SELECT question_id FROM attempts.exam_questions WHERE rubric_id = 3")
    assert link["question_id"] == 42
    _, again = take(db, [*portal(), *rows])
    assert "rubrics: here already, kept (1)" in again["report"]["left"]
    [row] = look("SELECT nextval(pg_get_serial_sequence('attempts.rubrics', 'id')) AS id")
    assert row["id"] == 4
