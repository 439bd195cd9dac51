"""Tokens at the gateway: good ones and none at all pass, bad ones do not, auth may be away."""

import base64
import json
import time
from collections.abc import Callable

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

REFUSED = "Could not validate credentials"
PROTECTED = ["/api/v1/auth/me", "/api/v1/attempts/1", "/api/v1/exams/", "/api/v1/proctoring/events"]


def unsigned(rig) -> str:
    return jwt.encode(rig.signer.claims(), None, algorithm="none", headers={"kid": rig.signer.kid})


def signed_with_the_public_key(rig) -> str:
    """The old confusion: the public key as an HMAC secret."""
    public = rig.signer.key.public_key()
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return jwt.encode(rig.signer.claims(), raw, algorithm="HS256", headers={"kid": rig.signer.kid})


def altered(rig) -> str:
    head, _, signature = rig.signer.token().split(".")
    claims = json.dumps(rig.signer.claims(roles=["admin"])).encode()
    return f"{head}.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.{signature}"


def without_exp(rig) -> str:
    claims = {k: v for k, v in rig.signer.claims().items() if k != "exp"}
    return jwt.encode(claims, rig.signer.key, algorithm="EdDSA", headers={"kid": rig.signer.kid})


BAD: dict[str, Callable] = {
    "no token at all": lambda rig: "nonsense",
    "the client's null": lambda rig: "null",
    "three empty parts": lambda rig: "..",
    "expired": lambda rig: rig.signer.token(exp=int(time.time()) - 3600),
    "never expires": without_exp,
    "another issuer": lambda rig: rig.signer.token(iss="someone"),
    "unknown kid": lambda rig: rig.signer.token(kid="key-9"),
    "another key": lambda rig: type(rig.signer)().token(),
    "alg none": unsigned,
    "HS256 with the public key": signed_with_the_public_key,
    "claims altered": altered,
}


@pytest.mark.parametrize("path", PROTECTED)
def test_a_good_token_reaches_the_service(rig, path):
    token = rig.signer.token()
    response = rig.http.get(path, headers=rig.bearer(token))
    assert response.status_code == 200
    assert response.json()["headers"]["authorization"] == f"Bearer {token}"


@pytest.mark.parametrize("path", PROTECTED)
@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}, {"Authorization": "Basic eDp5"}])
def test_without_a_token_the_service_answers_in_its_own_words(rig, path, headers):
    assert rig.http.get(path, headers=headers).json()["path"] == path


def test_a_refresh_token_is_left_for_the_service_to_refuse(rig):
    response = rig.http.get("/api/v1/auth/me", headers=rig.bearer(rig.signer.token(typ="refresh")))
    assert response.status_code == 200


@pytest.mark.parametrize("path", PROTECTED)
@pytest.mark.parametrize("kind", BAD)
def test_a_bad_token_is_refused(rig, is_problem, path, kind):
    response = rig.http.get(path, headers=rig.bearer(BAD[kind](rig)))
    is_problem(response, 401, REFUSED)
    assert response.headers.get_list("www-authenticate") == ["Bearer"]


@pytest.mark.parametrize("path", ["login", "hall-ticket-login", "refresh"])
def test_a_stale_token_does_not_stand_in_the_way_of_a_new_one(rig, path):
    response = rig.http.post(f"/api/v1/auth/{path}", headers=rig.bearer("nonsense"))
    assert response.json()["upstream"] == "auth"


def test_realtime_judges_the_tokens_of_its_sockets_itself(rig):
    response = rig.http.get("/api/v1/ws/attempts/1", headers=rig.bearer("nonsense"))
    assert response.json()["upstream"] == "realtime"


def test_tokens_are_checked_while_auth_is_away(own_rig, is_problem, wait_until):
    """A failed fetch is repeated after a second: seven of them outlast keys of six seconds."""
    rig = own_rig("--keys-seconds=6")
    rig.knows_keys()
    rig.stubs["auth"][0].stop()
    is_problem(rig.http.post("/api/v1/auth/login"), 503, "Service temporarily unavailable")
    failures = "http.public.jwt_authn.jwks_fetch_failed"
    wait_until(lambda: rig.envoy.stat(failures) >= 7, "keys could not be fetched 7 times")
    assert rig.http.get("/api/v1/attempts/1", headers=rig.bearer()).status_code == 200
    is_problem(rig.http.get("/api/v1/attempts/1", headers=rig.bearer("x.y.z")), 401, REFUSED)


def test_a_removed_key_is_refused_and_a_new_one_taken(own_rig, is_problem, wait_until):
    rig = own_rig("--keys-seconds=6")
    rig.knows_keys()
    new = type(rig.signer)("key-2")
    rig.stubs["auth"][0].jwks = new.jwks()
    fetches = "http.public.jwt_authn.jwks_fetch_success"
    wait_until(lambda: rig.envoy.stat(fetches) >= 2, "keys were fetched again")
    assert rig.http.get("/api/v1/exams/", headers=rig.bearer(new.token())).status_code == 200
    is_problem(rig.http.get("/api/v1/exams/", headers=rig.bearer()), 401, REFUSED)


def test_while_auth_was_never_there_the_services_judge_and_later_the_gateway(
    own_rig, make_stub, is_problem, wait_until
):
    rig = own_rig(auth_is_up=False)
    bad = rig.bearer(BAD["another key"](rig))
    assert rig.http.get("/api/v1/attempts/1", headers=bad).json()["upstream"] == "attempts"
    make_stub("auth", rig.signer.jwks(), rig.stubs["auth"][0].port)
    rig.knows_keys()
    is_problem(rig.http.get("/api/v1/attempts/1", headers=bad), 401, REFUSED)
