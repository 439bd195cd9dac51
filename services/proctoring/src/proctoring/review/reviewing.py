"""The deeds of a review: open, decide, appeal, decide on the appeal, close what is over.

Each is one transaction: the step by the rules, a conditional UPDATE, the entry of the history, the
notice. Of two at the same moment the first is stored; the second is told who that was. Blocking:
for worker threads.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from chassis import outbox
from chassis.database import Database
from sqlalchemy.orm import Session

from proctoring import chain
from proctoring import store as tallies
from proctoring.attempt import Attempt
from proctoring.review import case, history, notices, store
from proctoring.review.case import AppealRuling, Opening, Review, Ruling, State, Terms
from proctoring.review.errors import ForeignGrounds, Overtaken, ReviewNotFound, ReviewUnfinished
from proctoring.review.history import Entry, Ground, Story
from proctoring.risk import reading
from proctoring.risk.store import Kept
from proctoring.tables import OUTBOX

Step = Callable[[Review, datetime], Review]


@dataclass(frozen=True, slots=True)
class Told:
    """What a student may know of a review, and the instant at which that was so."""

    review: Review
    grounds: Sequence[Ground]
    at: datetime


class Reviewing:
    """Takes reviews from step to step."""

    def __init__(self, database: Database, terms: Terms, wake: Callable[[], None]) -> None:
        """`wake` tells the relay that something was committed."""
        self._database = database
        self._terms = terms
        self._wake = wake

    def open(self, attempt: Attempt, opening: Opening) -> Review:
        """Open a review of an attempt that exists; its risk is kept as it stands now.

        The attempt's tally is locked: neither another opening nor an erasure comes between.
        """
        with self._database.transaction() as session:
            tallies.lock_tallies(session, [attempt.attempt_id])
            _ensure_finished(store.newest(session, attempt.attempt_id))
            grounds = _grounds(session, attempt.attempt_id, opening.ground_ids)
            begun = case.begin(
                attempt,
                opening,
                tallies.clock(session),
                self._terms,
                salt=os.urandom(chain.SALT_BYTES),
                risk=_seen(reading.kept_of(session, attempt.attempt_id)),
            )
            review = store.add(session, begun)
            _tell(session, review, history.opened(review, grounds))
        self._wake()
        return review

    def decide(self, review_id: int, ruling: Ruling) -> Review:
        """Clear or confirm."""
        return self._move(
            review_id, lambda r, now: case.decide(r, ruling, now, self._terms), history.decided
        )

    def appeal(self, review_id: int, text: str) -> Review:
        """Appeal in the name of the student, who has been asked for his token."""
        return self._move(
            review_id, lambda r, now: case.appeal(r, text, now, self._terms), history.appealed
        )

    def decide_appeal(self, review_id: int, ruling: AppealRuling) -> Review:
        """Uphold or overturn the decision of another person."""
        return self._move(
            review_id, lambda r, now: case.decide_appeal(r, ruling, now), history.appeal_decided
        )

    def close_over(self, limit: int) -> int:
        """Close up to `limit` reviews that nobody has appealed against in time; return how many."""
        with self._database.transaction() as session:
            found = store.lock_over(session, limit)
            now = tallies.clock(session)
            for before in found:
                after = case.close(before, now)
                if not store.move(session, before, after):
                    raise Overtaken
                _tell(session, after, history.closed(after))
        if found:
            self._wake()
        return len(found)

    def told(self, attempt_id: int, student_id: int) -> Told:
        """Return the newest decision about a student's attempt. Raises `ReviewNotFound`."""
        with self._database.transaction() as session:
            review = store.told(session, attempt_id, student_id)
            if review is None:
                raise ReviewNotFound
            grounds = store.grounds(session, attempt_id, review.ground_ids)
            return Told(review, grounds, tallies.clock(session))

    def story(self, review_id: int) -> Story:
        """Return a review with its history, checked. Raises `ReviewNotFound`."""
        with self._database.transaction() as session:
            review = store.lock_shared(session, review_id)
            if review is None:
                raise ReviewNotFound
            return history.story(review, store.history(session, review_id))

    def _move(self, review_id: int, step: Step, entry: Callable[[Review], Entry]) -> Review:
        with self._database.transaction() as session:
            before = _existing(session, review_id)
            after = step(before, tallies.clock(session))
            if not store.move(session, before, after):
                # What is found now is the winner's: the rules say what to tell the loser.
                step(_existing(session, review_id), tallies.clock(session))
                raise Overtaken
            _tell(session, after, entry(after))
        self._wake()
        return after


def _existing(session: Session, review_id: int) -> Review:
    found = store.find(session, review_id)
    if found is None:
        raise ReviewNotFound
    return found


def _ensure_finished(newest: Review | None) -> None:
    if newest is not None and newest.state is not State.CLOSED:
        raise ReviewUnfinished(newest.id, newest.opened_by_id, newest.opened_at)


def _grounds(session: Session, attempt_id: int, ids: tuple[int, ...]) -> list[Ground]:
    found = store.grounds(session, attempt_id, ids)
    foreign = sorted(set(ids) - {ground.id for ground in found})
    if foreign:
        raise ForeignGrounds(foreign)
    return found


def _seen(kept: Kept) -> dict[str, Any] | None:
    """Return the risk as plain JSON, whole: who reviews it later sees what was seen now."""
    if kept.computed_at is None:
        return None
    stamps = {"as_of_sequence": kept.as_of_sequence, "computed_at": chain.instant(kept.computed_at)}
    return asdict(kept.risk) | stamps


def _tell(session: Session, review: Review, entry: Entry) -> None:
    store.log(session, entry)
    outbox.add(session, OUTBOX, [notices.review_changed(review)])
