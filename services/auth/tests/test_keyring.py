import threading

import pytest
from auth.errors import KeysUnavailable
from auth.keyring import Keyring, KeysSealedOtherwise
from chassis.database import Database
from pydantic import SecretStr

SECRET = SecretStr("k" * 40)


@pytest.fixture
def fresh(empty_database):
    database = Database(empty_database().app_url, pool_size=4)
    yield database
    database.dispose()


def load(database, keyring):
    with database.transaction() as session:
        keyring.load(session)
    return keyring


def in_thread(work):
    """SQL is refused on the loop's thread."""
    results = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join()
    return results[0]


async def test_the_first_start_makes_an_active_and_a_next_key_and_the_second_finds_them(fresh):
    one = in_thread(lambda: load(fresh, Keyring(SECRET)))
    two = in_thread(lambda: load(fresh, Keyring(SECRET)))
    kids = [key["kid"] for key in one.jwks()["keys"]]
    assert len(set(kids)) == 2
    assert one.active.kid == kids[0]
    assert two.jwks() == one.jwks()
    assert two.active.private.private_bytes_raw() == one.active.private.private_bytes_raw()


async def test_replicas_that_start_at_once_agree(fresh):
    keyrings = [Keyring(SECRET) for _ in range(4)]
    threads = [threading.Thread(target=load, args=(fresh, each)) for each in keyrings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each.active.kid for each in keyrings}) == 1
    assert all(each.jwks() == keyrings[0].jwks() for each in keyrings)


async def test_keys_that_another_secret_sealed_are_not_opened_and_not_replaced(fresh):
    first = in_thread(lambda: load(fresh, Keyring(SECRET)))

    def attempt():
        with pytest.raises(KeysSealedOtherwise):
            load(fresh, Keyring(SecretStr("o" * 40)))
        return load(fresh, Keyring(SECRET))

    assert in_thread(attempt).active.kid == first.active.kid


def test_nothing_is_signed_before_the_keys_are_loaded():
    keyring = Keyring(SECRET)
    for ask in (lambda: keyring.active, lambda: keyring.public, keyring.jwks):
        with pytest.raises(KeysUnavailable):
            ask()


async def test_the_private_key_is_not_in_the_database(world):
    active = world.app.state.keyring.active
    rows = world.sql("SELECT sealed_private_key, public_key FROM signing_keys")
    raw = active.private.private_bytes_raw()
    assert rows
    assert all(raw not in bytes(value) for row in rows for value in row)


def test_no_key_is_named_like_an_option_of_a_command():
    keyring = Keyring(SECRET)
    kids = [keyring.make().kid for _ in range(600)]  # every 64th would begin with a dash
    assert not any(kid.startswith("-") for kid in kids)
