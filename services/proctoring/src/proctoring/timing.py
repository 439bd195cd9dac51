"""How the time spent on a question adds up over visits (contract §6.2).

The client posts the seconds of the current showing and restarts at 0 on the next; the total is the
sum over showings. Without a visit id the showing is told from value and time alone. Pure.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

MAX_TOTAL_SECONDS = 2**31 - 1
_NEAR_SECONDS = 2


@dataclass(frozen=True, slots=True)
class TimingDraft:
    """A valid timing as it was posted: seconds of the current showing."""

    attempt_id: int
    question_id: int
    seconds: int
    answer_changed: bool = False
    event_id: UUID | None = None
    visit_id: str | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """The time of one question in one attempt; `id` is 0 until the row exists."""

    id: int
    attempt_id: int
    question_id: int
    first_viewed_at: datetime
    last_viewed_at: datetime
    total_time_seconds: int
    answer_count: int
    first_answered_at: datetime | None
    last_answered_at: datetime | None
    created_at: datetime
    updated_at: datetime
    last_value: int | None = None
    """The newest value posted without a visit id: the current showing's seconds so far."""
    last_post_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What one post does: seconds to add, and whether it is heeded at all."""

    added_seconds: int
    is_ignored: bool = False


def unnamed_step(last_value: int | None, seconds_since: float, value: int) -> Step:
    """Return what a post without a visit id adds, `seconds_since` the previous one."""
    if last_value is None:
        return Step(value)
    if 0 < value <= seconds_since:  # it fits wholly after the previous post: another showing
        return Step(value)
    if value < last_value:
        is_near = last_value - value <= _NEAR_SECONDS and seconds_since <= _NEAR_SECONDS
        return Step(0, is_ignored=True) if is_near else Step(value)
    return Step(value - last_value)


def named_step(highest: int, value: int) -> Step:
    """Return what a post with a visit id adds; order and repeats do not matter."""
    return Step(max(0, value - highest))


def begin(draft: TimingDraft, at: datetime) -> Timing:
    """Return the empty timing that the first post of a question starts from."""
    return Timing(
        id=0,
        attempt_id=draft.attempt_id,
        question_id=draft.question_id,
        first_viewed_at=at,
        last_viewed_at=at,
        total_time_seconds=0,
        answer_count=0,
        first_answered_at=None,
        last_answered_at=None,
        created_at=at,
        updated_at=at,
    )


def advance(timing: Timing, draft: TimingDraft, highest: int, at: datetime) -> Timing:
    """Return `timing` after a post that arrived at `at`.

    `highest` is the highest value seen of the draft's visit, 0 for a new or unnamed one. An ignored
    post moves nothing, but an answer that it reports still counts.
    """
    if draft.visit_id is not None:
        step = named_step(highest, draft.seconds)
    else:
        since = (at - timing.last_post_at).total_seconds() if timing.last_post_at else 0.0
        step = unnamed_step(timing.last_value, since, draft.seconds)
    after = timing
    if not step.is_ignored:
        total = min(timing.total_time_seconds + step.added_seconds, MAX_TOTAL_SECONDS)
        after = replace(after, total_time_seconds=total, last_viewed_at=at, updated_at=at)
        if draft.visit_id is None:
            after = replace(after, last_value=draft.seconds, last_post_at=at)
    return _answered(after, at) if draft.answer_changed else after


def _answered(timing: Timing, at: datetime) -> Timing:
    return replace(
        timing,
        answer_count=timing.answer_count + 1,
        first_answered_at=timing.first_answered_at or at,
        last_answered_at=at,
        updated_at=at,
    )
