"""The short way for a token whose head is known accepts what PyJWT accepts, and nothing else."""

import base64
import contextlib
import json
import time
import uuid

import jwt
import pytest
from chassis.signed import NotSigned, Signed, token_part
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

KEY, OTHER_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
HEAD = {"alg": "EdDSA", "kid": "k1", "typ": "JWT"}
NOW = int(time.time())
GOOD = {
    "sub": "7",
    "roles": ["student"],
    "jti": str(uuid.uuid4()),
    "typ": "access",
    "iat": NOW,
    "exp": NOW + 86_400,  # the module may be read long before its tests run
    "iss": "oep",
    "login_id": "login-1",
}
ODD = [
    None,
    0,
    1,
    -1,
    1.5,
    "",
    "7",
    "oep",
    [],
    ["oep"],
    {},
    True,
    False,
    NOW + 90_000,
    str(NOW + 90_000),
]
BIG = [10**400, "1" * 5_000]


def part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def token(claims: object, key: Ed25519PrivateKey = KEY, head: dict | None = None) -> str:
    content = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    signed = f"{part(json.dumps(head or HEAD).encode())}.{part(content)}"
    return f"{signed}.{part(key.sign(signed.encode()))}"


def reader(keys: dict[str, Ed25519PrivateKey] | None = None) -> Signed:
    """One that knows no head yet."""
    found = {
        kid: jwt.PyJWK(jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True), "EdDSA")
        for kid, key in (keys or {"k1": KEY}).items()
    }
    return Signed(found.get, "oep")


@pytest.fixture(scope="module")
def long_way():
    """PyJWT each time."""

    def ask(text: str) -> bool:
        return is_good(reader(), text)

    return ask


@pytest.fixture
def short_way(monkeypatch):
    """One that knows the head, and may not ask PyJWT any more."""
    found = reader()
    found.claims(token(GOOD))
    monkeypatch.setattr(found, "_unknown", lambda _: pytest.fail("PyJWT was asked"))
    return lambda text: is_good(found, text)


def is_good(signed: Signed, text: str) -> bool:
    try:
        signed.claims(text)
    except NotSigned:
        return False
    return True


def test_the_second_token_with_a_head_goes_the_short_way_and_tells_the_same(short_way):
    assert short_way(token(GOOD | {"sub": "8"}))
    signed = reader()
    first, second = signed.claims(token(GOOD)), signed.claims(token(GOOD))
    assert first == second == (GOOD, "k1")


@pytest.mark.parametrize("name", [*GOOD, "nbf", "aud", "something"])
def test_a_claim_is_as_good_or_bad_as_to_pyjwt(name, short_way, long_way):
    without = {k: v for k, v in GOOD.items() if k != name}
    cases = [without, *({**GOOD, name: value} for value in [*ODD, *BIG])]
    found = [(short_way(token(case)), long_way(token(case))) for case in cases]
    assert [short for short, _ in found] == [long for _, long in found]
    assert name == "something" or {short for short, _ in found} > {False}


@pytest.mark.parametrize(
    "content",
    [b"[]", b"7", b"null", b" ", b"{", b"\xff\xfe", b"[" * 100_000, b'"sub"'],
    ids=["list", "number", "null", "empty", "cut", "no text", "deep", "text"],
)
def test_content_that_is_no_object_is_refused(content, short_way, long_way):
    assert not short_way(token(content))
    assert not long_way(token(content))


def test_only_its_own_signature_is_good(short_way):
    good = token(GOOD)
    head, content, signature = good.split(".")
    assert short_way(good)
    other = token(GOOD | {"sub": "8"})
    assert not short_way(f"{head}.{other.split('.')[1]}.{signature}")
    assert not short_way(token(GOOD, OTHER_KEY))
    assert not short_way(f"{head}.{content}.{part(b'')}x")
    assert not short_way(f"{head}.{content}.{signature[:-2]}")


@pytest.mark.parametrize("change", [lambda t: t + "=", lambda t: t[:-1] + "!", lambda t: t + ".x"])
def test_a_text_that_is_not_strictly_a_token_goes_to_pyjwt(change):
    signed = reader()
    signed.claims(token(GOOD))
    text = change(token(GOOD))
    assert is_good(signed, text) == is_good(reader(), text)


@pytest.mark.parametrize(
    "more",
    [
        {"crit": ["b64"], "b64": True},
        {"jku": "http://127.0.0.1/keys"},
        {"alg": "none"},
        {"alg": "HS256"},
        {"kid": "k9"},
        {"kid": 7},
    ],
    ids="-".join,
)
def test_another_head_is_judged_by_itself_and_never_remembered_when_bad(more):
    signed = reader()
    signed.claims(token(GOOD))
    bad = token(GOOD, head=HEAD | more)
    assert not is_good(signed, bad)
    assert not is_good(signed, bad)
    assert is_good(signed, token(GOOD))


def test_a_key_that_is_gone_takes_the_short_way_with_it():
    keys = {"k1": jwt.PyJWK(jwt.algorithms.OKPAlgorithm.to_jwk(KEY.public_key(), as_dict=True))}
    signed = Signed(keys.get, "oep")
    signed.claims(token(GOOD))
    del keys["k1"]
    assert not is_good(signed, token(GOOD))


def test_a_head_is_remembered_for_its_own_key():
    signed = reader({"k1": KEY, "k2": OTHER_KEY})
    two = HEAD | {"kid": "k2"}
    for _ in range(2):
        assert signed.claims(token(GOOD))[1] == "k1"
        assert signed.claims(token(GOOD, OTHER_KEY, two))[1] == "k2"
        assert not is_good(signed, token(GOOD, KEY, two))


def test_heads_are_bounded():
    signed = reader()
    for number in range(100):
        assert is_good(signed, token(GOOD, head=HEAD | {"x": number}))
    assert len(signed._heads) <= 16


@given(st.binary(min_size=1, max_size=70))
def test_a_part_has_one_text(content):
    text = part(content)
    assert token_part(text) == content
    for other in (text + "=", text[:-1], text + "A"):
        with contextlib.suppress(ValueError):
            assert token_part(other) != content
