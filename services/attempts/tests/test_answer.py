"""What counts as an answer, which values can be kept at all, and in which text."""

import hashlib
import json
from dataclasses import replace

import pytest
from attempts.answer import Answer, canonical, decoded, encoded, is_empty
from attempts.errors import UnfitAnswer
from chassis import signing
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.contract("9.1/save/counts")
@pytest.mark.parametrize("value", [None, "", []])
def test_null_and_the_empty_forms_are_no_answer(value):
    assert is_empty(value)


@pytest.mark.contract("9.1/save/counts")
@pytest.mark.parametrize("value", [False, 0, "0", [""], {}, "false", [None]])
def test_false_and_zero_are_answers(value):
    assert not is_empty(value)


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


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), "\ud800", ["\udfff"], "x" * 65_535, "ä" * 32_768, "😀" * 16_384],
)
def test_what_could_not_be_given_back_is_refused(value):
    with pytest.raises(UnfitAnswer):
        encoded(value)


@pytest.mark.parametrize(
    "value", ["x" * 65_534, "ä" * 32_767, "😀" * 16_383, "\\ud800", "x" * 40_000]
)
def test_what_is_just_small_enough_is_kept(value):
    assert decoded(encoded(value)) == value


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
def test_the_canonical_text_is_made_of_the_stored_one(value):
    assert canonical(value, encoded(value)) == signing.canonical(value)


@given(JSON_VALUES)
def test_every_plain_value_survives_the_way_to_text_and_back(value):
    back = decoded(encoded(value))
    assert json.dumps(back) == json.dumps(value)
