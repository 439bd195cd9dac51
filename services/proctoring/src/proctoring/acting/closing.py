"""The deed that ends what is open when an attempt is closed: live actions, its claim, its hand.

Inside the caller's transaction. Doing it again changes and announces nothing.
"""

from collections.abc import Collection

from chassis import outbox
from sqlalchemy.orm import Session

from proctoring.acting import claim_store, notices, store, talk_store
from proctoring.acting.claim import Change
from proctoring.tables import OUTBOX


def close(session: Session, attempt_ids: Collection[int]) -> bool:
    """End what is open of closed attempts; say whether anything was."""
    if not attempt_ids:
        return False
    at = store.clock(session)
    expired = [action.expired(at) for action in store.lock_live(session, attempt_ids)]
    store.save(session, expired)
    ended = [
        claim.end(Change.CLOSED, None, at) for claim in claim_store.lock_open(session, attempt_ids)
    ]
    claim_store.end(session, ended)
    lowered = talk_store.lower_hands(session, attempt_ids, None, at)
    notes = [notices.action_expired(action) for action in expired]
    notes += [notices.claim_changed(claim, Change.CLOSED, None, at) for claim in ended]
    notes += [notices.hand_changed(hand) for hand in lowered]
    outbox.add(session, OUTBOX, notes)
    return bool(notes)
