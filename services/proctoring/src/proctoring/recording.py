"""Records one group of posts: events by one statement, timings beside them (design §5.3).

Judges each post by what attempts said, answers what is known with its first result, and gives the
rest to the stores. A group of events alone is one message and a transaction of its own; with
timings in it, it is one transaction of several messages. Blocking: for worker threads.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple
from uuid import UUID

import structlog
from chassis import outbox
from chassis.database import Database
from chassis.errors import Failure
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from proctoring import intake_store, notices, store
from proctoring.attempt import Attempt, Verdict, judge
from proctoring.errors import AttemptClosed, ForeignQuestion, PostedAttemptNotFound
from proctoring.event import Event, EventDraft, Taken
from proctoring.intake_store import AT_ONCE, Elsewhere, Known, Wish
from proctoring.tables import OUTBOX
from proctoring.timekeeping import Timekeeping
from proctoring.timing import Timing, TimingDraft

log = structlog.get_logger()

Draft = EventDraft | TimingDraft
Outcome = Taken | Timing | Failure

_REFUSALS: dict[Verdict, type[Failure]] = {
    Verdict.NOT_FOUND: PostedAttemptNotFound,
    Verdict.CLOSED: AttemptClosed,
    Verdict.FOREIGN_QUESTION: ForeignQuestion,
}


class Post(NamedTuple):
    """A valid draft, who posted it, and when it arrived by `time.monotonic`."""

    user_id: int
    draft: Draft
    arrived: float
    traceparent: str | None = None
    """The context of the request that brought it, when that is traced (ADR 46)."""


class Judged(NamedTuple):
    """A post that is to be stored or, when something forbids that, looked up."""

    draft: Draft
    arrived: float
    attempt: Attempt
    verdict: Verdict
    traceparent: str | None = None

    @property
    def may_store(self) -> bool:
        return self.verdict is Verdict.STORE


def judged(post: Post, attempts: Mapping[int, Attempt]) -> Judged | Failure:
    """Return the refusal that needs no look into the database, or what is to be done."""
    draft = post.draft
    attempt = attempts.get(draft.attempt_id)
    verdict = judge(attempt, post.user_id, draft.question_id, is_known=False)
    if attempt is not None and (
        verdict is Verdict.STORE or (verdict is not Verdict.NOT_FOUND and draft.event_id)
    ):
        return Judged(draft, post.arrived, attempt, verdict, post.traceparent)
    return _REFUSALS[verdict]()


def waves(posts: Sequence[Judged]) -> Iterator[dict[int, list[int]]]:
    """Yield the places of posts that may be recorded at once: no id stands twice in one wave.

    Each place leads to the later ones that say the same and share its outcome; who says something
    else under the same id waits for a wave of its own, in which the id is known.
    """
    left = list(range(len(posts)))
    while left:
        wave: dict[int, list[int]] = {}
        first: dict[tuple[int, UUID], int] = {}
        later: list[int] = []
        for place in left:
            draft = posts[place].draft
            own = (
                first.setdefault((draft.attempt_id, draft.event_id), place)
                if draft.event_id
                else place
            )
            if own == place:
                wave[place] = []
            elif is_same(posts[own].draft, draft):
                wave[own].append(place)
            else:
                later.append(place)
        yield wave
        left = later


def record(
    database: Database, posts: Sequence[Judged], turn: AbstractContextManager[object]
) -> list[Outcome]:
    """Store what may be stored of one wave; return the outcome of each post, once committed.

    `turn` is entered, and may be waited for, when there is nothing left to do but to write.
    """
    timed = [post for post in posts if isinstance(post.draft, TimingDraft)]
    events = [post for post in posts if isinstance(post.draft, EventDraft)]
    if timed:
        with turn, database.transaction() as session:
            store.lock_tallies(session, {p.draft.attempt_id for p in posts if p.may_store})
            found = iter(_take(session.connection(), events, AT_ONCE)) if events else iter(())
            times = iter(_move(session, timed))
    else:
        with database.single() as connection:
            found, times = iter(_take(connection, events, turn)), iter(())
    outcomes = [next(times if isinstance(p.draft, TimingDraft) else found) for p in posts]
    return _with_first_results(database, posts, outcomes)


def append(
    session: Session, draft: EventDraft, exam_id: int, *, late: bool, arrived: float
) -> Taken | Known:
    """Store one event as part of the caller's transaction, which has locked its attempt's tally."""
    wish = Wish(draft, exam_id, late, may_store=True, arrived=arrived)
    [found] = _served(session.connection(), [wish], AT_ONCE)
    assert isinstance(found, (Taken, Known))  # noqa: S101  # it may be stored, on its own day
    return found


def is_same(draft: Draft, other: Draft) -> bool:
    """Say whether two posts say the same, wherever they came from."""
    if isinstance(draft, EventDraft) and isinstance(other, EventDraft):
        return draft._replace(origin=other.origin) == other
    return draft == other


def _take(
    connection: Connection, posts: Sequence[Judged], turn: AbstractContextManager[object]
) -> list[Taken | Known | Failure]:
    wishes = [
        Wish(p.draft, p.attempt.exam_id, p.attempt.is_late, p.may_store, p.arrived, p.traceparent)
        for p in posts
        if isinstance(p.draft, EventDraft)
    ]
    taken = _served(connection, wishes, turn)
    return [_settled(post, outcome) for post, outcome in zip(posts, taken, strict=True)]


def _served(
    connection: Connection, wishes: Sequence[Wish], turn: AbstractContextManager[object]
) -> list[Taken | Known | Elsewhere | None]:
    """Write what may be written, each on the day of its attempt."""
    taken: list[Taken | Known | Elsewhere | None] = intake_store.take(connection, wishes, turn=turn)
    for day in {outcome.day for outcome in taken if isinstance(outcome, Elsewhere)}:
        places = [n for n, o in enumerate(taken) if isinstance(o, Elsewhere) and o.day == day]
        again = intake_store.take(connection, [wishes[place] for place in places], day)
        for place, outcome in zip(places, again, strict=True):
            taken[place] = outcome
    return taken


def _settled(post: Judged, outcome: Taken | Known | Elsewhere | None) -> Taken | Known | Failure:
    assert not isinstance(outcome, Elsewhere)  # noqa: S101  # a day is a constant of the attempt
    return _REFUSALS[post.verdict]() if outcome is None else outcome


def _move(session: Session, posts: Sequence[Judged]) -> list[Timing | Failure]:
    drafts = [p.draft for p in posts if isinstance(p.draft, TimingDraft)]
    stored = [p.draft for p in posts if isinstance(p.draft, TimingDraft) and p.may_store]
    keeping = Timekeeping(session, drafts, stored)
    outcomes: list[Timing | Failure] = []
    for post in posts:
        assert isinstance(post.draft, TimingDraft)  # noqa: S101  # the caller chose them
        known = keeping.first_result(post.draft)
        if known is not None:
            outcomes.append(known)
        elif post.may_store:
            outcomes.append(keeping.move(post.draft, post.arrived))
        else:
            outcomes.append(_REFUSALS[post.verdict]())
    moved = keeping.save()
    exams = {p.attempt.attempt_id: p.attempt.exam_id for p in posts}
    store.note_exams(session, exams)
    notes = [notices.timing_recorded(t, exams[t.attempt_id]) for t in moved]
    outbox.add(session, OUTBOX, notes, {p.draft.attempt_id: p.traceparent for p in posts})
    return [keeping.numbered(o) if isinstance(o, Timing) else o for o in outcomes]


def _with_first_results(
    database: Database, posts: Sequence[Judged], outcomes: Sequence[Outcome | Known]
) -> list[Outcome]:
    """Put the first result in the place of each event that was known.

    Where that cannot be read only who asks for it is refused: what is new is stored by now.
    """
    known = {
        (post.draft.attempt_id, post.draft.event_id): outcome
        for post, outcome in zip(posts, outcomes, strict=True)
        if isinstance(outcome, Known) and post.draft.event_id
    }
    first: Mapping[tuple[int, UUID], Event] | Failure = {}
    if known:
        try:
            with database.transaction() as session:
                first = store.find_events(session, list(known))
        except Failure as failure:
            first = failure
    for (attempt_id, event_id), found in known.items():
        if found.is_conflict:
            log.warning("event.kept_out", attempt_id=attempt_id, event_id=str(event_id))
    results: list[Outcome] = []
    for post, outcome in zip(posts, outcomes, strict=True):
        if not isinstance(outcome, Known):
            results.append(outcome)
        elif isinstance(first, Failure):
            results.append(first.again())
        else:
            assert post.draft.event_id is not None  # noqa: S101  # it was found by it
            results.append(Taken.known(first[post.draft.attempt_id, post.draft.event_id]))
    return results
