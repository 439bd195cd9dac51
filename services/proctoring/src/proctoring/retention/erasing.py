"""Deeds that remove evidence: of one attempt, of all that is due, of one person.

Each attempt is a transaction of its own. It locks the attempt's tally, then looks at holds and
reviews: whoever opens a review or places a hold takes the same lock, so that of the two the first
wins and the second sees it. Blocking: for worker threads.
"""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.signing import SigningKey
from sqlalchemy import text
from sqlalchemy.orm import Session

from proctoring import keyring
from proctoring.retention import store
from proctoring.retention.due import OF_EVENTS, HeldBy, Part, Policy, Sitting, due, expired
from proctoring.retention.holdings import Holding
from proctoring.retention.record import CLOCK, Kind, Removal, signed
from proctoring.store import clock, lock_tallies

log = structlog.get_logger()

HeldByReview = Callable[[Session, Collection[int]], set[int]]
"""Names those of the attempts that have an open review or appeal."""

_READ_ONLY = text("SET TRANSACTION READ ONLY")
_PATIENT = text("SET LOCAL statement_timeout = 60000")
"""An attempt of hours at full speed has more events than a request's time would do."""
RETENTION = "the time for which it is kept is over"


@dataclass(frozen=True)
class Order:
    """Who wants it done and why; the records of one run share its id."""

    actor: str = CLOCK
    reason: str = RETENTION
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True)
class Outcome:
    """What was removed from an attempt, or what would be; what kept it."""

    attempt_id: int
    exam_id: int | None
    events: Mapping[Part, int] = field(default_factory=dict)
    """Events that lost a part; a part that was not due is missing."""
    others: Mapping[str, int] = field(default_factory=dict)
    held_by: tuple[HeldBy, ...] = ()
    is_person: bool = False
    is_busy: bool = False
    """Somebody had the attempt, or the database no time; the next run finds it again."""


@dataclass(frozen=True)
class Page:
    """What a run did to attempts in id order; `last_id` is where the next page begins, if any."""

    outcomes: tuple[Outcome, ...]
    last_id: int | None


