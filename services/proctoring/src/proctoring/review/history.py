"""What the append-only record of a review holds, and how it is checked.

Pure. One entry for each version of a review, in a chain of its own (`chassis.audit`). Texts that
people wrote stand in the review alone; an entry holds a salted commitment to each (ADR 10), so that
a person's words can be erased while the chain still verifies, and cannot be changed unnoticed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar

from chassis import audit

from proctoring import chain
from proctoring.review.case import Review

TEXTS = (
    "opening_reason",
    "explanation",
    "internal_note",
    "appeal_text",
    "appeal_explanation",
    "appeal_note",
)
"""What people write into a review: the columns that an erasure empties, together with the salt."""

_FACTS = (
    "state",
    "version",
    "outcome",
    "opened_by_id",
    "decision",
    "reason_code",
    "decided_by_id",
    "appeal_decision",
    "appeal_decided_by_id",
)
"""Columns that the last entries that name them must agree with."""


@dataclass(frozen=True)
class Entry(audit.Entry):
    """One step of a review."""

    ABOUT: ClassVar[tuple[str, ...]] = ("review_id", "attempt_id", "exam_id")

    review_id: int = 0
    attempt_id: int = 0
    exam_id: int = 0

    @property
    def chain(self) -> str:
        return f"review:{self.review_id}"

    @property
    def is_chain_held(self) -> bool:
        """Say yes: whoever logs a step has just written the review's row."""
        return True


Logged = audit.Logged[Entry]


@dataclass(frozen=True, slots=True)
class Ground:
    """An event that was named at the opening, without what may be erased of it."""

    id: int
    sequence: int
    event_type: str
    severity: str
    event_timestamp: datetime
    received_at: datetime
    question_id: int | None
    hash: str


@dataclass(frozen=True)
class Story:
    """A review with its whole history and whether that is the truth."""

    review: Review
    entries: Sequence[Logged]
    flawed_place: int | None = None
    """The first entry that was changed, or follows a missing one; behind the last, if it lacks."""
    changed: tuple[str, ...] = ()
    """Columns of the review that say something else than what was recorded."""

    @property
    def is_intact(self) -> bool:
        return self.flawed_place is None and not self.changed


def opened(review: Review, grounds: Sequence[Ground]) -> Entry:
    named = [{"id": g.id, "sequence": g.sequence, "hash": g.hash} for g in grounds]
    said = {"grounds": named, "risk": review.risk, "decision_due_at": _at(review.decision_due_at)}
    return _entry(review, "opened", review.opened_by_id, said, ["opening_reason"])


def decided(review: Review) -> Entry:
    said = {
        "decision": review.decision and review.decision.value,
        "reason_code": review.reason_code and review.reason_code.value,
        "appeal_until": _at(review.appeal_until),
    }
    return _entry(review, "decided", review.decided_by_id, said, ["explanation", "internal_note"])


def appealed(review: Review) -> Entry:
    said = {"appeal_due_at": _at(review.appeal_due_at)}
    return _entry(review, "appealed", review.student_id, said, ["appeal_text"])


def appeal_decided(review: Review) -> Entry:
    said = {"appeal_decision": review.appeal_decision and review.appeal_decision.value}
    texts = ["appeal_explanation", "appeal_note"]
    return _entry(review, "appeal_decided", review.appeal_decided_by_id, said, texts)


def closed(review: Review) -> Entry:
    """Return the entry of a review that nobody appealed against in time."""
    return _entry(review, "closed", None, {"appeal_until": _at(review.appeal_until)}, [])


def story(review: Review, entries: Sequence[Logged]) -> Story:
    """Check a review's whole chain, oldest entry first, and the texts that it vouches for."""
    flaw = audit.first_flaw(entries)
    place = flaw.place if flaw is not None else None
    if flaw is None and len(entries) != review.version:
        place = len(entries) + 1  # each version has its entry: one is missing at the end
    return Story(review, entries, place, _changed(review, entries))


def texts(review: Review, logged: Logged) -> dict[str, str | None]:
    """Return the texts that were written with a step; None where they were erased since."""
    return {name: getattr(review, name) for name in TEXTS if name in _commitments(logged)}


def _entry(
    review: Review, step: str, by_id: int | None, said: dict[str, Any], texts: list[str]
) -> Entry:
    written = {name: text for name in texts if (text := getattr(review, name)) is not None}
    details = said | {
        "state": review.state.value,
        "version": review.version,
        "outcome": review.outcome and review.outcome.value,
        "commitments": {name: _commitment(review.salt, text) for name, text in written.items()},
    }
    return Entry(
        f"review_{step}",
        "review",
        f"Review {step.replace('_', ' ')}",
        user_id=by_id,
        details=details,
        review_id=review.id,
        attempt_id=review.attempt_id,
        exam_id=review.exam_id,
    )


def _changed(review: Review, entries: Sequence[Logged]) -> tuple[str, ...]:
    """Name what the review's row says and its history does not."""
    said: dict[str, Any] = dict.fromkeys(_FACTS)
    vouched: dict[str, str] = {}
    for logged in entries:
        details = logged.entry.details
        said |= {name: details[name] for name in _FACTS if name in details}
        said[f"{logged.entry.event_type.removeprefix('review_')}_by_id"] = logged.entry.user_id
        vouched |= _commitments(logged)
    facts = [name for name in _FACTS if said[name] != _plain(getattr(review, name))]
    return (*facts, *(name for name in TEXTS if not _fits(review, name, vouched.get(name))))


def _commitments(logged: Logged) -> dict[str, str]:
    """Return what an entry vouches for; one that was forged may hold anything."""
    found = logged.entry.details.get("commitments")
    return found if isinstance(found, dict) else {}


def _fits(review: Review, name: str, vouched: str | None) -> bool:
    text = getattr(review, name)
    if review.salt is None or text is None:  # erased, both together, or never written
        return text is None and (review.salt is None or vouched is None)
    return vouched == _commitment(review.salt, text)


def _commitment(salt: bytes | None, text: str) -> str:
    return chain.commitment(salt or b"", chain.canonical(text)).hex()


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else chain.instant(moment)
