"""Versions of a service and the tags that carry them: `auth-v1.2.0`. Pure."""

import re
from dataclasses import dataclass
from typing import Self

from oep_release.errors import ReleaseError

_NUMBERS = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_OF_PROJECT = re.compile(r'(?m)^version = "([^"]+)"$')


@dataclass(frozen=True, order=True)
class Version:
    """Three numbers, compared as numbers; nothing before or after them (semver.org)."""

    major: int
    minor: int
    patch: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Raise ReleaseError for anything but `1.2.0`."""
        found = _NUMBERS.fullmatch(text)
        if found is None:
            raise ReleaseError(f"{text!r} is no version: say three numbers, like 1.2.0")
        return cls(*map(int, found.groups()))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    def follows(self, last: Self) -> bool:
        """Whether this is what may come behind `last`: one step, what is behind it from 0 on."""
        steps = {
            (last.major, last.minor, last.patch + 1),
            (last.major, last.minor + 1, 0),
            (last.major + 1, 0, 0),
        }
        return (self.major, self.minor, self.patch) in steps


def tag_of(service: str, version: Version) -> str:
    return f"{service}-v{version}"


def version_in(tag: str, service: str) -> Version | None:
    """Return the version of one of the service's tags; None for another service's or no version."""
    text = tag.removeprefix(f"{service}-v")
    is_ours = text != tag and _NUMBERS.fullmatch(text) is not None
    return Version.read(text) if is_ours else None


def version_of_project(pyproject: str) -> Version:
    """Return the version that a pyproject.toml names; raises ReleaseError unless it names one."""
    found = _OF_PROJECT.findall(pyproject)
    if len(found) != 1:
        raise ReleaseError(f'pyproject.toml has {len(found)} lines `version = "…"`; one is needed')
    return Version.read(found[0])


def with_version(pyproject: str, version: Version) -> str:
    """Return the text of a pyproject.toml with another version and nothing else changed."""
    version_of_project(pyproject)
    return _OF_PROJECT.sub(f'version = "{version}"', pyproject)
