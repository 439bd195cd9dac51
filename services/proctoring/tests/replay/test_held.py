"""What is held is exactly what was added, in as few stretches as there are."""

from hypothesis import given
from hypothesis import strategies as st
from proctoring.replay.held import Held


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 30))))
def test_it_holds_what_was_added_and_nothing_else(places):
    held = Held()
    held.extend(places)
    assert sorted(held) == sorted(set(places))
    for attempt_id in range(5):
        for sequence in range(32):
            assert ((attempt_id, sequence) in held) == ((attempt_id, sequence) in set(places))
    ends = {(a, n) for a, n in places if (a, n + 1) not in set(places)}
    assert held.stretch_count == len(ends)


def test_an_attempt_without_a_hole_takes_one_stretch_in_whatever_order_it_came():
    held = Held()
    for sequence in (*range(1, 1_000, 2), *range(2, 1_000, 2)):
        held.add(7, sequence)
    assert held.stretch_count == 1
    assert list(held) == [(7, n) for n in range(1, 1_000)]
