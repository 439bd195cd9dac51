import os

import pytest
from oep_local.access import ADMIN
from oep_local.prepared import Prepared
from oep_local.state import SIGNING_SECRETS, State


@pytest.fixture
def made(server_folder, tmp_path_factory):
    """A place where a beginning was made before, with a file for a database."""
    place = server_folder / tmp_path_factory.mktemp("prepared").name
    beginning = State(place / "demo").open()
    beginning.secrets()
    beginning.pgdata.mkdir()
    (beginning.pgdata / "PG_VERSION").write_text("18\n")
    os.utime(beginning.pgdata / "PG_VERSION", ns=(1, 1_234_567_890))
    for note in ("migrated-auth.json", "seed.json", "run.json"):
        (beginning.root / note).write_text("[]")
    (place / "demo.done").touch()
    return beginning


def test_a_new_platform_begins_with_the_database_and_its_notes(made, server_folder):
    new = State(server_folder / "new")
    Prepared(made.root.parent).lay(new, seed=True)
    database = new.pgdata / "PG_VERSION"
    assert database.stat().st_mtime_ns == 1_234_567_890  # the notes are about this one
    assert sorted(path.name for path in new.root.glob("*.json")) == [
        "migrated-auth.json",
        "secrets.json",
        "seed.json",
    ]
    assert new.secrets()[ADMIN] == made.secrets()[ADMIN]


def test_what_signs_is_each_platforms_own(made, server_folder):
    new = State(server_folder / "signer")
    Prepared(made.root.parent).lay(new, seed=True)
    shared = {name for name, secret in new.secrets().items() if made.secrets()[name] == secret}
    assert shared == set(made.secrets()) - set(SIGNING_SECRETS)


def test_a_platform_that_ran_keeps_what_it_has(made, tmp_path):
    old = State(tmp_path / "old").open()
    before = old.secrets()
    Prepared(made.root.parent).lay(old, seed=True)
    assert old.secrets() == before
    assert not old.pgdata.exists()
