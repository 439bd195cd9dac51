"""The deletion record: a signed text that says what was removed from an attempt, why and by whom.

Pure. It names sequences and counts, never what was there. The records of an attempt form a chain of
their own: each holds the hash of the one before. The text is stored as it was signed.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from chassis import signing
from chassis.signing import SigningKey

from proctoring.retention.due import EVERYTHING, Part, Policy, ranges

TYPE = "oep-deletion-1"
FIRST = "0" * 64
"""What the first record of an attempt names as the hash of the one before."""
CLOCK = "clock"
COMMAND = "command"


class Kind(StrEnum):
    """What a record is about; PERSON stands for all parts, removed because a person asked.

    Pictures have no kind of their own, which verifiers would not know: they are among the `others`
    of a PAYLOAD record.
    """

    PAYLOAD = "payload"
    NETWORK = "network"
    PERSON = "person"

    @property
    def parts(self) -> frozenset[Part]:
        if self is Kind.PERSON:
            return EVERYTHING
        if self is Kind.PAYLOAD:
            return frozenset({Part.PAYLOAD, Part.SNAPSHOTS})
        return frozenset({Part.NETWORK})


@dataclass(frozen=True)
class Removal:
    """What was removed from one attempt in one transaction, and why."""

    attempt_id: int
    exam_id: int | None
    kind: Kind
    sequences: Sequence[int]
    others: Mapping[str, int]
    """Rows that other tables lost, by the holding's name."""
    policy: Policy
    ended_at: datetime | None
    actor: str
    """`clock`, `command`, or the id of the administrator as `user:<id>`."""
    reason: str
    run_id: str
    at: datetime

    @property
    def is_empty(self) -> bool:
        return not self.sequences and not any(self.others.values())


@dataclass(frozen=True)
class Record:
    """A signed record as it is stored: `body` is the text under the signature."""

    attempt_id: int
    place: int
    kind: Kind
    body: str
    signature: bytes
    kid: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body.encode()).hexdigest()

    @property
    def said(self) -> dict[str, Any]:
        """The record as an object."""
        found: dict[str, Any] = json.loads(self.body)
        return found


def signed(removal: Removal, before: Record | None, key: SigningKey) -> Record:
    """Return the record of a removal, to stand behind `before`."""
    place = 1 if before is None else before.place + 1
    previous = FIRST if before is None else before.sha256
    body = signing.canonical(_said(removal, place, previous, key.kid))
    return Record(removal.attempt_id, place, removal.kind, body, key.sign(body), key.kid)


def first_flaw(records: Sequence[Record], keys: Mapping[str, bytes]) -> Record | None:
    """Return the first record of an attempt that is not signed or not linked, by public keys."""
    previous = FIRST
    for place, record in enumerate(records, 1):
        said = record.said
        public = keys.get(record.kid)
        is_linked = (said["place"], said["previous_sha256"]) == (place, previous)
        if public is None or not is_linked:
            return record
        if not signing.is_signed(public, record.body, record.signature):
            return record
        previous = record.sha256
    return None


def _said(removal: Removal, place: int, previous: str, kid: str) -> dict[str, Any]:
    return {
        "type": TYPE,
        "attempt_id": removal.attempt_id,
        "exam_id": removal.exam_id,
        "kind": removal.kind.value,
        "place": place,
        "sequences": [list(each) for each in ranges(removal.sequences)],
        "event_count": len(set(removal.sequences)),
        "others": {name: count for name, count in removal.others.items() if count},
        "policy": asdict(removal.policy),
        "ended_at": None if removal.ended_at is None else _instant(removal.ended_at),
        "actor": removal.actor,
        "reason": removal.reason,
        "run_id": removal.run_id,
        "at": _instant(removal.at),
        "previous_sha256": previous,
        "kid": kid,
    }


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
