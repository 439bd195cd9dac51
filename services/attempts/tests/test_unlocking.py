"""Opening final answers: which key opens them, who believes what is inside, what stays shut."""

import base64
import json
from itertools import islice

import pytest
from attempts import unlocking
from attempts.unlocking import Finding, Opened, Order, Said, Sealed, StaysShut, moments, opened
from hypothesis import given
from hypothesis import strategies as st

USER, EXAM = "apiti0001", 21
SENT = "2026-03-01T10:00:00.000Z"
ENTRY = {"questionId": 11, "answer": ["Neutral wire"], "isFlagged": False, "sequence": 3}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def unlocked(fields: dict[str, str], window_ms: int = 1_000, **changed) -> Opened:
    wanted = {"username": USER, "exam_id": EXAM} | changed
    sealed = Sealed(fields["encrypted_answers"], fields["encryption_timestamp"], **wanted)
    return opened(sealed, window_ms=window_ms, rounds=1)


def finding(fields: dict[str, str], **changed) -> Finding:
    with pytest.raises(StaysShut) as shut:
        unlocked(fields, **changed)
    return shut.value.finding


@pytest.mark.contract("9.4/open/time")
@given(ms=st.integers(0, 1_000))
def test_the_key_is_found_however_long_before_the_time_that_came(seal, ms):
    found = unlocked(seal([ENTRY], ms=ms, rounds=1))
    assert found.answers == (Said(11, ["Neutral wire"], 3),)
    at = "10:00:00.000" if ms == 0 else f"09:59:{60 - ms / 1000:06.3f}"
    assert found.key_timestamp == f"2026-03-01T{at}Z"


@pytest.mark.contract("9.4/open/not-found")
@given(ms=st.integers(1_001, 3_000) | st.integers(-3_000, -1))
def test_a_key_outside_of_the_window_is_not_found(seal, ms):
    assert finding(seal([ENTRY], ms=ms, rounds=1)) is Finding.KEY_NOT_FOUND


def test_what_is_usual_is_tried_first_and_all_of_the_window_once():
    assert list(islice(moments(SENT, 1_000), 2)) == [
        "2026-03-01T09:59:59.950Z",
        "2026-03-01T09:59:59.949Z",
    ]
    tried = list(moments(SENT, 600))
    assert len(tried) == len(set(tried)) == 601
    assert min(tried) == "2026-03-01T09:59:59.400Z"
    assert max(tried) == SENT
    assert list(moments(SENT, 0)) == [SENT]


@given(value=VALUES)
def test_what_was_answered_comes_out_as_it_went_in(seal, value):
    found = unlocked(seal([{"questionId": 11, "answer": value}], rounds=1))
    assert found.answers == (Said(11, value, 0),)


@pytest.mark.contract("9.4/open/confirmed")
def test_a_time_inside_that_is_not_the_keys_is_not_believed(seal):
    inside = {"timestamp": "2026-03-01T09:59:59.949Z"}
    assert finding(seal([ENTRY], rounds=1, inside=inside)) is Finding.OTHER_TIME


@pytest.mark.contract("9.4/open/confirmed")
@given(place=st.integers(0, 120), bit=st.integers(0, 7))
def test_a_bit_that_was_turned_is_noticed(seal, place, bit):
    fields = seal([ENTRY], ms=0, rounds=1)
    raw = bytearray(base64.b64decode(fields["encrypted_answers"]))
    raw[place] ^= 1 << bit
    fields["encrypted_answers"] = base64.b64encode(raw).decode()
    assert finding(fields, window_ms=1) is Finding.KEY_NOT_FOUND


@pytest.mark.contract("9.4/open/whose")
@pytest.mark.parametrize(
    ("inside", "why"),
    [
        ({"username": "apiti0002"}, Finding.OTHER_USER),
        ({"username": None}, Finding.OTHER_USER),
        ({"examId": 22}, Finding.OTHER_EXAM),
    ],
)
def test_user_name_and_exam_inside_must_match(seal, inside, why):
    assert finding(seal([ENTRY], rounds=1, inside=inside)) is why


@pytest.mark.contract("9.4/open/whose")
@pytest.mark.parametrize("other", [{"username": "apiti0002"}, {"exam_id": 22}])
def test_a_blob_of_another_user_or_exam_has_another_key(seal, other):
    assert finding(seal([ENTRY], rounds=1), **other) is Finding.KEY_NOT_FOUND


def test_an_exam_named_by_a_text_is_the_same_exam(seal):
    assert unlocked(seal([ENTRY], rounds=1, inside={"examId": "21"})).answers


@pytest.mark.parametrize(
    "entries",
    [None, {}, "text", [7], [None], [{}], [{"questionId": "11"}], [{"questionId": True}]],
)
def test_json_of_another_shape_is_said_so(seal, entries):
    assert finding(seal(entries, rounds=1)) is Finding.NOT_AS_AGREED


@pytest.mark.parametrize("plain", [b"", b"{", b"\xff\xfe", b"[" * 200_000, b"9" * 5_000])
def test_what_is_no_json_is_said_so(plain):
    with pytest.raises(StaysShut) as shut:
        unlocking._read(plain, Sealed("", SENT, USER, EXAM), SENT)
    assert shut.value.finding is Finding.NOT_JSON


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", Finding.TOO_SHORT),
        ("not base64!", Finding.NOT_BASE64),
        ("AAAA" * 14, Finding.TOO_SHORT),
        ("\u0661", Finding.NOT_BASE64),
        ("A" * (unlocking.MOST_CHARACTERS + 1), Finding.TOO_LARGE),
    ],
)
def test_what_is_no_blob_is_not_tried(seal, text, why):
    assert finding(seal([ENTRY], rounds=1) | {"encrypted_answers": text}) is why


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "yesterday",
        "2026-03-01T10:00:00Z",
        "2026-03-01T10:00:00.000+00:00",
        "2026-13-01T10:00:00.000Z",
        "0001-01-01T00:00:00.000Z",
        f"{SENT}\n",
    ],
)
def test_a_time_of_another_form_is_not_tried(seal, sent):
    fields = seal([ENTRY], rounds=1) | {"encryption_timestamp": sent}
    assert finding(fields) is Finding.TIMESTAMP_UNREADABLE


def test_the_search_ends_when_its_time_is_over(seal):
    fields = seal([ENTRY], ms=500, rounds=1)
    sealed = Sealed(fields["encrypted_answers"], SENT, USER, EXAM)
    left = iter([True, True, False])
    with pytest.raises(StaysShut) as shut:
        opened(sealed, window_ms=1_000, is_time_left=lambda: next(left), rounds=1)
    assert shut.value.finding is Finding.OUT_OF_TIME


def test_the_process_reads_an_order_and_says_what_it_found(seal):
    fields = seal([ENTRY])
    sealed = Sealed(fields["encrypted_answers"], SENT, USER, EXAM)
    found = unlocking.read(unlocking.carried_out(Order(sealed, 50, 60).text))
    assert found == Opened("2026-03-01T09:59:59.950Z", (Said(11, ["Neutral wire"], 3),))
    shut = unlocking.carried_out(Order(sealed, 0, 60).text)
    assert (json.loads(shut), unlocking.read(shut)) == (
        {"finding": "key_not_found"},
        Finding.KEY_NOT_FOUND,
    )
