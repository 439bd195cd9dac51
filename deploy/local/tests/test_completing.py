"""A real bash is taught, and asked what it would offer."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from oep_local.__main__ import app
from oep_local.completing import known_logs, known_services, note_exams, running_parts
from typer.testing import CliRunner

ASK = """
eval "$(oep completion bash)"
offered() {
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
    $(complete -p oep | sed 's/.*-F \\([^ ]*\\).*/\\1/') oep
    echo "${COMPREPLY[*]}"
}
offered oep ex
offered oep watch ''
offered oep logs a
"""


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("OEP_STATE", str(tmp_path))
    logs = tmp_path / "logs"
    logs.mkdir()
    for name in ("attempts", "attempts-2", "auth", "nats"):
        (logs / f"{name}.log").touch()
    return tmp_path


def test_bash_offers_verbs_exams_and_services(state):
    note_exams([7, 41])
    programs = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "--norc", "-c", ASK],
        env={**os.environ, "OEP_STATE": str(state), "PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["exams exit-codes", "41 7", "attempts attempts#2 auth"]
    assert done.stderr == ""


@pytest.mark.parametrize(("shell", "word"), [("zsh", "compdef"), ("fish", "complete --command")])
def test_other_shells_are_taught_in_their_own_words(shell, word):
    done = CliRunner().invoke(app, ["completion", shell])
    assert done.exit_code == 0
    assert word in done.output


def test_names_of_services_are_offered_where_nothing_runs_either(tmp_path, monkeypatch):
    monkeypatch.setenv("OEP_STATE", str(tmp_path / "nowhere"))
    assert running_parts("a") == ["attempts", "auth"]
    assert known_services("re") == ["realtime"]
    assert known_logs("") == []
    note_exams([1])
    assert not (tmp_path / "nowhere").exists()


def test_what_runs_is_offered_with_its_replicas(state):
    (state / "run.json").write_text('{"parts": {"realtime": {}, "realtime#2": {}, "auth": {}}}')
    assert running_parts("re") == ["realtime", "realtime#2"]
    assert "auth" in known_logs("")
