"""Part of the deeds that end an attempt: its receipt, signed in their transaction (ADR 0014)."""

from collections.abc import Sequence

from chassis.signing import SigningKey
from sqlalchemy.orm import Session

from attempts.attempt import Attempt
from attempts.receipt import Receipt, signed
from attempts.store import answers, receipts


def issue(session: Session, key: SigningKey, ended: Sequence[Attempt]) -> list[Receipt]:
    """Sign and store a receipt for each attempt that has ended in this transaction."""
    stored = answers.of_attempts(session, [attempt.id for attempt in ended])
    made = [signed(attempt, stored.get(attempt.id, ()), key) for attempt in ended]
    receipts.add(session, key.kid, key.public, made)
    return made


def kept(session: Session, key: SigningKey, attempt: Attempt) -> Receipt:
    """Return the receipt of a finished, locked attempt; one that ended without any gets it now."""
    found = receipts.of_attempt(session, attempt.id)
    return found or issue(session, key, [attempt])[0]
