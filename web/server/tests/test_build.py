"""web/build.py: makes what changed and nothing else, with the Node that is there."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "build.py"


@pytest.fixture
def build(tmp_path, monkeypatch):
    """The script as a module that works in a folder of its own."""
    spec = importlib.util.spec_from_file_location("web_build", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "web_build", module)  # its dataclass looks itself up
    spec.loader.exec_module(module)
    for name in ("src", "packages/client", "node_modules", "dist"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "packages/client/package.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "src" / "main.tsx").write_text("one")
    for name, value in {
        "WEB": tmp_path,
        "DIST": tmp_path / "dist",
        "PACKAGES": tmp_path / "node_modules",
        "WHEEL": tmp_path / "tools" / "node",
    }.items():
        monkeypatch.setattr(module, name, value)
    return module


class Node:
    """Remembers what it was to run."""

    npm = Path("npm-cli.js")

    def __init__(self) -> None:
        self.ran = []

    def run(self, script, *arguments):
        self.ran.append((script.name, *arguments))


def made(build, node):
    node.ran.clear()
    build.install_packages(node)
    build.build(node)
    return [words[:2] for words in node.ran]


ALL = [("npm-cli.js", "ci"), ("vite.js", "build")]


def test_all_is_made_once(build):
    node = Node()
    assert made(build, node) == ALL
    assert made(build, node) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("src/main.tsx", ALL[1:]),
        ("packages/client/index.ts", ALL[1:]),
        ("package-lock.json", ALL),
        ("packages/client/package.json", ALL),
        ("src/main.test.tsx", []),
        ("packages/client/README.md", []),
    ],
)
def test_what_changed_is_made_again(build, tmp_path, changed, expected):
    node = Node()
    made(build, node)
    (tmp_path / changed).write_text("two")
    assert made(build, node) == expected


def test_a_file_that_is_gone_is_a_change(build, tmp_path):
    node = Node()
    made(build, node)
    (tmp_path / "src" / "main.tsx").unlink()
    assert made(build, node) == ALL[1:]


def test_a_build_that_failed_is_tried_again(build):
    class Broken(Node):
        def run(self, script, *arguments):
            super().run(script, *arguments)
            if script.name == "vite.js":
                raise build.BuildError("no")

    with pytest.raises(build.BuildError):
        made(build, Broken())
    assert made(build, Node()) == ALL[1:]


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Put a `node` that says a version, and an `npm`, where PATH finds them alone."""

    def install(version, *, npm=True):
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "node").write_text(f"#!/bin/sh\necho {version}\n")
        (folder / "node").chmod(0o755)
        if npm:
            (folder / "npm").write_text("#!/bin/sh\n")
            (folder / "npm").chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        return folder

    return install


@pytest.mark.parametrize("version", ["v20.19.0", "v22.1.0", "v100.0.0"])
def test_the_systems_node_is_taken_when_it_is_new_enough(build, system, version):
    folder = system(version)
    assert build.find_node() == build.Node(folder / "node", folder / "npm")


@pytest.mark.parametrize(
    ("version", "npm"),
    [("v18.20.4", True), ("v20.18.9", True), ("nonsense", True), ("v22.1.0", False)],
)
def test_else_it_comes_from_its_wheel(build, system, monkeypatch, version, npm):
    system(version, npm=npm)
    installed = []
    monkeypatch.setattr(build, "_install_wheel", lambda: installed.append(build.WHEEL.mkdir()))
    build.WHEEL.parent.mkdir()
    assert build.find_node().program.is_relative_to(build.WHEEL)
    build.find_node()
    assert len(installed) == 1


def test_another_wheel_is_installed_when_another_is_wanted(build, system, monkeypatch, tmp_path):
    system("v18.0.0")
    installed = []
    monkeypatch.setattr(build, "_install_wheel", lambda: installed.append(True))
    monkeypatch.setattr(build, "REQUIREMENTS", tmp_path / "wanted.txt")
    build.WHEEL.mkdir(parents=True)
    for wanted in ("one", "one", "two"):
        build.REQUIREMENTS.write_text(wanted)
        build.find_node()
    assert len(installed) == 2


def test_the_wheels_npm_can_be_called_by_its_name(build, tmp_path):
    home = tmp_path / "home"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "npm").write_text("a copy of what it should point to")
    (home / build.NPM).parent.mkdir(parents=True)
    (home / build.NPM).write_text("#!/bin/sh\necho npm is here\n")
    build._link_npm(home)
    said = subprocess.run([home / "bin" / "npm"], capture_output=True, text=True, check=True)
    assert said.stdout == "npm is here\n"


def test_the_words_of_a_script_that_fails_are_shown(build, tmp_path):
    script = tmp_path / "says.py"
    script.write_text("import sys; print('line 7 is wrong'); sys.exit(3)")
    node = build.Node(Path(sys.executable), script)
    with pytest.raises(build.BuildError, match=r"line 7 is wrong[\s\S]*says.py now` failed"):
        node.run(script, "now")
