"""Item analysis: against a worked example, its properties, and how long it takes."""

import random
import time

import pytest
from attempts.item_analysis import Item, Response, alpha, analysed, correlation, group_size
from hypothesis import given
from hypothesis import strategies as st

ITEMS = [Item(n, 1.0, ("A", "B"), frozenset("A")) for n in (1, 2, 3)]


def right() -> Response:
    return Response(1.0, is_attempted=True, chosen=("A",))


def wrong() -> Response:
    return Response(0.0, is_attempted=True, chosen=("B",))


LADDER = [
    {1: right(), 2: right(), 3: right()},
    {1: right(), 2: right(), 3: wrong()},
    {1: right(), 2: wrong(), 3: wrong()},
    {1: wrong(), 2: wrong()},
]
"""Totals 3, 2, 1, 0: worked out by hand below."""


def test_a_ladder_of_four_attempts_gives_what_the_hand_gives():
    found = analysed(ITEMS, LADDER)
    assert (found.n, found.mean, found.median) == (4, 1.5, 1.5)
    assert found.standard_deviation == 1.291  # sqrt(5 / 3)
    assert found.alpha == 0.75  # 3/2 (1 - 0.625/1.25)
    assert [item.difficulty for item in found.items] == [0.75, 0.5, 0.25]
    # sqrt(0.1875/0.6875), 0.25/sqrt(0.25*0.5), as the first by symmetry
    assert [item.discrimination for item in found.items] == [0.5222, 0.7071, 0.5222]
    assert [item.upper_lower_index for item in found.items] == [1.0, 1.0, 1.0]
    assert [item.unanswered_share for item in found.items] == [0.0, 0.0, 0.25]
    counts = [[(o.option, o.is_key, o.count) for o in item.options] for item in found.items]
    assert counts[2] == [("A", True, 1), ("B", False, 2)]


def test_without_attempts_nothing_is_defined_and_nothing_is_made_up():
    found = analysed(ITEMS, [])
    assert (found.n, found.mean, found.median) == (0, None, None)
    assert (found.standard_deviation, found.alpha) == (None, None)
    for item in found.items:
        assert (item.difficulty, item.discrimination, item.upper_lower_index) == (None, None, None)
        assert item.unanswered_share is None
        assert [option.count for option in item.options] == [0, 0]


def test_one_attempt_has_a_mean_and_no_spread():
    found = analysed(ITEMS, LADDER[:1])
    assert (found.n, found.mean, found.standard_deviation, found.alpha) == (1, 3.0, None, None)
    assert found.items[0].difficulty == 1.0
    assert (found.items[0].discrimination, found.items[0].upper_lower_index) == (None, None)


def test_without_variance_nothing_discriminates_but_a_true_zero_is_zero():
    found = analysed(ITEMS, [LADDER[0], LADDER[0]])
    assert (found.standard_deviation, found.alpha) == (0.0, None)
    assert (found.items[0].discrimination, found.items[0].upper_lower_index) == (None, 0.0)
    none_right = analysed(ITEMS, [LADDER[3], LADDER[3]])
    assert (none_right.mean, none_right.items[0].difficulty) == (0.0, 0.0)


def test_a_question_worth_nothing_has_no_difficulty_and_an_exam_may_have_no_questions():
    [item] = analysed([Item(1, 0.0)], LADDER).items
    assert (item.difficulty, item.upper_lower_index) == (None, None)
    empty = analysed([], LADDER)
    assert (empty.n, empty.mean, empty.alpha, empty.items) == (4, None, None, ())


@pytest.mark.parametrize(("count", "size"), [(0, 0), (1, 0), (2, 1), (4, 1), (10, 3), (100, 27)])
def test_the_groups_are_27_percent(count, size):
    assert group_size(count) == size


responses = st.builds(Response, st.sampled_from([-1.0, 0.0, 0.5, 1.0]), st.booleans())
tables = st.lists(
    st.fixed_dictionaries({}, optional={1: responses, 2: responses, 3: responses}), max_size=12
)


@given(tables, st.randoms())
def test_everything_stays_within_its_bounds_and_order_matters_only_for_ties(attempts, shuffler):
    found = analysed(ITEMS, attempts)
    for item in found.items:
        assert item.difficulty is None or -1 <= item.difficulty <= 1
        assert item.discrimination is None or -1 <= item.discrimination <= 1
        assert item.unanswered_share is None or 0 <= item.unanswered_share <= 1
        assert (item.difficulty is None) == (not attempts)
    assert found.alpha is None or found.alpha <= 1
    moved = list(attempts)
    shuffler.shuffle(moved)
    again = analysed(ITEMS, moved)
    assert (again.mean, again.median) == (found.mean, found.median)
    assert [i.difficulty for i in again.items] == [i.difficulty for i in found.items]


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), max_size=20))
def test_a_correlation_knows_no_order_and_is_one_with_itself(pairs):
    one, other = [float(a) for a, _ in pairs], [float(b) for _, b in pairs]
    assert correlation(one, other) == pytest.approx(correlation(other, one))
    if len(set(one)) > 1:
        assert correlation(one, one) == pytest.approx(1.0)
        assert correlation(one, [-a for a in one]) == pytest.approx(-1.0)


@given(st.lists(st.integers(0, 9).map(float), min_size=2, max_size=9))
def test_questions_that_say_the_same_are_wholly_reliable(column):
    totals = [3 * value for value in column]
    found = alpha([column] * 3, totals)
    assert found is None if len(set(column)) == 1 else found == pytest.approx(1.0)


def test_5000_attempts_at_50_questions_take_less_than_two_seconds_of_processor_time():
    lots = random.Random(5)  # noqa: S311  # no secret
    items = [Item(n, 4.0, ("A", "B", "C", "D"), frozenset("A")) for n in range(50)]
    answers = [Response(4.0 if key == "A" else -1.0, True, (key,)) for key in "ABCD"]
    attempts = [{n: lots.choice(answers) for n in range(50)} for _ in range(5_000)]
    before = time.process_time()
    found = analysed(items, attempts)
    assert time.process_time() - before < 2
    assert found.n == 5_000
