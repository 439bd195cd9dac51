"""What may be broadcast, and how often; no socket needed (contract §8.1)."""

import json

import msgspec
import pytest
from chassis.bus import Position
from hypothesis import given
from hypothesis import strategies as st
from realtime import frames
from realtime.broadcast import MAX_BYTES, NO_OBJECT, TOO_LARGE, TYPES, Bucket, Unfit, read

PLACE = Position(7, "e")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def shown(text):
    return json.loads(frames.broadcast(read(text), PLACE).data)


@given(st.dictionaries(st.text(), JSON, max_size=5), st.sampled_from(sorted(TYPES)))
def test_a_frame_is_shown_as_it_was_but_for_its_position(members, kind):
    frame = {**members, "type": kind}
    assert shown(json.dumps(frame)) == frame | {"position": {"sequence": 7, "epoch": "e"}}


def test_numbers_and_escapes_stay_as_they_were_written():
    text = '{ "type":"warning", "a":1.00, "b":123456789012345678901234567890, "c":"\\u00e9"}'
    said = read(text)
    assert '"a":1.00,' in said
    assert '"b":123456789012345678901234567890,' in said
    assert '"c":"\\u00e9"' in said


def test_a_position_of_the_senders_own_is_dropped():
    text = '{"type":"warning","position":{"sequence":1,"epoch":"mine"},"message":"x"}'
    assert shown(text)["position"] == {"sequence": 7, "epoch": "e"}
    assert frames.broadcast(read(text), PLACE).data.count(b'"position"') == 1


def test_sixteen_kibibytes_are_the_limit_in_bytes():
    frame = {"type": "warning", "message": ""}
    empty = len(json.dumps(frame))
    at_most = json.dumps(frame | {"message": "x" * (MAX_BYTES - empty)})
    assert isinstance(read(at_most), str)
    assert read(at_most.replace("x", "xx", 1)) == TOO_LARGE
    umlauts = json.dumps(frame | {"message": "é" * (MAX_BYTES // 2)}, ensure_ascii=False)
    assert len(umlauts) < MAX_BYTES
    assert read(umlauts) == TOO_LARGE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "null",
        '"warning"',
        '{"type":"warning"',
        '{"type":"warning","n":NaN}',
        b"\xff\xfe",
        '{"type":"warning","a":' + "[" * 8_000 + "]" * 8_000 + "}",
    ],
)
def test_what_is_no_object_is_not_said(text):
    assert read(text) == NO_OBJECT


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("ping", "ping"),
        ("time_update", "time_update"),
        ("WARNING", "WARNING"),
        (None, "None"),
        (5, "int"),
        (["warning"], "list"),
        ("x" * 90, "x" * 50),
    ],
)
def test_another_type_is_not_said_and_named(kind, name):
    unfit = Unfit(f"Unknown message type: {name}", "UNKNOWN_MESSAGE_TYPE")
    assert read(json.dumps({"type": kind})) == unfit


@given(st.binary(max_size=200))
def test_nothing_that_is_sent_raises(data):
    said = read(data)
    if isinstance(said, str):
        assert msgspec.json.decode(said)["type"] in TYPES


def test_a_bucket_lets_a_burst_pass_and_then_says_how_long_to_wait():
    bucket = Bucket(3, 2.0, 100.0)
    assert [bucket.take(100.0) for _ in range(3)] == [0, 0, 0]
    assert bucket.take(100.0) == pytest.approx(0.5)
    assert bucket.take(100.2) == pytest.approx(0.3)
    assert bucket.take(100.5) == 0
    assert [bucket.take(900.0) for _ in range(4)] == [0, 0, 0, pytest.approx(0.5)]
