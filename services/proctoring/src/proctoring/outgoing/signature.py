"""Standard Webhooks 1.0.0, symmetric: secrets and signatures. Pure.

What is signed is `id.timestamp.body`; neither id nor timestamp may hold a full stop. A secret is
not stored: it is derived from the installation's own secret and a salt of its own, so that whoever
reads the database can sign nothing (ADR 65).
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PREFIX = "whsec_"
SALT_BYTES = 32
_KEY_BYTES = 32
_PURPOSE = b"oep proctoring webhooks 1"


def new_salt() -> bytes:
    return os.urandom(SALT_BYTES)


def key_of(installation_secret: str, salt: bytes) -> bytes:
    """Return the key that belongs to a salt: the same two, the same key."""
    derive = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=salt, info=_PURPOSE)
    return derive.derive(installation_secret.encode())


def shown(key: bytes) -> str:
    """Return a key as its receiver gets it."""
    return PREFIX + base64.b64encode(key).decode()


def headers(
    message_id: str, timestamp: int, body: bytes, keys: Sequence[bytes]
) -> Mapping[str, str]:
    """Return the three headers; one signature for each key, the newest first.

    `timestamp` is the second of this try, since the epoch.
    """
    if "." in message_id:
        raise ValueError("an id with a full stop would make the signed text ambiguous")
    signed = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signed(key, signed) for key in keys),
    }


def _signed(key: bytes, content: bytes) -> str:
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
