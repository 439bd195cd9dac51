"""Tokens that nobody issued are refused by all four services, behind the gateway and before it.

Fault 26. They are made with auth's own signing key wherever a signature would give them away, so
that each is refused for what it is named after.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest
from auth.keyring import Keyring
from auth.tokens import SigningKey
from chassis.database import Database
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

NOW = int(time.time())  # or some minutes before, when other tests come first
LONG = 8 * 3600
READS = {
    "auth": "/api/v1/auth/me",
    "attempts": "/api/v1/attempts/{attempt_id}",
    "proctoring": "/api/v1/proctoring/attempt/{attempt_id}/events",
}
SOCKET = "/api/v1/ws/attempts/{attempt_id}"
REFUSED = "Could not validate credentials"


class Forger:
    """Knows auth's key and the claims of a real token; signs what it is told to."""

    def __init__(self, key: SigningKey, token: str) -> None:
        self.key = key
        self.claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})

    def signed(self, *, headers: dict | None = None, key: Any = None, **changed: Any) -> str:
        claims = {k: v for k, v in (self.claims | changed).items() if v is not None}
        head = {"kid": self.key.kid} | (headers or {})
        return jwt.encode(claims, key or self.key.private, algorithm="EdDSA", headers=head)

    def with_public_key_as_secret(self) -> str:
        public = self.key.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        header = {"alg": "HS256", "typ": "JWT", "kid": self.key.kid}
        parts = [_base64url(json.dumps(part).encode()) for part in (header, self.claims)]
        body = b".".join(parts)
        return (body + b"." + _base64url(hmac.new(public, body, hashlib.sha256).digest())).decode()

    def unsigned(self) -> str:
        return jwt.encode(self.claims, None, algorithm="none", headers={"kid": self.key.kid})


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


STRANGERS_KEY = Ed25519PrivateKey.generate()
Forge = Callable[[Forger], str]
FORGERIES: dict[str, Forge] = {
    "expired": lambda f: f.signed(exp=NOW - 60),
    "another issuer": lambda f: f.signed(iss="elsewhere"),
    "no issuer": lambda f: f.signed(iss=None),
    "alg none": Forger.unsigned,
    "HS256 with the public key": Forger.with_public_key_as_secret,
    "another key under our kid": lambda f: f.signed(key=STRANGERS_KEY),
    "unknown kid": lambda f: f.signed(headers={"kid": "nobodys"}),
    "crit": lambda f: f.signed(headers={"crit": ["b64"], "b64": True}),
    "jku": lambda f: f.signed(key=STRANGERS_KEY, headers={"jku": "http://127.0.0.1:9/keys"}),
    "jku beside our signature": lambda f: f.signed(headers={"jku": "http://127.0.0.1:9/keys"}),
    "no login": lambda f: f.signed(login_id=None),
    "subject is no number": lambda f: f.signed(sub="one"),
    "refresh": lambda f: f.signed(typ="refresh"),
}


@pytest.fixture(scope="session")
def forger(scene) -> Forger:
    secret = scene.platform.state.secrets()["signing_key_secret"]
    database = Database(scene.platform.database.url("auth_app"), pool_size=1)
    keyring = Keyring(SecretStr(secret))
    with database.transaction() as session:
        keyring.load(session)
    database.dispose()
    return Forger(keyring.active, scene.actors["student owner"].token)


@pytest.fixture(scope="session")
def attempt_id(scene) -> int:
    return scene.attempt()


async def asked(scene, service: str, base: str, attempt_id: int, token: str) -> httpx.Response:
    url = base + READS[service].format(attempt_id=attempt_id)
    return await scene.http.get(url, headers={"Authorization": f"Bearer {token}"})


async def handshake(base: str, attempt_id: int, token: str) -> int:
    url = base.replace("http", "ws", 1) + SOCKET.format(attempt_id=attempt_id)
    try:
        async with connect(f"{url}?token={token}", proxy=None):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def doors(scene, service: str) -> list[str]:
    return [scene.platform.url, scene.platform.service_url(service)]


async def test_the_forger_can_make_a_good_token(scene, forger, attempt_id):
    for service in READS:
        for base in doors(scene, service):
            answer = await asked(scene, service, base, attempt_id, forger.signed(exp=NOW + LONG))
            assert answer.status_code == 200, answer.text
    for base in doors(scene, "realtime"):
        assert await handshake(base, attempt_id, forger.signed(exp=NOW + LONG)) == 101


@pytest.mark.contract("2.3/bad-signature", "2.3/bad-subject")
@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forged_token_is_refused_everywhere(scene, forger, attempt_id, name):
    token = FORGERIES[name](forger)
    words = "Invalid token type" if name == "refresh" else REFUSED
    for service in READS:
        for base in doors(scene, service):
            answer = await asked(scene, service, base, attempt_id, token)
            assert answer.status_code == 401, (service, base, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["detail"] == words, (service, base)
    found = await asyncio.gather(
        *(handshake(base, attempt_id, token) for base in doors(scene, "realtime"))
    )
    assert set(found) <= {401, 403}
