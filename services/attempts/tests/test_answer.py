"""What a save does to the stored answer (contract §9.1), and which values can be kept at all."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from attempts.answer import Answer, Save, decoded, encoded, is_empty, merged
from attempts.errors import UnfitAnswer
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
LATER = NOW + timedelta(seconds=40)


def save(value=None, **changed) -> Save:
    return Save(attempt_id=1, student_id=2, question_id=3, value=value, **changed)


@pytest.mark.parametrize("value", [None, "", []])
def test_null_and_the_empty_forms_are_no_answer(value):
    assert is_empty(value)


@pytest.mark.parametrize("value", [False, 0, "0", [""], {}, "false", [None]])
def test_false_and_zero_are_answers(value):
    assert not is_empty(value)


def test_a_first_save_makes_the_answer():
    answer = merged(None, save(["a"], time_spent_seconds=5, sequence=2), NOW)
    assert answer == Answer(
        1,
        3,
        ["a"],
        time_spent_seconds=5,
        sequence=2,
        first_answered_at=NOW,
        last_updated_at=NOW,
        revision=1,
    )


def test_a_later_save_replaces_the_value_and_adds_the_time():
    first = merged(None, save("a", time_spent_seconds=5, sequence=9), NOW)
    second = merged(first, save("b", is_flagged=True, time_spent_seconds=7, sequence=1), LATER)
    assert second.value == "b"
    assert second.is_flagged
    assert second.time_spent_seconds == 12
    assert second.sequence == 1, "a lower sequence is not refused: it restarts after a reload"
    assert (second.first_answered_at, second.last_updated_at) == (NOW, LATER)


@pytest.mark.parametrize("stored", ["a", False, ["x"], 0])
def test_null_sets_the_flag_and_never_overwrites_an_answer(stored):
    first = merged(None, save(stored), NOW)
    second = merged(first, save(None, is_flagged=True), LATER)
    assert second.value == stored
    assert second.is_flagged


@pytest.mark.parametrize("empty", ["", []])
def test_the_empty_forms_do_clear(empty):
    first = merged(None, save("a"), NOW)
    second = merged(first, save(empty), LATER)
    assert second.value == empty
    assert not second.is_answered


def test_a_flag_alone_makes_an_unanswered_row():
    answer = merged(None, save(None, is_flagged=True), NOW)
    assert not answer.is_answered
    assert answer.first_answered_at is None


def test_unflagging_works():
    first = merged(None, save("a", is_flagged=True), NOW)
    assert not merged(first, save("a"), LATER).is_flagged


def test_identical_content_changes_nothing():
    first = merged(None, save(["a"], sequence=4), NOW)
    assert merged(first, save(["a"], sequence=1), LATER) is first


def test_the_revision_counts_changes_of_answer_and_flag_and_nothing_else():
    first = merged(None, save("a"), NOW)
    longer = merged(first, save("a", time_spent_seconds=5), LATER)
    flagged = merged(longer, save(None, is_flagged=True), LATER)
    assert [a.revision for a in (first, longer, flagged)] == [1, 1, 2]
    assert longer.time_spent_seconds == 5
    assert merged(flagged, save("b", is_flagged=True), LATER).revision == 3


def test_the_hash_is_the_one_that_a_third_party_computes():
    answer = Answer(7, 3, ["é", 1, 1.0, True, None, 10**20], is_flagged=True, revision=2)
    text = (
        '{"answer":["\\u00e9",1,1.0,true,null,100000000000000000000],'
        '"attempt_id":7,"is_flagged":true,"question_id":3,"revision":2}'
    )
    assert answer.sha256 == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"value": "b"},
        {"value": True},
        {"is_flagged": True},
        {"revision": 2},
        {"question_id": 4},
        {"attempt_id": 8},
    ],
)
def test_every_part_of_what_was_said_changes_the_hash(change):
    answer = Answer(7, 3, 1, revision=1)
    assert replace(answer, **change).sha256 != answer.sha256


def test_time_and_marks_are_not_part_of_the_hash():
    answer = Answer(7, 3, "a", revision=1)
    marked = replace(answer, id=9, time_spent_seconds=5, sequence=2, marks_awarded=1.0)
    assert marked.sha256 == answer.sha256


def test_one_and_true_are_not_the_same_content():
    first = merged(None, save(1), NOW)
    assert merged(first, save(True), LATER).value is True


def test_a_flag_on_its_own_leaves_the_sequence():
    first = merged(None, save("a", sequence=4), NOW)
    assert merged(first, save(None, is_flagged=True, is_flag_only=True), LATER).sequence == 4


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), "\ud800", ["\udfff"], "x" * 65_537, "ä" * 33_000],
)
def test_what_could_not_be_given_back_is_refused(value):
    with pytest.raises(UnfitAnswer):
        encoded(value)


def test_deep_answers_are_refused_and_shallow_ones_are_not():
    deep: list = []
    for _ in range(16):
        deep = [deep]
    assert encoded(deep[0])
    with pytest.raises(UnfitAnswer):
        encoded(deep)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "nul"])
def test_text_that_is_no_json_is_refused(text):
    with pytest.raises(UnfitAnswer):
        decoded(text)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(JSON_VALUES)
def test_every_plain_value_survives_the_way_to_text_and_back(value):
    back = decoded(encoded(value))
    assert json.dumps(back) == json.dumps(value)


@given(st.lists(st.tuples(JSON_VALUES, st.booleans(), st.integers(0, 100)), min_size=1, max_size=8))
def test_after_any_saves_the_time_is_the_sum_and_the_value_the_last_that_was_not_null(saves):
    answer = None
    for value, is_flagged, seconds in saves:
        answer = merged(answer, save(value, is_flagged=is_flagged, time_spent_seconds=seconds), NOW)
    assert answer.time_spent_seconds == sum(seconds for _, _, seconds in saves)
    assert answer.is_flagged == saves[-1][1]
    spoken = [value for value, _, _ in saves if value is not None]
    assert json.dumps(answer.value) == json.dumps(spoken[-1] if spoken else None)
