"""What was claimed of an attempt's events, beside what came: heard once, compared when it is read.

Parts of a transaction. Late events count as soon as they are there, because nothing is compared
beforehand.
"""

from collections.abc import Sequence

from chassis.bus import EVENTS, Position
from sqlalchemy.orm import Session

from proctoring import delivery_store
from proctoring.attempt import Attempt
from proctoring.delivery import Delivery, Submission, delivery


def hear(session: Session, submissions: Sequence[Submission], here: Position | None) -> None:
    """Record submissions, and up to where the bus was heard."""
    delivery_store.record(session, submissions)
    if here is not None:
        delivery_store.move_to(session, EVENTS, here)


def compare(session: Session, attempt: Attempt) -> Delivery:
    """Compare by the claim that attempts told just now, or else by the one that was heard."""
    known = attempt.submission or delivery_store.submission(session, attempt.attempt_id)
    came = delivery_store.received(session, [attempt.attempt_id])
    claimed = None if known is None else known.last_event_sequence
    return delivery(claimed, came.get(attempt.attempt_id, ()))


def incomplete(
    session: Session, exam_id: int, *, skip: int, limit: int
) -> list[tuple[Submission, Delivery]]:
    """Return a page of an exam's submitted attempts of whose events some have not come."""
    found = delivery_store.incomplete(session, exam_id, skip=skip, limit=limit)
    came = delivery_store.received(session, [s.attempt_id for s in found])
    return [(s, delivery(s.last_event_sequence, came.get(s.attempt_id, ()))) for s in found]
