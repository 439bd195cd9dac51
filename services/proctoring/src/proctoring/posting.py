"""What students post, on its lanes: decodes, hands to the intake, encodes (contract §6.1, §6.2).

A limit for each attempt stands before the intake, and each answer tells how loaded it is
(`OEP-Load`, 0 to 10), so that a client holds back what can wait before anything must be refused.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
from chassis import problems
from chassis.errors import Failure, Unavailable
from chassis.lanes import Asked, Headers, Lane, Promise

from proctoring import schemas
from proctoring.errors import BadBody, TooManyEvents
from proctoring.event import EventDraft, Taken
from proctoring.intake import Intake
from proctoring.limits import BATCHED_WEIGHT, Buckets
from proctoring.recording import Outcome
from proctoring.schemas import BatchItem, event_out
from proctoring.timing import Timing

PREFIX = "/api/v1/proctoring"
_LOADS: list[Headers] = [[(b"oep-load", b"%d" % load)] for load in range(11)]
_encode = msgspec.json.Encoder().encode


class Posting:
    """The three lanes and what they share."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._buckets = Buckets()
        self.event = Lane(f"{PREFIX}/events", self._event, 201, schemas.MAX_BODY_BYTES)
        self.batch = Lane(f"{PREFIX}/events/batch", self._batch, 200, schemas.MAX_BATCH_BYTES)
        self.timing = Lane(f"{PREFIX}/question-timing", self._timing, 200, schemas.MAX_BODY_BYTES)
        self.lanes = (self.event, self.batch, self.timing)

    def said(self) -> Headers:
        """Return what each answer tells of the load."""
        return _LOADS[self._intake.load]

    def _event(self, asked: Asked) -> Promise:
        draft = schemas.event_draft(asked.body, asked.origin)
        self._limit(asked.caller.user_id, ((draft.attempt_id, 1.0),))
        taken = self._intake.take(asked.caller.user_id, [draft], asked.traceparent)
        return Promise(taken, _say_event)

    def _batch(self, asked: Asked) -> Promise:
        drafts = schemas.event_drafts(asked.body, asked.origin)
        good = [draft for draft in drafts if isinstance(draft, EventDraft)]
        counts = Counter([draft.attempt_id for draft in good])
        self._limit(asked.caller.user_id, [(a, n * BATCHED_WEIGHT) for a, n in counts.items()])
        taken = (
            self._intake.take(asked.caller.user_id, good, asked.traceparent) if good else _nothing()
        )
        return Promise(taken, partial(_say_batch, asked, drafts))

    def _timing(self, asked: Asked) -> Promise:
        draft = schemas.timing_draft(asked.body)
        self._limit(asked.caller.user_id, ((draft.attempt_id, 1.0),))
        taken = self._intake.take(asked.caller.user_id, [draft], asked.traceparent)
        return Promise(taken, _say_timing)

    def _limit(self, user_id: int, weights: Sequence[tuple[int, float]]) -> None:
        wanted = [((user_id, attempt_id), weight) for attempt_id, weight in weights]
        wait = self._buckets.take(wanted, time.monotonic())
        if wait is not None:
            raise TooManyEvents(retry_after_seconds=wait)


Outcomes = list[Outcome | Exception]


def _nothing() -> asyncio.Future[Outcomes]:
    done: asyncio.Future[Outcomes] = asyncio.get_running_loop().create_future()
    done.set_result([])
    return done


def _say_event(outcomes: Outcomes) -> bytes:
    outcome = _only(outcomes)
    assert isinstance(outcome, Taken)  # noqa: S101  # an event draft becomes nothing else
    return _encode(event_out(outcome))


def _say_timing(outcomes: Outcomes) -> bytes:
    outcome = _only(outcomes)
    assert isinstance(outcome, Timing)  # noqa: S101  # a timing draft becomes nothing else
    return _encode(schemas.timing_out(outcome))


def _only(outcomes: Outcomes) -> Outcome:
    (outcome,) = outcomes
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _say_batch(asked: Asked, drafts: Sequence[EventDraft | BadBody], outcomes: Outcomes) -> bytes:
    """Put the outcomes in the places of their drafts. All must come again when one must."""
    taken = iter(outcomes)
    whole = [next(taken) if isinstance(d, EventDraft) else d for d in drafts]
    for outcome in outcomes:
        if isinstance(outcome, Unavailable):
            raise outcome
    results = [_item(asked, index, outcome) for index, outcome in enumerate(whole)]
    return _encode(schemas.BatchAnswer(results))


def _item(asked: Asked, index: int, outcome: Outcome | Exception) -> BatchItem:
    if isinstance(outcome, Taken):
        return BatchItem(index, 201, event=event_out(outcome))
    error: dict[str, Any]
    if isinstance(outcome, Failure):
        error = problems.body(outcome, asked.path, asked.request_id)
    else:  # logged where it happened; its text stays here
        error = problems.unforeseen_body(asked.path, asked.request_id)
    return BatchItem(index, error["status"], error=error)
