"""What extra time is: seconds or a factor of the exam's length, within bounds, with a reason.

Pure. A factor is turned into seconds once, when it is given; only seconds move a deadline.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attempts.attempt import Attempt
from attempts.errors import CannotSteer, InvalidAllowance, TimeIsUp

MIN_SECONDS = 30
MAX_SECONDS = 4 * 3600
MIN_FACTOR = 1.01
MAX_FACTOR = 3.0
MAX_TOTAL_SECONDS = 12 * 3600
"""No attempt gets more than this, however many allowances it is given."""


@dataclass(frozen=True)
class Grant:
    """A wish to give extra time: exactly one of `seconds` and `factor`.

    Nobody grants what an exam's policy gives for an outage; `evidence` is what was measured.
    """

    seconds: int | None
    factor: float | None
    reason: str
    granted_by_id: int | None
    outage_id: int | None = None
    evidence: dict[str, Any] | None = None

    def seconds_for(self, attempt: Attempt) -> int:
        """Return what the grant is worth for an attempt: a factor counts the exam's own length."""
        if self.seconds is not None:
            return self.seconds
        return math.ceil(round(attempt.duration_minutes * 60 * ((self.factor or 1) - 1), 6))


@dataclass(frozen=True)
class Allowance:
    """Extra time of one attempt; `exam_allowance_id` when the whole exam got it.

    `outage_id` and `evidence` when it was given for a measured outage.
    """

    id: int
    attempt_id: int
    exam_allowance_id: int | None
    seconds: int
    factor: float | None
    reason: str
    granted_by_id: int | None
    created_at: datetime
    acknowledged_at: datetime | None
    outage_id: int | None = None
    evidence: dict[str, Any] | None = None


def ensure_sound(grant: Grant) -> None:
    """Refuse what is not exactly one of seconds and factor, or out of bounds."""
    if (grant.seconds is None) is (grant.factor is None):
        raise InvalidAllowance("Give either seconds or factor")
    if grant.seconds is not None and not MIN_SECONDS <= grant.seconds <= MAX_SECONDS:
        raise InvalidAllowance(f"seconds must lie between {MIN_SECONDS} and {MAX_SECONDS}")
    if grant.factor is not None and not MIN_FACTOR <= grant.factor <= MAX_FACTOR:
        raise InvalidAllowance(f"factor must lie between {MIN_FACTOR} and {MAX_FACTOR}")


def ensure_extendable(attempt: Attempt) -> None:
    """Refuse extra time for what is over; between deadline and expiry it is over already."""
    if not attempt.is_extendable:
        raise CannotSteer("extend", attempt.status)
    if attempt.is_past_deadline:
        raise TimeIsUp


def ensure_within_total(attempt: Attempt, seconds: int) -> None:
    if attempt.allowance_seconds + seconds > MAX_TOTAL_SECONDS:
        raise InvalidAllowance(f"All allowances together must not exceed {MAX_TOTAL_SECONDS} s")
