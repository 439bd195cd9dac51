import json
import os
import stat

import pytest
from oep_local.errors import RunnerError
from oep_local.state import AlreadyRunning, State


def test_secrets_are_made_once_and_closed_to_others(tmp_path):
    state = State(tmp_path / "state").open()
    first = state.secrets()
    assert State(state.root).secrets() == first
    assert min(len(first[name]) for name in first if name.endswith("_secret")) >= 32
    assert len(set(first.values())) == len(first)
    assert stat.S_IMODE((state.root / "secrets.json").stat().st_mode) == 0o600


def test_a_secret_that_a_newer_version_needs_is_added_to_the_old_ones(tmp_path):
    state = State(tmp_path).open()
    whole = state.secrets()
    old = {name: value for name, value in whole.items() if name != "receipt_signing_secret"}
    (tmp_path / "secrets.json").write_text(json.dumps(old))
    found = state.secrets()
    assert found.keys() == whole.keys()
    assert {name: found[name] for name in old} == old
    assert state.secrets() == found


def test_a_folder_that_cannot_be_used_is_named_with_what_to_do(tmp_path):
    (tmp_path / "state").write_text("a file in the way")
    with pytest.raises(RunnerError, match=r"state.* cannot be used .*OEP_STATE"):
        State(tmp_path / "state").open()


def test_one_folder_has_one_supervisor(tmp_path):
    state = State(tmp_path).open()
    assert not state.is_running()
    with state.lock():
        state.write_run({"pid": 4711, "url": "http://localhost:8000"})
        assert state.is_running()
        with pytest.raises(AlreadyRunning, match=r"http://localhost:8000 \(supervisor 4711\)"):
            state.lock().__enter__()
    assert not state.is_running()


def test_logs_of_the_last_run_are_set_aside(tmp_path):
    state = State(tmp_path).open()
    state.log("attempts#2").write_text("old")
    state.rotate_logs()
    assert not state.log("attempts#2").exists()
    assert (state.logs / "attempts-2.log.1").read_text() == "old"


def test_a_folder_of_another_user_is_left_alone(tmp_path, monkeypatch):
    state = State(tmp_path).open()
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(RunnerError, match=r"belongs to user \d+.*OEP_STATE"):
        state.open()


def test_a_damaged_word_is_reported_and_not_a_traceback(tmp_path):
    state = State(tmp_path).open()
    (tmp_path / "run.json").write_text("{half")
    with pytest.raises(RunnerError, match="oep reset"):
        state.read_run()
