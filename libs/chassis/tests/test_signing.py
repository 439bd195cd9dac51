"""One text for one value: what a third party computes is what is signed here."""

import base64
import json

import pytest
from chassis.signing import SigningKey, canonical, is_signed, jwk, sha256, thumbprint
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


def test_a_key_belongs_to_its_secret_and_its_purpose():
    key = SigningKey.derived("s" * 40, "receipts")
    assert key.public == SigningKey.derived("s" * 40, "receipts").public
    others = [SigningKey.derived("s" * 40, "heads"), SigningKey.derived("t" * 40, "receipts")]
    assert len({key.kid, *(other.kid for other in others)}) == 3


def test_a_signature_holds_for_its_text_and_its_key_alone():
    key, other = SigningKey.derived("s" * 40, "a"), SigningKey.derived("s" * 40, "b")
    signature = key.sign("text é")
    assert is_signed(key.public, "text é", signature)
    assert not is_signed(key.public, "text e", signature)
    assert not is_signed(other.public, "text é", signature)
    assert not is_signed(key.public, "text é", signature[:-1])
    assert not is_signed(b"no key", "text é", signature)


def test_a_key_is_named_by_the_standards_thumbprint():
    # RFC 8037, appendix A.3
    x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    public = base64.urlsafe_b64decode(x + "=")
    assert thumbprint(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert jwk(public)["x"] == x
    assert jwk(public)["kid"] == thumbprint(public)
