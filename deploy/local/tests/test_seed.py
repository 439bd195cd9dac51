import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime

import pytest
from oep_local import seed, seed_rows
from oep_local.errors import RunnerError

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)

# a service's importer as a process, without the service: appends what it got to a file
IMPORTER = """
import json, sys
got = open(sys.argv[1], "a")
got.write(sys.stdin.read())
print(json.dumps({"report": {}}))
"""


class StubLauncher:
    def __init__(self, folder, host="127.0.0.1"):
        self.folder = folder
        self.host = host
        self.starts = Counter()

    def database_host(self, service):
        return self.host

    def start(self, service, arguments, stderr):
        self.starts[service] += 1
        return subprocess.Popen(
            [sys.executable, "-c", IMPORTER, str(self.folder / f"{service}.got"), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )

    def rows(self, service, table):
        lines = map(json.loads, (self.folder / f"{service}.got").read_text().splitlines())
        return [line["row"] for line in lines if line["table"] == table]


def rows_of(lines, table):
    return [line["row"] for line in lines if line["table"] == table]


def test_the_exam_has_ten_questions_of_all_four_types_and_adds_up():
    questions = rows_of(seed_rows.exam_lines(NOW), "questions")
    assert len(questions) == 10
    assert {row["question_type"] for row in questions} == {
        "multiple_choice",
        "true_false",
        "short_answer",
        "essay",
    }
    (exam,) = rows_of(seed_rows.exam_lines(NOW), "exams")
    assert exam["total_marks"] == sum(row["marks"] for row in questions)
    assert exam["passing_marks"] < exam["total_marks"]
    keys = [len(row["correct_answer"]) for row in questions if row["options"]]
    assert 1 in keys
    assert max(keys) > 1


def test_every_choice_key_is_one_of_its_options():
    for row in rows_of(seed_rows.exam_lines(NOW), "questions"):
        if row["question_type"] == "multiple_choice":
            assert set(row["correct_answer"]) <= set(row["options"])
        assert row["correct_answer"]
        assert row["negative_marks"] >= 0


def test_the_proctor_and_the_grader_are_assigned_to_the_exam():
    lines = list(seed_rows.auth_lines(NOW))
    names = {row["id"]: row["username"] for row in rows_of(lines, "users")}
    found = {(row["role"], names[row["user_id"]]) for row in rows_of(lines, "assignments")}
    assert found == {("proctor", "demo-proctor"), ("grader", "demo-grader")}
    assert {row["exam_id"] for row in rows_of(lines, "assignments")} == {seed_rows.EXAM_ID}


def test_twelve_students_and_one_of_each_staff_role_can_log_in():
    users = rows_of(seed_rows.auth_lines(NOW), "users")
    roles = Counter(row["role_id"] for row in rows_of(seed_rows.auth_lines(NOW), "user_roles"))
    ids = seed_rows.ROLE_IDS
    assert roles[ids["student"]] == 12
    assert all(roles[ids[name]] == 1 for name in ("admin", "hall_in_charge", "proctor", "grader"))
    assert all(row["password"] for row in users)
    tickets = [row["hall_ticket_number"] for row in users if row["hall_ticket_number"]]
    assert tickets == [f"DEMO{number:04}" for number in range(1, 13)]
    assert len({row["username"] for row in users}) == len({row["id"] for row in users}) == 16


def test_all_ids_stay_clear_of_an_imported_portal():
    for lines in (seed_rows.auth_lines(NOW), seed_rows.exam_lines(NOW)):
        assert all(line["row"].get("id", 900_001) > 900_000 for line in lines)


def test_the_exam_is_open_from_now_on():
    (exam,) = rows_of(seed_rows.exam_lines(NOW), "exams")
    assert exam["start_time"] < NOW.isoformat() < exam["end_time"]


def test_a_second_seed_starts_no_importer(tmp_path):
    launcher = StubLauncher(tmp_path)
    assert seed.seed(launcher, tmp_path)
    assert not seed.seed(launcher, tmp_path)
    assert launcher.starts == {"auth": 1, "attempts": 1}


def test_changed_demo_data_are_sent_again_but_attempts_that_may_have_begun_are_not(
    tmp_path, monkeypatch
):
    launcher = StubLauncher(tmp_path)
    seed.seed(launcher, tmp_path)
    monkeypatch.setattr(seed_rows, "version", lambda: "edited")
    seed.seed(launcher, tmp_path)
    assert len(launcher.rows("attempts", "exams")) == 2
    assert len(launcher.rows("attempts", "student_attempts")) == 12


def test_fresh_gives_every_student_a_new_attempt_with_a_new_id(tmp_path):
    launcher = StubLauncher(tmp_path)
    seed.seed(launcher, tmp_path)
    seed.seed(launcher, tmp_path, fresh=True)
    seed.seed(launcher, tmp_path, fresh=True)
    attempts = launcher.rows("attempts", "student_attempts")
    assert len({row["id"] for row in attempts}) == 36
    assert set(Counter(row["student_id"] for row in attempts).values()) == {3}
    assert len(launcher.rows("attempts", "exams")) == 1


def test_a_seed_on_nothing_with_fresh_makes_one_attempt_each(tmp_path):
    launcher = StubLauncher(tmp_path)
    seed.seed(launcher, tmp_path, fresh=True)
    assert len(launcher.rows("attempts", "student_attempts")) == 12


@pytest.mark.parametrize("host", ["db.example.org", "10.0.0.5", None])
def test_demo_logins_are_refused_for_a_database_that_is_not_on_this_machine(tmp_path, host):
    launcher = StubLauncher(tmp_path, host)
    with pytest.raises(seed.SeedRefusedError, match="public passwords"):
        seed.seed(launcher, tmp_path)
    assert not launcher.starts


def test_rows_can_be_printed_for_a_container():
    lines = [json.loads(text) for text in seed.printed_rows("attempts")]
    assert len(rows_of(lines, "student_attempts")) == 12
    with pytest.raises(RunnerError, match="auth or attempts"):
        list(seed.printed_rows("realtime"))


def test_the_printed_logins_are_those_of_the_rows():
    text = "\n".join(seed.logins())
    first = rows_of(seed_rows.auth_lines(NOW), "users")[4]
    born = datetime.fromisoformat(first["date_of_birth"]).strftime("%d/%m/%Y")
    for word in (first["hall_ticket_number"], born, first["security_answer"], first["password"]):
        assert word in text
