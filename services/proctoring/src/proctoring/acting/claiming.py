"""Deeds of claims: take a student, give him back, hand him over, take him over, see who has whom.

Of two who claim at once the database lets the first in; the second is told who that is and since
when. Blocking: for worker threads.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from chassis import outbox
from chassis.database import Database
from sqlalchemy.orm import Session

from proctoring.acting import claim_store, notices, store
from proctoring.acting.claim import Change, Claim, Holder
from proctoring.acting.errors import AlreadyClaimed, AttemptIsClosed, NotClaimed, NotYourClaim
from proctoring.attempt import Attempt
from proctoring.tables import OUTBOX


@dataclass(frozen=True)
class Claimed:
    """What became of a list: whose claims are ours now, and who was faster for the others."""

    ours: tuple[Claim, ...]
    theirs: tuple[Claim, ...]


class Claiming:
    """Changes who looks after whom, and announces it."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """`wake` tells the relay that something was committed."""
        self._database = database
        self._wake = wake

    def claim(self, attempt: Attempt, holder: Holder) -> Claim:
        """Take a student; who has him already keeps him. Raises `AlreadyClaimed`."""
        _ensure_open(attempt)
        claimed = self.claim_many(attempt.exam_id, [attempt.attempt_id], holder)
        if claimed.theirs:
            raise AlreadyClaimed.of(claimed.theirs[0])
        return claimed.ours[0]

    def claim_many(self, exam_id: int, attempt_ids: Collection[int], holder: Holder) -> Claimed:
        """Take every student of a list whom nobody has."""
        with self._database.transaction() as session:
            at = store.clock(session)
            by_id = holder.user_id
            new = claim_store.add(session, attempt_ids, exam_id, holder, Change.CLAIMED, by_id, at)
            _announce(session, new, Change.CLAIMED, by_id, at)
            found = claim_store.open_of(session, attempt_ids)
        self._wake()
        ours = tuple(claim for claim in found if claim.holder.user_id == by_id)
        return Claimed(ours, tuple(claim for claim in found if claim not in ours))

    def release(self, attempt_id: int, user_id: int) -> None:
        """Give a student back; nothing to give back is fine. Raises `NotYourClaim`."""
        with self._database.transaction() as session:
            at = store.clock(session)
            for claim in claim_store.lock_open(session, [attempt_id]):
                _ensure_holder(claim, user_id)
                ended = claim.end(Change.RELEASED, user_id, at)
                claim_store.end(session, [ended])
                _announce(session, [ended], Change.RELEASED, user_id, at)
        self._wake()

    def hand_over(self, attempt: Attempt, from_id: int, to: Holder, reason: str | None) -> Claim:
        """Give a student to a colleague. Raises `NotClaimed`, `NotYourClaim`."""
        return self._pass_on(attempt, Change.HANDED_OVER, from_id, to, reason)

    def take_over(self, attempt: Attempt, holder: Holder, reason: str) -> Claim:
        """Take a student from whoever has him. Raises `NotClaimed`."""
        return self._pass_on(attempt, Change.TAKEN_OVER, holder.user_id, holder, reason)

    def of_exam(self, exam_id: int, *, with_ended: bool, skip: int, limit: int) -> list[Claim]:
        with self._database.transaction() as session:
            return claim_store.of_exam(
                session, exam_id, with_ended=with_ended, skip=skip, limit=limit
            )

    def _pass_on(
        self, attempt: Attempt, change: Change, by_id: int, to: Holder, reason: str | None
    ) -> Claim:
        _ensure_open(attempt)
        with self._database.transaction() as session:
            at = store.clock(session)
            held = claim_store.lock_open(session, [attempt.attempt_id])
            if not held:
                raise NotClaimed
            if change is Change.HANDED_OVER:
                _ensure_holder(held[0], by_id)
            if held[0].holder.user_id == to.user_id:
                return held[0]
            claim_store.end(session, [held[0].end(change, by_id, at)])
            [new] = claim_store.add(
                session, [attempt.attempt_id], attempt.exam_id, to, change, by_id, at, reason
            )
            _announce(session, [new], change, by_id, at)
        self._wake()
        return new


def _ensure_open(attempt: Attempt) -> None:
    if attempt.status.is_closed:
        raise AttemptIsClosed(attempt.status.value)


def _ensure_holder(claim: Claim, user_id: int) -> None:
    if claim.holder.user_id != user_id:
        raise NotYourClaim.of(claim)


def _announce(
    session: Session, claims: Collection[Claim], change: Change, by_id: int, at: datetime
) -> None:
    notes = [notices.claim_changed(claim, change, by_id, at) for claim in claims]
    outbox.add(session, OUTBOX, notes)
