"""A service's CHANGELOG.md: `## Unreleased` becomes `## 1.2.0 (2026-03-02)`. Pure."""

import re
from datetime import date

from oep_release.errors import ReleaseError
from oep_release.versions import Version

_UNRELEASED = re.compile(r"(?m)^## Unreleased[ \t]*$")
_HEAD = re.compile(r"(?m)^## ")


def unreleased(text: str) -> str:
    """Return what the changelog says of what is not released yet; "" for nothing.

    Raises ReleaseError when it has no such section, or two.
    """
    found = list(_UNRELEASED.finditer(text))
    if len(found) != 1:
        raise ReleaseError(
            f"The changelog has {len(found)} sections `## Unreleased`; one is needed, with a line"
            " for everything that somebody who runs the service should know"
        )
    rest = text[found[0].end() :]
    following = _HEAD.search(rest)
    return rest[: following.start() if following else len(rest)].strip()


def released(text: str, version: Version, day: date) -> str:
    """Return the changelog with its unreleased section under a version and a day.

    Raises ReleaseError when there is nothing to release or the version stands there already.
    """
    if not unreleased(text):
        raise ReleaseError("Nothing to release: the changelog's section `## Unreleased` is empty")
    if re.search(rf"(?m)^## {re.escape(str(version))}\b", text):
        raise ReleaseError(f"The changelog has a section {version} already")
    head = f"## {version} ({day.isoformat()})"
    return _UNRELEASED.sub(f"## Unreleased\n\n{head}", text)
