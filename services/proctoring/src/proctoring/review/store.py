"""Every statement about reviews; returns the rules' objects, decides nothing.

Blocking, inside the caller's transaction. A step of a review is one conditional UPDATE: it changes
nothing when the review is not what the caller saw.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

from chassis.audit_store import Audit
from sqlalchemy import ColumnElement, and_, func, insert, or_, select, text, update
from sqlalchemy.orm import Session

from proctoring.review.case import AppealDecision, Review, State
from proctoring.review.history import TEXTS, Entry, Ground, Logged
from proctoring.review.reasons import Decision, ReasonCode
from proctoring.review.tables import REVIEWS, ReviewHistoryRow

HISTORY = Audit(ReviewHistoryRow, Entry)
_NAMES = [each.name for each in fields(Review)]
_ROW = [REVIEWS.c[name] for name in _NAMES]
_KINDS: Mapping[str, Any] = {
    "state": State,
    "decision": Decision,
    "reason_code": ReasonCode,
    "appeal_decision": AppealDecision,
    "outcome": Decision,
    "ground_ids": tuple,
    "salt": bytes,
}
_NOW = func.clock_timestamp()
_IS_OVERDUE = or_(
    and_(REVIEWS.c.state == "open", REVIEWS.c.decision_due_at < _NOW),
    and_(REVIEWS.c.state == "appealed", REVIEWS.c.appeal_due_at < _NOW),
)
_IS_HELD = or_(
    REVIEWS.c.state.in_(["open", "appealed"]),
    and_(REVIEWS.c.state == "decided", REVIEWS.c.appeal_until > _NOW),
)
_GROUNDS = text(
    """
    SELECT id, sequence, event_type, severity, event_timestamp, received_at, question_id,
           encode(hash, 'hex')
    FROM proctoring.proctoring_events
    WHERE attempt_id = :attempt_id AND id = ANY(CAST(:ids AS bigint[])) ORDER BY sequence
    """
)
_WORDS = [REVIEWS.c[name] for name in (*TEXTS, "salt")]
_HAS_WORDS = or_(*(column.is_not(None) for column in _WORDS))
WORDS_LEFT = f"""
    SELECT attempt_id, exam_id, greatest(opened_at, decided_at, appealed_at, appeal_decided_at)
    FROM proctoring.reviews
    WHERE {" OR ".join(f"{name} IS NOT NULL" for name in (*TEXTS, "salt"))}
"""  # noqa: S608  # only constants
"""Reviews with words that `forget_words` would empty, and when the newest came."""
_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('proctoring.reviews.clock', 0))")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reviews a list shows; None asks for all."""

    viewer_id: int
    """Nobody is shown the reviews of his own attempts here."""
    exam_ids: Collection[int] | None = None
    attempt_id: int | None = None
    state: State | None = None
    is_overdue: bool | None = None
    is_mine: bool = False
    """Those that the viewer has opened or decided."""
    skip: int = 0
    limit: int = 100


def find(session: Session, review_id: int) -> Review | None:
    return _one(session, REVIEWS.c.id == review_id)


def lock_shared(session: Session, review_id: int) -> Review | None:
    """Return a review that takes no step before the transaction ends."""
    query = select(*_ROW).where(REVIEWS.c.id == review_id).with_for_update(read=True)
    row = session.execute(query).one_or_none()
    return None if row is None else _review(row)


def newest(session: Session, attempt_id: int) -> Review | None:
    return _one(session, REVIEWS.c.attempt_id == attempt_id, REVIEWS.c.is_newest)


