"""Deeds of measured outages: fold in what the bus says of lines, give what the exam's policy gives.

What a batch says, the outages that end with it, the extra time for them, and how far was heard are
one transaction: nothing is lost and nothing counts twice, however often it is read and by however
many replicas (ADR 64). Blocking: for worker threads.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.bus import EVENTS, Position, StreamReset
from chassis.database import Database
from chassis.origins import NOWHERE, Origin
from sqlalchemy.orm import Session

from attempts import auditing, clockwork, notices
from attempts.allowance import MAX_TOTAL_SECONDS, Grant, ensure_extendable, ensure_within_total
from attempts.attempt import Attempt, Status
from attempts.audit import Entry
from attempts.errors import (
    AttemptNotFound,
    ExamNotFound,
    ForeignAttempt,
    InvalidAllowance,
    InvalidOutagePolicy,
    OutageDecided,
    OutageNotFound,
    Overtaken,
)
from attempts.outage import (
    MAX_CAP_SECONDS,
    SHORTEST_SECONDS,
    Gap,
    Heard,
    Line,
    Policy,
    State,
    judged,
    told,
    within,
)
from attempts.store import allowances, attempts, exams, outages
from attempts.store.outages import Outage, Terms

REASON = "Connection lost, measured by the server"
_UNDECIDED = frozenset({State.RECORDED, State.PROPOSED, State.OVER_CAP})
_LIVE = frozenset({Status.NOT_STARTED, Status.IN_PROGRESS})


@dataclass(frozen=True)
class Told:
    """What the bus said of an attempt, and where it stands in the stream."""

    sequence: int
    attempt_id: int
    heard: Heard


@dataclass(frozen=True)
class Decision:
    """What a person decides about an outage; `seconds` None = all of it."""

    by_id: int
    origin: Origin
    seconds: int | None = None
    reason: str | None = None


class Compensating:
    """Measures outages, gives extra time for them, and lets staff decide."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """`wake` tells the relay that something was committed."""
        self._database = database
        self._wake = wake

    def position(self) -> Position | None:
        """Return up to where the bus was heard; None before the first time."""
        with self._database.transaction() as session:
            return outages.position(session, EVENTS)

    def hear(self, said: Sequence[Told], here: Position) -> int:
        """Fold in what was said up to `here`; return how many outages ended with it.

        What another replica has folded in is passed over. Raises `StreamReset` when that replica
        hears another stream already.
        """
        with self._database.transaction() as session:
            known = outages.lock_position(session, EVENTS, here)
            if known.epoch != here.epoch:
                raise StreamReset
            ended = _fold(session, [each for each in said if each.sequence > known.sequence])
            if here > known:
                outages.move_to(session, EVENTS, here)
        if ended:
            self._wake()
        return ended

    def begin_anew(self, known: Position, head: Position) -> None:
        """Forget all lines and go on from `head`: what was said behind `known` is lost."""
        with self._database.transaction() as session:
            if outages.lock_position(session, EVENTS, head) == known:
                outages.forget_lines(session)
                outages.move_to(session, EVENTS, head)

    def terms(self, exam_id: int) -> Terms:
        with self._database.transaction() as session:
            _ensure_exam(session, exam_id)
            return outages.terms(session, exam_id)

    def set_terms(
        self, exam_id: int, policy: Policy, cap_seconds: int, by_id: int, origin: Origin
    ) -> Terms:
        """Say what an exam does about outages that end from now on."""
        if policy is Policy.AUTO and not SHORTEST_SECONDS <= cap_seconds <= MAX_CAP_SECONDS:
            raise InvalidOutagePolicy(
                f"cap_seconds must lie between {SHORTEST_SECONDS} and {MAX_CAP_SECONDS}"
            )
        with self._database.transaction() as session:
            _ensure_exam(session, exam_id)
            new = outages.set_terms(session, exam_id, policy, cap_seconds, by_id)
            auditing.add(session, _terms_entry(new, origin))
        return new

    def of_attempt(self, attempt_id: int, user_id: int, *, sees_all: bool) -> list[Outage]:
        """Return an attempt's outages, also to its student."""
        with self._database.transaction() as session:
            attempt = attempts.load(session, attempt_id)
            if attempt is None:
                raise AttemptNotFound
            if attempt.student_id != user_id and not sees_all:
                raise ForeignAttempt
            return outages.of_attempt(session, attempt_id)

    def of_exam(self, exam_id: int, state: State | None, skip: int, limit: int) -> list[Outage]:
        with self._database.transaction() as session:
            _ensure_exam(session, exam_id)
            return outages.of_exam(session, exam_id, state, skip, limit)

    def accept(self, attempt_id: int, outage_id: int, decision: Decision) -> Outage:
        """Give extra time for an outage, at most its length; a cap binds no person."""
        with self._database.transaction() as session:
            attempt, outage = _undecided(session, attempt_id, outage_id)
            seconds = outage.seconds if decision.seconds is None else decision.seconds
            if not 0 < seconds <= outage.seconds:
                raise InvalidAllowance(f"seconds must lie between 1 and {outage.seconds}")
            ensure_extendable(attempt)
            ensure_within_total(attempt, seconds)
            done = outages.decide(
                session, outage_id, State.GRANTED, seconds, decision.by_id, decision.reason
            )
            _give(session, attempt, done, decision)
        self._wake()
        return done

    def decline(self, attempt_id: int, outage_id: int, decision: Decision) -> Outage:
        with self._database.transaction() as session:
            attempt, _ = _undecided(session, attempt_id, outage_id)
            done = outages.decide(
                session, outage_id, State.DECLINED, 0, decision.by_id, decision.reason
            )
            entry = auditing.about(
                attempt,
                "outage_declined",
                "Extra time for an outage declined",
                user_id=decision.by_id,
                origin=decision.origin,
                details={"outage_id": outage_id, "reason": decision.reason},
            )
            auditing.add(session, entry)
        return done


