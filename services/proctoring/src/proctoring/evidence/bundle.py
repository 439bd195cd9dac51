"""The evidence bundle: one JSON document, written in one pass, that others can check without us.

Pure. Its sections stand in a fixed order; the SHA-256 over the canonical JSON of each is taken
while it is written, and the last one, the export, is a signed statement of them all. The form is
told in the README of the service; `verify_evidence.py` (deploy/local) reads it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from chassis.signing import SigningKey

from proctoring import chain
from proctoring.attempt import Sitting
from proctoring.delivery import Delivery
from proctoring.evidence.seal import Head, signed
from proctoring.timing import Timing

TYPE = "oep.evidence.v1"


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it lies in the database; payloads and salts are None where they were removed."""

    chained: dict[str, Any]
    """What the chain covers, in the chain's own words (`event.chained`)."""
    row_id: int
    event_data: str | None
    event_data_salt: bytes | None
    network: dict[str, str | None] | None
    network_salt: bytes | None
    hash: bytes

    @property
    def sequence(self) -> int:
        found: int = self.chained["sequence"]
        return found

    def text(self) -> str:
        """Return the event's canonical JSON.

        `event_data` is put in as the text that was stored, never read and written anew: it is what
        the commitment covers. Names are sorted, and before it stand numbers and instants only, so
        the first mark is ours.
        """
        shown = self.chained | {
            "id": self.row_id,
            "event_data": None if self.event_data is None else _MARK,
            "event_data_salt": _hex(self.event_data_salt),
            "network": self.network,
            "network_salt": _hex(self.network_salt),
            "hash": self.hash.hex(),
        }
        text = chain.canonical(shown)
        if self.event_data is None:
            return text
        return text.replace(f'"event_data":"{_MARK}"', f'"event_data":{self.event_data}', 1)


_MARK = "@"


class Bundle:
    """Writes one document; the order of the calls is the order of the sections."""

    def __init__(self) -> None:
        self._digests: dict[str, dict[str, Any]] = {}

    def opening(self) -> str:
        return f'{{"type":{chain.canonical(TYPE)}'

    def section(self, name: str, value: list[Any] | dict[str, Any]) -> str:
        """Return a section that is there as a whole; what is counted is entries or names."""
        text = chain.canonical(value)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self._digests[name] = {"count": len(value), "sha256": digest}
        return f',\n"{name}":{text}'

    def listing(self, name: str) -> "Listing":
        """Return a section that comes in parts; `close` it before the next one begins."""
        return Listing(name, self._digests)

    def closing(self, head: Head, at: datetime, key: SigningKey) -> str:
        """Return the signed statement of everything that was written, and the end."""
        statement: dict[str, object] = {
            "type": TYPE,
            "attempt_id": head.attempt_id,
            "exam_id": head.exam_id,
            "exported_at": chain.instant(at),
            "head": {"sequence": head.sequence, "hash": head.hash.hex()},
            "sections": self._digests,
        }
        return f',\n"export":{chain.canonical(signed(statement, key).envelope())}}}\n'


class Listing:
    """A section of many entries, of which only some are in memory at a time."""

    def __init__(self, name: str, digests: dict[str, dict[str, Any]]) -> None:
        self._name = name
        self._digests = digests
        self._hash = hashlib.sha256(b"[")
        self._count = 0

    def opening(self) -> str:
        return f',\n"{self._name}":['

    def add(self, texts: Iterable[str]) -> str:
        """Return the next entries, each given as canonical JSON, a line for each."""
        parts = []
        for text in texts:
            self._hash.update(("," if self._count else "").encode() + text.encode())
            parts.append((",\n" if self._count else "\n") + text)
            self._count += 1
        return "".join(parts)

    def close(self) -> str:
        self._hash.update(b"]")
        self._digests[self._name] = {"count": self._count, "sha256": self._hash.hexdigest()}
        return "]"


def attempt_facts(sitting: Sitting) -> dict[str, Any]:
    """Return what attempts says of the attempt now; numbers of accounts, no names."""
    attempt = sitting.attempt
    return {
        "attempt_id": attempt.attempt_id,
        "exam_id": attempt.exam_id,
        "student_id": attempt.student_id,
        "status": attempt.status.value,
        "duration_seconds": sitting.duration_seconds,
        "started_at": _instant(sitting.started_at),
        "deadline_at": _instant(sitting.deadline_at),
        "submitted_at": _instant(sitting.submitted_at),
    }


def delivery_facts(delivery: Delivery) -> dict[str, Any]:
    """Return what the client claimed to have sent beside what came."""
    return asdict(delivery) | {"missing": [list(each) for each in delivery.missing]}


def timing_facts(timing: Timing) -> dict[str, Any]:
    """Return the time of one question; what only intake needs to know is left out."""
    return {
        "id": timing.id,
        "question_id": timing.question_id,
        "total_time_seconds": timing.total_time_seconds,
        "answer_count": timing.answer_count,
        "first_viewed_at": _instant(timing.first_viewed_at),
        "last_viewed_at": _instant(timing.last_viewed_at),
        "first_answered_at": _instant(timing.first_answered_at),
        "last_answered_at": _instant(timing.last_answered_at),
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else chain.instant(at)


def _hex(salt: bytes | None) -> str | None:
    return None if salt is None else salt.hex()
