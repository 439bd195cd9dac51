"""What became of a try, and when to try again: Standard Webhooks 1.0.0, "Deliverability". Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

JITTER = 0.2
"""By how much of itself a pause may be longer: what failed together comes back apart."""
THROTTLE_SECONDS = 30.0
"""How long a receiver is left alone that says it has too much to do, and not for how long."""
MOST_THROTTLE_SECONDS = 3_600.0
_THROTTLES = {429, 502, 503, 504}


class Verdict(Enum):
    """What a try came to."""

    DELIVERED = "delivered"
    AGAIN = "again"
    """It failed, or nobody knows what became of it; the same id may be sent again."""
    NEVER = "never"
    """It will fail whenever it is tried."""
    GONE = "gone"
    """As `NEVER`, and the receiver wants nothing more of us."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict and what led to it; `error` is a word of ours, never one of the receiver's."""

    verdict: Verdict
    status: int | None = None
    error: str | None = None
    wait_seconds: float = 0.0
    """For how long nothing else should be sent there either."""


DELIVERED = Outcome(Verdict.DELIVERED)


def of_status(status: int, retry_after: str | None, now: datetime) -> Outcome:
    """Return what an HTTP answer means. A redirection is a failure: it is not followed."""
    if 200 <= status <= 299:
        return Outcome(Verdict.DELIVERED, status)
    if status == 410:
        return Outcome(Verdict.GONE, status, "gone")
    wait = _wait(retry_after, now)
    if status in _THROTTLES and wait is None:
        wait = 0.0 if status == 503 else THROTTLE_SECONDS
    word = "redirection" if 300 <= status <= 399 else "status"
    return Outcome(Verdict.AGAIN, status, word, min(wait or 0.0, MOST_THROTTLE_SECONDS))


def pause_seconds(
    tries: int, schedule: Sequence[float], outcome: Outcome, chance: float
) -> float | None:
    """Return how long to wait after that many tries; None when that was the last.

    `chance` is a number from 0 to 1.
    """
    if outcome.verdict is not Verdict.AGAIN or tries > len(schedule):
        return None
    pause = schedule[tries - 1] * (1 + JITTER * chance)
    return max(pause, outcome.wait_seconds)


def _wait(retry_after: str | None, now: datetime) -> float | None:
    """Read `Retry-After` (RFC 9110, 10.2.3): seconds or a date; None for what is neither."""
    if retry_after is None:
        return None
    said = retry_after.strip()
    if said.isascii() and said.isdigit():
        return float(min(int(said[:9]), MOST_THROTTLE_SECONDS))
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())
