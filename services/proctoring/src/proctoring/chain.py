"""The evidence chain: what is hashed, in which form, and how one event is linked to the next.

`hash = SHA-256(previous hash ‖ canonical JSON of the stored event)` (design §8). What retention may
remove later, event data and network data, enters as a commitment `SHA-256(salt ‖ canonical JSON)`:
removing payload and salt leaves the chain whole, and a removed address or answer cannot be guessed
back from its hash. Pure; nothing here stores or signs.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import msgspec

GENESIS = bytes(32)
"""The previous hash of an attempt's first event."""
SALT_BYTES = 16
_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)
_QUICK_ENCODER = msgspec.json.Encoder(order="sorted")
_SAME_IN_BOTH = frozenset({str, int, bool, type(None)})
"""What both write alike; of floats they do not, and deeper down nobody has looked."""


def canonical(value: Any) -> str:
    """Return the one JSON text of `value`: keys sorted, no spaces, no escapes beyond JSON's own.

    Raises `ValueError` for what has no JSON text: infinities, lone surrogates.
    """
    if type(value) is dict and _SAME_IN_BOTH.issuperset(map(type, value.values())):
        return _QUICK_ENCODER.encode(value).decode()
    text = _ENCODER.encode(value)
    text.encode()  # lone surrogates have no UTF-8 form: UnicodeEncodeError is a ValueError
    return text


def commitment(salt: bytes, canonical_text: str) -> bytes:
    """Return the hash that stands for a removable payload."""
    return hashlib.sha256(salt + canonical_text.encode()).digest()


def link(previous: bytes, record: dict[str, Any]) -> bytes:
    """Return the chain's head after `record`; instants must be `instant` texts, bytes hex."""
    return hashlib.sha256(previous + canonical(record).encode()).digest()


def instant(moment: datetime) -> str:
    """Return the canonical text of an instant: UTC, always six decimals, `Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
