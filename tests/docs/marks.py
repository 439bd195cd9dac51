"""Reads what a mark says of who runs a block, and looks whether it is so (docs/writing.md)."""

import ast
import functools
import re
import runpy
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"^(?P<file>[\w/.-]+\.py)::(?P<test>test_\w+)(?: as (?P<words>.+))?$")
SUITE = "make test"
PROGRAMS = {
    "make test-compose": "deploy/compose/prove.py",
    "make nightly": "tests/docs/nightly.py",
}
"""Programs that read their blocks from the pages and run them, by the target that runs them."""


@dataclass(frozen=True)
class Runner:
    """A test that runs what a block says; `words` stand in its file."""

    file: str
    test: str
    words: str

    def complaints(self) -> list[str]:
        """Return why this is no proof: the test is not there, or does not say the words."""
        path = ROOT / self.file
        if not path.is_file() or self.test not in tests_of(path):
            return [f"{self.file}::{self.test} is not there"]
        if self.words not in path.read_text():
            return [f"{self.file} does not say {self.words}"]
        return []


def complaints(run_by: str, commands: tuple[str, ...]) -> list[str]:
    """Return what is wrong with a mark; the parts of one are separated by semicolons."""
    found = []
    parts = re.split(r";\s+", run_by)
    for part in parts:
        named = NAMED.match(part)
        if part == SUITE:
            continue
        if part in PROGRAMS:
            found += _complaints_of_program(part, commands)
            continue
        if not named:
            found.append(f"not understood: {part}")
            continue
        words = named["words"] or max(commands, key=len)
        found += Runner(named["file"], named["test"], words).complaints()
    if SUITE in parts and not any(in_suite(command) for command in commands):
        found.append("`make test` runs none of this")
    return found


def _complaints_of_program(target: str, commands: tuple[str, ...]) -> list[str]:
    """Return why a target does not run a block: not the program, or it does not read the block."""
    file = PROGRAMS[target]
    if file not in recipe_of(target.removeprefix("make ")):
        return [f"`{target}` does not run {file}"]
    if commands not in _read_by(file):
        return [f"{file} does not read it"]
    return []


@functools.cache
def _read_by(file: str) -> list[tuple[str, ...]]:
    """Return the blocks that a program takes from the pages, as it says itself."""
    return [block.commands for block in runpy.run_path(str(ROOT / file))["BLOCKS"]]


def recipe_of(target: str) -> str:
    """Return the lines that make runs for a target."""
    text = (ROOT / "Makefile").read_text()
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)*)", text, re.MULTILINE)
    return found[1] if found else ""


def in_suite(command: str) -> bool:
    """Whether `make test` runs a command: itself, one of its targets, or pytest on a part."""
    words = command.split()
    if words[0].endswith("pytest"):
        return all((ROOT / word).exists() for word in words[1:])
    recipes = " ".join(map(recipe_of, ("test", "suite", "beside")))
    return words[0] == "make" and (words[1] == "test" or words[1] in recipes.split())


def targets() -> set[str]:
    """Return the targets of the Makefile."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def tests_of(path: Path) -> set[str]:
    """Return the names of the tests that are written in a file."""
    tree = ast.parse(path.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {n.name for n in ast.walk(tree) if isinstance(n, kinds) and n.name.startswith("test_")}
