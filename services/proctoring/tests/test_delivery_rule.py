"""What is missing between what a client claims to have sent and what came."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proctoring.delivery import MOST_RANGES, Submission, delivery, merged

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("claimed", "received", "missing"),
    [
        (5, [1, 2, 3], [(4, 5)]),
        (5, [1, 2, 3, 4, 5], []),
        (5, [0, 2, 5], [(1, 1), (3, 4)]),
        (5, [2, 4], [(1, 1), (3, 3), (5, 5)]),
        (5, [], [(1, 5)]),
        (0, [], []),
        (0, [0], []),
        (None, [], []),
        (None, [1, 4], [(2, 3)]),
        (2, [1, 2, 3, 5], [(4, 4)]),
    ],
)
def test_missing_numbers_are_named(claimed, received, missing):
    found = delivery(claimed, received)
    assert list(found.missing) == missing
    assert (found.claimed_last_sequence, found.received_count) == (claimed, len(received))
    assert found.highest_received == (received[-1] if received else None)


@given(st.none() | st.integers(0, 60), st.sets(st.integers(0, 60)))
def test_what_came_and_what_is_missing_make_the_whole(claimed, numbers):
    received = sorted(numbers)
    found = delivery(claimed, received)
    missing = {n for start, end in found.missing for n in range(start, end + 1)}
    top = max([claimed or 0, *numbers])
    assert missing.isdisjoint(numbers)
    assert missing | numbers | {0} == set(range(top + 1))
    assert found.missing_count == len(missing)


def test_a_monstrous_claim_costs_nothing():
    found = delivery(2**63 - 1, range(1, 1_001, 2))
    assert len(found.missing) == MOST_RANGES
    assert found.missing_count == 2**63 - 1 - 500


def test_of_several_tellings_the_first_claim_and_the_first_instant_stay():
    told = [
        Submission(1, 2, None, NOW),
        Submission(3, 2, 9, NOW),
        Submission(1, 2, 5, LATER),
        Submission(1, 2, 6, LATER),
    ]
    assert merged(told) == [Submission(1, 2, 5, NOW), Submission(3, 2, 9, NOW)]
