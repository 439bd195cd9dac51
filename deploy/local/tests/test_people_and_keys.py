"""What `oep people` and `oep keys` show, and what they say when the service refuses."""

import io

import pytest
from oep_local import keys, people
from oep_local.processes import CommandFailed, base_environment
from rich.console import Console


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=200)


class Nowhere:
    """A platform whose auth is told nothing."""

    def __init__(self, folder):
        self.state = type("State", (), {"root": folder})()

    def environment(self, _service):
        return base_environment()


def row(number, outcome, *messages):
    name = f"s{number}"
    return {"row": number, "username": name, "outcome": outcome, "messages": list(messages)}


def report(*rows, dry_run=False):
    counts = dict.fromkeys(("added", "updated", "unchanged", "skipped", "refused"), 0)
    for each in rows:
        counts[each["outcome"]] += 1
    return {"dry_run": dry_run, "rows": list(rows), **counts}


def test_only_rows_that_somebody_must_look_at_are_listed(console):
    rows = (row(2, "added"), row(3, "refused", "email is [required]"), row(4, "skipped", "is here"))
    people._show(report(*rows), console)
    said = console.file.getvalue()
    assert "email is [required]" in said
    assert "s3" in said
    assert "s2" not in said
    assert "1 added, 0 updated, 0 unchanged, 1 skipped, 1 refused" in said


def test_a_dry_run_is_called_one(console):
    people._show(report(row(2, "added"), dry_run=True), console)
    assert console.file.getvalue() == (
        "Nothing was written; it would be: 1 added, 0 updated, 0 unchanged, 0 skipped, 0 refused\n"
    )


def test_what_the_service_cannot_do_is_said_in_its_words(tmp_path, console):
    with pytest.raises(people.ImportFailed, match="DATABASE_URL"):
        people.import_in(Nowhere(tmp_path), tmp_path / "s.csv", [], console)
    with pytest.raises(CommandFailed, match="DATABASE_URL"):
        keys.change_in(Nowhere(tmp_path), "list")


def test_keys_are_shown_whole_with_their_times(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    at, kid = "2026-03-01T10:00:00.123456+00:00", "k" * 43
    key = {"kid": kid, "state": "active", "created_at": at, "activated_at": at}
    keys._show([key | {"published_until": at}])
    said = capsys.readouterr().out
    assert kid in said
    assert "2026-03-01 10:00:00" in said
