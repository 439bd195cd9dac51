"""Whether all that a client says to have sent of an attempt's events has come.

Pure. A client numbers its events from 1 (or from 0: then 0 was seen) and says the last number at
its submit. What is missing is shown to people, never held against anybody by the machine: a bad
network is no offence, and nothing here refuses or changes anything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

MOST_RANGES = 100
"""How many ranges are listed; the count is of all."""


@dataclass(frozen=True)
class Submission:
    """What is known of a submit: `last_event_sequence` is None when the client claimed nothing."""

    attempt_id: int
    exam_id: int
    last_event_sequence: int | None
    submitted_at: datetime | None


@dataclass(frozen=True)
class Delivery:
    """What was claimed beside what came, as far as events carry their client's numbers."""

    claimed_last_sequence: int | None
    received_count: int
    highest_received: int | None
    missing: tuple[tuple[int, int], ...]
    """The first ranges of missing numbers, both ends included."""
    missing_count: int


def delivery(claimed: int | None, received: Sequence[int]) -> Delivery:
    """Return what is missing; `received` holds each number that came once, in rising order.

    Numbers are expected from 1 on, from 0 on when 0 came, up to the highest of what was claimed and
    what came. A claim of 0 with nothing received says that there was nothing to send.
    """
    highest = received[-1] if received else None
    top = max(claimed or 0, highest or 0)
    ranges = _gaps(received, first=0 if received and received[0] == 0 else 1, top=top)
    return Delivery(
        claimed_last_sequence=claimed,
        received_count=len(received),
        highest_received=highest,
        missing=tuple(ranges[:MOST_RANGES]),
        missing_count=sum(end - start + 1 for start, end in ranges),
    )


def merged(submissions: Iterable[Submission]) -> list[Submission]:
    """Return one submission for each attempt; the first claim and the first instant stay."""
    found: dict[int, Submission] = {}
    for new in submissions:
        old = found.get(new.attempt_id, new)
        claim = old.last_event_sequence
        found[new.attempt_id] = Submission(
            new.attempt_id,
            new.exam_id,
            new.last_event_sequence if claim is None else claim,
            old.submitted_at or new.submitted_at,
        )
    return list(found.values())


def _gaps(received: Sequence[int], first: int, top: int) -> list[tuple[int, int]]:
    gaps, expected = [], first
    for number in received:
        if number > expected:
            gaps.append((expected, number - 1))
        expected = number + 1
    if expected <= top:
        gaps.append((expected, top))
    return gaps
