"""Reads what a mark says of who runs a block, and looks whether it is so (docs/writing.md)."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"^(?P<file>[\w/.-]+\.py)::(?P<test>test_\w+)(?: as (?P<words>.+))?$")
SUITE = "make test"


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
    for part in re.split(r";\s+", run_by):
        named = NAMED.match(part)
        if part == SUITE:
            continue
        if not named:
            found.append(f"not understood: {part}")
            continue
        words = named["words"] or max(commands, key=len)
        found += Runner(named["file"], named["test"], words).complaints()
    if SUITE in run_by and not any(in_suite(command) for command in commands):
        found.append("`make test` runs none of this")
    return found


def in_suite(command: str) -> bool:
    """Whether `make test` runs a command: itself, one of its targets, or pytest on a part."""
    words = command.split()
    if words[0].endswith("pytest"):
        return all((ROOT / word).exists() for word in words[1:])
    recipe = re.search(r"^test:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    return words[0] == "make" and (words[1] == "test" or words[1] in recipe[1].split())


def targets() -> set[str]:
    """Return the targets of the Makefile."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def tests_of(path: Path) -> set[str]:
    """Return the names of the tests that are written in a file."""
    tree = ast.parse(path.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {n.name for n in ast.walk(tree) if isinstance(n, kinds) and n.name.startswith("test_")}
