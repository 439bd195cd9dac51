"""What proctoring knows of an attempt, and the order in which a post about it is checked.

Pure. The facts come from the attempts service, asked anew for every request; the words of a refusal
belong to `errors`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from proctoring.delivery import Submission


class AttemptStatus(Enum):
    """The six statuses, as on the wire."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    GRADED = "graded"
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    is_closed: bool
    """Expired is late, not closed."""

    def __init__(self, word: str) -> None:
        """Say once for each status what is asked for every post."""
        self.is_closed = word in ("submitted", "graded", "cancelled")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at the moment of asking; `question_ids` is empty unless they were asked for."""

    attempt_id: int
    student_id: int
    exam_id: int
    status: AttemptStatus
    question_ids: frozenset[int] = frozenset()
    submission: Submission | None = None
    """Set once it was submitted."""

    @property
    def is_late(self) -> bool:
        return self.status is AttemptStatus.EXPIRED


@dataclass(frozen=True, slots=True)
class Sitting:
    """An attempt with its times, for those who look back at it; unset until it has begun."""

    attempt: Attempt
    duration_seconds: int
    started_at: datetime | None
    deadline_at: datetime | None
    paused_at: datetime | None
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Roll:
    """Who sits an exam, in columns: thousands are passed on as they are."""

    attempt_ids: tuple[int, ...]
    student_ids: tuple[int, ...]
    statuses: tuple[AttemptStatus, ...]

    def __len__(self) -> int:
        return len(self.attempt_ids)

    def only(self, student_ids: Collection[int]) -> "Roll":
        """Return those of the students, in the same order."""
        places = [n for n, student_id in enumerate(self.student_ids) if student_id in student_ids]
        return Roll(
            tuple(self.attempt_ids[n] for n in places),
            tuple(self.student_ids[n] for n in places),
            tuple(self.statuses[n] for n in places),
        )

    def part(self, begin: int, end: int) -> "Roll":
        """Return those from place `begin` to before place `end`."""
        taken = slice(begin, end)
        return Roll(self.attempt_ids[taken], self.student_ids[taken], self.statuses[taken])


class Verdict(Enum):
    """What becomes of a post."""

    NOT_FOUND = "unknown, or somebody else's"
    REPEAT = "its first result is the answer, even after closing"
    CLOSED = "nothing more is taken"
    FOREIGN_QUESTION = "the question is not in the exam"
    STORE = "it is stored"


def judge(
    attempt: Attempt | None, user_id: int, question_id: int | None, *, is_known: bool
) -> Verdict:
    """Return the first verdict that applies, in the contract's order (section 6)."""
    if attempt is None or attempt.student_id != user_id:
        return Verdict.NOT_FOUND
    if is_known:
        return Verdict.REPEAT
    if attempt.status.is_closed:
        return Verdict.CLOSED
    if question_id is not None and question_id not in attempt.question_ids:
        return Verdict.FOREIGN_QUESTION
    return Verdict.STORE
