"""Decides how long an account must wait after failed logins: ever longer, never for good.

Pure: what was counted so far and the time come in. A try is counted before its secret is checked,
so that a thousand guesses at the same moment are a thousand; a success forgets them all. Tries
during a delay are refused and do not lengthen it: the longest delay is the longest anybody waits.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from auth.errors import TooManyTries

_MOST_DOUBLINGS = 20


@dataclass(frozen=True)
class Policy:
    """How many failures cost nothing, the longest delay, and when failures are forgotten."""

    free_failures: int
    longest_delay_seconds: int
    forget_failures_seconds: int


@dataclass(frozen=True)
class Tries:
    """What is counted for one account and one way of coming in."""

    failure_count: int = 0
    counted_at: datetime | None = None
    blocked_until: datetime | None = None


def delay_seconds(failure_count: int, policy: Policy) -> int:
    """Return 0 for the free failures, then 1, 2, 4, 8 … up to the longest delay."""
    beyond = failure_count - policy.free_failures
    if beyond < 0:
        return 0
    return int(min(2 ** min(beyond, _MOST_DOUBLINGS), policy.longest_delay_seconds))


def count_try(tries: Tries, now: datetime, policy: Policy) -> Tries:
    """Return the new count, or raise `TooManyTries` with the seconds that are left to wait."""
    if tries.blocked_until is not None and tries.blocked_until > now:
        left = (tries.blocked_until - now).total_seconds()
        raise TooManyTries(retry_after_seconds=max(1, math.ceil(left)))
    failure_count = 1 + (0 if _is_forgotten(tries, now, policy) else tries.failure_count)
    delay = delay_seconds(failure_count, policy)
    blocked_until = now + timedelta(seconds=delay) if delay else None
    return Tries(failure_count, now, blocked_until)


def _is_forgotten(tries: Tries, now: datetime, policy: Policy) -> bool:
    return tries.counted_at is None or (
        now - tries.counted_at >= timedelta(seconds=policy.forget_failures_seconds)
    )
