# ruff: noqa: INP001  # a script that is run by its path
"""Cut the workspace's lock into one list per image, so that an image holds only what it needs.

It chooses among the locked releases and their hashes; it never resolves and never asks a registry.
Run it in the workspace's environment after every change of requirements.lock:

    python deploy/compose/lock.py
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LISTS = Path(__file__).parent / "requirements"
IMAGES = ("auth", "attempts", "proctoring", "realtime", "web")
EXTRA = "tracing"
"""What images hold beyond what their services cannot do without (ADR 46)."""
MEMBERS = {"oep-chassis": "libs/chassis", "oep-contracts": "protos"}
MEMBERS |= {f"oep-{name}": f"services/{name}" for name in IMAGES[:4]} | {"oep-web": "web/server"}
HEAD = "# Cut from requirements.lock by deploy/compose/lock.py; run that again after a change.\n"

# An image may be built for either machine and from a base with any of these Pythons.
PLATFORMS = [
    {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
    | {"platform_machine": machine, "implementation_name": "cpython"}
    | {"platform_python_implementation": "CPython"}
    | {"python_version": version, "python_full_version": f"{version}.9"}
    for machine in ("x86_64", "aarch64")
    for version in ("3.11", "3.12", "3.13", "3.14")
]


def write_all(folder: Path = LISTS) -> None:
    """Write the list of every image into `folder`."""
    lock = locked((ROOT / "requirements.lock").read_text())
    for image in IMAGES:
        names = sorted(closure(f"oep-{image}") - MEMBERS.keys())
        (folder / f"{image}.txt").write_text(HEAD + "".join(lock[name] for name in names))


def locked(text: str) -> dict[str, str]:
    """Return the lock's entries, with their hashes, by canonical name."""
    entries = re.findall(r"^[A-Za-z0-9].*\n(?:[ \t]+.*\n)*", text, flags=re.MULTILINE)
    return {
        canonicalize_name(re.split(r"[=\s\[]", entry, maxsplit=1)[0]): entry for entry in entries
    }


def closure(package: str) -> set[str]:
    """Return the names of all that `package` needs at run time, itself included."""
    found: set[tuple[str, str]] = set()
    name = canonicalize_name(package)
    waiting: list[tuple[str, str]] = [(name, ""), (name, EXTRA)]
    while waiting:
        step = waiting.pop()
        if step not in found:
            found.add(step)
            waiting.extend(_needs(*step))
    return {name for name, _ in found}


def _needs(package: str, extra: str) -> Iterator[tuple[str, str]]:
    for text in _requirements(package, extra):
        requirement = Requirement(text)
        if requirement.marker is None or any(_holds(requirement, extra)):
            yield from ((canonicalize_name(requirement.name), e) for e in ("", *requirement.extras))


def _requirements(package: str, extra: str) -> list[str]:
    """Ask our own packages for what they say now; their installation may be older."""
    if package in MEMBERS:
        text = (ROOT / MEMBERS[package] / "pyproject.toml").read_text()
        project = tomllib.loads(text)["project"]
        more = project.get("optional-dependencies", {}).get(extra, [])
        return [*project["dependencies"], *more]
    return distribution(package).requires or []


def _holds(requirement: Requirement, extra: str) -> Iterable[bool]:
    assert requirement.marker is not None  # noqa: S101  # the caller looked
    return (requirement.marker.evaluate({**place, "extra": extra}) for place in PLATFORMS)


if __name__ == "__main__":
    write_all()
