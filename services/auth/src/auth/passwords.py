"""Turns secrets into hashes and compares them: argon2id for our own, bcrypt for imported ones.

Pure and expensive: 24 ms an argon2id hash, about 200 ms an imported bcrypt hash. Never call it on
the event loop or while a request's transaction is open; `hashing` has the threads for it.
"""

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_BCRYPT_PREFIXES = ("$2a$", "$2b$", "$2y$")
_BCRYPT_BYTES = 72

DUMMY_ARGON2 = (
    "$argon2id$v=19$m=19456,t=2,p=1$qBao5GoxHlU+JBL8f8fwzg"
    "$3gvyO6JJqJFWzzhqXCENgWhQs8x7md39y1vgK8qBqd0"
)
"""A hash that costs what ours cost and that no secret is known to match."""
DUMMY_BCRYPT = "$2b$12$6efMaVoB5OZmXh1SUwVaf.WOEXacGaI7P9JJpNcB4fHdBBQSshrMu"
"""A hash that costs what the imported ones cost and that no secret is known to match."""


def hash_secret(secret: str) -> str:
    """Return a new argon2id hash: 19 MiB, two passes, one lane (design §10). Blocking."""
    return _HASHER.hash(secret)


def is_right(secret: str, stored: str) -> bool:
    """Say whether `secret` is what was hashed; an unreadable hash matches nothing. Blocking."""
    if is_imported(stored):
        return _is_right_by_bcrypt(secret, stored)
    try:
        return _HASHER.verify(stored, secret)
    except (Argon2Error, InvalidHashError):
        return False


def is_imported(stored: str) -> bool:
    """Say whether the hash was made by bcrypt, in another system."""
    return stored.startswith(_BCRYPT_PREFIXES)


def needs_new_hash(stored: str) -> bool:
    """Say whether a secret that was just found right should be hashed again."""
    return is_imported(stored) or _HASHER.check_needs_rehash(stored)


def _is_right_by_bcrypt(secret: str, stored: str) -> bool:
    # The old system's library cut silently at 72 bytes; today's raises.
    try:
        return bcrypt.checkpw(secret.encode()[:_BCRYPT_BYTES], stored.encode())
    except ValueError:
        return False
