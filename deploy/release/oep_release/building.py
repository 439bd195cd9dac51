"""Builds a service as it was at a commit: wheels, and an environment like its image has.

Everything comes from that commit, its list of locked dependencies, too; nothing of the checkout is
in it. The steps are those of the service's Dockerfile, with uv in the place of pip.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from oep_release.errors import StepFailed
from oep_release.history import ROOT, Release, Repository

UV = ROOT / ".tools" / "bin" / "uv"
BUILDS = ROOT / ".tools" / "releases"
"""Kept between runs: what a commit holds does not change."""
LISTS = "deploy/compose/requirements"


@dataclass(frozen=True)
class Build:
    """Where a built service lies."""

    folder: Path

    @property
    def python(self) -> Path:
        """The interpreter that runs it: `python -m auth`."""
        return self.folder / "environment" / "bin" / "python"

    @property
    def source(self) -> Path:
        return self.folder / "source"

    @property
    def wheels(self) -> Path:
        return self.folder / "wheels"


def build(repository: Repository, release: Release) -> Build:
    """Return the built release, made unless it is there. Takes seconds; raises StepFailed."""
    made = Build(BUILDS / f"{release.service}-{release.commit[:12]}")
    mark = made.folder / "whole"
    with _alone():
        if not mark.exists():
            shutil.rmtree(made.folder, ignore_errors=True)
            made.source.mkdir(parents=True)
            _make(repository, release, made)
            mark.touch()
    return made


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process build at a time."""
    BUILDS.mkdir(parents=True, exist_ok=True)
    folder = os.open(BUILDS, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _make(repository: Repository, release: Release, made: Build) -> None:
    members = ("libs/chassis", "protos", f"services/{release.service}")
    repository.extract(release.commit, (*members, LISTS), made.source)
    uv("venv", "--python", sys.executable, str(made.folder / "environment"))
    install = ("pip", "install", "--python", str(made.python), "--no-deps")
    uv(*install, "--require-hashes", "-r", str(made.source / LISTS / f"{release.service}.txt"))
    for member in members:
        uv("build", "--wheel", "--out-dir", str(made.wheels), str(made.source / member))
    uv(*install, *map(str, sorted(made.wheels.glob("*.whl"))))


def uv(*words: str) -> None:
    """Run the pinned uv; raises StepFailed with its words."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    environment.pop("VIRTUAL_ENV", None)
    done = subprocess.run(  # noqa: S603  # our own list of arguments
        [UV, *words, "--quiet"], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise StepFailed(f"uv {' '.join(words[:2])}", done.stderr or done.stdout)
