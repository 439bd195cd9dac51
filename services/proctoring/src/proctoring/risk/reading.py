"""What is known of an attempt's risk, for whoever shows or weighs it. Parts of a transaction."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from proctoring.risk import assessing, store
from proctoring.risk.accommodation import Accommodation
from proctoring.risk.scoring import Risk
from proctoring.risk.store import Kept


@dataclass(frozen=True, slots=True)
class Comparison:
    """The stored score beside the one that the stored events make now, by the same rules."""

    score: int
    is_equal: bool
    is_erased: bool
    """Retention has taken away what rules need: the stored score stands, unequal or not."""


def risk_of(session: Session, attempt_id: int) -> Risk:
    """Return the stored risk of an attempt; of an unassessed one an empty one with score 0."""
    return kept_of(session, attempt_id).risk


def kept_of(session: Session, attempt_id: int) -> Kept:
    """Return the stored risk with the event up to which it counts."""
    found = store.find(session, [attempt_id]).get(attempt_id)
    return found or Kept(attempt_id, None, Risk(), 0, None)


def shown(
    session: Session, attempt_id: int, *, is_compared: bool
) -> tuple[Kept, Comparison | None]:
    """Return the stored risk, compared with a fresh one if that is asked for."""
    kept = kept_of(session, attempt_id)
    return kept, compare(session, kept) if is_compared else None


def decided(session: Session, attempt_id: int) -> list[Accommodation]:
    """Return every decision about accommodations of an attempt, oldest first."""
    return store.accommodations(session, [attempt_id]).get(attempt_id, [])


def compare(session: Session, kept: Kept) -> Comparison:
    """Assess anew from the events that the stored risk was made of."""
    risk, is_erased = assessing.anew(session, kept)
    is_equal = (risk.score, risk.contributions) == (kept.risk.score, kept.risk.contributions)
    return Comparison(risk.score, is_equal, is_erased)
