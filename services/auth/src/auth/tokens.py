"""Makes and reads our tokens: EdDSA, named keys, nothing taken on trust from a token's own header.

Pure: keys, times and claims come in. What is revoked or spent is not known here.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth.errors import RefreshTokenExpected, RefreshTokenInvalid, TokenPayloadInvalid

ALGORITHM = "EdDSA"
SKEW_SECONDS = 60
"""Other machines' clocks may be late by this much when they judge a token's end."""
_HEADER_FIELDS = frozenset({"alg", "typ", "kid"})
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class SigningKey:
    """A private key and the name under which its public half is published."""

    kid: str
    private: Ed25519PrivateKey


@dataclass(frozen=True)
class Lifetimes:
    """How long tokens live, in seconds."""

    student_access_seconds: int
    other_access_seconds: int
    refresh_seconds: int

    def access_seconds(self, *, is_student: bool) -> int:
        """Return the longer life for students: their page never refreshes during an exam."""
        return self.student_access_seconds if is_student else self.other_access_seconds

    @property
    def longest_access_seconds(self) -> int:
        return max(self.student_access_seconds, self.other_access_seconds)


@dataclass(frozen=True)
class Claims:
    """What one token says."""

    typ: str
    user_id: int
    roles: tuple[str, ...]
    login_id: UUID
    token_id: UUID
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class RefreshClaims:
    """What a refresh token proves: which link of which login's chain it is."""

    user_id: int
    login_id: UUID
    token_id: UUID


def thumbprint(public: Ed25519PublicKey) -> str:
    """Return the key's name: the SHA-256 thumbprint of its JWK (RFC 7638, RFC 8037 §2)."""
    fields = {"crv": "Ed25519", "kty": "OKP", "x": _x(public)}
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def jwk(public: Ed25519PublicKey) -> dict[str, str]:
    """Return the public key as an entry of a JWKS."""
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": _x(public),
        "kid": thumbprint(public),
        "use": "sig",
        "alg": ALGORITHM,
    }


def sign(key: SigningKey, claims: Claims, issuer: str) -> str:
    """Return the compact token; the same key and claims always give the same token."""
    payload = {
        "sub": str(claims.user_id),
        "roles": list(claims.roles),
        "login_id": str(claims.login_id),
        "jti": str(claims.token_id),
        "typ": claims.typ,
        "iat": int(claims.issued_at.timestamp()),
        "exp": int(claims.expires_at.timestamp()),
        "iss": issuer,
    }
    return jwt.encode(payload, key.private, algorithm=ALGORITHM, headers={"kid": key.kid})


def read_refresh(
    token: str, keys: Mapping[str, Ed25519PublicKey], issuer: str, now: datetime
) -> RefreshClaims:
    """Return what a refresh token proves, or raise one of the contract's three refusals."""
    payload = _verified_payload(token, keys, issuer)
    if not isinstance(payload["exp"], int) or payload["exp"] <= now.timestamp():
        raise RefreshTokenInvalid
    if payload.get("typ") != "refresh":
        raise RefreshTokenExpected
    user_id = _user_id(payload.get("sub"))
    try:
        return RefreshClaims(user_id, UUID(payload["login_id"]), UUID(payload["jti"]))
    except (KeyError, ValueError, TypeError, AttributeError):
        raise RefreshTokenInvalid from None


def _verified_payload(
    token: str, keys: Mapping[str, Ed25519PublicKey], issuer: str
) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
        # Only what we write ourselves: no crit, no jku, no key that the token brings along.
        if not header.keys() <= _HEADER_FIELDS or header.get("alg") != ALGORITHM:
            raise RefreshTokenInvalid
        return jwt.decode(
            token,
            keys[header["kid"]],
            algorithms=[ALGORITHM],
            issuer=issuer,
            # The time is judged by the caller's clock; sub's own check would hide its own words.
            options={
                "require": ["exp", "iat", "iss"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_sub": False,
                "verify_aud": False,
            },
        )
    except (jwt.PyJWTError, KeyError, TypeError, ValueError):
        raise RefreshTokenInvalid from None


def _user_id(sub: object) -> int:
    if not isinstance(sub, str) or not sub.isascii() or not sub.isdigit() or len(sub) > 19:
        raise TokenPayloadInvalid
    if int(sub) > _LARGEST_ID:
        raise TokenPayloadInvalid
    return int(sub)


def _x(public: Ed25519PublicKey) -> str:
    return _base64url(public.public_bytes(Encoding.Raw, PublicFormat.Raw))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
