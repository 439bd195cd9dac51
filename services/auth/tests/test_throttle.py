from datetime import UTC, datetime, timedelta

import pytest
from auth.errors import TooManyTries
from auth.throttle import Policy, Tries, count_try, delay_seconds
from hypothesis import given
from hypothesis import strategies as st

POLICY = Policy(free_failures=5, longest_delay_seconds=30, forget_failures_seconds=900)
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def seconds(number):
    return timedelta(seconds=number)


def test_the_delay_grows_and_ends_at_the_longest():
    delays = [delay_seconds(count, POLICY) for count in range(1, 13)]
    assert delays == [0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_try_during_the_delay_is_refused_with_the_seconds_that_are_left():
    tries = Tries(6, NOW, NOW + seconds(2))
    with pytest.raises(TooManyTries) as refused:
        count_try(tries, NOW + seconds(0.5), POLICY)
    assert refused.value.retry_after_seconds == 2


def test_the_try_after_the_delay_is_counted():
    tries = Tries(6, NOW, NOW + seconds(2))
    after = count_try(tries, NOW + seconds(2), POLICY)
    assert after == Tries(7, NOW + seconds(2), NOW + seconds(6))


def test_quiet_time_forgets_failures():
    tries = Tries(40, NOW, NOW + seconds(30))
    assert count_try(tries, NOW + seconds(900), POLICY).failure_count == 1


@given(st.lists(st.floats(0, 2_000), max_size=80))
def test_nobody_is_ever_kept_out_longer_than_the_longest_delay(pauses):
    tries, now = Tries(), NOW
    waits = []
    for pause in pauses:
        now += seconds(pause)
        try:
            tries = count_try(tries, now, POLICY)
        except TooManyTries as failure:
            waits.append(failure.retry_after_seconds or 0)
    assert all(1 <= wait <= 30 for wait in waits)
    assert tries.failure_count + len(waits) <= len(pauses)
    count_try(tries, now + seconds(30), POLICY)


@given(st.integers(0, 10_000))
def test_no_count_is_too_large(count):
    assert 0 <= delay_seconds(count, POLICY) <= 30
