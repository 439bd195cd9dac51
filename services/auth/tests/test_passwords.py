import bcrypt
import pytest
from auth.passwords import (
    DUMMY_ARGON2,
    DUMMY_BCRYPT,
    hash_secret,
    is_imported,
    is_right,
    needs_new_hash,
)
from hypothesis import given, settings
from hypothesis import strategies as st


@given(st.text(max_size=200), st.text(max_size=200))
@settings(max_examples=10, deadline=None)
def test_a_hash_matches_its_secret_and_no_other(secret, other):
    stored = hash_secret(secret)
    assert is_right(secret, stored)
    assert is_right(other, stored) == (other == secret)


def test_new_hashes_have_the_agreed_cost_and_need_no_other():
    stored = hash_secret("x")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not needs_new_hash(stored)


@given(st.text(max_size=100))
@settings(max_examples=20, deadline=None)
def test_an_imported_hash_is_verified_and_wants_to_be_replaced(secret):
    # bcrypt itself ends a secret at NUL; such a secret may only be refused, never fail
    cut = secret.encode()[:72].replace(b"\x00", b"")
    stored = bcrypt.hashpw(cut, bcrypt.gensalt(4)).decode()
    assert is_imported(stored)
    assert needs_new_hash(stored)
    assert is_right(secret.replace("\x00", ""), stored) or len(secret.encode()) > 72


@pytest.mark.parametrize("dummy", [DUMMY_ARGON2, DUMMY_BCRYPT])
def test_a_dummy_is_well_formed_costs_the_full_price_and_matches_nothing(dummy):
    assert not is_right("", dummy)
    assert not is_right("student123", dummy)
    if dummy is DUMMY_BCRYPT:
        assert bcrypt.hashpw(b"x", dummy.encode()).decode().startswith(dummy[:29])
    else:
        assert not needs_new_hash(dummy)


@pytest.mark.parametrize("stored", ["", "x", "$2b$", "$2b$12$", "$argon2id$", "$1$x$y"])
def test_what_is_no_hash_matches_nothing(stored):
    assert not is_right("", stored)
    assert not is_right("x", stored)
