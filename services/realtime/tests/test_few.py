"""A few of something are a list that costs nothing while it has one member."""

from hypothesis import given
from hypothesis import strategies as st
from realtime import few


class Thing:
    """Nothing is equal to it but itself."""


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), max_size=30))
def test_few_are_what_a_list_would_be(deeds):
    things = [Thing() for _ in range(5)]
    found, wanted = few.NONE, []
    for is_joining, number in deeds:
        thing = things[number]
        if is_joining and thing not in wanted:
            found = few.joined(found, thing)
            wanted.append(thing)
        elif not is_joining:
            found = few.without(found, thing)
            wanted = [one for one in wanted if one is not thing]
        assert few.each(found) == tuple(wanted)
        assert (found == few.NONE) == (not wanted)


def test_one_has_no_tuple_of_its_own():
    one, other = Thing(), Thing()
    assert few.joined(few.NONE, one) is one
    assert few.without(few.joined(few.joined(few.NONE, one), other), one) is other
