"""The rules on texts: versions, tags, changelogs, the record."""

from datetime import date

import pytest
from oep_release import changelog
from oep_release.errors import ReleaseError
from oep_release.history import Release, record_of
from oep_release.versions import (
    Version,
    tag_of,
    version_in,
    version_of_project,
    with_version,
)

ONE = Version(1, 2, 9)
LOG = "# Changelog\n\n## Unreleased\n\n- New.\n\n## 1.2.9 (2026-01-01)\n\n- Old.\n"


def test_versions_are_compared_as_numbers():
    assert Version.read("1.10.0") > Version.read("1.9.9")
    assert str(Version.read("1.10.0")) == "1.10.0"


@pytest.mark.parametrize("text", ["1.2", "v1.2.0", "1.2.0rc1", "01.2.0", "1.2.0 ", ""])
def test_what_is_not_three_numbers_is_no_version(text):
    with pytest.raises(ReleaseError, match="three numbers"):
        Version.read(text)


@pytest.mark.parametrize("text", ["1.2.10", "1.3.0", "2.0.0"])
def test_a_version_follows_by_one_step(text):
    assert Version.read(text).follows(ONE)


@pytest.mark.parametrize("text", ["1.2.9", "1.2.8", "1.2.11", "1.3.1", "1.4.0", "2.0.1", "3.0.0"])
def test_no_version_is_jumped_over_or_repeated(text):
    assert not Version.read(text).follows(ONE)


def test_a_tag_belongs_to_one_service():
    assert tag_of("auth", ONE) == "auth-v1.2.9"
    assert version_in("auth-v1.2.9", "auth") == ONE
    assert version_in("attempts-v1.2.9", "auth") is None
    assert version_in("auth-v1.2", "auth") is None


def test_only_the_version_of_a_project_is_changed():
    text = '[project]\nname = "oep-auth"\nversion = "1.2.9"\ndependencies = ["a>=1.2.9"]\n'
    assert version_of_project(text) == ONE
    wanted = text.replace('version = "1.2.9"', 'version = "1.3.0"')
    assert with_version(text, Version(1, 3, 0)) == wanted
    with pytest.raises(ReleaseError, match="0 lines"):
        version_of_project("[project]\n")


def test_what_was_unreleased_stands_under_the_version_and_its_day():
    text = changelog.released(LOG, Version(1, 3, 0), date(2026, 3, 2))
    assert text == LOG.replace("## Unreleased\n", "## Unreleased\n\n## 1.3.0 (2026-03-02)\n")
    assert changelog.unreleased(text) == ""
    with pytest.raises(ReleaseError, match="Nothing to release"):
        changelog.released(text, Version(1, 4, 0), date(2026, 3, 3))


def test_a_changelog_that_cannot_be_moved_on_is_refused():
    with pytest.raises(ReleaseError, match=r"1\.2\.9 already"):
        changelog.released(LOG, ONE, date(2026, 3, 2))
    with pytest.raises(ReleaseError, match="0 sections"):
        changelog.released("# Changelog\n\n## 1.2.9\n", Version(1, 3, 0), date(2026, 3, 2))


def test_a_release_is_written_down_in_its_services_table():
    record = '[auth]\n"1.0.0" = "aa"\n\n[attempts]\n\n[proctoring]\n\n[realtime]\n"1.0.0" = "bb"\n'
    middle = record_of(record, Release("attempts", Version(1, 0, 0), "cc"))
    assert middle == record.replace("[attempts]\n", '[attempts]\n"1.0.0" = "cc"\n')
    last = record_of(record, Release("realtime", Version(1, 1, 0), "dd"))
    assert last == f'{record}"1.1.0" = "dd"\n'
