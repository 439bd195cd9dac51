"""Which objects a role opens to a caller: all of them, or those that he is assigned to (ADR 18).

What somebody is assigned to is another service's knowledge. It is asked again after five seconds;
while that service is away its last answer counts for a quarter of an hour, because watching must
not stop with it; of whom nothing is known is told to come again. Nothing here knows what the
objects are.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

import structlog

from chassis.errors import Failure, Unavailable
from chassis.tokens import Caller

log = structlog.get_logger()

FRESH_SECONDS = 5.0
LAST_WORD_SECONDS = 15 * 60.0
_MOST_USERS = 10_000

Assigned = frozenset[tuple[str, int]]
"""Pairs of a role and the id of an object."""

Ask = Callable[[int], Awaitable[Assigned]]


class AssignmentsUnknown(Unavailable):
    slug = "assignments-unknown"
    detail = "Assignments cannot be looked up at the moment. Please try again."


@dataclass(frozen=True)
class Reach:
    """The ids that a caller reaches; None stands for all."""

    ids: frozenset[int] | None

    def covers(self, object_id: int) -> bool:
        return self.ids is None or object_id in self.ids


EVERYWHERE = Reach(None)
NOWHERE = Reach(frozenset())


@dataclass(frozen=True)
class _Known:
    assigned: Assigned
    asked_at: float
    """When the question that this answers was put."""
    again_at: float
    """Until when nobody is asked anew."""


class Assignments:
    """Remembers what users are assigned to; safe for any number of callers on one event loop."""

    def __init__(self, ask: Ask, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`ask` returns a user's assignments or raises a `Failure`; it bounds its own time."""
        self._ask = ask
        self._clock = clock
        self._known: OrderedDict[int, _Known] = OrderedDict()
        self._asking: dict[int, asyncio.Task[Assigned]] = {}

    async def reach(
        self, caller: Caller, everywhere: Collection[str], assigned: Collection[str]
    ) -> Reach:
        """Return what `caller` reaches by roles that reach all and roles that must be assigned.

        Nobody is asked about a caller without a role of the second kind. Raises
        `AssignmentsUnknown`.
        """
        if caller.has_any(*everywhere):
            return EVERYWHERE
        if not caller.has_any(*assigned):
            return NOWHERE
        roles = caller.roles.intersection(assigned)
        found = await self.of(caller.user_id)
        return Reach(frozenset(object_id for role, object_id in found if role in roles))

    async def of(self, user_id: int) -> Assigned:
        """Return what a user is assigned to, at most five seconds old unless nobody can say.

        Raises `AssignmentsUnknown`. Safe to cancel: others may wait for the same answer.
        """
        known = self._known.get(user_id)
        if known is not None and self._clock() < known.again_at:
            return known.assigned
        asking = self._asking.get(user_id)
        if asking is None:
            asking = asyncio.create_task(self._learn(user_id), name="assignments")
            self._asking[user_id] = asking
            asking.add_done_callback(lambda task: self._asked(user_id, task))
        return await asyncio.shield(asking)

    async def _learn(self, user_id: int) -> Assigned:
        asked_at = self._clock()
        try:
            assigned = await self._ask(user_id)
        except Failure as failure:
            return self._last_word(user_id, failure)
        self._remember(user_id, _Known(assigned, asked_at, asked_at + FRESH_SECONDS))
        return assigned

    def _last_word(self, user_id: int, failure: Failure) -> Assigned:
        known, now = self._known.get(user_id), self._clock()
        if known is None or now - known.asked_at > LAST_WORD_SECONDS:
            raise AssignmentsUnknown from failure
        log.warning("assignments.old", reason=failure.slug, age=round(now - known.asked_at))
        self._remember(user_id, _Known(known.assigned, known.asked_at, now + FRESH_SECONDS))
        return known.assigned

    def _remember(self, user_id: int, known: _Known) -> None:
        self._known[user_id] = known
        self._known.move_to_end(user_id)
        if len(self._known) > _MOST_USERS:
            self._known.popitem(last=False)

    def _asked(self, user_id: int, task: asyncio.Task[Assigned]) -> None:
        self._asking.pop(user_id, None)
        if not task.cancelled():
            task.exception()  # whoever waited has heard it; perhaps nobody did
