"""GET /.well-known/jwks.json: what the gateway and the other services verify with."""

import jwt
import pytest
from chassis.tokens import KeySet, Revocations, TokenVerifier


async def test_two_keys_are_published_and_may_be_kept_for_a_while(world):
    answer = await world.client.get("/.well-known/jwks.json")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=60"
    keys = answer.json()["keys"]
    assert len(keys) == 2
    for key in keys:
        assert key.keys() == {"kty", "crv", "x", "kid", "use", "alg"}
        assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")


@pytest.mark.contract("2.3/jwks", "2.3/claims")
async def test_a_token_verifies_with_the_published_key_of_its_kid(world):
    document = (await world.client.get("/.well-known/jwks.json")).json()
    token = (await world.login(world.add("student"))).json()["access_token"]
    keys = jwt.PyJWKSet.from_dict(document)
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(
        token, key, algorithms=["EdDSA"], issuer="oep", options={"require": ["exp", "iat", "jti"]}
    )
    assert claims["typ"] == "access"


async def test_the_other_services_verifier_accepts_the_token(world):
    document = (await world.client.get("/.well-known/jwks.json")).json()
    person = world.add("student", "proctor")
    token = (await world.login(person)).json()["access_token"]
    keys = KeySet("unused")
    keys.load(document)
    caller = TokenVerifier(keys, Revocations(), "oep").verify(token)
    assert (caller.user_id, caller.roles) == (person.id, {"student", "proctor"})


@pytest.mark.parametrize("forgery", ["none", "HS256", "kid", "iss", "crit"])
async def test_me_refuses_forged_tokens(world, forgery):
    token = (await world.login(world.add("admin"))).json()["access_token"]
    key = world.app.state.keyring.active
    payload = jwt.decode(token, options={"verify_signature": False})
    secret, algorithm, headers = key.private, "EdDSA", {"kid": key.kid}
    if forgery == "none":
        secret, algorithm = "", "none"
    elif forgery == "HS256":
        secret, algorithm = key.private.public_key().public_bytes_raw(), "HS256"
    elif forgery == "kid":
        headers = {"kid": "unknown"}
    elif forgery == "iss":
        payload["iss"] = "somebody"
    else:
        headers["crit"] = ["kid"]
    answer = await world.me(jwt.encode(payload, secret, algorithm, headers=headers))
    assert answer.status_code == 401
    assert answer.json()["detail"] == "Could not validate credentials"
