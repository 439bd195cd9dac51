"""A sealed head: signed words on how far an attempt's chain had grown, and how it ended there.

Pure. What is signed is one text, kept and handed on as it is, so that nobody has to write it anew
to check it; it is canonical JSON (`chassis.signing`) all the same.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chassis import signing
from chassis.signing import SigningKey

from proctoring import chain

TYPE = "oep.head.v1"


class Reason(StrEnum):
    """Why a head was sealed when it was."""

    SUBMITTED = "submitted"
    GRADED = "graded"
    CANCELLED = "cancelled"
    EXPORT = "export"
    SWEEP = "sweep"
    """Found unsealed later: the notice was lost, or events came in behind the last seal."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where an attempt's chain stands; sequence 0 and 32 zero bytes before the first event."""

    attempt_id: int
    exam_id: int
    sequence: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """A text and who signed it; in JSON: `body`, `signature` (base64), `kid`."""

    body: str
    signature: bytes
    kid: str

    def envelope(self) -> dict[str, str]:
        signature = base64.b64encode(self.signature).decode("ascii")
        return {"body": self.body, "signature": signature, "kid": self.kid}


def signed(statement: dict[str, object], key: SigningKey) -> Signed:
    """Return the statement with the key's name in it, signed."""
    body = signing.canonical(statement | {"kid": key.kid})
    return Signed(body, key.sign(body), key.kid)


def sealed(head: Head, reason: Reason, at: datetime, key: SigningKey) -> Signed:
    """Return the seal of a head; a later one of the same attempt must stand on the same chain."""
    statement: dict[str, object] = {
        "type": TYPE,
        "attempt_id": head.attempt_id,
        "exam_id": head.exam_id,
        "sequence": head.sequence,
        "head_hash": head.hash.hex(),
        "reason": reason.value,
        "sealed_at": chain.instant(at),
    }
    return signed(statement, key)
