"""Moves the timings of one group, inside its transaction: load, advance by the rule, save.

The caller holds the tallies' locks, so nobody else moves the same timing meanwhile. Blocking.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from proctoring import store, timing, timing_store
from proctoring.timing import Timing, TimingDraft

Pair = tuple[int, int]


class Timekeeping:
    """The timings that the posts of one transaction share."""

    def __init__(
        self, session: Session, drafts: Sequence[TimingDraft], stored: Sequence[TimingDraft]
    ) -> None:
        """Load what `drafts` were answered before, and what those of them move that are stored."""
        self._session = session
        keys = {(d.attempt_id, d.event_id) for d in drafts if d.event_id}
        self._known = timing_store.find_answers(session, keys)
        pairs = {(d.attempt_id, d.question_id) for d in stored}
        self._timings = timing_store.find_timings(session, pairs)
        visits = {(d.attempt_id, d.question_id, d.visit_id) for d in stored if d.visit_id}
        self._visits = timing_store.find_visits(session, visits)
        self._now = store.clock(session)
        self._monotonic_now = time.monotonic()
        self._moved: dict[Pair, None] = {}
        """What is to be saved, in the order of the first post."""
        self._answers: dict[tuple[int, UUID], Timing] = {}
        self._ids: Mapping[Pair, int] = {}

    def first_result(self, draft: TimingDraft) -> Timing | None:
        """Return what the draft's id was answered the first time."""
        return self._known.get((draft.attempt_id, draft.event_id)) if draft.event_id else None

    def move(self, draft: TimingDraft, arrived: float) -> Timing:
        """Advance a timing; `arrived` is by `time.monotonic`."""
        at = self._received_at(arrived)
        pair = (draft.attempt_id, draft.question_id)
        before = self._timings.get(pair) or timing.begin(draft, at)
        visit = (*pair, draft.visit_id or "")
        highest = self._visits.get(visit, 0)
        after = timing.advance(before, draft, highest, at)
        if draft.visit_id:
            self._visits[visit] = max(highest, draft.seconds)
        self._timings[pair] = after
        self._moved[pair] = None
        if draft.event_id:
            key = (draft.attempt_id, draft.event_id)
            self._known[key] = self._answers[key] = after
        return after

    def save(self) -> list[Timing]:
        """Write what has moved; return it."""
        moved = [self._timings[pair] for pair in self._moved]
        self._ids = timing_store.save_timings(self._session, moved)
        visits = {v: seconds for v, seconds in self._visits.items() if v[:2] in self._moved}
        timing_store.save_visits(self._session, visits)
        answers = {key: self.numbered(t) for key, t in self._answers.items()}
        timing_store.save_answers(self._session, answers)
        return moved

    def numbered(self, found: Timing) -> Timing:
        """Return the timing with its row number, once it was saved."""
        if found.id:
            return found
        return replace(found, id=self._ids[found.attempt_id, found.question_id])

    def _received_at(self, arrived: float) -> datetime:
        """Return the arrival by the database's clock: this process's own may be wrong."""
        return self._now - timedelta(seconds=max(0.0, self._monotonic_now - arrived))
