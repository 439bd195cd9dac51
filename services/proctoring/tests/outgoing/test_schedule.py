"""What an answer means, and when the next try is (Standard Webhooks, "Deliverability")."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proctoring.outgoing.schedule import (
    JITTER,
    MOST_THROTTLE_SECONDS,
    Outcome,
    Verdict,
    of_status,
    pause_seconds,
)
from proctoring.settings import STANDARD_SECONDS

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AGAIN = Outcome(Verdict.AGAIN)


def test_ten_tries_within_days_as_the_specification_shows():
    pauses = [pause_seconds(n, STANDARD_SECONDS, AGAIN, 0.0) for n in range(1, 11)]
    assert pauses == [*STANDARD_SECONDS, None]
    assert sum(STANDARD_SECONDS) == 75 * 3600 + 35 * 60 + 5


@given(tries=st.integers(1, 9), chance=st.floats(0, 1))
def test_jitter_only_makes_a_pause_longer_and_never_by_more_than_it_may(tries, chance):
    pause = pause_seconds(tries, STANDARD_SECONDS, AGAIN, chance)
    least = STANDARD_SECONDS[tries - 1]
    assert least <= pause <= least * (1 + JITTER)


@given(status=st.integers(200, 299))
def test_every_2xx_is_success_and_is_not_tried_again(status):
    outcome = of_status(status, None, NOW)
    assert outcome == Outcome(Verdict.DELIVERED, status)
    assert pause_seconds(1, STANDARD_SECONDS, outcome, 0.5) is None


@given(status=st.integers(100, 599).filter(lambda s: not 200 <= s <= 299 and s != 410))
def test_every_other_answer_is_a_failure_that_is_tried_again(status):
    outcome = of_status(status, None, NOW)
    assert outcome.verdict is Verdict.AGAIN
    assert outcome.status == status
    assert pause_seconds(1, STANDARD_SECONDS, outcome, 0.0) >= 5


def test_a_redirection_is_a_failure():
    assert of_status(307, None, NOW).error == "redirection"


def test_410_wants_nothing_more():
    outcome = of_status(410, None, NOW)
    assert outcome.verdict is Verdict.GONE
    assert pause_seconds(1, STANDARD_SECONDS, outcome, 0.0) is None


@pytest.mark.parametrize("status", [429, 502, 504])
def test_who_has_too_much_to_do_is_left_alone_for_a_while(status):
    assert of_status(status, None, NOW).wait_seconds == 30
    assert of_status(500, None, NOW).wait_seconds == 0


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("Mon, 02 Mar 2026 09:01:30 GMT", 90),
        ("Mon, 02 Mar 2026 08:00:00 GMT", 0),
        ("Mon, 02 Mar 2036 09:00:00 GMT", MOST_THROTTLE_SECONDS),
        ("999999999999", MOST_THROTTLE_SECONDS),
        ("soon", 0),
        ("-5", 0),
        ("", 0),
    ],
)
def test_retry_after_is_kept_to_in_both_its_forms_and_within_bounds(said, seconds):
    outcome = of_status(503, said, NOW)
    assert outcome.wait_seconds == seconds
    assert pause_seconds(1, STANDARD_SECONDS, outcome, 0.0) == max(5, seconds)


@given(said=st.text(max_size=40))
def test_whatever_a_receiver_says_is_within_bounds(said):
    assert 0 <= of_status(429, said, NOW).wait_seconds <= MOST_THROTTLE_SECONDS
