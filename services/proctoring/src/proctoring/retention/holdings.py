"""What is kept about a student beside events: where other concepts join retention and export.

A concept that keeps something of its own makes a `Holding` and puts it into `app.HOLDINGS`; then it
is erased with the attempt's payload, counted by dry runs, named in the signed record, and in the
person's export.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import text
from sqlalchemy.orm import Session

from proctoring.retention.due import Part
from proctoring.review import store as review_store
from proctoring.review.case import State
from proctoring.risk import reading as risk_reading
from proctoring.risk import store as risk_store

_ERASE_ANSWERS = text("DELETE FROM proctoring.timing_answers WHERE attempt_id = :attempt_id")
_COUNT_ANSWERS = text(
    "SELECT count(*) FROM proctoring.timing_answers WHERE attempt_id = :attempt_id"
)
_EXPORT_ANSWERS = text(
    """
    SELECT event_id, answer, created_at FROM proctoring.timing_answers
    WHERE attempt_id = :attempt_id ORDER BY created_at, event_id
    """
)
_OF_A_REVIEW = (
    "id",
    "exam_id",
    "student_id",
    "state",
    "outcome",
    "opened_at",
    "ground_ids",
    "decided_at",
    "decision",
    "reason_code",
    "explanation",
    "appeal_until",
    "appealed_at",
    "appeal_text",
    "appeal_due_at",
    "appeal_decided_at",
    "appeal_decision",
    "appeal_explanation",
    "closed_at",
)
"""What concerns the student: no colleague, nothing that colleagues told each other."""
_EXPORT_RISK = text(
    """
    SELECT score, as_of_sequence, rules_version, contributions, computed_at
    FROM proctoring.risks WHERE attempt_id = :attempt_id
    """
)
_EXPORT_CONFLICTS = text(
    """
    SELECT event_id, differs, received_at FROM proctoring.event_conflicts
    WHERE attempt_id = :attempt_id ORDER BY received_at, event_id
    """
)


@dataclass(frozen=True)
class Holding:
    """A kind of rows about single attempts; every function is part of a transaction and blocking.

    Without `erase` and `count` it is only exported: the law wants it kept, or it is no payload.
    """

    name: str
    """What records and exports call it: small letters and underscores."""
    export: Callable[[Session, int], Sequence[Any]]
    """Returns what is kept about an attempt; anything that msgspec can encode."""
    erase: Callable[[Session, int], int] | None = None
    """Removes it from an attempt whose tally is locked; returns how many rows lost something.

    What an earlier call has removed is not counted again.
    """
    count: Callable[[Session, int], int] | None = None
    """Returns how many rows `erase` would change."""
    left: str = ""
    """SQL of what `erase` would change: attempt, exam (or null), and when it came. By this an
    attempt without events is found, and what came after an erasure."""
    part: Part = Part.PAYLOAD
    """With what of events it goes, or by itself."""


class Streamed(Protocol):
    """What is too large for an export to hold: it is told in pieces, outside of transactions."""

    name: str

    def pieces(self, attempt_id: int, /) -> AsyncIterator[bytes]:
        """Yield the entries of a JSON array."""


def _erase_answers(session: Session, attempt_id: int) -> int:
    done: Any = session.execute(_ERASE_ANSWERS, {"attempt_id": attempt_id})
    return int(done.rowcount)


def _count_answers(session: Session, attempt_id: int) -> int:
    return int(session.execute(_COUNT_ANSWERS, {"attempt_id": attempt_id}).scalar_one())


def _export_answers(session: Session, attempt_id: int) -> list[dict[str, Any]]:
    rows = session.execute(_EXPORT_ANSWERS, {"attempt_id": attempt_id})
    return [dict(row) for row in rows.mappings()]


def _export_reviews(session: Session, attempt_id: int) -> list[dict[str, Any]]:
    """Return the reviews that their student knows of: an undecided one is not told (ADR 23)."""
    found = review_store.of_attempt(session, attempt_id)
    told = [review for review in found if review.state is not State.OPEN]
    return [{name: getattr(review, name) for name in _OF_A_REVIEW} for review in told]


def _export_risk(session: Session, attempt_id: int) -> list[dict[str, Any]]:
    rows = session.execute(_EXPORT_RISK, {"attempt_id": attempt_id})
    return [dict(row) for row in rows.mappings()]


def _export_accommodations(session: Session, attempt_id: int) -> list[dict[str, Any]]:
    return [
        {"version": each.version, "rule_ids": each.rule_ids, "reason": each.reason, "at": each.at}
        for each in risk_reading.decided(session, attempt_id)
    ]


def _count_reasons(session: Session, attempt_id: int) -> int:
    return sum(d.reason is not None for d in risk_reading.decided(session, attempt_id))


def _export_conflicts(session: Session, attempt_id: int) -> list[dict[str, Any]]:
    rows = session.execute(_EXPORT_CONFLICTS, {"attempt_id": attempt_id})
    return [dict(row) for row in rows.mappings()]


# They come with events, or before them: only those after an erasure have to be looked for.
_ANSWERS_LEFT = """
    SELECT m.attempt_id, CAST(NULL AS bigint), a.at
    FROM proctoring.retention_marks m CROSS JOIN LATERAL (
        SELECT max(created_at) AS at FROM proctoring.timing_answers
        WHERE attempt_id = m.attempt_id) a
    WHERE m.payload_at IS NOT NULL AND a.at IS NOT NULL
"""
TIMING_ANSWERS = Holding(
    "timing_answers", _export_answers, _erase_answers, _count_answers, _ANSWERS_LEFT
)
"""The first answers to timing posts, kept for repeats: a copy of the student's pace."""

RISK = Holding("risk", _export_risk)
"""The score and what it is made of; erasing payloads leaves it, as it names none."""
ACCOMMODATIONS = Holding(
    "accommodations",
    _export_accommodations,
    risk_store.forget_reasons,
    _count_reasons,
    risk_store.REASONS_LEFT,
)
"""Rules that did not count for the student; the reasons, which may be about his health, go."""
REVIEWS = Holding(
    "reviews",
    _export_reviews,
    review_store.forget_words,
    review_store.count_words,
    review_store.WORDS_LEFT,
)
"""Decisions about the student: kept as the record of how he was judged, without anybody's words."""
EVENT_CONFLICTS = Holding("event_conflicts", _export_conflicts)
"""Which posts differed from the first one with their id; never what they said."""
