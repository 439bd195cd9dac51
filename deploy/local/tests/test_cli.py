import os
import socket
import subprocess
import sys

import pytest


@pytest.fixture
def oep(tmp_path):
    """Run the command in a state folder of its own; returns exit code and all that it said."""

    def run(*arguments, **environment):
        done = subprocess.run(
            [sys.executable, "-m", "oep_local", *arguments],
            env={**os.environ, "OEP_STATE": str(tmp_path / "state"), "COLUMNS": "200"}
            | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("kill", "auth"),
        ("psql",),
        ("cont", "nats"),
        ("stop", "gateway"),
        ("keys", "list"),
        ("keys", "rotate", "--force"),
        ("keys", "revoke", "k"),
        ("people", "import", "students.csv"),
        ("privacy", "export", "ada"),
        ("privacy", "erase", "ada", "--yes"),
        ("retention", "run", "--dry-run"),
        ("replay", "--exam", "7", "--dry-run"),
        ("backup", "exams.backup"),
        ("report", "attempt", "7", "--login", "ada", "--password", "x"),
        ("report", "exam", "7", "--login", "ada", "--password", "x"),
    ],
)
def test_where_nothing_runs_the_answer_is_three_and_how_to_start(oep, command):
    code, text = oep(*command)
    assert code == 3
    assert "oep up" in text


def test_down_is_content_when_nothing_runs(oep):
    assert oep("down") == (0, "Nothing ran.\n")


def test_up_reports_a_taken_port_by_name_and_starts_nothing(oep, tmp_path):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = str(server.getsockname()[1])
        code, text = oep("up", "--base-port", "29000", OEP_PORT_NATS=port)
    assert code == 1
    assert f"port {port} (nats) is taken" in text
    assert "OEP_PORT_NATS" in text
    assert not (tmp_path / "state" / "pgdata").exists()


def test_up_reports_a_state_folder_that_cannot_be_used(oep, tmp_path):
    (tmp_path / "state").write_text("a file in the way")
    code, text = oep("up", "--base-port", "29000")
    assert code == 1
    assert f"{tmp_path / 'state'} cannot be used" in text
    assert "OEP_STATE" in text


def test_wrong_usage_is_two(oep):
    assert oep("up", "--attempts", "0")[0] == 2
    assert oep("up", "--nats", "2")[0] == 2
    assert oep("upp")[0] == 2


def test_a_log_that_is_not_there_is_answered_with_those_that_are(oep, tmp_path):
    logs = tmp_path / "state" / "logs"
    logs.mkdir(parents=True)
    (logs / "attempts-2.log").write_text("one\ntwo\nthree\n")
    assert oep("logs", "attempts#2", "-n", "2") == (0, "two\nthree\n")
    code, text = oep("logs", "atempts")
    assert code == 1
    assert "attempts#2" in text


def test_reset_forgets_everything(oep, tmp_path):
    (tmp_path / "state" / "nats").mkdir(parents=True)
    assert oep("reset", "--yes")[0] == 0
    assert not (tmp_path / "state").exists()
