"""Tokens that nobody issued are refused by all four services, behind the gateway and before it.

Fault 26. They are made with auth's own signing key wherever a signature would give them away, so
that each is refused for what it is named after.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
from auth.keyring import Keyring
from auth.tokens import SigningKey
from chassis.database import Database
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from oep_local.rig import Platform
from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from abuse.scene import Scene
from abuse.tally import Tally

_LONG_SECONDS = 8 * 3600
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

    def good(self) -> str:
        """Return a token that is as good as a real one, to show that the others could have been."""
        return self.signed(exp=int(time.time()) + _LONG_SECONDS)

    def all(self) -> list[tuple[str, str]]:
        """Return every forgery: what is wrong with it, and the token."""
        return [(name, forge(self)) for name, forge in FORGERIES.items()]

    def signed(
        self, *, headers: dict[str, Any] | None = None, key: Any = None, **changed: Any
    ) -> str:
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
        return jwt.encode(self.claims, "", algorithm="none", headers={"kid": self.key.kid})


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


STRANGERS_KEY = Ed25519PrivateKey.generate()
Forge = Callable[[Forger], str]
FORGERIES: dict[str, Forge] = {
    "expired": lambda f: f.signed(exp=int(time.time()) - 60),
    "another issuer": lambda f: f.signed(iss="elsewhere"),
    "another audience": lambda f: f.signed(aud="elsewhere"),
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


def forger_of(platform: Platform, token: str) -> Forger:
    """Return one who has taken auth's key out of a running platform. Blocking."""
    secret = platform.state.secrets()["signing_key_secret"]
    database = Database(platform.database.url("auth_app"), pool_size=1)
    keyring = Keyring(SecretStr(secret))
    with database.transaction() as session:
        keyring.load(session)
    database.dispose()
    return Forger(keyring.active, token)


def all_of(platform: Platform, token: str) -> list[tuple[str, str]]:
    """Return every forgery of a real token: what is wrong with it, and the token. Blocking."""
    return forger_of(platform, token).all()


def doors(platform: Platform, service: str) -> dict[str, str]:
    """Return the ways to a service, by what they are called."""
    return {"the gateway": platform.url, service: platform.service_url(service)}


async def read(
    scene: Scene, base: str, service: str, attempt_id: int, token: str
) -> tuple[int, str]:
    """Return the status and the words of what a service answers to a token."""
    url = base + READS[service].format(attempt_id=attempt_id)
    answer = await scene.http.get(url, headers={"Authorization": f"Bearer {token}"})
    if answer.status_code != 401:
        return answer.status_code, answer.text
    said = answer.headers["content-type"], answer.headers["www-authenticate"]
    if said != ("application/problem+json", "Bearer"):
        return answer.status_code, f"said wrongly: {said}"
    return answer.status_code, str(answer.json()["detail"])


async def handshake(base: str, attempt_id: int, token: str) -> int:
    """Return the status of a student's handshake with a token; 101 when he is let in."""
    url = base.replace("http", "ws", 1) + SOCKET.format(attempt_id=attempt_id)
    try:
        async with connect(f"{url}?token={token}", proxy=None):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def try_everywhere(
    scene: Scene, attempt_id: int, name: str, token: str, tally: Tally
) -> None:
    """Show a forgery to every service, behind the gateway and before it."""
    words = "Invalid token type" if name == "refresh" else REFUSED
    for service in READS:
        for way, base in doors(scene.platform, service).items():
            status, said = await read(scene, base, service, attempt_id, token)
            place = f"{name}: {service} by way of {way}"
            tally.saw(place, status, "" if (status, said) == (401, words) else said or "no words")
    for way, base in doors(scene.platform, "realtime").items():
        status = await handshake(base, attempt_id, token)
        place = f"{name}: a socket by way of {way}"
        tally.saw(place, status, "" if status in {401, 403} else "let in")
