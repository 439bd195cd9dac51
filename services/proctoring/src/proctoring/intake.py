"""Takes in events and timings: groups what waits, asks attempts once, writes once (design §5.3).

Order for a group: its requests have arrived → attempts is asked → one transaction → answers, after
COMMIT. attempts is asked about one group while the one before it is written. attempts away: 503 for
these requests, nothing stored. A row that the database refuses fails alone: the group is halved
until it stands by itself.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import cast

import structlog
from chassis import tracing
from chassis.database import Database
from chassis.errors import Failure
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from proctoring.attempt import Attempt
from proctoring.attempts_client import AttemptsClient
from proctoring.grouping import LARGE, Grouping, Ticket
from proctoring.intake_store import AT_ONCE
from proctoring.recording import Draft, Judged, Outcome, Post, judged, record, waves
from proctoring.settings import Settings

log = structlog.get_logger()

Request = Ticket[list[Post], "list[Outcome | Exception]"]
Answer = Mapping[int, Attempt] | Failure
"""What attempts said of a group's attempts, or why it said nothing."""
_ROW_LIMITS = ("54",)  # program limits, as too deep a value: the row's fault, not the server's


class Intake:
    """The one way by which anything is recorded; `run` is its supervised task."""

    def __init__(
        self,
        database: Database,
        attempts: AttemptsClient,
        settings: Settings,
        *,
        wake: Callable[[], None],
    ) -> None:
        """`wake` is called after each commit: there is something to relay."""
        self._database = database
        self._attempts = attempts
        self._wake = wake
        self._turn = threading.Lock()
        """Who writes a small group. The next one has everything ready and waits for it in a thread
        of its own: by way of the loop, which is busy with answers then, it would begin later."""
        self._groups: Grouping[list[Post], list[Outcome | Exception], Answer] = Grouping(
            self._ask,
            self._take_in,
            capacity=settings.intake_capacity,
            group_size=settings.intake_group_size,
            patience_seconds=settings.intake_patience_seconds,
            places=settings.intake_groups_in_flight,
        )

    @property
    def load(self) -> int:
        """How loaded the intake is, 0 to 10: at 10 the next post may be refused."""
        return self._groups.load

    async def run(self) -> None:
        """Take in until cancelled, then finish what is in flight."""
        await self._groups.run()

    def take(
        self, user_id: int, drafts: Sequence[Draft], traceparent: str | None = None
    ) -> asyncio.Future[list[Outcome | Exception]]:
        """Return what will hold what became of each draft, in order, once it is committed.

        It or this raises `Unavailable` when nothing was stored and asking again is right. An
        outcome that is no `Failure` but another exception is a defect that concerns that draft
        alone.
        """
        arrived = time.monotonic()
        posts = [Post(user_id, draft, arrived, traceparent) for draft in drafts]
        keys = frozenset(draft.attempt_id for draft in drafts)
        return self._groups.submit(posts, keys, len(posts))

    async def _ask(self, group: list[Request]) -> Answer:
        posts = list(chain.from_iterable(ticket.content for ticket in group))
        try:
            with tracing.span("intake.ask", _traced(posts), attributes={"oep.posts": len(posts)}):
                return await self._attempts.standings(
                    frozenset().union(*(ticket.keys for ticket in group)),
                    with_questions=any(post.draft.question_id is not None for post in posts),
                )
        except Failure as failure:
            return failure

    async def _take_in(
        self, group: list[Request], attempts: Answer
    ) -> Sequence[list[Outcome | Exception] | Exception]:
        if isinstance(attempts, Failure):
            return list(_copies(attempts, len(group)))
        posts = [post for ticket in group for post in ticket.content]
        outcomes = iter(await self._outcomes(posts, attempts))
        return [[next(outcomes) for _ in ticket.content] for ticket in group]

    async def _outcomes(
        self, posts: Sequence[Post], attempts: Mapping[int, Attempt]
    ) -> list[Outcome | Exception]:
        outcomes: list[Outcome | Exception | Judged] = [judged(post, attempts) for post in posts]
        places = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Judged)]
        rest = [outcome for outcome in outcomes if isinstance(outcome, Judged)]
        for place, outcome in zip(places, await self._written(rest), strict=True):
            outcomes[place] = outcome
        return cast("list[Outcome | Exception]", outcomes)

    async def _written(self, posts: Sequence[Judged]) -> list[Outcome | Exception]:
        if not posts:
            return []
        try:
            with tracing.span("intake.write", _traced(posts), attributes={"oep.posts": len(posts)}):
                outcomes = await self._database.run(self._write_waves, posts)
        except Failure as failure:
            return list(_copies(failure, len(posts)))
        self._wake()
        return outcomes

    def _write_waves(self, posts: Sequence[Judged]) -> list[Outcome | Exception]:
        outcomes: dict[int, Outcome | Exception] = {}
        for wave in waves(posts):
            written = self._write([posts[place] for place in wave])
            for (place, others), outcome in zip(wave.items(), written, strict=True):
                outcomes[place] = outcome
                outcomes |= zip(others, _again(outcome, len(others)), strict=True)
        return [outcomes[place] for place in range(len(posts))]

    def _write(self, posts: Sequence[Judged]) -> list[Outcome | Exception]:
        """Write one wave in one transaction, or in halves when one of its posts is refused."""
        try:
            turn = self._turn if len(posts) < LARGE else AT_ONCE
            return list(record(self._database, posts, turn))
        except Failure as failure:
            return list(_copies(failure, len(posts)))
        except (DBAPIError, ValueError) as error:
            if not _is_rows_fault(error):
                raise
            if len(posts) == 1:
                log.exception("post.refused_by_database", attempt_id=posts[0].draft.attempt_id)
                return [error]
        middle = len(posts) // 2
        return self._write(posts[:middle]) + self._write(posts[middle:])


def _traced(posts: Sequence[Post | Judged]) -> str | None:
    """Return the context for which a group is written down: of several that are traced, one's."""
    if not tracing.is_on():
        return None
    return next((post.traceparent for post in posts if post.traceparent is not None), None)


def _copies(failure: Failure, count: int) -> Iterator[Failure]:
    return (failure.again() for _ in range(count))


def _again(outcome: Outcome | Exception, count: int) -> Iterable[Outcome | Exception]:
    return _copies(outcome, count) if isinstance(outcome, Failure) else [outcome] * count


def _is_rows_fault(error: Exception) -> bool:
    if isinstance(error, (DataError, IntegrityError, ValueError)):
        return True
    code = getattr(getattr(error, "orig", None), "pgcode", None) or ""
    return code.startswith(_ROW_LIMITS)
