"""Builds the image of a release from its tag: nothing of the checkout is in it.

BASE_IMAGE in the environment names another base than the Dockerfile does.
"""

import os
import subprocess
from dataclasses import dataclass

from oep_release.errors import StepFailed
from oep_release.history import Release, Repository


@dataclass(frozen=True)
class Image:
    """What an engine holds now."""

    name: str
    size_megabytes: int


def has_engine() -> bool:
    """Whether a container engine answers."""
    try:
        asked = subprocess.run(["docker", "version"], capture_output=True, check=False)  # noqa: S607  # whichever there is
    except FileNotFoundError:
        return False
    return asked.returncode == 0


def name_of(made: Release) -> str:
    return f"oep/{made.service}:{made.version}"


def words(made: Release) -> list[str]:
    """Return the command that builds the image from an archive of the tag on its standard input."""
    base = os.environ.get("BASE_IMAGE")
    more = ["--build-arg", f"BASE_IMAGE={base}"] if base else []
    place = f"services/{made.service}/Dockerfile"
    return ["docker", "build", *more, "-t", name_of(made), "-f", place, "-"]


def build(repository: Repository, made: Release) -> Image:
    """Build it; takes minutes the first time. Raises StepFailed with the engine's words."""
    archive = subprocess.run(  # noqa: S603  # our own list of arguments
        ["git", "archive", made.commit],  # noqa: S607  # whichever there is
        cwd=repository.root,
        capture_output=True,
        check=True,
    )
    done = subprocess.run(words(made), input=archive.stdout, capture_output=True, check=False)  # noqa: S603  # our own list of arguments
    if done.returncode:
        raise StepFailed("docker build", (done.stderr or done.stdout).decode()[-2000:])
    asked = subprocess.run(  # noqa: S603  # our own list of arguments
        ["docker", "image", "inspect", "--format", "{{.Size}}", name_of(made)],  # noqa: S607  # whichever there is
        capture_output=True,
        check=True,
        text=True,
    )
    return Image(name_of(made), round(int(asked.stdout) / 1e6))
