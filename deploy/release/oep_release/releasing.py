"""Makes a release of one service: two commits and a tag, then what is handed on.

The first commit is the release (changelog, version), the tag is on it; the second writes its hash
down, and its version where installations take it from. Everything is checked before anything is
written. Nothing is pushed: that is the team's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from oep_release import changelog
from oep_release.errors import ReleaseError
from oep_release.history import RECORD, Release, Repository, record_of
from oep_release.overlays import FILES, with_release
from oep_release.versions import Version, tag_of, with_version


@dataclass(frozen=True)
class Plan:
    """A release that may be made, with the texts that it will write."""

    service: str
    version: Version
    pyproject: str
    changelog: str

    @property
    def tag(self) -> str:
        return tag_of(self.service, self.version)


def plan(repository: Repository, service: str, version: Version, day: date) -> Plan:
    """Check all that must hold and return what a release would write.

    Raises ReleaseError: the tree has changes, the version does not follow the last release, its tag
    is there, the changelog says nothing.
    """
    if changed := repository.git("status", "--porcelain"):
        raise ReleaseError(f"The tree has changes that are in no commit:\n{changed}")
    folder = repository.root / "services" / service
    known = repository.releases(service)
    if known and not version.follows(known[-1].version):
        raise ReleaseError(f"{version} does not follow {known[-1].version}, the last release")
    if repository.git("tag", "--list", tag_of(service, version)):
        raise ReleaseError(f"The tag {tag_of(service, version)} is there already")
    return Plan(
        service,
        version,
        with_version((folder / "pyproject.toml").read_text(), version),
        changelog.released((folder / "CHANGELOG.md").read_text(), version, day),
    )


def make(repository: Repository, wanted: Plan, say: Callable[[str], None]) -> Release:
    """Write, commit, tag and record a release; return it."""
    folder = Path("services") / wanted.service
    _commit(
        repository,
        {folder / "pyproject.toml": wanted.pyproject, folder / "CHANGELOG.md": wanted.changelog},
        f"{wanted.service}: release {wanted.version}",
    )
    repository.git(
        "tag", "--annotate", wanted.tag, "--message", f"{wanted.service} {wanted.version}"
    )
    made = Release(wanted.service, wanted.version, repository.git("rev-parse", "HEAD"))
    say(f"{made.tag} is {made.commit}")
    texts = {RECORD: record_of((repository.root / RECORD).read_text(), made)}
    for file in FILES:
        before = (repository.root / file).read_text()
        if (after := with_release(before, made)) != before:
            texts[file] = after
    _commit(repository, texts, f"release: {made.tag} is on record and in the overlays")
    return made


def _commit(repository: Repository, texts: dict[Path, str], message: str) -> None:
    for path, text in texts.items():
        (repository.root / path).write_text(text)
    repository.git("commit", "--quiet", "--message", message, "--", *map(str, texts))
