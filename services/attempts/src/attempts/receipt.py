"""What the receipt of a submit says, and what a client may claim about the events that it sent.

Pure. The receipt's text is canonical JSON (`chassis.signing`); its signature covers exactly that
text, so that a third party can check it with the public key alone (ADR 0014).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chassis import signing
from chassis.signing import SigningKey

from attempts.answer import Answer
from attempts.attempt import Attempt

TYPE = "oep.receipt.v1"
PURPOSE = "oep attempts receipts 1"
"""What the signing key is derived for."""
MAX_SEQUENCE = 2**63 - 1


@dataclass(frozen=True)
class Receipt:
    """A signed receipt as it is stored: `body` is the text under the signature."""

    attempt_id: int
    body: str
    signature: bytes
    kid: str


@dataclass(frozen=True)
class Claim:
    """The last event sequence that a client says to have sent; `flaw` = why it cannot be read."""

    sequence: int | None = None
    flaw: str | None = None


NO_CLAIM = Claim()


def claimed(value: Any) -> Claim:
    """Return what a submit claims; like the encrypted fields it can never refuse one."""
    if value is None:
        return NO_CLAIM
    if not isinstance(value, int) or isinstance(value, bool):
        return Claim(flaw="not_a_whole_number")
    if not 0 <= value <= MAX_SEQUENCE:
        return Claim(flaw="out_of_range")
    return Claim(value)


def signed(attempt: Attempt, answers: Iterable[Answer], key: SigningKey) -> Receipt:
    """Return the receipt of a finished attempt over its final answers."""
    body = signing.canonical(_said(attempt, answers, key.kid))
    return Receipt(attempt.id, body, key.sign(body), key.kid)


def _said(attempt: Attempt, answers: Iterable[Answer], kid: str) -> dict[str, Any]:
    listed = [
        {"question_id": answer.question_id, "revision": answer.revision, "sha256": answer.sha256}
        for answer in sorted(answers, key=lambda answer: answer.question_id)
    ]
    return {
        "type": TYPE,
        "attempt_id": attempt.id,
        "exam_id": attempt.exam_id,
        "student_id": attempt.student_id,
        "submitted_at": _instant(attempt.submit_time),
        "submit_reason": attempt.submit_reason,
        "answers": listed,
        "answers_sha256": signing.sha256(listed),
        "last_event_sequence": attempt.last_event_sequence,
        "kid": kid,
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
