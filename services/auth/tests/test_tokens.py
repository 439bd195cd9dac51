"""Tokens and keys: what verifies, and which forgeries do not."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import jwt
import pytest
from auth.errors import RefreshTokenExpected, RefreshTokenInvalid, TokenPayloadInvalid
from auth.tokens import Claims, Lifetimes, SigningKey, jwk, read_refresh, sign, thumbprint
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key()
KEY = SigningKey(thumbprint(PUBLIC), PRIVATE)
KEYS = {KEY.kid: PUBLIC}
CLAIMS = Claims("refresh", 7, ("student",), uuid4(), uuid4(), NOW, NOW + timedelta(days=7))
TOKEN = sign(KEY, CLAIMS, "oep")


def payload(**changes):
    return jwt.decode(TOKEN, options={"verify_signature": False}) | changes


def refused(token, failure=RefreshTokenInvalid):
    with pytest.raises(failure):
        read_refresh(token, KEYS, "oep", NOW)


def test_the_thumbprint_is_that_of_rfc_8037():
    raw = base64.urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    public = Ed25519PublicKey.from_public_bytes(raw)
    assert thumbprint(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@given(
    st.integers(0, 2**31 - 1),
    st.uuids(),
    st.uuids(),
    st.lists(st.sampled_from(["student", "admin"]), max_size=2),
)
def test_what_was_signed_is_read_again(user_id, login_id, token_id, roles):
    claims = Claims(
        "refresh", user_id, tuple(roles), login_id, token_id, NOW, NOW + timedelta(seconds=1)
    )
    read = read_refresh(sign(KEY, claims, "oep"), KEYS, "oep", NOW)
    assert (read.user_id, read.login_id, read.token_id) == (user_id, login_id, token_id)


def test_the_same_claims_give_the_same_token():
    assert sign(KEY, CLAIMS, "oep") == TOKEN


def test_another_library_accepts_the_token_by_its_jwk():
    key = jwt.PyJWK(jwk(PUBLIC), "EdDSA")
    assert (
        jwt.decode(
            TOKEN,
            key,
            algorithms=["EdDSA"],
            options={"verify_exp": False, "verify_iat": False},
            issuer="oep",
        )["sub"]
        == "7"
    )
    assert jwt.get_unverified_header(TOKEN)["kid"] == KEY.kid


def test_it_expires_at_the_second_that_it_names():
    with pytest.raises(RefreshTokenInvalid):
        read_refresh(TOKEN, KEYS, "oep", CLAIMS.expires_at)
    assert read_refresh(TOKEN, KEYS, "oep", CLAIMS.expires_at - timedelta(seconds=1)).user_id == 7


def test_alg_none_is_refused():
    refused(jwt.encode(payload(), "", algorithm="none", headers={"kid": KEY.kid}))


def test_hs256_with_the_public_key_as_secret_is_refused():
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": KEY.kid}).encode())
    body = base64.urlsafe_b64encode(json.dumps(payload()).encode())
    message = head.rstrip(b"=") + b"." + body.rstrip(b"=")
    for secret in (PUBLIC.public_bytes_raw(), jwk(PUBLIC)["x"].encode()):
        mac = base64.urlsafe_b64encode(hmac.new(secret, message, hashlib.sha256).digest())
        refused((message + b"." + mac.rstrip(b"=")).decode())


@pytest.mark.parametrize("kid", ["unknown", "", None, 5])
def test_an_unknown_kid_is_refused(kid):
    headers = {} if kid is None else {"kid": kid}
    try:
        token = jwt.encode(payload(), PRIVATE, "EdDSA", headers=headers)
    except jwt.PyJWTError:  # the library writes no such header; neither could a client's
        return
    refused(token)


def test_a_foreign_key_under_our_kid_is_refused():
    stranger = Ed25519PrivateKey.generate()
    refused(jwt.encode(payload(), stranger, "EdDSA", headers={"kid": KEY.kid}))


@pytest.mark.parametrize(
    "extra",
    [
        {"crit": ["exp"]},
        {"jku": "http://127.0.0.1/keys"},
        {"jwk": jwk(PUBLIC)},
        {"x5u": "http://127.0.0.1/cert"},
    ],
)
def test_a_header_that_wants_something_is_refused(extra):
    refused(jwt.encode(payload(), PRIVATE, "EdDSA", headers={"kid": KEY.kid, **extra}))


@pytest.mark.parametrize("issuer", ["other", "", None])
def test_another_issuer_is_refused(issuer):
    changed = {k: v for k, v in payload(iss=issuer).items() if v is not None}
    refused(jwt.encode(changed, PRIVATE, "EdDSA", headers={"kid": KEY.kid}))


@pytest.mark.parametrize("exp", [None, "tomorrow", 1.5e18, [], True])
def test_an_end_that_is_no_second_is_refused(exp):
    changed = {k: v for k, v in payload(exp=exp).items() if v is not None}
    refused(jwt.encode(changed, PRIVATE, "EdDSA", headers={"kid": KEY.kid}))


@pytest.mark.parametrize("name", ["login_id", "jti"])
@pytest.mark.parametrize("value", [None, 5, "x", []])
def test_an_id_that_is_none_is_refused(name, value):
    changed = {k: v for k, v in payload(**{name: value}).items() if v is not None}
    try:
        token = jwt.encode(changed, PRIVATE, "EdDSA", headers={"kid": KEY.kid})
    except (jwt.PyJWTError, TypeError):
        return
    refused(token)


def test_the_order_of_refusals_is_type_then_payload():
    wrong = jwt.encode(payload(typ="access", sub="x"), PRIVATE, "EdDSA", headers={"kid": KEY.kid})
    refused(wrong, RefreshTokenExpected)
    refused(
        jwt.encode(payload(sub="x"), PRIVATE, "EdDSA", headers={"kid": KEY.kid}),
        TokenPayloadInvalid,
    )


@given(st.text(max_size=200))
def test_no_text_makes_reading_fail_otherwise(text):
    refused(text)


@given(st.binary(max_size=60), st.integers(0, 2))
def test_no_change_of_a_token_is_accepted(noise, place):
    parts = TOKEN.split(".")
    parts[place] = base64.urlsafe_b64encode(noise).rstrip(b"=").decode()
    refused(".".join(parts))


def test_students_tokens_live_longer_and_the_longest_life_is_known():
    lifetimes = Lifetimes(100, 10, 1000)
    assert lifetimes.access_seconds(is_student=True) == 100
    assert lifetimes.access_seconds(is_student=False) == 10
    assert lifetimes.longest_access_seconds == 100
    assert isinstance(CLAIMS.login_id, UUID)