def _fold(session: Session, said: Sequence[Told]) -> int:
    """Fold what was said into what is known of lines; return how many outages ended."""
    lines = _lines(session, said)
    ended: list[tuple[int, Gap]] = []
    for each in said:
        line = lines.get(each.attempt_id)
        if line is None:
            continue
        lines[each.attempt_id], gap = told(line, each.heard)
        if gap is not None:
            ended.append((each.attempt_id, gap))
    outages.keep_lines(session, lines)
    for attempt_id, gap in ended:
        _settle(session, attempt_id, gap)
    return len(ended)


def _lines(session: Session, said: Iterable[Told]) -> dict[int, Line]:
    """Return what is known of the lines that something is said of.

    One that was never spoken of begins with the first word of a node, if its attempt is not over.
    """
    known = outages.lines(session, {each.attempt_id for each in said})
    spoken_of = {each.attempt_id for each in said if each.heard.word is not None}
    for attempt in attempts.load_many(session, spoken_of - known.keys()).values():
        if attempt.status in _LIVE:
            is_running = attempt.status is Status.IN_PROGRESS and not attempt.is_paused
            known[attempt.id] = Line(is_running)
    return known


def _settle(session: Session, attempt_id: int, gap: Gap) -> None:
    """Store an outage of an attempt, and give what its exam's policy gives for it."""
    attempt = attempts.lock(session, attempt_id)
    if attempt is None:
        return
    inside = within(gap, attempt.start_time, attempt.deadline_at, attempt.end_time)
    if inside is None:
        return
    terms = outages.terms(session, attempt.exam_id)
    given = allowances.given_for_outages(session, attempt_id)
    room = max(0, MAX_TOTAL_SECONDS - attempt.allowance_seconds)
    verdict = judged(
        inside,
        terms.policy,
        min(terms.cap_seconds, given + room),
        given,
        is_extendable=attempt.is_extendable and not attempt.is_past_deadline,
    )
    outage = outages.add(session, attempt_id, inside, terms, verdict)
    if outage is not None and verdict.seconds:
        _give(session, attempt, outage, None)


def _give(session: Session, attempt: Attempt, outage: Outage, decision: Decision | None) -> None:
    """Write the extra time for an outage of a locked attempt, with what was measured."""
    by_id = None if decision is None else decision.by_id
    reason = REASON if decision is None or not decision.reason else decision.reason
    grant = Grant(outage.granted_seconds, None, reason, by_id, outage.id, _evidence(outage))
    if not clockwork.give(session, [attempt], grant):
        raise Overtaken
    entry = auditing.about(
        attempt,
        "allowance_granted",
        "Allowance granted for a measured outage",
        user_id=by_id,
        origin=NOWHERE if decision is None else decision.origin,
        details={"seconds": grant.seconds, "reason": reason} | _evidence(outage),
    )
    auditing.add(session, entry)


def _evidence(outage: Outage) -> dict[str, Any]:
    """Return what an allowance was given for, as it was measured."""
    return {
        "outage_id": outage.id,
        "lost_at": notices.instant(outage.lost_at),
        "back_at": notices.instant(outage.back_at),
        "outage_seconds": outage.seconds,
        "closed_by": outage.closed_by.value,
        "policy": outage.policy.value,
        "cap_seconds": outage.cap_seconds,
        "measured_by": "bus",
    }


def _undecided(session: Session, attempt_id: int, outage_id: int) -> tuple[Attempt, Outage]:
    attempt = attempts.lock(session, attempt_id)
    if attempt is None:
        raise AttemptNotFound
    found = [each for each in outages.of_attempt(session, attempt_id) if each.id == outage_id]
    if not found:
        raise OutageNotFound
    if found[0].state not in _UNDECIDED:
        raise OutageDecided(found[0].state)
    return attempt, found[0]


def _ensure_exam(session: Session, exam_id: int) -> None:
    if exams.exam(session, exam_id) is None:
        raise ExamNotFound


def _terms_entry(terms: Terms, origin: Origin) -> Entry:
    return Entry(
        "outage_policy_changed",
        "exam",
        "Policy for measured outages changed",
        user_id=terms.set_by_id,
        exam_id=terms.exam_id,
        origin=origin,
        details={"policy": terms.policy.value, "cap_seconds": terms.cap_seconds},
    )
