"""The deed of asking for an action, and of settling what became of it (ADR 25).

An order and its actions are stored before attempts is asked to carry them out, so that nothing can
be done of which there is no record; what becomes of each is written behind it. Between the two an
action is "asked": whoever repeats the order, or the sweep, finishes it, because attempts does
nothing twice under one key.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import TypeVar

from chassis import outbox
from chassis.database import Database, DatabaseUnavailable
from sqlalchemy.orm import Session

from proctoring.acting import action, notices, store
from proctoring.acting.action import Action, Order, Refusal, State, Step
from proctoring.acting.clients import MOST_AT_ONCE, NOT_DONE, Outcome, People, SteeringClient
from proctoring.acting.errors import ActionIdTaken, ActionUnfinished, NobodyRunning, TooManyAttempts
from proctoring.attempt import Attempt
from proctoring.attempts_client import AttemptsClient
from proctoring.tables import OUTBOX

MOST_OF_AN_EXAM = 5_000
"""Attempts that one order may reach; an exam with more is acted on in parts."""
_FACTS_AT_ONCE = 1_000

T = TypeVar("T")


class Doing:
    """Asks for actions; safe for any number of callers and replicas."""

    def __init__(
        self,
        database: Database,
        attempts: AttemptsClient,
        steering: SteeringClient,
        people: People,
        wake: Callable[[], None],
    ) -> None:
        """`wake` tells the relay that something was committed."""
        self._database = database
        self._attempts = attempts
        self._steering = steering
        self._people = people
        self._wake = wake

    async def ask(self, order: Order) -> list[Action]:
        """Do what is ordered and return what became of it, one action for each attempt.

        A repeated order gets its first result. Raises `ActionIdTaken` for another one under the
        same key, `AttemptsUnavailable` when nothing was stored, `ActionUnfinished` when something
        was and its outcome is not known yet.
        """
        known = await self._database.run(self._known, order)
        if known is None:
            chosen = await self._chosen(order)
            facts = await self._facts(chosen)
            name = await self._people.name(order.actor_id)
            known = await self._database.run(self._record, order, chosen, facts, name)
            self._wake()
        try:
            return await self.finish(known)
        except DatabaseUnavailable as failure:  # the order is stored: "nothing was" is not true
            raise ActionUnfinished from failure

    async def finish(self, actions: Sequence[Action]) -> list[Action]:
        """Settle what is still asked for of one order; its age says how (`action.step`).

        Raises `ActionUnfinished`.
        """
        found = {each.id: each for each in actions}
        asked = [each for each in actions if each.state is State.ASKED]
        for some in _slices(asked, MOST_AT_ONCE):
            step = action.step(await self._database.run(self._now) - some[0].asked_at)
            if step is Step.WAIT:
                raise ActionUnfinished
            outcomes = await self._steering.act(some, is_question=step is Step.FIND_OUT)
            ids = {o.by_id for o in outcomes.values() if isinstance(o, Refusal) and o.by_id}
            names = await self._people.names(ids) if ids else {}
            settled = await self._database.run(self._settle, some, outcomes, names)
            self._wake()
            found |= {each.id: each for each in settled}
        return list(found.values())

    async def _chosen(self, order: Order) -> list[int]:
        if order.attempt_ids is not None:
            return sorted(set(order.attempt_ids))
        chosen = await self._steering.running(order.exam_id)
        if not chosen:
            raise NobodyRunning
        if len(chosen) > MOST_OF_AN_EXAM:
            raise TooManyAttempts(MOST_OF_AN_EXAM)
        return sorted(chosen)

    async def _facts(self, chosen: Sequence[int]) -> dict[int, Attempt]:
        facts: dict[int, Attempt] = {}
        for some in _slices(chosen, _FACTS_AT_ONCE):
            facts |= await self._attempts.ask(some, with_questions=False)
        return facts

    def _now(self) -> datetime:
        with self._database.transaction() as session:
            return store.clock(session)

    def _known(self, order: Order) -> list[Action] | None:
        with self._database.transaction() as session:
            return _repeated(session, order)

    def _record(
        self, order: Order, chosen: Sequence[int], facts: Mapping[int, Attempt], name: str | None
    ) -> list[Action]:
        with self._database.transaction() as session:
            if not store.add_order(session, order):
                return _repeated(session, order) or []
            at = store.clock(session)
            drafts = [_draft(order, i, facts.get(i), name, at) for i in chosen]
            stored = store.add(session, drafts)
            _announce(session, [each for each in stored if each.state is State.LIVE])
            return stored

    def _settle(
        self,
        actions: Sequence[Action],
        outcomes: Mapping[int, Outcome],
        names: Mapping[int, str],
    ) -> list[Action]:
        with self._database.transaction() as session:
            locked = store.lock(session, [each.id for each in actions])
            at = store.clock(session)
            settled = [_settled(each, outcomes.get(each.attempt_id), names, at) for each in locked]
            changed = action.moved(locked, settled)
            store.save(session, changed)
            _announce(session, [each for each in changed if each.refusal is None])
            return settled


def _repeated(session: Session, order: Order) -> list[Action] | None:
    digest = store.digest(session, order.action_id)
    if digest is None:
        return None
    if digest != order.digest:
        raise ActionIdTaken
    return store.of_order(session, order.action_id)


def _draft(
    order: Order, attempt_id: int, attempt: Attempt | None, name: str | None, at: datetime
) -> Action:
    draft = Action(
        0,
        order.action_id,
        attempt_id,
        order.exam_id,
        order.wish,
        order.actor_id,
        name,
        order.origin,
        at,
    )
    if attempt is None or attempt.exam_id != order.exam_id:
        return draft.refused(action.NOT_FOUND, at)
    if not order.wish.kind.is_said_only:
        return draft
    if attempt.status.is_closed:
        return draft.refused(action.closed(attempt.status.value), at)
    return draft.done(at, is_closed=False)


def _settled(
    asked: Action, outcome: Outcome | None, names: Mapping[int, str], at: datetime
) -> Action:
    if outcome is None:
        return asked
    if not isinstance(outcome, Refusal):
        return asked.done(at, is_closed=outcome)
    why = action.LAPSED if outcome.slug == NOT_DONE else outcome.named(dict(names))
    return asked.refused(why, at)


def _announce(session: Session, done: Collection[Action]) -> None:
    notes = [notices.action_requested(each) for each in done]
    notes += [notices.action_expired(each) for each in done if each.expired_at is not None]
    outbox.add(session, OUTBOX, notes)


def _slices(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def by_order(actions: Sequence[Action]) -> Iterator[list[Action]]:
    """Yield the actions of each order by themselves."""
    for _, some in groupby(sorted(actions, key=lambda a: str(a.action_id)), lambda a: a.action_id):
        yield list(some)
