import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from oep_local import ports, seeding
from oep_local.errors import RunnerError
from oep_local.layout import Layout
from oep_local.legacy import LegacyImportError, import_file
from oep_local.legacy_dump import DumpError, read_dump
from oep_local.legacy_import import ImportRefusedError, import_rows
from oep_local.legacy_rows import SHARES, unread_tables
from oep_local.state import State
from rich.console import Console

SMALL = Path(__file__).parent / "data" / "legacy_small.sql"
# the known dump lies beside a checkout of ours and is not part of it; its twin, which is always
# there, is the small one above
KNOWN = Path(__file__).parents[4] / "shared" / "data" / "legacy_portal_2025-10-27.sql"
DUMPS = [SMALL, *([KNOWN] if KNOWN.exists() else [])]

# a service's importer as a process, without the service: keeps the lines, counts the rows
IMPORTER = """
import json, sys
from collections import Counter
lines = [json.loads(line) for line in sys.stdin]
open(sys.argv[1], "w").write(json.dumps({"lines": lines, "arguments": sys.argv[2:]}))
print(json.dumps({"progress": len(lines), "total": len(lines)}))
print("a stray print")
imported = Counter(line["table"] for line in lines)
print(json.dumps({"report": {"imported": imported, "changed": ["made [salts]"], "left": []}}))
"""
REFUSING = """
import sys
sys.stdin.readline()
print('{"error": "the seas are rough"}')
sys.exit(1)
"""
BUSY = REFUSING.replace('"}', '", "may_repeat": true}')
CRASHING = "raise SystemExit('no such database')"


class StubLauncher:
    """Starts small programs in place of services' importers."""

    def __init__(self, folder, programs=None):
        self.folder = folder
        self.programs = programs or {}

    def start(self, service, arguments, stderr):
        program = self.programs.get(service, IMPORTER)
        return subprocess.Popen(
            [sys.executable, "-c", program, str(self.folder / service), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )

    def got(self, service):
        return json.loads((self.folder / service).read_text())

    def rows(self, service, table):
        return [line["row"] for line in self.got(service)["lines"] if line["table"] == table]


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=120)


@pytest.mark.parametrize("path", DUMPS, ids=lambda path: path.stem)
def test_each_service_gets_every_row_of_its_tables_in_the_order_of_dependency(
    tmp_path, console, path
):
    launcher = StubLauncher(tmp_path)
    import_file(path, keep_windows=False, launcher=launcher, console=console)
    dump = read_dump(path)
    for share in SHARES:
        lines = launcher.got(share.service)["lines"]
        expected = [t for t in share.tables if t in dump.blocks and dump.blocks[t].row_count]
        assert list(dict.fromkeys(line["table"] for line in lines)) == expected
        assert len(lines) == share.row_count(dump)


@pytest.mark.parametrize("path", DUMPS, ids=lambda path: path.stem)
def test_statuses_are_lower_case_and_births_are_dates_in_what_the_services_get(
    tmp_path, console, path
):
    launcher = StubLauncher(tmp_path)
    import_file(path, keep_windows=False, launcher=launcher, console=console)
    attempts = launcher.rows("attempts", "student_attempts")
    assert {row["status"] for row in attempts} <= {"not_started", "graded"}
    births = [row["date_of_birth"] for row in launcher.rows("auth", "users")]
    assert births.count(None) == 1
    assert all(len(birth) == len("2000-01-01") for birth in births if birth)


def test_the_traps_of_the_small_dump_arrive_as_they_are_for_the_owners_to_decide(tmp_path, console):
    launcher = StubLauncher(tmp_path)
    import_file(SMALL, keep_windows=False, launcher=launcher, console=console)
    assert launcher.rows("attempts", "questions")[1]["negative_marks"] == -0.5
    assert launcher.rows("attempts", "student_attempts")[0]["encryption_salt"] is None
    answers = launcher.rows("attempts", "student_answers")
    assert [row["answer"] for row in answers] == ["Air only", "Water that it pumps itself", False]
    assert answers[0]["last_updated_at"] == "2025-03-02T09:05:00Z"
    severities = [row["severity"] for row in launcher.rows("proctoring", "proctoring_events")]
    assert severities == ["warning", "violation", None]
    assert launcher.rows("auth", "users")[2]["full_name"] == 'Søren "Bo" Dahl'
    assert launcher.rows("auth", "centers")[0]["address"] == "Pier 3\nBuilding B"
    essay = launcher.rows("attempts", "questions")[3]["question_text"]
    assert essay.endswith("C:\\notes\\bleed.txt")


