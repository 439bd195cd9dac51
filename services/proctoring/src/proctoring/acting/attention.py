"""What of an exam's attempts waits for somebody at the moment: what a board starts from.

Blocking, inside the caller's transaction.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from proctoring.acting import claim_store, store, talk_store
from proctoring.acting.claim import Claim
from proctoring.acting.talk import Hand


@dataclass(frozen=True)
class Attention:
    """Who looks after a student, what the student asks for, and what was not seen yet."""

    attempt_id: int
    claim: Claim | None
    hand: Hand | None
    live_action_count: int
    unread_message_count: int


def of_exam(session: Session, exam_id: int) -> list[Attention]:
    """Return it for the attempts of which anything is open."""
    claims = {c.attempt_id: c for c in claim_store.of_exam(session, exam_id, with_ended=False)}
    hands = {hand.attempt_id: hand for hand in talk_store.raised(session, exam_id)}
    live = store.live_counts(session, exam_id)
    unread = talk_store.unread_counts(session, exam_id)
    return [
        Attention(i, claims.get(i), hands.get(i), live.get(i, 0), unread.get(i, 0))
        for i in sorted({*claims, *hands, *live, *unread})
    ]
