"""What an exam office does from a terminal, against the whole platform and the real services."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import uuid
from functools import partial
from pathlib import Path
from queue import Queue

import pytest
from oep_local.__main__ import app
from oep_local.errors import RunnerError
from oep_local.exits import Exit
from oep_local.processes import moments
from oep_local.seed_rows import people
from typer.testing import CliRunner

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "command-line.md"
EXAM = "900001"
SECONDS = 60
PAPER = {
    "title": "Ropes",
    "trade": "DEMO-ELEC",
    "duration_minutes": 30,
    "passing_marks": 1,
    "total_marks": 6,
    "question_bank": "Ropes",
    "questions": [
        {"question_text": "Which knot?", "options": {"A": "bowline"}, "correct_answer": ["A"]},
        900_001,
    ],
}


@pytest.fixture
def environment(platform):
    password = people()["password"]
    return {
        "OEP_STATE": str(platform.state.root),
        "OEP_LOGIN": "demo-admin",
        "OEP_PASSWORD": password,
        "COLUMNS": "200",
    }


@pytest.fixture
def oep(environment):
    """Run a verb in this process as `main` does; return its exit code and what it printed."""

    def run(*words, **others):
        done = CliRunner(env=environment | others).invoke(app, words)
        if isinstance(done.exception, RunnerError):
            return done.exception.code, str(done.exception)
        return done.exit_code, done.stdout

    return run


@pytest.fixture
def told(oep):
    """Run a verb with --json and return what it told."""

    def run(*words, **others):
        code, text = oep(*words, "--json", **others)
        assert code == 0, text
        return json.loads(text)

    return run


def test_an_exam_is_made_from_a_file_published_and_deleted(oep, told, platform, tmp_path):
    file = tmp_path / "exam.json"
    file.write_text(json.dumps(PAPER))
    outline = told("exams", "create", str(file), "--dry-run")
    assert (outline["new_questions"], outline["known_questions"]) == (1, 1)
    made = told("exams", "create", str(file))
    exam = str(made["id"])
    asked = told("exams", "show", exam)["exam"]["questions"]
    assert asked[0]["question_text"] == "Which knot?"
    assert asked[1]["id"] == 900_001
    assert told("exams", "status", exam, "published")["status"] == "published"
    listed = told("exams", "list", "--status", "published", "--limit", "1000")
    assert made["id"] in [each["id"] for each in listed]
    assert (platform.state.root / "exam-ids").read_text().split().count(exam) == 1
    assert told("exams", "delete", exam, "--yes") == {"deleted": made["id"]}
    assert oep("exams", "show", exam)[0] is Exit.NOT_FOUND


def test_an_exam_that_cannot_be_made_leaves_no_question_behind(oep, platform, tmp_path):
    count = "SELECT count(*) FROM attempts.questions"
    before = platform.rows(count)
    file = tmp_path / "exam.json"
    file.write_text(json.dumps(PAPER | {"passing_marks": 7}))
    code, text = oep("exams", "create", str(file))
    assert code is Exit.FAILED
    assert "passing_marks cannot exceed total_marks" in text
    assert "Nothing of it is left" in text
    assert platform.rows(count) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"trade": None}, "either trade"),
        ({"questions": ["x"]}, "question 1"),
        ({"questions": 7}, "a list"),
        ({"question_bank": None}, "question_bank"),
    ],
)
def test_a_file_that_is_no_exam_is_wrong_usage(oep, tmp_path, change, words):
    file = tmp_path / "exam.json"
    said = {name: value for name, value in (PAPER | change).items() if value is not None}
    file.write_text(json.dumps(said))
    code, text = oep("exams", "create", str(file))
    assert code is Exit.USAGE
    assert words in text


def test_staff_are_assigned_and_withdrawn(told):
    def proctors():
        found = told("exams", "staff", EXAM)
        return [each["full_name"] for each in found if "proctor" in each["roles"]]

    assert proctors() == ["Amara Okafor"]
    told("exams", "withdraw", EXAM, "proctor", "demo-proctor")
    assert proctors() == []
    told("exams", "assign", EXAM, "proctor", "demo-proctor")
    assert proctors() == ["Amara Okafor"]


def test_a_person_is_added_blocked_and_let_in_again(oep, told):
    name = f"ada-{uuid.uuid4().hex[:8]}"
    words = ("--email", f"{name}@example.org", "--name", "Ada Byron", "--role", "grader")
    made = told("people", "add", name, *words, OEP_NEW_PASSWORD="a long new password")
    assert told("people", "list", "--search", name) == [made]
    login = {"OEP_LOGIN": name, "OEP_PASSWORD": "a long new password"}
    assert oep("exams", "list", **login)[0] == 0
    assert told("people", "block", name)["is_active"] is False
    assert oep("exams", "list", **login)[0] is Exit.REFUSED
    assert told("people", "unblock", str(made["id"]))["is_active"] is True
    assert any(oep("exams", "list", **login)[0] == 0 for _ in moments(SECONDS))


def test_time_is_given_and_an_attempt_ended(told):
    before = told("attempts", "show", "900005")
    given = told("attempts", "extend", "900005", "--minutes", "5", "--reason", "a late bus")
    left = before["attempt"]["time_remaining_seconds"]
    assert given["time_remaining_seconds"] == left + 300
    after = told("attempts", "show", "900005")["allowances"]
    assert len(after) == len(before["allowances"]) + 1


@pytest.mark.parametrize(
    ("words", "others", "code"),
    [
        (("exams", "list"), {"OEP_PASSWORD": "wrong"}, Exit.REFUSED),
        (("people", "list"), {"OEP_LOGIN": "demo-proctor"}, Exit.REFUSED),
        (("exams", "status", EXAM, "draft"), {"OEP_LOGIN": "demo-proctor"}, Exit.REFUSED),
        (("exams", "show", "7"), {}, Exit.NOT_FOUND),
        (("people", "show", "nobody"), {}, Exit.NOT_FOUND),
        (("attempts", "show", "7"), {}, Exit.NOT_FOUND),
        (("watch", "7", "--once"), {}, Exit.NOT_FOUND),
        (("exams", "list", "--url", "http://127.0.0.1:1"), {}, Exit.NOTHING_RUNS),
        (("exams", "list"), {"OEP_LOGIN": ""}, Exit.USAGE),
        (("exams", "status", EXAM, "publisht"), {}, Exit.USAGE),
    ],
)
def test_a_refusal_has_the_code_of_its_kind(oep, words, others, code):
    assert oep(*words, **others)[0] == code


def test_settings_of_what_runs_and_of_a_file_are_judged_by_the_services(
    oep, told, platform, tmp_path
):
    found = told("check-settings", "auth")
    assert [each["is_well"] for each in found] == [True]
    secret = platform.state.secrets()["signing_key_secret"]
    assert "signing_key_secret" in found[0]["settings"]
    assert secret not in json.dumps(found)
    file = tmp_path / "realtime.env"
    file.write_text('# a comment\nREST_PORT=8104\nexport NATS_URL="nats://localhost:4222"\n')
    code, text = oep("check-settings", "realtime", "--env-file", str(file), "--json")
    assert code == Exit.USAGE
    (told_of,) = json.loads(text)
    problems = " ".join(told_of["problems"])
    assert "JWKS_URL" in problems
    assert "REST_PORT" not in problems
    file.write_text(f"REST_PORT={secret}\n{secret}\n")
    code, text = oep("check-settings", "realtime", "--env-file", str(file))
    assert (code, secret in text) == (Exit.USAGE, False)


def test_a_board_once_shows_everybody(oep, told):
    (snapshot,) = [told("watch", EXAM, "--once")]
    assert snapshot["type"] == "snapshot"
    code, text = oep("watch", EXAM, "--once")
    assert code == 0
    assert all(row["student_name"] in text for row in snapshot["attempts"])


class Watching:
    """`oep watch --json` in a process of its own, and what it says."""

    def __init__(self, environment):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "oep_local", "watch", EXAM, "--json"],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Who runs the tests in the background may have told them to ignore it.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no thread holds a lock that it wants
        )
        self._said = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._said.put(json.loads(line))

    def until(self, kind):
        """Return the frames up to the first of a type."""
        found = [self._said.get(timeout=SECONDS)]
        while found[-1]["type"] != kind:
            found.append(self._said.get(timeout=SECONDS))
        return found

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        _, complaint = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, complaint


def test_a_watched_board_outlives_its_node_and_misses_nothing(environment, told, platform):
    watching = Watching(environment)
    try:
        (*_, snapshot) = watching.until("snapshot")
        platform.kill("realtime", hold=True)
        watching.until("lost")
        told("attempts", "extend", "900006", "--minutes", "1", "--reason", "said meanwhile")
        platform.cont("realtime")
        said = [frame["type"] for frame in watching.until("connected")]
        assert set(said) == {"lost", "connected"}
        (*_, first) = watching.until("delta")
        assert first["attempt_id"] == 900_006
        assert first["position"]["epoch"] == snapshot["position"]["epoch"]
        assert first["position"]["sequence"] > snapshot["position"]["sequence"]
        assert watching.interrupt() == (0, "")
    finally:
        watching.process.kill()
        platform.heal()


@pytest.fixture
def bash(tmp_path, environment):
    """Run a command of the guide as it stands, in a real bash with the real program."""
    program = tmp_path / "bin" / "oep"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m oep_local "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"

    def run(command):
        return subprocess.run(
            ["bash", "--norc", "-o", "pipefail", "-c", command],
            env=os.environ | environment | {"PATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    return run


def test_each_command_of_the_guide_works_as_it_stands(
    oep, bash, environment, tmp_path, monkeypatch
):
    """In their order; what is no plain `oep …` goes to a real bash."""
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    (paper,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    Path("exam.yaml").write_text(paper)
    said = ""
    for command in "".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).splitlines():
        if setting := re.fullmatch(r"export (\w+)=(\S+)", command):
            assert environment[setting[1]] == setting[2]
        elif command.startswith("oep ") and "|" not in command:
            code, printed = oep(*shlex.split(command)[1:])
            assert code == 0, f"{command}: {printed}"
            said += printed
        else:
            said += bash(command)
    assert "'DEMO-ELEC-SAFETY'" in said
    assert "LADDERS-1" in said
    assert Path("exam.csv").stat().st_size > 0
