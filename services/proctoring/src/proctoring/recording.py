"""Writes one group of posts in one transaction: the deed behind every event and timing.

Locks the attempts' tallies, answers what is known with its first result, judges the rest, appends
to sequence and hash chain, moves timings, and announces it all. Blocking: for worker threads.
"""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from chassis import outbox
from chassis.errors import Failure
from chassis.outbox import Note
from sqlalchemy.orm import Session

from proctoring import chain, notices, store, timing, timing_store
from proctoring.attempt import Attempt, Verdict, judge
from proctoring.errors import AttemptClosed, ForeignQuestion, PostedAttemptNotFound
from proctoring.event import Event, EventDraft, Reception, Tally
from proctoring.event import record as append
from proctoring.tables import OUTBOX
from proctoring.timing import Timing, TimingDraft

Draft = EventDraft | TimingDraft
Outcome = Event | Timing | Failure
Key = tuple[int, UUID]

_REFUSALS: dict[Verdict, type[Failure]] = {
    Verdict.NOT_FOUND: PostedAttemptNotFound,
    Verdict.CLOSED: AttemptClosed,
    Verdict.FOREIGN_QUESTION: ForeignQuestion,
}


@dataclass(frozen=True, slots=True)
class Post:
    """A valid draft, who posted it, and when it arrived by `time.monotonic`."""

    user_id: int
    draft: Draft
    arrived: float


def refusal(post: Post, attempts: Mapping[int, Attempt]) -> Failure | None:
    """Return the refusal that needs no look into the database, if there is one."""
    verdict = _first_verdict(post, attempts)
    if verdict is Verdict.STORE or (verdict is not Verdict.NOT_FOUND and post.draft.event_id):
        return None
    return _REFUSALS[verdict]()


def record(
    session: Session, posts: Sequence[Post], attempts: Mapping[int, Attempt]
) -> list[Outcome]:
    """Store what may be stored; return the outcome of each post, in order.

    An outcome counts only once the transaction has been committed.
    """
    group = _Group(session, posts, attempts)
    outcomes = [group.take(post) for post in posts]
    return group.save(outcomes)


