from itertools import accumulate, repeat

import pytest
from oep_local.parts import matches, next_delay


def test_a_part_that_keeps_dying_waits_longer_each_time_up_to_five_seconds():
    delays = list(accumulate(repeat(0.0, 9), next_delay))[1:]
    assert delays == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_part_that_lived_for_a_while_starts_again_at_once():
    assert next_delay(5.0, lived_seconds=10.0) == 0.1


@pytest.mark.parametrize(
    ("label", "target", "is_meant"),
    [
        ("attempts", "attempts", True),
        ("attempts#2", "attempts", True),
        ("attempts", "attempts#1", True),
        ("attempts#2", "attempts#1", False),
        ("attempts#2", "attempts#2", True),
        ("attempts", "auth", False),
    ],
)
def test_a_name_means_every_replica_and_a_number_one(label, target, is_meant):
    assert matches(label, target) is is_meant
