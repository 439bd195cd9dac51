"""What an attempt is: its six statuses, the legal moves between them, and its one clock.

Pure. Time always comes in from the database (`as_of`); nothing here reads a clock of its own.
"""

import base64
import math
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from attempts.device import DevicePolicy

SALT_BYTES = 16


class Status(StrEnum):
    """The lower-case words of the wire; no other word exists (contract §9.1)."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    GRADED = "graded"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


FINISHED = frozenset({Status.SUBMITTED, Status.GRADED})
CLOSED = FINISHED | {Status.CANCELLED}
"""Expired is late, not closed."""
EXTENDABLE = frozenset({Status.NOT_STARTED, Status.IN_PROGRESS})
"""Extra time can still be used."""

MOVES: dict[Status, frozenset[Status]] = {
    Status.NOT_STARTED: frozenset({Status.IN_PROGRESS, Status.CANCELLED}),
    Status.IN_PROGRESS: frozenset({*FINISHED, Status.EXPIRED, Status.CANCELLED}),
    Status.EXPIRED: frozenset({*FINISHED, Status.CANCELLED}),
    Status.SUBMITTED: frozenset({Status.GRADED, Status.CANCELLED}),
    Status.GRADED: frozenset(),
    Status.CANCELLED: frozenset(),
}
"""Every legal move; whatever is not here cannot happen."""


class SubmitReason(StrEnum):
    """Who ended the attempt."""

    STUDENT = "student"
    DEADLINE = "deadline"
    PAUSE = "pause"
    """A pause lasted longer than the staff allowed."""


class IllegalMove(ValueError):
    """Somebody asked for a transition that does not exist: a defect, not a caller's fault."""


def may_move(old: Status, new: Status) -> bool:
    return new in MOVES[old]


def ensure_move(old: Status, new: Status) -> None:
    if not may_move(old, new):
        raise IllegalMove(f"{old} -> {new}")


@dataclass(frozen=True)
class Score:
    """What an attempt has earned so far; `is_passed` stays None while marks are missing."""

    marks_obtained: float | None = None
    percentage: float | None = None
    is_passed: bool | None = None
    correct_answers: int | None = None
    incorrect_answers: int | None = None
    unattempted: int | None = None
    is_auto_graded: bool = False
    graded_at: datetime | None = None


@dataclass(frozen=True)
class Attempt:
    """One attempt as the database showed it at `as_of`."""

    id: int
    student_id: int
    exam_id: int
    status: Status
    version: int
    duration_minutes: int
    as_of: datetime
    start_time: datetime | None
    deadline_at: datetime | None
    end_time: datetime | None
    submit_time: datetime | None
    submit_reason: SubmitReason | None
    workstation_id: str | None
    initial_workstation_id: str | None
    transfer_count: int
    current_question_id: int | None
    questions_answered: int
    questions_flagged: tuple[int, ...]
    total_questions: int
    total_marks: float
    encryption_salt: str
    has_blob: bool
    created_at: datetime
    updated_at: datetime
    score: Score
    allowance_seconds: int = 0
    spent_seconds: int = 0
    """What the attempt that this one reopens had used up."""
    paused_at: datetime | None = None
    paused_seconds: int = 0
    """How long the clock stood still in pauses that are over."""
    pause_ends_at: datetime | None = None
    close_reason: str | None = None
    reopened_from_id: int | None = None
    layout_from_id: int | None = None
    """The first of the attempts that this one goes on with: its shuffling stays."""
    requires_authorisation: bool = False
    """What the exam says now, as `device_policy` is."""
    authorised_at: datetime | None = None
    authorised_by_id: int | None = None
    device_policy: DevicePolicy = DevicePolicy.ALLOW
    active_login_id: str | None = None
    """The signed-in stay that uses the attempt; None before the first and after a release."""
    active_since: datetime | None = None
    device_changes: int = 0
    last_event_sequence: int | None = None
    """What the client said at its submit to have sent of proctoring events."""

    @property
    def duration_seconds(self) -> int:
        """The whole time of this attempt: the exam's, plus allowances, less what was used up."""
        return self.duration_minutes * 60 + self.allowance_seconds - self.spent_seconds

    @property
    def layout_id(self) -> int:
        """What the order of questions and options is drawn from."""
        return self.layout_from_id or self.id

    @property
    def is_waiting_for_authorisation(self) -> bool:
        """Whether the student waits in the lobby for somebody who lets him begin."""
        is_due = self.requires_authorisation and self.authorised_at is None
        return is_due and self.status is Status.NOT_STARTED

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def clock_at(self) -> datetime:
        """Where the attempt's clock stands: it is frozen while the attempt is paused."""
        return _earliest(self.as_of, self.paused_at)

    @property
    def is_past_deadline(self) -> bool:
        """Whether the deadline has passed, whatever the status."""
        return self.deadline_at is not None and self.clock_at > self.deadline_at

    @property
    def time_remaining_seconds(self) -> int:
        """Whole seconds, never null (contract §9.2)."""
        return remaining_seconds(
            self.status, self.duration_seconds, self.deadline_at, self.clock_at
        )

    @property
    def is_extendable(self) -> bool:
        """Whether the status still lets extra time be used."""
        return self.status in EXTENDABLE

    @property
    def left_seconds(self) -> int:
        """What was left when the attempt ended; 0 when its deadline ended it."""
        if self.deadline_at is None or self.end_time is None:
            return 0
        return max(0, math.floor((self.deadline_at - self.end_time).total_seconds()))

    @property
    def elapsed_seconds(self) -> int:
        """Whole seconds since the start, standing still at the end or the deadline."""
        return seconds_between(self.start_time, _earliest(self.clock_at, self.end_time), self)

    @property
    def time_taken_seconds(self) -> int:
        """min(end, deadline) - start, 0 while there is no end."""
        return seconds_between(self.start_time, self.end_time, self)


def remaining_seconds(
    status: Status, duration_seconds: int, deadline_at: datetime | None, now: datetime
) -> int:
    """Return what display, saving, expiry and transfers all go by."""
    if status is Status.NOT_STARTED:
        return duration_seconds
    if status is Status.IN_PROGRESS and deadline_at is not None:
        return max(0, math.floor((deadline_at - now).total_seconds()))
    return 0


def seconds_between(start: datetime | None, end: datetime | None, attempt: Attempt) -> int:
    if start is None or end is None:
        return 0
    stop = _earliest(end, attempt.deadline_at)
    return max(0, math.floor((stop - start).total_seconds()) - attempt.paused_seconds)


def _earliest(one: datetime, other: datetime | None) -> datetime:
    return one if other is None else min(one, other)


def new_salt() -> str:
    """Return 16 random bytes as standard base64 with padding: 24 characters (contract §9.4)."""
    return base64.b64encode(secrets.token_bytes(SALT_BYTES)).decode("ascii")


def is_salt(text: object) -> bool:
    """Say whether `text` is what `new_salt` could have made."""
    if not isinstance(text, str):
        return False
    try:
        return len(base64.b64decode(text, validate=True)) == SALT_BYTES and len(text) == 24
    except ValueError:
        return False
