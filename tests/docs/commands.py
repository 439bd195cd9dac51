"""Finds every command in the documentation, and who runs it.

Commands are the lines of code blocks marked `sh`, `bash` or `console`, and in blocks without a
mark (indented ones, too) the lines that begin with a program. A comment right above a block says
who runs it (docs/writing.md): nothing said = `test_commands.py` itself, on a running platform.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHELLS = {"sh", "bash", "console"}
PROGRAM = re.compile(
    r"(\$ )?([A-Z_]+=\S+ )*(oep|make|docker|docker-compose|kubectl|curl|python3?|pytest|npm|npx|"
    r"buf|envoy|sha256sum|jq|git|cd|openssl|psql|pg_dump|deploy/[\w/.-]+|\.venv/bin/\w+)( |$)"
)
MARK = re.compile(r"^ *<!-- (run by|not run): (.+?) -->$")
FENCE = re.compile(r"^( *)(`{3,})\s*(\S*)")
REMARK = re.compile(r"\s{2,}(?=\S).*$|\s+#\s.*$")


@dataclass(frozen=True)
class Block:
    """Commands that stand together, and what is said of who runs them."""

    page: str
    line: int
    commands: tuple[str, ...]
    run_by: str = ""
    not_run: str = ""
    script: str = ""
    """The whole block as it stands, where it is marked `sh`."""

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass
class _Reader:
    """Reads one page, line by line."""

    page: str
    blocks: list[Block] = field(default_factory=list)
    mark: tuple[str, str] = ("", "")

    def read(self, text: str) -> list[Block]:
        lines = text.splitlines()
        at = 0
        while at < len(lines):
            at = self._take(lines, at)
        return self.blocks

    def _take(self, lines: list[str], at: int) -> int:
        line = lines[at]
        if found := MARK.match(line):
            self.mark = (found[1], found[2])
            return at + 1
        if fence := FENCE.match(line):
            end = self._end(lines, at, fence[2])
            self._add(at, [each.removeprefix(fence[1]) for each in lines[at + 1 : end]], fence[3])
            return end + 1
        if line.startswith("    ") and (at == 0 or not lines[at - 1].strip()):
            end = next(
                (n for n in range(at, len(lines)) if not lines[n].startswith("    ")), len(lines)
            )
            self._add(at, [each.strip() for each in lines[at:end]], "")
            return end
        if line.strip():
            self.mark = ("", "")
        return at + 1

    @staticmethod
    def _end(lines: list[str], at: int, fence: str) -> int:
        ends = (n for n in range(at + 1, len(lines)) if lines[n].strip().startswith(fence))
        return next(ends, len(lines))

    def _add(self, at: int, lines: list[str], language: str) -> None:
        kind, told = self.mark
        self.mark = ("", "")
        if language and language not in SHELLS:
            return
        found = [
            each
            for each in logical(lines)
            if language in SHELLS - {"console"} or PROGRAM.match(each)
        ]
        commands = tuple(filter(None, map(bare, found)))
        if commands:
            script = "\n".join(lines) if language in SHELLS - {"console"} else ""
            told_by = {"run by": "run_by", "not run": "not_run"}.get(kind)
            says = {told_by: told} if told_by else {}
            self.blocks.append(Block(self.page, at + 1, commands, script=script, **says))


def logical(lines: list[str]) -> Iterator[str]:
    """Yield lines with their continuations."""
    held = ""
    for line in lines:
        if line.endswith("\\"):
            held += line[:-1].rstrip() + " "
        else:
            yield (held + line.strip()) if held else line.strip()
            held = ""


def bare(line: str) -> str:
    """Return a command without its prompt and the remark behind it."""
    shown = line.removeprefix("$ ")
    return "" if shown.startswith("#") else REMARK.sub("", shown).strip()


def files(*patterns: str) -> list[str]:
    """Return the names of the checkout's files: what Git knows, and what is new."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = (name for name in listed.stdout.split("\0") if name)
    return [name for name in sorted(set(names)) if (ROOT / name).is_file()]


def pages() -> list[Path]:
    """Return every page of the documentation."""
    return [ROOT / name for name in files("*.md")]


def blocks() -> list[Block]:
    """Return all blocks of commands of all pages."""
    return [
        block
        for path in pages()
        if path.name != "CHANGELOG.md"
        for block in _Reader(str(path.relative_to(ROOT))).read(path.read_text())
    ]


def blocks_in(text: str) -> list[Block]:
    """Return the blocks of a text, for the tests of this reader."""
    return _Reader("text").read(text)
