"""One text for one value: what a third party computes is what is signed here."""

import json

import pytest
from chassis.signing import canonical, sha256
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        ("é\U0001f600/\x7f", '"\\u00e9\\ud83d\\ude00/\\u007f"'),
        ('"\\\n\x00', '"\\"\\\\\\n\\u0000"'),
        ([1, 1.0, -0.0, 1e16, 1e-5, 10**30], "[1,1.0,-0.0,1e+16,1e-05," + "1" + "0" * 30 + "]"),
    ],
)
def test_the_form_is_the_documented_one(value, text):
    assert canonical(value) == text


@given(VALUES)
def test_the_text_is_ascii_and_says_the_value(value):
    text = canonical(value)
    assert text.isascii()
    assert canonical(json.loads(text)) == text


@given(st.dictionaries(st.text(), VALUES, min_size=2, max_size=4))
def test_the_order_of_keys_does_not_matter(value):
    backwards = dict(reversed(value.items()))
    assert sha256(backwards) == sha256(value)


def test_true_one_and_one_point_nothing_are_three_values():
    assert len({sha256(value) for value in (True, 1, 1.0, "1")}) == 4


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("-inf")]])
def test_what_json_cannot_say_has_no_form(value):
    with pytest.raises(ValueError, match="JSON"):
        canonical(value)
