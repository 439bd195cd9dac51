"""`oep backup` and `oep restore`: what they refuse, and that the old data outlast every refusal.

The whole drill, with a platform lost and restored, is in tests/e2e.
"""

import hashlib
import json
import tarfile

import pytest
from oep_local import backup
from oep_local.access import ADMIN, DATABASE
from oep_local.backup import BackupFailed, restore_into
from oep_local.errors import CommandFailed
from oep_local.state import AlreadyRunning, State


@pytest.fixture
def place(tmp_path):
    return State(tmp_path / "oep").open()


@pytest.fixture
def packed(tmp_path, place):
    """Return a factory of backup files of nothing, fit for `place` unless it is said otherwise."""

    def make(dump=b"rows", **manifest):
        (tmp_path / backup.DUMP).write_bytes(dump)
        said = {
            "type": backup.TYPE,
            "taken_at": "2026-03-02T08:00:00+00:00",
            "dump_sha256": hashlib.sha256(b"rows").hexdigest(),
            "secrets": backup.fingerprints(place.secrets()),
        }
        (tmp_path / backup.MANIFEST).write_text(json.dumps(said | manifest))
        file = tmp_path / "a.backup"
        with tarfile.open(file, "w") as archive:
            for name in (backup.MANIFEST, backup.DUMP):
                archive.add(tmp_path / name, name)
        return file

    return make


def test_what_is_no_backup_is_refused(place, tmp_path):
    file = tmp_path / "a.backup"
    with pytest.raises(BackupFailed, match="cannot be read"):
        restore_into(place, file)
    file.write_text("no tar")
    with pytest.raises(BackupFailed, match="cannot be read"):
        restore_into(place, file)
    with tarfile.open(file, "w") as archive:
        archive.add(__file__, "else.py")
    with pytest.raises(BackupFailed, match="no backup of the platform"):
        restore_into(place, file)


def test_a_damaged_or_a_later_backup_is_refused_before_anything_is_started(place, packed):
    with pytest.raises(BackupFailed, match="damaged or changed"):
        restore_into(place, packed(dump=b"other rows"))
    with pytest.raises(BackupFailed, match=r"reads oep\.backup\.v1"):
        restore_into(place, packed(type="oep.backup.v2"))
    assert not place.pgdata.exists()


def test_a_backup_that_others_signed_needs_their_secrets(place, packed, tmp_path):
    theirs = {**place.secrets(), "evidence_signing_secret": "another"}
    file = packed(secrets=backup.fingerprints(theirs))
    with pytest.raises(BackupFailed, match="another evidence_signing_secret: give the file"):
        restore_into(place, file)
    with pytest.raises(BackupFailed, match="does not hold the secrets"):
        restore_into(place, file, secrets=file)
    assert place.secrets() != theirs
    assert "another" not in json.dumps(backup.fingerprints(theirs))


def test_secrets_are_written_for_their_owner_and_over_nothing(place, tmp_path):
    file = tmp_path / "secrets"
    backup.write_secrets(place, file)
    assert file.stat().st_mode & 0o777 == 0o600
    known = json.loads(file.read_text())
    assert known == {name: place.secrets()[name] for name in backup.SIGNING_SECRETS}
    with pytest.raises(BackupFailed, match="there already"):
        backup.write_secrets(place, file)


def test_a_running_platform_is_not_restored_into(place, packed):
    file = packed()
    with place.lock(), pytest.raises(AlreadyRunning):
        restore_into(place, file)


@pytest.fixture
def held(postgres_server):
    """Let the server have a platform's database with a row that auth keeps."""
    postgres_server.make_database(DATABASE)
    postgres_server.psql(["-c", "SET ROLE auth_owner; CREATE TABLE auth.kept AS SELECT 1 AS word"])
    yield postgres_server
    for name in (DATABASE, backup.RESTORED):
        postgres_server.drop_database(name)


def word(access, role=ADMIN, database=DATABASE):
    return access.psql(["-At", "-c", "SELECT word FROM auth.kept"], role, database).strip()


def test_the_old_data_stay_until_the_backups_are_in(held, tmp_path):
    dump, broken = tmp_path / "dump", tmp_path / "broken"
    backup._dump(held, dump)
    held.psql(["-c", "UPDATE auth.kept SET word = 2"])

    with pytest.raises(BackupFailed, match="say --replace"):
        backup._refuse_to_replace(held, is_replacing=False)
    backup._refuse_to_replace(held, is_replacing=True)
    broken.write_bytes(dump.read_bytes()[:-200])
    with pytest.raises(CommandFailed):
        backup._load(held, broken)
    assert word(held) == "2"

    backup._load(held, dump)
    assert (word(held), word(held, database=backup.RESTORED)) == ("2", "1")
    backup._take_its_place(held)
    assert word(held, "auth_app") == "1", "roles and their rights are there, too"
    with pytest.raises(CommandFailed, match="permission denied"):
        word(held, "exam_user")
