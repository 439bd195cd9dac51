"""Which of the marks that people gave counts, and who may give the next one."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from attempts.errors import MarkedTwice, NothingToModerate, SameGrader
from attempts.exam import SecondMarking
from attempts.grading import Source
from attempts.mark import HandMark, Stage, ensure_moderator, next_stage, settled
from hypothesis import given
from hypothesis import strategies as st

PLAIN = SimpleNamespace(second_marking=SecondMarking.NONE, second_marking_tolerance=0.0)
BLIND = SimpleNamespace(second_marking=SecondMarking.BLIND, second_marking_tolerance=1.0)


@pytest.fixture(scope="session")
def mark_of(attempt_of):
    def make(stage: Stage, grader: int, marks: float, source: Source = Source.MANUAL) -> HandMark:
        now = attempt_of().as_of
        return HandMark(1, 1, 1, stage, grader, source, marks, None, None, None, now)

    return make


def test_without_second_marking_the_newest_mark_counts(mark_of):
    first = mark_of(Stage.FIRST, 1, 3.0)
    again = mark_of(Stage.FIRST, 2, 4.0, Source.RUBRIC)
    assert settled(PLAIN, []) is None
    assert settled(PLAIN, [first]).marks == 3.0
    found = settled(PLAIN, [first, again])
    assert (found.marks, found.source, found.of) == (4.0, Source.RUBRIC, (again,))
    assert next_stage(PLAIN, [first, again], 1) is Stage.FIRST


@pytest.mark.parametrize(
    ("one", "other", "marks"),
    [(3.0, 3.0, 3.0), (3.0, 4.0, 3.5), (0.0, 0.25, 0.13), (3.0, 4.5, None)],
)
def test_two_markings_within_the_tolerance_are_averaged(mark_of, one, other, marks):
    given = [mark_of(Stage.FIRST, 1, one), mark_of(Stage.SECOND, 2, other)]
    found = settled(BLIND, given)
    assert (found and found.marks) == marks
    if found is not None:
        assert (found.source, found.of) == (Source.SECOND, tuple(given))


def test_nobody_marks_twice_and_a_third_only_decides(mark_of):
    first, second = mark_of(Stage.FIRST, 1, 0.0), mark_of(Stage.SECOND, 2, 4.0)
    assert next_stage(BLIND, [], 1) is Stage.FIRST
    assert next_stage(BLIND, [first], 2) is Stage.SECOND
    with pytest.raises(SameGrader):
        next_stage(BLIND, [first], 1)
    with pytest.raises(MarkedTwice):
        next_stage(BLIND, [first, second], 3)
    ensure_moderator(BLIND, [first, second], 3, is_graded=False)
    for marker in (1, 2):
        with pytest.raises(SameGrader):
            ensure_moderator(BLIND, [first, second], marker, is_graded=False)
    decided = mark_of(Stage.MODERATION, 3, 2.0)
    assert settled(BLIND, [first, second, decided]).marks == 2.0
    assert settled(BLIND, [first, second, decided]).source is Source.MODERATION
    assert settled(PLAIN, [first, decided, replace(first, marks=1.0)]).marks == 2.0


def test_there_is_nothing_to_decide_before_two_differ_or_a_grade_exists(mark_of):
    first, second = mark_of(Stage.FIRST, 1, 3.0), mark_of(Stage.SECOND, 2, 3.0)
    for exam, given_marks in ((BLIND, [first]), (BLIND, [first, second]), (PLAIN, [first])):
        with pytest.raises(NothingToModerate):
            ensure_moderator(exam, given_marks, 3, is_graded=False)
        ensure_moderator(exam, given_marks, 3, is_graded=True)
    with pytest.raises(NothingToModerate):
        ensure_moderator(PLAIN, [], 3, is_graded=True)


@given(
    one=st.integers(0, 40).map(lambda n: n / 4),
    other=st.integers(0, 40).map(lambda n: n / 4),
    tolerance=st.integers(0, 12).map(lambda n: n / 4),
)
def test_what_is_settled_lies_between_the_two_and_order_does_not_matter(
    mark_of, one, other, tolerance
):
    exam = SimpleNamespace(second_marking=SecondMarking.BLIND, second_marking_tolerance=tolerance)
    found = settled(exam, [mark_of(Stage.FIRST, 1, one), mark_of(Stage.SECOND, 2, other)])
    swapped = settled(exam, [mark_of(Stage.FIRST, 2, other), mark_of(Stage.SECOND, 1, one)])
    assert (found is None) == (swapped is None) == (abs(one - other) > tolerance)
    if found is not None:
        assert found.marks == swapped.marks
        assert min(one, other) <= found.marks <= max(one, other) + 0.005
