"""Final answers beside stored ones: what replaces what, and when a blob counts at all."""

from datetime import timedelta

import pytest
from attempts import finals
from attempts.answer import Answer, is_empty
from attempts.attempt import Status
from attempts.finals import Fate, NotCounted, compared
from attempts.unlocking import Said
from hypothesis import given
from hypothesis import strategies as st

GRACE = timedelta(seconds=300)
EXAM = (1, 2, 3)
VALUES = st.sampled_from([None, "", [], False, True, 0, 1, 1.0, "A", ["A"], ["A", "B"], {"a": 1}])
SAID = st.lists(
    st.builds(Said, st.integers(1, 4), VALUES, st.integers(0, 3)), min_size=1, max_size=6
)
STORED = st.fixed_dictionaries(dict.fromkeys(EXAM, VALUES))


def stored(values) -> dict[int, Answer]:
    return {number: Answer(1, number, value, revision=1) for number, value in values.items()}


def one(before, after, *, marked=()) -> list[Fate]:
    found = compared([Said(1, after)], stored({1: before}), EXAM, marked)
    return [each.fate for each in found.differences]


@pytest.mark.contract("9.4/merge/null")
@given(said=SAID, values=STORED)
def test_null_never_replaces_an_answer(said, values):
    found = compared(said, stored(values), EXAM, ())
    assert all(each.after is not None for each in found.differences)


@pytest.mark.contract("9.4/merge/questions")
@given(said=SAID, values=STORED)
def test_only_questions_of_the_exam_are_merged(said, values):
    found = compared(said, stored(values), EXAM, ())
    assert {each.question_id for each in found.differences} <= set(EXAM)
    assert set(found.foreign) == {each.question_id for each in said} - set(EXAM)


@given(said=SAID, values=STORED)
def test_merging_once_more_changes_nothing(said, values):
    found = compared(said, stored(values), EXAM, ())
    merged = values | {each.question_id: each.after for each in found.changes}
    assert compared(said, stored(merged), EXAM, ()).changes == ()


@given(said=SAID, values=STORED, marked=st.sets(st.sampled_from(EXAM)))
def test_no_answer_is_exchanged_under_the_mark_of_a_person(said, values, marked):
    found = compared(said, stored(values), EXAM, marked)
    assert not marked & {each.question_id for each in found.changes}


@pytest.mark.parametrize(
    ("before", "after", "fates"),
    [
        ("A", "B", [Fate.COUNTS]),
        (None, False, [Fate.COUNTS]),
        ("A", [], [Fate.COUNTS]),
        (["A"], "", [Fate.COUNTS]),
        (True, 1, [Fate.COUNTS]),
        ("A", "A", []),
        (None, "", []),
        (None, [], []),
        ("A", None, []),
        ("A", float("nan"), [Fate.UNFIT]),
        ("A", "x" * 70_000, [Fate.UNFIT]),
        ("A", "\ud800", [Fate.UNFIT]),
    ],
)
def test_what_counts_as_another_answer(before, after, fates):
    assert one(before, after) == fates


def test_a_marked_answer_stays_and_the_difference_is_told():
    assert one("A", "B", marked=(1,)) == [Fate.MARKED]


def test_of_several_entries_for_a_question_the_newest_counts():
    said = [Said(1, "new", 7), Said(1, "old", 2), Said(2, "first"), Said(2, "second")]
    found = compared(said, {}, EXAM, ())
    assert [each.after for each in found.changes] == ["new", "second"]
    assert all(is_empty(each.before) and each.revision == 0 for each in found.changes)


@pytest.mark.contract("9.4/merge/in-time")
@pytest.mark.parametrize(
    ("status", "submitted_after", "received_after", "why"),
    [
        (Status.GRADED, -60, -60, None),
        (Status.SUBMITTED, 300, 300, None),
        (Status.GRADED, 301, 301, NotCounted.AFTER_THE_GRACE_PERIOD),
        (Status.GRADED, -60, -59, NotCounted.AFTER_THE_SUBMIT),
        (Status.GRADED, -60, None, NotCounted.IMPORTED),
        (Status.CANCELLED, -60, -60, NotCounted.NOT_FINISHED),
        (Status.IN_PROGRESS, None, -60, NotCounted.NOT_FINISHED),
        (Status.GRADED, None, -60, NotCounted.AFTER_THE_SUBMIT),
    ],
)
def test_a_blob_counts_when_it_came_with_the_submit_and_in_time(
    attempt, status, submitted_after, received_after, why
):
    deadline = attempt().deadline_at

    def at(seconds):
        return None if seconds is None else deadline + timedelta(seconds=seconds)

    sat = attempt(status=status, submit_time=at(submitted_after))
    assert finals.why_not(sat, at(received_after), GRACE) is why