def told(session: Session, attempt_id: int, student_id: int) -> Review | None:
    """Return the newest review of a student's attempt that he may know of: a decided one."""
    of_him = and_(REVIEWS.c.attempt_id == attempt_id, REVIEWS.c.student_id == student_id)
    query = select(*_ROW).where(of_him, REVIEWS.c.state != "open")
    row = session.execute(query.order_by(REVIEWS.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else _review(row)


def add(session: Session, review: Review) -> Review:
    """Insert a new review as the attempt's newest; return it with its number.

    The caller holds the attempt's tally: nobody else opens one at the same time.
    """
    before = and_(REVIEWS.c.attempt_id == review.attempt_id, REVIEWS.c.is_newest)
    session.execute(update(REVIEWS).where(before).values(is_newest=False))
    values = {name: value for name, value in _values(review).items() if name != "id"}
    row = session.execute(insert(REVIEWS).values(values).returning(*_ROW)).one()
    return _review(row)


def move(session: Session, before: Review, after: Review) -> bool:
    """Make `before` into `after`; say False when the review is not `before` any more."""
    old, new = _values(before), _values(after)
    changed = {name: value for name, value in new.items() if value != old[name]}
    unmoved = and_(
        REVIEWS.c.id == before.id,
        REVIEWS.c.state == before.state.value,
        REVIEWS.c.version == before.version,
    )
    moved = session.execute(update(REVIEWS).where(unmoved).values(changed).returning(REVIEWS.c.id))
    return moved.one_or_none() is not None


def list_reviews(session: Session, wanted: Wanted) -> list[Review]:
    """Return a page of reviews, the newest first."""
    query = select(*_ROW).where(*_clauses(wanted)).order_by(REVIEWS.c.id.desc())
    page = query.offset(wanted.skip).limit(wanted.limit)
    return [_review(row) for row in session.execute(page)]


def lock_over(session: Session, limit: int) -> list[Review]:
    """Lock and return decided reviews whose time for an appeal is over, the oldest first.

    Nothing when another replica is at it. Whoever locks rows here may close them.
    """
    if not session.execute(_ALONE).scalar_one():
        return []
    is_over = and_(REVIEWS.c.state == "decided", REVIEWS.c.appeal_until <= _NOW)
    query = select(*_ROW).where(is_over).order_by(REVIEWS.c.appeal_until, REVIEWS.c.id)
    locked = query.limit(limit).with_for_update(skip_locked=True)
    return [_review(row) for row in session.execute(locked)]


def held(session: Session, attempt_ids: Collection[int]) -> set[int]:
    """Return those attempts whose review or appeal is undecided, or may still be appealed."""
    of_them = REVIEWS.c.attempt_id.in_(list(attempt_ids))
    return set(session.scalars(select(REVIEWS.c.attempt_id).where(of_them, _IS_HELD)))


def of_attempt(session: Session, attempt_id: int) -> list[Review]:
    """Return all reviews of an attempt, the oldest first."""
    query = select(*_ROW).where(REVIEWS.c.attempt_id == attempt_id).order_by(REVIEWS.c.id)
    return [_review(row) for row in session.execute(query)]


def forget_words(session: Session, attempt_id: int) -> int:
    """Empty what people wrote into an attempt's reviews, with the salt; return how many had any.

    The history vouches for words that are there and stays whole without them.
    """
    had = and_(REVIEWS.c.attempt_id == attempt_id, _HAS_WORDS)
    emptied: dict[str, Any] = {column.name: None for column in _WORDS}
    done: Any = session.execute(update(REVIEWS).where(had).values(emptied))
    return int(done.rowcount)


def count_words(session: Session, attempt_id: int) -> int:
    """Return how many reviews `forget_words` would empty."""
    of_it = REVIEWS.c.attempt_id == attempt_id
    return session.scalars(select(func.count()).select_from(REVIEWS).where(of_it, _HAS_WORDS)).one()


def grounds(session: Session, attempt_id: int, ids: Collection[int]) -> list[Ground]:
    """Return those of the events that belong to the attempt, in their order."""
    wanted = {"attempt_id": attempt_id, "ids": list(ids)}
    return [Ground(*row) for row in session.execute(_GROUNDS, wanted)] if ids else []


def log(session: Session, entry: Entry) -> None:
    """Append a step to its review's history."""
    HISTORY.append(session, [entry])


def history(session: Session, review_id: int) -> list[Logged]:
    """Return all that happened to a review, oldest first."""
    return HISTORY.chain(session, f"review:{review_id}")


def _one(session: Session, *clauses: ColumnElement[bool]) -> Review | None:
    row = session.execute(select(*_ROW).where(*clauses)).one_or_none()
    return None if row is None else _review(row)


def _clauses(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [REVIEWS.c.student_id != wanted.viewer_id]
    if wanted.exam_ids is not None:
        found.append(REVIEWS.c.exam_id.in_(list(wanted.exam_ids)))
    if wanted.attempt_id is not None:
        found.append(REVIEWS.c.attempt_id == wanted.attempt_id)
    if wanted.state is not None:
        found.append(REVIEWS.c.state == wanted.state.value)
    if wanted.is_overdue is not None:
        found.append(_IS_OVERDUE if wanted.is_overdue else ~_IS_OVERDUE)
    if wanted.is_mine:
        people = REVIEWS.c.opened_by_id, REVIEWS.c.decided_by_id, REVIEWS.c.appeal_decided_by_id
        found.append(or_(*(each == wanted.viewer_id for each in people)))
    return found


def _review(row: Any) -> Review:
    values = dict(zip(_NAMES, row, strict=True))
    known = {name: value for name, value in values.items() if value is not None}
    made = {name: kind(known[name]) for name, kind in _KINDS.items() if name in known}
    return Review(**(values | made))


def _values(review: Review) -> dict[str, Any]:
    plain = {name: getattr(review, name) for name in _NAMES}
    for name in ("state", "decision", "reason_code", "appeal_decision", "outcome"):
        plain[name] = plain[name] and plain[name].value
    return plain | {"ground_ids": list(review.ground_ids)}
