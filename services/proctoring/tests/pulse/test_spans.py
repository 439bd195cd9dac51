"""Spans of a pulse: cut where clients cut them, the last one with the moment of asking."""

from datetime import UTC, datetime, timedelta

import pytest
from proctoring.pulse.spans import Spans

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("past_noon", "seconds", "count", "begins"),
    [
        (0, 60, 15, -14 * 60),
        (59.9, 60, 15, -14 * 60),
        (60, 60, 15, -13 * 60),
        (29, 30, 1, 0),
        (31, 30, 30, -28 * 30),
    ],
)
def test_the_last_bucket_holds_the_moment_of_asking(past_noon, seconds, count, begins):
    now = NOON + timedelta(seconds=past_noon)
    spans = Spans.until(now, bucket_seconds=seconds, bucket_count=count)
    assert spans.begins_at == NOON + timedelta(seconds=begins)
    last = spans.begins_at + timedelta(seconds=seconds * (count - 1))
    assert last <= now < last + timedelta(seconds=seconds)
