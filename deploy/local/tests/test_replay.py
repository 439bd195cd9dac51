"""`oep replay`: lines become a table as they come; what breaks off is an error behind them."""

import io
import json
import sys

import pytest
from oep_local import replay
from oep_local.replay import NotRebuilt, run_in
from rich.console import Console

COUNTS = {"stored": 9, "held": 2, "waiting": 1, "rebuilt": 6, "missing": 0}
LINES = [
    {"progress": {"exam_id": 7, **COUNTS}},
    {"exam": {"exam_id": 7, **COUNTS}},
    {"exam": {"exam_id": 8, **dict.fromkeys(COUNTS, 0)}},
    {"report": {"dry_run": False, "exams": 2, **COUNTS}},
]


class Running:
    """Stands for a platform."""

    def environment(self, service: str) -> dict[str, str]:
        return {"SERVICE": service}


@pytest.fixture
def proctoring(tmp_path, monkeypatch):
    """Return a factory of programs that stand for `python -m proctoring`."""
    words = tmp_path / "words"

    def make(code: int, complaint: str = "") -> None:
        said = "\n".join(json.dumps(line) for line in LINES)
        program = tmp_path / "python"
        program.write_text(
            f'#!/bin/sh\necho "$SERVICE $*" > {words}\ncat <<"END"\n{said}\nEND\n'
            f'printf "{complaint}" >&2\nexit {code}\n'
        )
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))

    make.words = words.read_text
    return make


def test_it_runs_the_services_own_verb_and_yields_its_lines(proctoring):
    proctoring(0)
    assert list(run_in(Running(), exam_id=7, since="2026-03-02", is_dry_run=True)) == LINES
    expected = "proctoring -m proctoring replay --dry-run --exam 7 --since 2026-03-02\n"
    assert proctoring.words() == expected


def test_what_breaks_off_is_told_by_its_last_word_behind_its_lines(proctoring):
    proctoring(1, "bus.unreachable\\nThe message bus does not answer\\n")
    lines = []
    with pytest.raises(NotRebuilt, match=r"^The message bus does not answer$"):
        lines.extend(run_in(Running()))
    assert lines == LINES


def test_a_person_is_shown_exams_that_had_something_and_the_sum():
    out = io.StringIO()
    replay._show(iter(LINES), Console(file=out, width=100))
    text = out.getvalue()
    rows = [line.split("│")[1].strip() for line in text.splitlines() if line.startswith("│")]
    assert rows == ["7"]
    assert "Of 9 events 6 were missing and are there again." in text


def test_a_dry_run_says_what_is_missing():
    out = io.StringIO()
    report = {"dry_run": True, "exams": 1, **COUNTS, "missing": 3}
    replay._show(iter([{"report": report}]), Console(file=out))
    assert "Of 9 events 3 are missing in the stream." in out.getvalue()
