"""What was released, by git's tags and by `releases.toml`, which says it where tags are missing.

A clone may come without tags, so each release is written down with its commit as well. Both are
read; they must not contradict each other.
"""

import subprocess
import tarfile
import tempfile
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from oep_release import SERVICES
from oep_release.errors import NotInThisClone, ReleaseError, StepFailed
from oep_release.versions import Version, tag_of, version_in

ROOT = Path(__file__).parents[3]
RECORD = Path("deploy/release/releases.toml")
SHARED = ("libs/chassis/src", "protos/src")
"""What every service is built with besides its own source."""


@dataclass(frozen=True)
class Release:
    """A service as it was released. `commit` is the whole hash."""

    service: str
    version: Version
    commit: str

    @property
    def tag(self) -> str:
        return tag_of(self.service, self.version)


class Repository:
    """A checkout. Every method blocks and raises StepFailed with git's own words."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root

    def git(self, *words: str) -> str:
        """Run git and return what it said."""
        done = subprocess.run(  # noqa: S603  # our own list of arguments
            ["git", *words],  # noqa: S607  # whichever git there is
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StepFailed(f"git {words[0]}", done.stderr or done.stdout)
        return done.stdout.strip()

    @property
    def is_cut(self) -> bool:
        """Whether the clone was made without its history (`--depth`)."""
        return self.git("rev-parse", "--is-shallow-repository") == "true"

    def has(self, commit: str) -> bool:
        """Whether the commit, with its files, is in this clone."""
        try:
            self.git("cat-file", "-e", f"{commit}^{{tree}}")
        except StepFailed:
            return False
        return True

    def releases(self, service: str) -> list[Release]:
        """Return the service's releases behind HEAD, oldest first, from tags and from the record.

        Raises ReleaseError when a tag is not where the record says.
        """
        found = {release.version: release for release in self._recorded(service)}
        for release in self._tagged(service):
            known = found.setdefault(release.version, release)
            if known.commit != release.commit:
                raise ReleaseError(
                    f"The tag {release.tag} is at {release.commit}, {RECORD} says {known.commit}."
                    " One of them was moved: find out which, and move it back."
                )
        return sorted(found.values(), key=lambda release: release.version)

    def _tagged(self, service: str) -> Iterable[Release]:
        for tag in self.git("tag", "--merged", "HEAD", "--list", f"{service}-v*").split():
            if version := version_in(tag, service):
                yield Release(service, version, self.git("rev-parse", f"{tag}^{{commit}}"))

    def _recorded(self, service: str) -> Iterable[Release]:
        record = tomllib.loads((self.root / RECORD).read_text())
        for version, commit in record.get(service, {}).items():
            yield Release(service, Version.read(version), commit)

    def previous(self, service: str) -> Release:
        """Return the newest release that is other code than what is checked out now.

        Right behind a release that is the one before it: what the neighbours of an installation
        still run. Raises ReleaseError when there is none, NotInThisClone when its commit is not
        here.
        """
        known = self.releases(service)
        for release in reversed(known):
            if not self.has(release.commit):
                raise NotInThisClone(f"{release.tag} (commit {release.commit})")
            if self._differs(release):
                return release
        raise ReleaseError(
            f"{service} has no earlier release: neither a tag nor {RECORD} names one"
        )

    def _differs(self, release: Release) -> bool:
        paths = (f"services/{release.service}/src", *SHARED)
        return bool(self.git("diff", "--name-only", release.commit, "--", *paths))

    def extract(self, commit: str, paths: Iterable[str], folder: Path) -> None:
        """Write files as they were at a commit into `folder`."""
        with tempfile.TemporaryDirectory() as place:
            packed = Path(place) / "files.tar"
            self.git("archive", "--format=tar", f"--output={packed}", commit, "--", *paths)
            with tarfile.open(packed) as archive:
                archive.extractall(folder, filter="data")


def record_of(text: str, release: Release) -> str:
    """Return the record with one more release, at the end of its service's table."""
    entry = f'"{release.version}" = "{release.commit}"'
    tables = {name: f"[{name}]" for name in SERVICES}
    head, mark, rest = text.partition(tables[release.service])
    if not mark:
        raise ReleaseError(f"{RECORD} has no table {tables[release.service]}")
    own, bracket, others = rest.partition("\n[")
    return f"{head}{mark}{own.rstrip()}\n{entry}\n{bracket}{others}"
