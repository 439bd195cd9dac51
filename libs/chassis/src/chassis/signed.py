"""What a signed token claims: PyJWT for the first of a kind, a short way for the others.

auth signs ten thousand tokens with one head, and what PyJWT does with a head again and again
(decode, parse, look for what may not be there) costs as much as the signature. So a head is judged
once, by PyJWT, as part of a token that was found good. Whoever comes with the very same text of it
later is asked for the rest: signature, claims that are required, expiry, issuer. Anything unusual
goes PyJWT's way; nothing is accepted here that it refuses (a test compares them).
"""

import base64
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
from cryptography.exceptions import InvalidSignature

ALGORITHMS = ["EdDSA"]
REQUIRED = ("sub", "roles", "jti", "typ", "iat", "exp", "iss", "login_id")
_MOST_HEADS = 16
_TOKEN = re.compile(r"([\w-]+)\.([\w-]+)\.([\w-]+)", re.ASCII)

_UNFIT = (
    jwt.PyJWTError,
    InvalidSignature,
    ValueError,
    TypeError,
    OverflowError,
    RecursionError,
)

FindKey = Callable[[str], jwt.PyJWK | None]


class NotSigned(ValueError):
    """A token that nobody should have shown; nothing is said of why."""


class Signed:
    """Reads tokens of one issuer, signed with the keys that `key` finds by their `kid`."""

    def __init__(self, key: FindKey, issuer: str) -> None:
        self._key = key
        self._issuer = issuer
        self._heads: dict[str, str] = {}
        """Heads of tokens that were good, with their `kid`; as many as auth has keys."""

    def claims(self, token: str) -> tuple[Mapping[str, Any], str]:
        """Return what a good token claims and the `kid` of its key. Raises `NotSigned`.

        The types of required claims are the caller's business, but for `sub` and `jti`: text.
        """
        parts = _TOKEN.fullmatch(token)
        kid = self._heads.get(parts[1]) if parts is not None else None
        try:
            if parts is not None and kid is not None:
                return self._known(parts, kid), kid
            return self._unknown(token)
        except _UNFIT as error:
            raise NotSigned from error

    def _known(self, parts: re.Match[str], kid: str) -> Mapping[str, Any]:
        key = self._key(kid)
        if key is None:
            raise NotSigned
        content = token_part(parts[2])
        key.key.verify(token_part(parts[3]), parts.string[: parts.end(2)].encode())
        found = json.loads(content.decode())
        if not isinstance(found, dict):
            raise NotSigned
        self._ensure(found, time.time())
        return found

    def _ensure(self, claims: Mapping[str, Any], now: float) -> None:
        """Raise unless PyJWT would be content with the claims, too."""
        if any(claims.get(name) is None for name in REQUIRED) or claims["iss"] != self._issuer:
            raise NotSigned
        if int(claims["exp"]) <= now or ("nbf" in claims and int(claims["nbf"]) > now):
            raise NotSigned
        is_named = isinstance(claims["sub"], str) and isinstance(claims["jti"], str)
        if claims.get("aud") or not is_named:  # no service has a name as an audience
            raise NotSigned

    def _unknown(self, token: str) -> tuple[Mapping[str, Any], str]:
        head = jwt.get_unverified_header(token)
        kid = str(head.get("kid", ""))
        key = self._key(kid)
        if key is None or "crit" in head or "jku" in head:
            raise NotSigned
        found = jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            issuer=self._issuer,
            # `iat` comes from another clock; a token from a second ahead is no forgery.
            options={"require": list(REQUIRED), "verify_iat": False},
        )
        if len(self._heads) >= _MOST_HEADS:
            self._heads.clear()
        self._heads[token.partition(".")[0]] = kid
        return found, kid


def token_part(text: str) -> bytes:
    """Return what a part of a token says (RFC 7515, section 2). Raises `ValueError`.

    One text for each content: what base64 would pass over is refused.
    """
    data = text.encode()
    found = base64.urlsafe_b64decode(data + b"=" * (-len(data) % 4))
    if base64.urlsafe_b64encode(found).rstrip(b"=") != data:
        raise NotSigned
    return found