class Eraser:
    """Removes what is due and signs for it."""

    def __init__(
        self,
        database: Database,
        key: SigningKey,
        defaults: Policy,
        holdings: Sequence[Holding],
        held_by_review: HeldByReview,
    ) -> None:
        """`defaults` hold for exams of which nobody has decided anything else."""
        self._database = database
        self._key = key
        self._defaults = defaults
        self._holdings = [holding for holding in holdings if holding.erase and holding.count]
        self._left = store.Left(
            words=_left(self._holdings, Part.PAYLOAD),
            pictures=_left(self._holdings, Part.SNAPSHOTS),
        )
        self._held_by_review = held_by_review

    def run(
        self, order: Order, *, after: int = 0, limit: int = 100, exam_id: int | None = None
    ) -> Page:
        """Erase what is due of the next `limit` attempts behind `after`; name what is held."""
        with self._database.transaction() as session:
            found = store.expired(
                session,
                self._defaults,
                clock(session),
                after=after,
                limit=limit,
                exam_id=exam_id,
                left=self._left,
            )
        return _page([self._try(sat.attempt_id, order) for sat, _ in found], limit)

    def rehearse(self, *, after: int = 0, limit: int = 100, exam_id: int | None = None) -> Page:
        """Say what `run` would do, by the same selection and rule; the database refuses writes."""
        with self._database.transaction() as session:
            session.execute(_READ_ONLY)
            now = clock(session)
            found = store.expired(
                session,
                self._defaults,
                now,
                after=after,
                limit=limit,
                exam_id=exam_id,
                left=self._left,
            )
            holds = self._holds(session, [sat.attempt_id for sat, _ in found])
            outcomes = [
                self._counted(session, sat, due(sat, policy, held_by, now), held_by)
                for sat, policy in found
                for held_by in [holds.get(sat.attempt_id, ())]
            ]
        return _page(outcomes, limit)

    def forget(self, user_id: int, attempt_ids: Sequence[int], order: Order) -> list[Outcome]:
        """Erase all evidence of a person; what is held goes when nothing holds it any more."""
        with self._database.transaction() as session:
            store.forget(session, attempt_ids, user_id, order.actor, order.reason)
        return [self._erase(attempt_id, order, waits=True) for attempt_id in sorted(attempt_ids)]

    def _try(self, attempt_id: int, order: Order) -> Outcome:
        """Erase one of many: one that the database refuses must not keep the others."""
        try:
            return self._erase(attempt_id, order)
        except Unavailable as failure:
            log.warning("retention.put_off", attempt_id=attempt_id, reason=failure.slug)
            return Outcome(attempt_id, None, is_busy=True)

    def _erase(self, attempt_id: int, order: Order, *, waits: bool = False) -> Outcome:
        with self._database.transaction() as session:
            session.execute(_PATIENT)
            if waits:  # also for one without a tally: chat may be all that there is
                lock_tallies(session, [attempt_id])
            elif not store.try_lock(session, attempt_id):
                return Outcome(attempt_id, None, is_busy=True)
            sat = store.sitting(session, attempt_id, self._left)
            assert sat is not None  # noqa: S101  # its tally is locked
            held_by = self._holds(session, [attempt_id]).get(attempt_id, ())
            policy = store.policy(session, sat.exam_id, self._defaults)
            now = clock(session)
            parts = due(sat, policy, held_by, now)
            if not parts:
                is_kept = bool(expired(sat, policy, now))
                return _nothing(sat, held_by if is_kept else ())
            return self._remove(session, sat, policy, parts, order)

    def _remove(
        self,
        session: Session,
        sat: Sitting,
        policy: Policy,
        parts: frozenset[Part],
        order: Order,
    ) -> Outcome:
        """Remove parts of a locked attempt and sign for them, all in one transaction."""
        of_events = [part for part in OF_EVENTS if part in parts]
        gone = {part: store.erase(session, sat.attempt_id, part) for part in of_events}
        others = {
            h.name: h.erase(session, sat.attempt_id)
            for h in self._holdings
            if h.erase and h.part in parts
        }
        at = clock(session)
        for kind in _kinds(sat, parts):
            removal = Removal(
                attempt_id=sat.attempt_id,
                exam_id=sat.exam_id,
                kind=kind,
                sequences=[n for part in kind.parts & gone.keys() for n in gone[part]],
                others=others if Part.PAYLOAD in kind.parts else {},
                policy=policy,
                ended_at=sat.ended_at,
                actor=order.actor,
                reason=self._reason(session, sat, order),
                run_id=order.run_id,
                at=at,
            )
            self._sign(session, removal)
        for part in of_events:
            store.mark(session, sat.attempt_id, part, sat.last_sequence, at)
        counts = {part: len(sequences) for part, sequences in gone.items()}
        if Part.SNAPSHOTS in parts:
            counts[Part.SNAPSHOTS] = _pictures(self._holdings, others)
        return Outcome(sat.attempt_id, sat.exam_id, counts, others, is_person=sat.is_forgotten)

    def _reason(self, session: Session, sat: Sitting, order: Order) -> str:
        """Return why: of a person whose evidence was held, what was said when he asked."""
        asked = store.forgetting(session, sat.attempt_id) if sat.is_forgotten else None
        return order.reason if asked is None else asked.reason

    def _sign(self, session: Session, removal: Removal) -> None:
        if not removal.is_empty:
            before = store.last_record(session, removal.attempt_id)
            store.add_record(session, signed(removal, before, self._key))
            keyring.publish(session, self._key)

    def _holds(
        self, session: Session, attempt_ids: Collection[int]
    ) -> dict[int, tuple[HeldBy, ...]]:
        by_review = self._held_by_review(session, attempt_ids)
        by_hold = store.held(session, attempt_ids)
        found = {HeldBy.REVIEW: by_review, HeldBy.HOLD: by_hold}
        return {
            attempt_id: tuple(why for why, ids in found.items() if attempt_id in ids)
            for attempt_id in by_review | by_hold
        }

    def _counted(
        self,
        session: Session,
        sat: Sitting,
        parts: frozenset[Part],
        held_by: tuple[HeldBy, ...],
    ) -> Outcome:
        if not parts:
            return _nothing(sat, held_by)
        of_events = [part for part in OF_EVENTS if part in parts]
        counts = {part: store.count(session, sat.attempt_id, part) for part in of_events}
        others = {
            h.name: h.count(session, sat.attempt_id)
            for h in self._holdings
            if h.count and h.part in parts
        }
        if Part.SNAPSHOTS in parts:
            counts[Part.SNAPSHOTS] = _pictures(self._holdings, others)
        return Outcome(sat.attempt_id, sat.exam_id, counts, others, is_person=sat.is_forgotten)


def _left(holdings: Sequence[Holding], part: Part) -> str:
    found = [h.left for h in holdings if h.left and h.part is part]
    return " UNION ALL ".join(found) or store.NOTHING


def _pictures(holdings: Sequence[Holding], others: Mapping[str, int]) -> int:
    return sum(others[h.name] for h in holdings if h.part is Part.SNAPSHOTS)


def _kinds(sat: Sitting, parts: frozenset[Part]) -> list[Kind]:
    if sat.is_forgotten and parts.issuperset(OF_EVENTS):
        return [Kind.PERSON]
    return [kind for kind in (Kind.NETWORK, Kind.PAYLOAD) if kind.parts & parts]


def _nothing(sat: Sitting, held_by: tuple[HeldBy, ...]) -> Outcome:
    return Outcome(sat.attempt_id, sat.exam_id, held_by=held_by, is_person=sat.is_forgotten)


def _page(outcomes: Sequence[Outcome], limit: int) -> Page:
    is_full = len(outcomes) == limit
    return Page(tuple(outcomes), outcomes[-1].attempt_id if outcomes and is_full else None)
