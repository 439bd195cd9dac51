r"""One text for one value, its hash, and signatures over it (Ed25519). Pure.

The canonical form is what a third party recomputes, so it is plain: JSON with the keys of every
object sorted by code point and no white space. Every character of a text outside U+0020 to U+007E
is written as `\uXXXX` with small hex digits, beyond U+FFFF as a surrogate pair, but for `\b \f \n
\r \t`; `"` and `\` stand behind a backslash. Whole numbers stand with all their digits; a number
with a fraction or an exponent is a double, written as briefly as it can be read back (`1.0`, `0.1`,
`1e+16`, `1e-05`), so 1 and 1.0 are two values. NaN and infinities have no form. In Python:
`json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)`.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ALGORITHM = "EdDSA"


def canonical(value: Any) -> str:
    """Return the one text of a JSON value. Raises `ValueError` for what JSON cannot say."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(value: Any) -> str:
    """Return the SHA-256 over the canonical form of `value`, as 64 small hex digits."""
    return hashlib.sha256(canonical(value).encode("ascii")).hexdigest()


@dataclass(frozen=True)
class SigningKey:
    """A private key and the name under which its public half is published."""

    private: Ed25519PrivateKey

    @classmethod
    def derived(cls, secret: str, purpose: str) -> Self:
        """Return the key that belongs to `secret` and `purpose`: the same ones, the same key."""
        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode())
        return cls(Ed25519PrivateKey.from_private_bytes(derive.derive(secret.encode())))

    @property
    def public(self) -> bytes:
        """The raw public key, 32 bytes."""
        return self.private.public_key().public_bytes_raw()

    @property
    def kid(self) -> str:
        return thumbprint(self.public)

    def sign(self, text: str) -> bytes:
        """Return the signature over `text` in UTF-8, 64 bytes."""
        return self.private.sign(text.encode())


def is_signed(public: bytes, text: str, signature: bytes) -> bool:
    """Say whether the holder of the key behind `public` has signed `text`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def thumbprint(public: bytes) -> str:
    """Return the key's name: the SHA-256 thumbprint of its JWK (RFC 7638, RFC 8037 §2)."""
    text = canonical({"crv": "Ed25519", "kty": "OKP", "x": _base64url(public)})
    return _base64url(hashlib.sha256(text.encode()).digest())


def jwk(public: bytes) -> dict[str, str]:
    """Return the public key as an entry of a JWKS (RFC 7517, RFC 8037)."""
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": _base64url(public),
        "kid": thumbprint(public),
        "use": "sig",
        "alg": ALGORITHM,
    }


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