def test_the_report_names_what_was_imported_changed_and_not_read(tmp_path, console):
    import_file(SMALL, keep_windows=False, launcher=StubLauncher(tmp_path), console=console)
    text = console.file.getvalue()
    assert "student_answers" in text
    assert "auth: made [salts]" in text
    assert "not read: criterion_scores: 1 rows" in text
    assert "not read: grading_feedback: 1 rows" in text


@pytest.mark.parametrize(("keep", "arguments"), [(True, ["--keep-windows"]), (False, [])])
def test_the_wish_to_keep_windows_reaches_every_importer(tmp_path, console, keep, arguments):
    launcher = StubLauncher(tmp_path)
    import_file(SMALL, keep_windows=keep, launcher=launcher, console=console)
    assert [launcher.got(share.service)["arguments"] for share in SHARES] == [arguments] * 3


def test_a_refusal_says_who_why_and_what_is_written_by_now(tmp_path, console):
    launcher = StubLauncher(tmp_path, {"attempts": REFUSING})
    with pytest.raises(LegacyImportError) as refusal:
        import_file(SMALL, keep_windows=False, launcher=launcher, console=console)
    text = str(refusal.value)
    assert "attempts refused" in text
    assert "the seas are rough" in text
    assert "auth imported their share" in text
    assert not (tmp_path / "proctoring").exists()


def test_an_importer_that_crashes_is_reported_by_its_last_words(tmp_path):
    launcher = StubLauncher(tmp_path, {"auth": CRASHING})
    with pytest.raises(ImportRefusedError, match="no such database"):
        import_rows(launcher, "auth", [{"table": "users", "row": {}}] * 50_000)


@pytest.mark.parametrize(("busy_times", "is_loaded"), [(2, True), (3, False)])
def test_a_database_that_is_busy_at_the_start_is_asked_again(
    tmp_path, monkeypatch, busy_times, is_loaded
):
    """The demo data are the last step of a start, while the services still begin."""
    launchers = iter([StubLauncher(tmp_path, {"auth": BUSY})] * busy_times)
    pauses, loaded = [], []

    def load(launcher, _folder):
        import_rows(launcher, "auth", [{"table": "users", "row": {}}])
        loaded.append(launcher)

    monkeypatch.setattr(seeding.legacy, "ProcessLauncher", lambda _: None)
    monkeypatch.setattr(
        seeding.seed,
        "seed",
        lambda _, folder: load(next(launchers, StubLauncher(tmp_path)), folder),
    )
    monkeypatch.setattr(seeding.time, "sleep", pauses.append)
    task = seeding.seed_task(Layout(State(tmp_path), ports.plan(), {}))
    with contextlib.nullcontext() if is_loaded else pytest.raises(RunnerError, match="rough"):
        task()
    assert (len(pauses), len(loaded)) == (2, is_loaded)


def test_a_dump_damaged_in_the_middle_makes_the_importer_write_nothing(tmp_path):
    def lines():
        yield {"table": "users", "row": {}}
        raise DumpError("line 7 is torn")

    with pytest.raises(DumpError, match="line 7"):
        import_rows(StubLauncher(tmp_path), "auth", lines())
    assert not (tmp_path / "auth").exists()


def test_a_dump_of_something_else_is_refused_before_any_importer_starts(tmp_path, console):
    path = tmp_path / "shop.sql"
    path.write_text("CREATE TABLE public.t (\n    a text\n);\nCOPY public.t (a) FROM stdin;\n\\.\n")
    launcher = StubLauncher(tmp_path)
    with pytest.raises(RunnerError, match="no dump of the legacy portal"):
        import_file(path, keep_windows=False, launcher=launcher, console=console)
    assert not (tmp_path / "auth").exists()


def test_progress_reaches_the_caller(tmp_path):
    told = []
    lines = [{"table": "users", "row": {"id": 1}}] * 3
    report = import_rows(StubLauncher(tmp_path), "auth", lines, progress=told.append)
    assert told == [3]
    assert report.imported == {"users": 3}


def test_the_tables_that_nobody_reads_are_known_with_their_rows():
    assert unread_tables(read_dump(SMALL)) == {
        "alembic_version": 1,
        "criterion_scores": 1,
        "grading_feedback": 1,
    }
