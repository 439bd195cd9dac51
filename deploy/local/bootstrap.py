# ruff: noqa: INP001, T201  # a script of its own, and printing is how it speaks
"""Makes .tools (a pinned uv) and .venv (every dependency by hash, all members editable).

Needs nothing but a Python with venv or pip; runs before anything is installed, so it uses the
standard library only. Does nothing in a fraction of a second when nothing changed.
"""

import fcntl
import hashlib
import importlib.util
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
UV = TOOLS / "bin" / "uv"
UV_REQUIREMENTS = Path(__file__).with_name("uv-requirements.txt")
LOCK = ROOT / "requirements.lock"
RENDERER = ROOT / "deploy" / "kubernetes" / "requirements.txt"
OLDEST = (3, 11)


class SetUpError(Exception):
    """Set-up cannot go on; the text says what the machine lacks."""


def members() -> list[Path]:
    """List the folders of the workspace's packages."""
    fixed = [ROOT / name for name in ("libs/chassis", "protos", "deploy/local", "web/server")]
    return fixed + sorted(path.parent for path in ROOT.glob("services/*/pyproject.toml"))


def stamp(*files: Path) -> str:
    """Sum up the interpreter and the files, so that a change of either is noticed."""
    parts = [sys.version.encode(), sysconfig.get_platform().encode()]
    parts += [path.read_bytes() for path in files]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_current(folder: Path, wanted: str) -> bool:
    """Whether the folder was made for exactly this."""
    mark = folder / ".oep-stamp"
    runs = (folder / "bin" / "python").exists()
    return runs and mark.exists() and mark.read_text() == wanted


def make_tools() -> None:
    """Install the pinned uv into a folder of its own."""
    print("set-up: uv", flush=True)
    if importlib.util.find_spec("ensurepip"):
        venv.create(TOOLS, clear=True, with_pip=True)
        pip = [str(TOOLS / "bin" / "python"), "-m", "pip"]
    elif importlib.util.find_spec("pip"):
        venv.create(TOOLS, clear=True, with_pip=False)
        pip = [sys.executable, "-m", "pip", "--python", str(TOOLS / "bin" / "python")]
    else:
        raise SetUpError(f"This Python has neither venv nor pip. {advice()}")
    arguments = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    run([*pip, *arguments, "-r", str(UV_REQUIREMENTS)])


def advice() -> str:
    """Name the package that brings venv on this system."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    by_family = {
        "debian": f"apt-get install python{version}-venv",
        "ubuntu": f"apt-get install python{version}-venv",
        "fedora": "dnf install python3-pip",
        "rhel": f"dnf install python{version}-pip",
    }
    release = Path("/etc/os-release")
    lines = release.read_text().splitlines() if release.exists() else []
    words = dict(line.split("=", 1) for line in lines if "=" in line)
    families = f"{words.get('ID', '')} {words.get('ID_LIKE', '')}".replace('"', "").split()
    for family in families:
        if family in by_family:
            return f"Install it: {by_family[family]}"
    return "Install your system's package for it (Debian: python3-venv, Fedora: python3-pip)."


def make_environment() -> None:
    """Install everything that the lock names, and the members themselves."""
    print("set-up: dependencies (some minutes the first time)", flush=True)
    python = str(VENV / "bin" / "python")
    run([str(UV), "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)])
    uv_pip = [str(UV), "pip"]
    run([*uv_pip, "sync", "--quiet", "--python", python, "--require-hashes", str(LOCK)])
    editable = [part for folder in members() for part in ("--editable", str(folder))]
    run([*uv_pip, "install", "--quiet", "--python", python, "--no-deps", *editable])
    # The renderer of deploy/kubernetes names a newer Python than it needs.
    newer = ["--python-version", "3.14", "--no-deps", "--require-hashes"]
    run([*uv_pip, "install", "--quiet", "--python", python, *newer, "-r", str(RENDERER)])


def run(command: list[str]) -> None:
    """Run a step; its own words are shown when it fails."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    environment.pop("VIRTUAL_ENV", None)
    try:
        subprocess.run(command, check=True, cwd=ROOT, env=environment)  # noqa: S603  # our own
    except (subprocess.CalledProcessError, OSError) as failure:
        step = " ".join(command[1:4])
        raise SetUpError(
            f"`{step} …` failed (its words are above). Dependencies come from the package index"
            f" that pip and uv are set up for: is it reachable? ({failure.__class__.__name__})"
        ) from failure


def main() -> None:
    """Bring both folders up to date, one process at a time."""
    if sys.version_info < OLDEST:
        raise SetUpError(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version}")
    project = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(project, fcntl.LOCK_EX)
        make_what_changed()
    finally:
        os.close(project)


def make_what_changed() -> None:
    """Make each folder again whose ingredients are not those of its stamp."""
    wanted = stamp(UV_REQUIREMENTS)
    if not is_current(TOOLS, wanted):
        make_tools()
        (TOOLS / ".oep-stamp").write_text(wanted)
    wanted = stamp(LOCK, RENDERER, Path(__file__), *(path / "pyproject.toml" for path in members()))
    if not is_current(VENV, wanted):
        make_environment()
        (VENV / ".oep-stamp").write_text(wanted)


if __name__ == "__main__":
    try:
        main()
    except SetUpError as failure:
        sys.exit(f"set-up: {failure}")
    except PermissionError as failure:
        sys.exit(f"set-up: {failure.filename} may not be written by this user: check its owner")