class _Group:
    """The state that the posts of one transaction share."""

    def __init__(
        self, session: Session, posts: Sequence[Post], attempts: Mapping[int, Attempt]
    ) -> None:
        self._session = session
        self._attempts = attempts
        drafts = [p.draft for p in posts if _first_verdict(p, attempts) is Verdict.STORE]
        writable = {draft.attempt_id for draft in drafts}
        self._tallies = store.lock_tallies(session, writable) if writable else {}
        self._load_known([post.draft for post in posts])
        self._load_timings([d for d in drafts if isinstance(d, TimingDraft)])
        self._now = store.clock(session)
        self._monotonic_now = time.monotonic()
        self._events: list[tuple[Event, Tally]] = []
        self._answers: dict[Key, Timing] = {}

    def take(self, post: Post) -> Outcome:
        """Judge one post and keep in mind what is to be saved."""
        draft = post.draft
        known = self._first_result(draft)
        attempt = self._attempts.get(draft.attempt_id)
        verdict = judge(attempt, post.user_id, draft.question_id, is_known=known is not None)
        if verdict is Verdict.REPEAT and known is not None:
            return known
        if verdict is not Verdict.STORE or attempt is None:
            return _REFUSALS[verdict]()
        if isinstance(draft, EventDraft):
            return self._append(draft, attempt, self._received_at(post))
        return self._move(draft, self._received_at(post))

    def save(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Write everything, announce it, and put the row numbers into the outcomes."""
        events = store.insert_events(self._session, [event for event, _ in self._events])
        tallies = {tally.attempt_id: tally for _, tally in self._events}
        store.save_tallies(self._session, tallies.values())
        moved = [self._timings[pair] for pair in self._moved]
        ids = timing_store.save_timings(self._session, moved)
        timing_store.save_visits(
            self._session, {v: self._visits[v] for v in self._visits if v[:2] in self._moved}
        )
        answers = {key: _numbered(t, ids) for key, t in self._answers.items()}
        timing_store.save_answers(self._session, answers)
        outbox.add(self._session, OUTBOX, self._notes(events, moved))
        places = {(e.draft.attempt_id, e.sequence): e for e in events}
        return [_final(outcome, places, ids) for outcome in outcomes]

    def _load_known(self, drafts: Sequence[Draft]) -> None:
        events = {k for d in drafts if isinstance(d, EventDraft) and (k := _key(d))}
        timings = {k for d in drafts if isinstance(d, TimingDraft) and (k := _key(d))}
        self._known_events = store.find_events(self._session, events)
        self._known_timings = timing_store.find_answers(self._session, timings)

    def _load_timings(self, drafts: Sequence[TimingDraft]) -> None:
        pairs = {(d.attempt_id, d.question_id) for d in drafts}
        visits = {(d.attempt_id, d.question_id, d.visit_id) for d in drafts if d.visit_id}
        self._timings = timing_store.find_timings(self._session, pairs)
        self._visits = timing_store.find_visits(self._session, visits)
        self._moved: dict[tuple[int, int], None] = {}
        """Pairs to be saved, in the order of their first post."""

    def _first_result(self, draft: Draft) -> Event | Timing | None:
        key = _key(draft)
        if key is None:
            return None
        if isinstance(draft, EventDraft):
            return self._known_events.get(key)
        return self._known_timings.get(key)

    def _received_at(self, post: Post) -> datetime:
        """Return the arrival by the database's clock: this process's own may be wrong."""
        return self._now - timedelta(seconds=max(0.0, self._monotonic_now - post.arrived))

    def _append(self, draft: EventDraft, attempt: Attempt, received_at: datetime) -> Event:
        salts = os.urandom(2 * chain.SALT_BYTES)
        reception = Reception(
            received_at=received_at,
            stored_at=self._now,
            late=attempt.is_late,
            data_salt=salts[: chain.SALT_BYTES],
            network_salt=salts[chain.SALT_BYTES :],
        )
        tally = replace(self._tallies[draft.attempt_id], exam_id=attempt.exam_id)
        event, tally = append(tally, draft, reception)
        self._tallies[draft.attempt_id] = tally
        self._events.append((event, tally))
        if (key := _key(draft)) is not None:
            self._known_events[key] = event
        return event

    def _move(self, draft: TimingDraft, at: datetime) -> Timing:
        pair = (draft.attempt_id, draft.question_id)
        before = self._timings.get(pair) or timing.begin(draft, at)
        visit = (*pair, draft.visit_id or "")
        highest = self._visits.get(visit, 0)
        after = timing.advance(before, draft, highest, at)
        if draft.visit_id:
            self._visits[visit] = max(highest, draft.seconds)
        self._timings[pair] = after
        self._moved[pair] = None
        if (key := _key(draft)) is not None:
            self._known_timings[key] = self._answers[key] = after
        return after

    def _notes(self, events: Sequence[Event], moved: Sequence[Timing]) -> list[Note]:
        tallies = [tally for _, tally in self._events]
        said = [
            notices.event_recorded(event, tally, tally.exam_id)
            for event, tally in zip(events, tallies, strict=True)
            if tally.exam_id is not None
        ]
        return said + [
            notices.timing_recorded(t, self._attempts[t.attempt_id].exam_id) for t in moved
        ]


def _first_verdict(post: Post, attempts: Mapping[int, Attempt]) -> Verdict:
    """Return the verdict as if nothing were known under the post's event id."""
    draft = post.draft
    attempt = attempts.get(draft.attempt_id)
    return judge(attempt, post.user_id, draft.question_id, is_known=False)


def _key(draft: Draft) -> Key | None:
    return None if draft.event_id is None else (draft.attempt_id, draft.event_id)


def _numbered(found: Timing, ids: Mapping[tuple[int, int], int]) -> Timing:
    return found if found.id else replace(found, id=ids[found.attempt_id, found.question_id])


def _final(
    outcome: Outcome,
    events: Mapping[tuple[int, int], Event],
    timing_ids: Mapping[tuple[int, int], int],
) -> Outcome:
    if isinstance(outcome, Event) and not outcome.id:
        return events[outcome.draft.attempt_id, outcome.sequence]
    return _numbered(outcome, timing_ids) if isinstance(outcome, Timing) else outcome
