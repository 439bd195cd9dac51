"""Rubrics: what levels are worth, rounded half up, and which choices are none."""

from fractions import Fraction

import pytest
from attempts.errors import InvalidContent, InvalidRating
from attempts.rubric import Choice, Criterion, Level, Rubric, ensure_sound, half_up, rated, worth
from hypothesis import given
from hypothesis import strategies as st


def rubric_of(now, *criteria: tuple[float, float, list[float]]) -> Rubric:
    """Make a rubric; a criterion is (max_marks, weight, marks of its levels)."""
    made = tuple(
        Criterion(
            place,
            f"criterion {place}",
            None,
            limit,
            weight,
            tuple(
                Level(place * 100 + n, f"level {n}", None, marks) for n, marks in enumerate(levels)
            ),
        )
        for place, (limit, weight, levels) in enumerate(criteria, start=1)
    )
    return Rubric(1, "Essay", None, 1, 7, now, now, made)


@pytest.fixture(scope="session")
def essay(attempt_of):
    return rubric_of(attempt_of().as_of, (4, 1, [0, 2, 4]), (3, 2, [0, 1, 3]))


def test_levels_are_scaled_to_the_marks_of_the_question(essay):
    # (2 of 4, counted once) and (1 of 3, counted twice): 4 of 10, of 7.5 marks
    levels = rated(essay, [Choice(1, 101), Choice(2, 201, "short")])
    assert worth(levels, 7.5) == 3.0
    assert [(one.level, one.comment) for one in levels] == [("level 1", None), ("level 1", "short")]


def test_choices_stand_in_the_order_of_the_rubric(essay):
    levels = rated(essay, [Choice(2, 200), Choice(1, 100)])
    assert [one.criterion_id for one in levels] == [1, 2]


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (Fraction("0.005"), 0.01),
        (Fraction("1.115"), 1.12),
        (Fraction("2.675"), 2.68),
        (Fraction(1, 3), 0.33),
        (Fraction(2, 3), 0.67),
        (Fraction("4.994999"), 4.99),
    ],
)
def test_the_half_goes_up(value, rounded):
    assert half_up(value) == rounded


levels = st.lists(st.integers(0, 20), min_size=1, max_size=5).map(
    lambda ms: [*map(float, ms), 20.0]
)
criteria = st.lists(
    st.tuples(st.just(20.0), st.integers(1, 9).map(float), levels), min_size=1, max_size=6
)


@given(criteria=criteria, marks=st.integers(0, 4000), data=st.data())
def test_a_rating_lies_between_nothing_and_all_marks_and_better_levels_never_earn_less(
    attempt_of, criteria, marks, data
):
    question = marks / 40
    made = rubric_of(attempt_of().as_of, *criteria)
    best = [
        Choice(one.id, max(one.levels, key=lambda level: level.marks).id) for one in made.criteria
    ]
    drawn = [Choice(o.id, data.draw(st.sampled_from(o.levels)).id) for o in made.criteria]
    full, earned = worth(rated(made, best), question), worth(rated(made, drawn), question)
    assert 0 <= earned <= full <= question
    assert abs(full - question) < 0.01
    place = data.draw(st.integers(0, len(drawn) - 1))
    better = [*drawn[:place], best[place], *drawn[place + 1 :]]
    assert worth(rated(made, better), question) >= earned


@pytest.mark.parametrize(
    ("choices", "pointer"),
    [
        ([], "/criteria"),
        ([Choice(1, 100)], "/criteria"),
        ([Choice(1, 100), Choice(2, 100)], "/criteria/1/level_id"),
        ([Choice(1, 100), Choice(9, 100)], "/criteria/1/criterion_id"),
        ([Choice(1, 100), Choice(1, 101), Choice(2, 200)], "/criteria/0/criterion_id"),
    ],
)
def test_a_rating_that_does_not_fit_is_refused_with_what_is_wrong(essay, choices, pointer):
    with pytest.raises(InvalidRating) as refused:
        rated(essay, choices)
    assert pointer in {flaw.pointer for flaw in refused.value.errors}


@pytest.mark.parametrize(
    ("limit", "levels", "pointer"),
    [
        (None, [0.0], "/criteria/0/max_marks"),
        (2.0, [0.0, 3.0], "/criteria/0/levels"),
    ],
)
def test_a_criterion_that_cannot_be_measured_is_refused(limit, levels, pointer):
    criterion = {"max_marks": limit, "levels": [{"marks": marks} for marks in levels]}
    with pytest.raises(InvalidContent) as refused:
        ensure_sound([criterion])
    assert [flaw.pointer for flaw in refused.value.errors] == [pointer]
    ensure_sound([{"max_marks": None, "levels": [{"marks": 0.0}, {"marks": 3.0}]}])
