"""Deeds of administrators: how long an exam's evidence is kept, and which attempts are on hold.

Nothing is overwritten: a policy is decided anew, a hold is lifted, both with author and reason.
Blocking: parts of a transaction.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from proctoring.errors import AlreadyHeld, NotHeld
from proctoring.retention import store
from proctoring.retention.due import Part, Policy
from proctoring.retention.erasing import HeldByReview
from proctoring.retention.store import Forgetting, Hold, PolicyChange
from proctoring.store import lock_tallies

_HISTORY = 100


@dataclass(frozen=True)
class Kept:
    """What holds for an exam, and what was decided about it, the newest first."""

    policy: Policy
    history: list[PolicyChange]


@dataclass(frozen=True)
class Standing:
    """What holds an attempt's evidence, what was removed, and what is to be removed."""

    is_in_review: bool
    holds: list[Hold]
    erased_at: dict[Part, datetime | None]
    forgetting: Forgetting | None


def kept(session: Session, exam_id: int, defaults: Policy) -> Kept:
    history = store.policy_history(session, exam_id, _HISTORY)
    return Kept(store.policy(session, exam_id, defaults), history)


def decide(session: Session, exam_id: int, change: dict[str, Any], defaults: Policy) -> Kept:
    """Let a policy hold from now on, also for what is stored already."""
    store.add_policy(session, exam_id, change)
    return kept(session, exam_id, defaults)


def standing(session: Session, attempt_id: int, held_by_review: HeldByReview) -> Standing:
    return Standing(
        attempt_id in held_by_review(session, [attempt_id]),
        store.holds(session, attempt_id),
        store.erased_at(session, attempt_id),
        store.forgetting(session, attempt_id),
    )


def place(session: Session, attempt_id: int, reason: str, by_id: int) -> Hold:
    """Hold an attempt: from the moment of this commit nothing of it is erased."""
    lock_tallies(session, [attempt_id])
    placed = store.place_hold(session, attempt_id, reason, by_id)
    if placed is None:
        raise AlreadyHeld(members=_first(store.holds(session, attempt_id)))
    return placed


def lift(session: Session, attempt_id: int, reason: str | None, by_id: int) -> Hold:
    """End the hold; what is due goes with the next run."""
    lock_tallies(session, [attempt_id])
    lifted = store.lift_hold(session, attempt_id, reason, by_id)
    if lifted is None:
        raise NotHeld
    return lifted


def _first(holds: Collection[Hold]) -> dict[str, Any]:
    """Name who was first; he may have lifted it meanwhile."""
    standing = [hold for hold in holds if hold.lifted_at is None]
    return {"placed_by_id": standing[0].placed_by_id} if standing else {}
