"""Each promise has a test: the tables of `services/*` and `web`, PROMISES.md, are held to it.

A row is `| promise | tests |` below a head that begins with `promised`, `what is promised` or, in
the threat model, `threat`. A
test is named `file.py::test_name`, its file as it lies below the service's tests or below the root.
The sources are read, not imported: a test that is not there, or never run, is none.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
THREATS = ROOT / "docs" / "security.md"
TABLES = sorted([*ROOT.glob("services/*/PROMISES.md"), ROOT / "web" / "PROMISES.md", THREATS])
NEVER_RUN = {"skip", "skipif", "xfail"}
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
HEADS = ("| promised |", "| what is promised |", "| threat |")


@dataclass(frozen=True)
class Row:
    """A promise, and the tests that it names: file and function."""

    promise: str
    tests: tuple[tuple[str, str], ...]
    is_understood: bool = True
    """Whether each `::` belongs to the name of a test."""


def rows(markdown: str) -> list[Row]:
    """Return the rows of all tables, without their heads."""
    found = []
    lines = markdown.splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        is_rule = not line.strip("|-: ")
        is_head = line.startswith(HEADS)
        if line.startswith("|") and not is_rule and not is_head:
            promise, _, told = line.strip("| ").partition(" | ")
            tests = tuple(TEST.findall(told))
            found.append(Row(promise, tests, told.count("::") == len(tests)))
        elif is_rule and line and not before.startswith(HEADS):
            raise ValueError(f"a table without its head: {before}")
    return found


def run_tests(source: str) -> set[str]:
    """Return the names of a file's tests that are run: functions, and what hypothesis makes."""
    machines = {
        target.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "TestCase"
        for target in node.targets
        if isinstance(target, ast.Name) and target.id.startswith("Test")
    }
    return machines | {
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not any(mark(each) in NEVER_RUN for each in node.decorator_list)
    }


def mark(decorator: ast.expr) -> str | None:
    """Return the name of a `pytest.mark.<name>`, called or not."""
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(target, ast.Attribute) and ast.unparse(target.value) == "pytest.mark":
        return target.attr
    return None


def missing(row: Row, own: Path) -> list[str]:
    """Return the tests of a row that are not there; a row without any is missing all."""
    wrong = [] if row.tests else ["no test is named"]
    wrong += [] if row.is_understood else ["a name is not understood"]
    for file, name in row.tests:
        below = file.removeprefix("/")
        path = own / below if (own / below).is_file() else ROOT / below
        if not path.is_file() or name not in run_tests(path.read_text()):
            wrong.append(f"{file}::{name}")
    return wrong


CASES = [
    pytest.param(table.parent / "tests", row, id=f"{table.parent.name}-{number}")
    for table in TABLES
    for number, row in enumerate(rows(table.read_text()), 1)
]


@pytest.mark.parametrize(("own", "row"), CASES)
def test_each_promise_names_tests_that_are_there(own, row):
    assert missing(row, own) == [], row.promise


def test_there_are_promises():
    assert {table.parent.name for table in TABLES} >= {"proctoring", "realtime", "web"}
    assert len(CASES) > 50


# The reader itself

TABLE = """
| what is promised | where it is tested |
|---|---|
| one | `test_promises.py::test_there_are_promises`, `/tests/contract/rows.py::test_none` |
| two | later |
"""


def test_rows_are_read_with_the_tests_that_they_name():
    one, two = rows(TABLE)
    assert (one.promise, two) == ("one", Row("two", ()))
    here = Path(__file__).parent
    assert missing(one, here) == ["/tests/contract/rows.py::test_none"]
    assert missing(two, here) == ["no test is named"]
    assert len(missing(one, ROOT / "libs")) == 2, "files lie below the service's own tests"


def test_a_name_that_is_not_understood_is_told():
    [row] = rows(f"{HEADS[0]} x |\n|---|---|\n| one | `test_promises.py::test_a b` |\n")
    assert missing(row, Path(__file__).parent) == ["no test is named", "a name is not understood"]


def test_a_machine_of_hypothesis_is_a_test():
    assert run_tests("TestLine = Line.TestCase\nOther = Line.TestCase\nTestNo = 1") == {"TestLine"}


def test_a_table_with_another_head_is_no_table_of_promises():
    with pytest.raises(ValueError, match="without its head"):
        rows("| a | b |\n|---|---|\n| one | two |\n")


@pytest.mark.parametrize("how", ["skip", "skipif(True, reason='x')", "xfail(reason='x')"])
def test_a_test_that_is_not_run_is_none(how):
    source = f"@pytest.mark.{how}\ndef test_one(): ...\nasync def test_two(): ...\ndef other(): ..."
    assert run_tests(source) == {"test_two"}
