"""Seals what nobody may read from the database alone: AES-GCM, a key for each purpose. Pure.

All keys are derived by HKDF from `SIGNING_KEY_SECRET`, which the database never sees.
"""

from secrets import token_bytes

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

_NONCE_BYTES = 12


class Seal:
    """What one purpose seals no other one opens."""

    def __init__(self, secret: SecretStr, purpose: bytes) -> None:
        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose)
        self._key = AESGCM(derive.derive(secret.get_secret_value().encode()))

    def close(self, plain: bytes, about: bytes) -> bytes:
        """Return `plain` sealed; it opens only with the same `about`."""
        nonce = token_bytes(_NONCE_BYTES)
        return nonce + self._key.encrypt(nonce, plain, about)

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """Return what was sealed. Raises `cryptography.exceptions.InvalidTag`."""
        return self._key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about)
