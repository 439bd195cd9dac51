"""`python -m attempts assign EXAM --students FILE`."""

import pytest
from attempts.__main__ import SERVICE
from attempts.assigning import Assigned, assign, student_ids
from attempts.errors import ExamNotFound, ExamWithoutQuestions, InvalidRoster
from chassis.commands import main


def test_a_roster_is_one_id_in_each_line():
    assert student_ids("\ufeffstudent_id,name\n101,Ravi\r\n\n102\n101\n") == [101, 102]
    assert student_ids('"7"') == [7]
    assert student_ids("") == []


@pytest.mark.parametrize("line", ["AP0001", "-1", "0", "1.5", "²", "9" * 30, "student_id"])
def test_a_line_that_is_no_id_is_named(line):
    with pytest.raises(InvalidRoster, match="Line 2 is no user id"):
        student_ids(f"101\n{line}\n")


def test_every_student_gets_one_attempt_however_often_it_is_asked(tidy):
    assert assign(tidy.db, str(tidy.objective), [101, 102]) == Assigned(made=2, kept=0)
    assert assign(tidy.db, "E21", [101, 102, 103]) == Assigned(made=1, kept=2)
    rows = tidy.run("SELECT * FROM attempts.attempts ORDER BY student_id")
    assert [row["student_id"] for row in rows] == [101, 102, 103]
    assert {row["status"] for row in rows} == {"not_started"}
    assert {row["duration_minutes"] for row in rows} == {60}
    assert {row["total_marks"] for row in rows} == {14.0}, "after override"
    assert len({row["encryption_salt"] for row in rows}) == 3


def test_every_new_attempt_is_announced_once_with_what_a_board_shows(tidy):
    assign(tidy.db, "E21", [101, 102])
    assign(tidy.db, "E21", [101, 102, 103])
    ids = {row["student_id"]: row["id"] for row in tidy.run("SELECT * FROM attempts.attempts")}
    notes = tidy.notes("attempt_created")
    assert {note["attempt_id"]: note["data"]["student_id"] for note in notes} == {
        attempt_id: student_id for student_id, attempt_id in ids.items()
    }
    assert len(notes) == len(tidy.notes()) == 3
    assert {note["exam_id"] for note in notes} == {tidy.objective}
    assert notes[0]["data"] == {
        "status": "not_started",
        "version": 1,
        "questions_answered": 0,
        "workstation_id": None,
        "is_waiting_for_authorisation": False,
        "student_id": 101,
    }


def test_only_a_cancelled_attempt_leaves_room_for_another(tidy):
    tidy.attempt("graded", student=101)
    tidy.attempt("cancelled", student=102)
    assert assign(tidy.db, "E21", [101, 102]) == Assigned(made=1, kept=1)


def test_of_two_that_assign_at_once_each_student_gets_one(tidy, at_once):
    students = list(range(1000, 1200))
    outcomes = at_once(*[lambda: assign(tidy.db, "E21", students)] * 4)
    assert sorted(outcome.made for outcome in outcomes) == [0, 0, 0, 200]


def test_an_exam_must_exist_and_ask_something(tidy):
    for unknown in ("9999", "NO-SUCH", "9" * 40, "²"):
        with pytest.raises(ExamNotFound):
            assign(tidy.db, unknown, [101])
    [row] = tidy.run(
        "INSERT INTO attempts.exams (title, trade_id, exam_code, duration_minutes, total_marks,"
        " passing_marks, total_questions, status)"
        " VALUES ('Empty', 1, 'EMPTY', 60, 1, 1, 0, 'draft') RETURNING id"
    )
    with pytest.raises(ExamWithoutQuestions):
        assign(tidy.db, str(row["id"]), [101])


@pytest.mark.contract("4.2/pre-assigned")
async def test_an_assigned_attempt_is_the_one_to_begin(api, tidy):
    await tidy.db.run(assign, tidy.db, "E21", [tidy.student])
    [listed] = (await api().get("/attempts/me")).json()
    begun = await api().post(f"/attempts/{listed['id']}/begin")
    assert (begun.status_code, begun.json()["status"]) == (200, "in_progress")


def test_the_command_says_what_it_did(tidy, urls, tmp_path, monkeypatch, capsys):
    for name, value in {
        "DATABASE_URL": urls.app_url,
        "NATS_URL": "nats://127.0.0.1:1",
        "JWKS_URL": "http://127.0.0.1:1/jwks",
        "AUTH_GRPC": "127.0.0.1:1",
        "RECEIPT_SIGNING_SECRET": "s" * 40,
    }.items():
        monkeypatch.setenv(name, value)
    roster = tmp_path / "students.csv"
    roster.write_text("101\n102\n")
    asked = ["assign", "E21", "--students", str(roster)]
    assert main(SERVICE, asked) == 0
    assert capsys.readouterr().out == "2 attempts made, 0 students had one already\n"
    assert main(SERVICE, [*asked[:1], "NO-SUCH", *asked[2:]]) == 1
    assert capsys.readouterr().err == "Exam not found\n"
    assert main(SERVICE, [*asked[:3], str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err == "The file cannot be read\n"
