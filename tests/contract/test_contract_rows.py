"""Every row of the contract is named by a test, and no test names a row that is not there.

The sources of the tests are read, not imported: `@pytest.mark.contract("5.2/2/concurrent")` above a
test, or `marks=pytest.mark.contract(...)` in a `pytest.param`, names a row of `rows.py`.
"""

import ast
from itertools import chain
from pathlib import Path

import pytest
from contract.rows import ROWS

ROOT = Path(__file__).parents[2]
FOLDERS = [*ROOT.glob("services/*/tests"), *ROOT.glob("libs/*/tests"), ROOT / "tests"]
NEVER_RUN = {"skip", "skipif", "xfail"}


class Misplaced(ValueError):
    """A mark that names no row for sure: not of a test that runs, or not in plain strings."""


def kind(mark: ast.expr) -> str | None:
    """Return the name of a `pytest.mark.<name>`, called or not."""
    target = mark.func if isinstance(mark, ast.Call) else mark
    if isinstance(target, ast.Attribute) and ast.unparse(target.value) == "pytest.mark":
        return target.attr
    return None


def places(node: ast.AST) -> list[ast.expr]:
    """Return the marks for which `node` is the right place."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            is_run = not NEVER_RUN & {kind(mark) for mark in node.decorator_list}
            return node.decorator_list if name.startswith("test_") and is_run else []
        case ast.Call(func=ast.Attribute(attr="param"), keywords=keywords):
            given = [word.value for word in keywords if word.arg == "marks"]
            return list(chain(*(getattr(marks, "elts", [marks]) for marks in given)))
    return []


def rows_named_in(source: str) -> list[str]:
    """Return the rows that a test file names; raise Misplaced when one is not named for sure."""
    nodes = list(ast.walk(ast.parse(source)))
    placed = list(chain(*(places(node) for node in nodes)))
    named: list[str] = []
    for mark in nodes:
        if isinstance(mark, ast.Call) and kind(mark) == "contract":
            rows = [row.value for row in mark.args if isinstance(row, ast.Constant)]
            if mark not in placed or not rows or len(rows) != len(mark.args):
                raise Misplaced(f"line {mark.lineno}: {ast.unparse(mark)}")
            named += rows
    return named


@pytest.fixture(scope="module")
def named() -> dict[str, set[str]]:
    """Which files name a row."""
    found: dict[str, set[str]] = {}
    for path in chain(*(folder.rglob("test_*.py") for folder in FOLDERS)):
        if path.name != Path(__file__).name:
            for row in rows_named_in(path.read_text()):
                found.setdefault(row, set()).add(str(path.relative_to(ROOT)))
    return found


@pytest.mark.parametrize("row", ROWS)
def test_each_row_is_named_by_a_test(named, row):
    assert row in named, f"no test names {row}: {ROWS[row]}"


def test_no_test_names_a_row_that_is_not_there(named):
    assert {row: files for row, files in named.items() if row not in ROWS} == {}


def test_no_two_rows_say_the_same():
    said = list(ROWS.values())
    assert sorted(said) == sorted(set(said))


# The reader itself

NAMED = """
import pytest

@pytest.mark.contract("1/a", "1/b")
async def test_one(): ...

@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.contract("1/c")), 2])
def test_two(x): ...

CASES = [pytest.param(3, marks=[pytest.mark.slow, pytest.mark.contract("1/d")])]
"""


def test_rows_are_found_above_tests_and_at_their_cases():
    assert sorted(rows_named_in(NAMED)) == ["1/a", "1/b", "1/c", "1/d"]


@pytest.mark.parametrize(
    "source",
    [
        '@pytest.mark.contract("1/a")\ndef helper(): ...',
        '@pytest.mark.contract("1/a")\n@pytest.mark.skip\ndef test_one(): ...',
        '@pytest.mark.skipif(True, reason="x")\n@pytest.mark.contract("1/a")\ndef test_one(): ...',
        'pytestmark = pytest.mark.contract("1/a")',
        'ROW = "1/a"\n@pytest.mark.contract(ROW)\ndef test_one(): ...',
        "@pytest.mark.contract()\ndef test_one(): ...",
        '@pytest.mark.contract(*["1/a"])\ndef test_one(): ...',
    ],
)
def test_a_mark_that_names_nothing_for_sure_is_refused(source):
    with pytest.raises(Misplaced):
        rows_named_in(source)


def test_a_row_in_a_comment_or_a_text_is_not_named():
    assert rows_named_in('# @pytest.mark.contract("1/a")\ndef test_one():\n    "1/a"') == []
