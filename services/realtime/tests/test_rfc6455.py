"""The cases of the Autobahn fuzzing client, by its sections, put to the core without a socket.

Left out: 12 and 13 (compression, which we do not offer) and what 9 does with megabytes, which is
done here with the limit of the service.
"""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime import rfc6455
from realtime.rfc6455 import Close, Ping, Pong, Reader, Violation

LIMIT = 65 * 1024
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASK = b"\x37\xfa\x21\x3d"
KOSME = "κόσμε"


def frame(opcode, payload=b"", *, fin=True, rsv=0, mask=MASK, length=None):
    """A client's frame, also one that no client may send."""
    payload = payload.encode() if isinstance(payload, str) else payload
    size = len(payload)
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0x80 if mask else 0
    if length is None:
        length = 7 if size < 126 else 16 if size < 1 << 16 else 64
    if length == 7:
        head += bytes([bit | size])
    elif length == 16:
        head += bytes([bit | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + size.to_bytes(8, "big")
    if not mask:
        return head + payload
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def whole(*pieces):
    return Reader(LIMIT).feed(b"".join(pieces))


def octets(*pieces):
    """The same, one byte at a time."""
    reader = Reader(LIMIT)
    data = b"".join(pieces)
    return [event for i in range(len(data)) for event in reader.feed(data[i : i + 1])]


def broken(events, code=1002):
    """Whether the last event is a violation with this code; what came before is returned."""
    assert isinstance(events[-1], Violation)
    assert events[-1].code == code
    return events[:-1]


SIZES = [0, 125, 126, 127, 128, 65_535, 65_536]


# 1 framing


@pytest.mark.parametrize("size", SIZES)
def test_1_1_a_text_message_of_any_length_is_read(size):
    assert whole(frame(TEXT, "*" * size)) == ["*" * size]


@pytest.mark.parametrize("size", SIZES)
def test_1_2_a_binary_message_of_any_length_is_read(size):
    assert whole(frame(BINARY, b"\xfe" * size)) == [b"\xfe" * size]


@pytest.mark.parametrize("chop", [997, 1])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_1_x_8_a_message_may_come_in_chops(opcode, chop):
    reader, data = Reader(LIMIT), frame(opcode, "*" * 2_000)
    events = [e for at in range(0, len(data), chop) for e in reader.feed(data[at : at + chop])]
    assert events == ["*" * 2_000 if opcode == TEXT else b"*" * 2_000]


# 2 pings and pongs


@pytest.mark.parametrize(
    "payload", [b"", b"Hello", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", b"p" * 125]
)
def test_2_1_to_2_4_a_ping_gives_its_payload(payload):
    assert whole(frame(PING, payload)) == [Ping(payload)]
    assert octets(frame(PING, payload)) == [Ping(payload)]


def test_2_5_a_ping_above_125_bytes_is_refused():
    assert broken(whole(frame(PING, b"p" * 126))) == []


def test_2_6_a_ping_may_come_byte_by_byte():
    assert octets(frame(PING, b"p" * 125)) == [Ping(b"p" * 125)]


@pytest.mark.parametrize("payload", [b"", b"unsolicited"])
def test_2_7_to_2_9_unasked_pongs_are_nothing_bad(payload):
    assert whole(frame(PONG, payload), frame(PING, b"x")) == [Pong(payload), Ping(b"x")]


def test_2_10_and_2_11_ten_pings_are_ten_pings():
    pings = [frame(PING, f"payload-{n}") for n in range(10)]
    expected = [Ping(f"payload-{n}".encode()) for n in range(10)]
    assert whole(*pings) == octets(*pings) == expected


# 3 reserved bits


@pytest.mark.parametrize("read", [whole, octets])
@pytest.mark.parametrize("opcode", [TEXT, BINARY, CLOSE, PING, PONG])
@pytest.mark.parametrize("rsv", range(1, 8))
def test_3_a_reserved_bit_is_refused_after_what_came_before(rsv, opcode, read):
    events = read(frame(TEXT, "first"), frame(opcode, b"", rsv=rsv), frame(PING))
    assert broken(events) == ["first"]


# 4 opcodes


@pytest.mark.parametrize("read", [whole, octets])
@pytest.mark.parametrize("payload", [b"", b"unknown"])
@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_4_an_unknown_opcode_is_refused_after_what_came_before(opcode, payload, read):
    assert broken(read(frame(TEXT, "first"), frame(opcode, payload), frame(PING))) == ["first"]


# 5 fragmentation


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
def test_5_1_and_5_2_a_control_frame_is_never_a_fragment(opcode):
    pieces = frame(opcode, "frag", fin=False), frame(CONTINUATION, "ment")
    assert broken(whole(*pieces)) == broken(octets(*pieces)) == []


@pytest.mark.parametrize("read", [whole, octets])
def test_5_3_to_5_5_a_message_may_come_in_fragments(read):
    pieces = frame(TEXT, "frag", fin=False), frame(CONTINUATION, "ment")
    assert read(*pieces) == ["fragment"]


@pytest.mark.parametrize("read", [whole, octets])
def test_5_6_to_5_8_a_ping_between_fragments_is_told_first(read):
    pieces = frame(TEXT, "frag", fin=False), frame(PING, "now"), frame(CONTINUATION, "ment")
    assert read(*pieces) == [Ping(b"now"), "fragment"]


@pytest.mark.parametrize("read", [whole, octets])
@pytest.mark.parametrize("fin", [True, False])
def test_5_9_to_5_14_nothing_to_continue_is_refused(fin, read):
    pieces = frame(CONTINUATION, "non-continuation", fin=fin), frame(TEXT, "Hello")
    assert broken(read(*pieces)) == []


def test_5_15_nothing_to_continue_is_refused_after_a_whole_message():
    pieces = [frame(TEXT, "frag", fin=False), frame(CONTINUATION, "ment")]
    pieces += [frame(CONTINUATION, "more", fin=False), frame(TEXT, "Hello")]
    assert broken(whole(*pieces)) == ["fragment"]


@pytest.mark.parametrize("fin", [True, False])
def test_5_16_and_5_17_a_continuation_first_is_refused(fin):
    pieces = [frame(CONTINUATION, "one", fin=fin), frame(TEXT, "two", fin=False)]
    assert broken(whole(*pieces, frame(CONTINUATION, "three"))) == []


@pytest.mark.parametrize("second", [TEXT, BINARY])
def test_5_18_a_message_inside_another_is_refused(second):
    assert broken(whole(frame(TEXT, "one", fin=False), frame(second, "two"))) == []


@pytest.mark.parametrize("read", [whole, octets])
def test_5_19_and_5_20_five_fragments_with_pings_between(read):
    pieces = [frame(TEXT, "f1", fin=False), frame(CONTINUATION, "f2", fin=False)]
    pieces += [frame(PING, "p1"), frame(CONTINUATION, "f3", fin=False)]
    pieces += [frame(CONTINUATION, "f4", fin=False), frame(PING, "p2"), frame(CONTINUATION, "f5")]
    assert read(*pieces) == [Ping(b"p1"), Ping(b"p2"), "f1f2f3f4f5"]


# 6 UTF-8

VALID = [
    "Hello-µ@ßöäüàá-UTF-8!!",
    KOSME,
    "\x00",
    "\x80",
    "\u0800",
    "\U00010000",
    "\x7f",
    "\u07ff",
    "\uffff",
    "\U0010ffff",
    "\ud7ff",
    "\ue000",
    "\ufffd",
    "\ufffe\U0001fffe\U0010fffe",
]
INVALID = [
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65\x64\x69\x74\x65\x64",
    b"\xf8\x88\x80\x80\x80",
    b"\xfc\x84\x80\x80\x80\x80",
    b"\xf7\xbf\xbf\xbf",
    b"\xfb\xbf\xbf\xbf\xbf",
    b"\xfd\xbf\xbf\xbf\xbf\xbf",
    b"\xf4\x90\x80\x80",
    b"\x80",
    b"\xbf",
    b"\x80\xbf\x80\xbf\x80\xbf\xaa",
    b"\xc0\x20\xc1\x20\xc2\x20",
    b"\xe0\x20\xe1\x20\xef\x20",
    b"\xf0\x20\xf1\x20\xf7\x20",
    b"\xf8\x20\xfb\x20",
    b"\xfc\x20\xfd\x20",
    b"\xc0",
    b"\xe0\x80",
    b"\xf0\x80\x80",
    b"\xdf",
    b"\xef\xbf",
    b"\xf7\xbf\xbf",
    b"\xfe",
    b"\xff",
    b"\xfe\xfe\xff\xff",
    b"\xc0\xaf",
    b"\xe0\x80\xaf",
    b"\xf0\x80\x80\xaf",
    b"\xc1\xbf",
    b"\xe0\x9f\xbf",
    b"\xf0\x8f\xbf\xbf",
    b"\xc0\x80",
    b"\xe0\x80\x80",
    b"\xed\xa0\x80",
    b"\xed\xad\xbf",
    b"\xed\xae\x80",
    b"\xed\xbf\xbf",
    b"\xed\xa0\x80\xed\xb0\x80",
    b"\xed\xaf\xbf\xed\xbf\xbf",
]


@pytest.mark.parametrize("read", [whole, octets])
@pytest.mark.parametrize("text", VALID)
def test_6_2_valid_text_is_read_whole_and_in_fragments_of_a_byte(text, read):
    data = text.encode()
    pieces = [frame(TEXT if i == 0 else 0, data[i : i + 1], fin=False) for i in range(len(data))]
    assert read(frame(TEXT, text)) == [text]
    assert read(*pieces, frame(CONTINUATION)) == [text]


@pytest.mark.parametrize("read", [whole, octets])
@pytest.mark.parametrize("data", INVALID)
def test_6_3_and_6_6_to_6_22_invalid_text_is_refused_whole_and_in_fragments(data, read):
    assert broken(read(frame(TEXT, data)), 1007) == []
    pieces = [frame(TEXT if i == 0 else 0, data[i : i + 1], fin=False) for i in range(len(data))]
    assert broken(read(*pieces, frame(CONTINUATION)), 1007) == []


def test_6_1_empty_fragments_are_a_message():
    assert whole(frame(TEXT, fin=False), frame(0, fin=False), frame(0)) == [""]
    pieces = frame(TEXT, fin=False), frame(0, "middle", fin=False), frame(0)
    assert whole(*pieces) == ["middle"]


def test_6_4_invalid_text_is_refused_as_soon_as_it_is_seen():
    start = KOSME.encode()
    reader = Reader(LIMIT)
    assert reader.feed(frame(TEXT, start + b"\xf4", fin=False)) == []
    assert broken(reader.feed(frame(CONTINUATION, b"\x90", fin=False)), 1007) == []


def test_6_4_4_invalid_text_is_refused_in_the_middle_of_its_frame():
    reader, data = Reader(LIMIT), frame(TEXT, KOSME.encode() + b"\xf4\x90" + b"x" * 100)
    assert broken(reader.feed(data[:-100]), 1007) == []


def test_6_binary_data_is_nobody_s_text():
    assert whole(frame(BINARY, INVALID[0])) == [INVALID[0]]


# 7 closing

GOOD_CODES = [*range(1000, 1004), *range(1007, 1015), 3000, 3999, 4000, 4999]
BAD_CODES = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535]


def close(code, reason=b""):
    reason = reason.encode() if isinstance(reason, str) else reason
    return frame(CLOSE, code.to_bytes(2, "big") + reason)


def test_7_1_nothing_is_read_after_a_close():
    pieces = [close(1000), frame(TEXT, "late"), frame(PING), close(1000)]
    assert whole(frame(TEXT, "x"), *pieces) == ["x", Close(1000)]
    reader = Reader(LIMIT)
    assert reader.feed(close(1000)) == [Close(1000)]
    assert reader.feed(frame(PING)) == []


@pytest.mark.parametrize("end", [frame(0x8), frame(0x3)])
def test_what_comes_behind_the_end_is_not_kept(end):
    reader = Reader(1_000)
    reader.feed(end + b"x" * 500)
    assert reader._waiting == b""
    assert reader.feed(b"y") == []


def test_7_1_5_a_close_between_fragments_ends_it():
    pieces = frame(TEXT, "frag", fin=False), close(1000), frame(CONTINUATION, "ment")
    assert whole(*pieces) == [Close(1000)]


def test_7_3_1_and_7_3_2_a_close_is_empty_or_has_a_code():
    assert whole(frame(CLOSE)) == [Close(None)]
    assert broken(whole(frame(CLOSE, b"a"))) == []


@pytest.mark.parametrize("reason", ["", "Hello World!", "*" * 123])
def test_7_3_3_to_7_3_5_a_close_may_have_a_reason(reason):
    assert whole(close(1000, reason)) == octets(close(1000, reason)) == [Close(1000, reason)]


def test_7_3_6_a_reason_above_123_bytes_is_refused():
    assert broken(whole(close(1000, "*" * 124))) == []


def test_7_5_1_a_reason_that_is_not_utf8_is_refused():
    assert broken(whole(close(1000, INVALID[0])), 1007) == []


@pytest.mark.parametrize("code", GOOD_CODES)
def test_7_7_a_good_code_is_read(code):
    assert whole(close(code)) == [Close(code)]


@pytest.mark.parametrize("code", BAD_CODES)
@pytest.mark.parametrize("reason", ["", "reason"])
def test_7_9_and_7_13_a_bad_code_is_refused(code, reason):
    assert broken(whole(close(code, reason))) == []


# 9 limits


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("piece", [64, 1_024, 65 * 1024])
def test_9_3_and_9_4_a_message_up_to_the_limit_may_come_in_pieces_of_any_size(opcode, piece):
    data = b"*" * LIMIT
    pieces = [data[at : at + piece] for at in range(0, LIMIT, piece)]
    frames = [frame(opcode if i == 0 else 0, p, fin=False) for i, p in enumerate(pieces)]
    assert whole(*frames, frame(0)) == [data.decode() if opcode == TEXT else data]


def test_9_a_message_above_the_limit_is_refused_by_its_head():
    data = frame(TEXT, b"*" * (LIMIT + 1))
    assert broken(Reader(LIMIT).feed(data[:14]), 1009) == []


def test_9_fragments_count_together():
    part = b"*" * (LIMIT // 2)
    pieces = frame(TEXT, part, fin=False), frame(0, part, fin=False)
    assert whole(*pieces, frame(0, b"**", fin=False))[-1].code == 1009


def test_9_a_length_of_eight_bytes_is_no_reason_to_keep_anything():
    head = b"\x82\xff" + (1 << 62).to_bytes(8, "big") + MASK
    assert broken(whole(head), 1009) == []
    assert broken(whole(b"\x82\xff" + b"\xff" * 8 + MASK)) == []


def test_9_empty_fragments_without_end_keep_nothing():
    reader = Reader(LIMIT)
    reader.feed(frame(TEXT, fin=False))
    for _ in range(1_000):
        reader.feed(frame(CONTINUATION, fin=False))
    assert reader._message._pieces == []


# 10 and what else the RFC says


def test_10_1_a_message_is_not_held_back_for_what_follows():
    reader = Reader(LIMIT)
    assert reader.feed(frame(TEXT, "one") + frame(TEXT, "two")[:5]) == ["one"]


def test_a_frame_without_a_mask_is_refused():
    assert broken(whole(frame(TEXT, "Hello", mask=None))) == []


@pytest.mark.parametrize(("size", "length"), [(5, 16), (125, 16), (126, 64), (65_535, 64)])
def test_a_length_in_more_bytes_than_it_needs_is_refused(size, length):
    assert broken(whole(frame(BINARY, b"*" * size, length=length))) == []


def test_a_mask_of_zeros_is_a_mask():
    assert whole(frame(TEXT, "Hello", mask=bytes(4))) == ["Hello"]


def test_nothing_is_kept_between_messages():
    reader = Reader(LIMIT)
    reader.feed(frame(TEXT, "frag", fin=False) + frame(CONTINUATION, "ment"))
    assert (reader._waiting, reader._message, reader._frame) == (b"", None, None)


# any cut


def client_frames():
    text = st.text(max_size=40).map(lambda t: frame(TEXT, t))
    binary = st.binary(max_size=200).map(lambda b: frame(BINARY, b))
    control = st.builds(frame, st.sampled_from([PING, PONG]), st.binary(max_size=125))
    parts = st.lists(st.text(max_size=9), min_size=2, max_size=4).map(
        lambda ps: b"".join(
            frame(0 if i else TEXT, p, fin=i == len(ps) - 1) for i, p in enumerate(ps)
        )
    )
    noise = st.binary(max_size=20)
    return st.lists(st.one_of(text, binary, control, parts, noise), max_size=6).map(b"".join)


@given(client_frames(), st.lists(st.integers(min_value=1, max_value=60), max_size=40))
def test_any_cut_of_the_bytes_gives_the_same_events(data, steps):
    cut, at = Reader(LIMIT), 0
    events = []
    for step in [*steps, len(data)]:
        events += cut.feed(data[at : at + step])
        at += step
    assert _told(events) == _told(Reader(LIMIT).feed(data))


def _told(events):
    """Events but for a violation's words: a cut may show one before the rest of its head."""
    return [e.code if isinstance(e, Violation) else e for e in events]


# what a server sends


@pytest.mark.parametrize(("size", "head"), [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)])
def test_a_text_frame_has_the_shortest_head(size, head):
    found = rfc6455.text(b"*" * size)
    assert len(found) == head + size
    assert found[0] == 0x81
    assert not found[1] & 0x80


def test_a_close_frame_has_code_and_a_reason_cut_between_characters():
    assert rfc6455.close(4008, "slow") == b"\x88\x06\x0f\xa8slow"
    assert rfc6455.close(None) == b"\x88\x00"
    long = rfc6455.close(4000, "x" * 122 + "ß")
    assert long[1] == 124
    assert long[4:].decode() == "x" * 122


def test_control_frames_repeat_their_payload():
    assert rfc6455.pong(b"abc") == b"\x8a\x03abc"
    assert rfc6455.ping() == b"\x89\x00"


def test_the_answer_to_a_key_is_that_of_the_rfc():
    assert rfc6455.accept_key(b"dGhlIHNhbXBsZSBub25jZQ==") == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    key = base64.b64encode(hashlib.sha256(b"x").digest())
    assert rfc6455.accept_key(key) is None
    assert rfc6455.accept_key(b"no key") is None
    assert rfc6455.accept_key(b"") is None


# who reads for many


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just(TEXT), st.text(max_size=40).map(str.encode)),
            st.tuples(st.just(BINARY), st.binary(max_size=200)),
            st.tuples(st.just(PING), st.binary(max_size=20)),
            st.tuples(st.just(PONG), st.binary(max_size=20)),
        ),
        max_size=6,
    ),
    st.lists(st.booleans(), min_size=6, max_size=6),
    st.data(),
)
def test_between_two_messages_any_reader_may_go_on(said, cuts, data):
    """Wherever a stream is cut: a reader that keeps nothing has told all, so another may follow."""
    pieces = []
    for (opcode, payload), is_cut in zip(said, cuts, strict=False):
        if is_cut and opcode in {TEXT, BINARY}:
            pieces += [frame(opcode, b"", fin=False), frame(CONTINUATION, payload)]
        else:
            pieces.append(frame(opcode, payload))
    stream = b"".join(pieces)
    at = data.draw(st.integers(0, len(stream)))
    reader = Reader(LIMIT)
    told = reader.feed(stream[:at])
    ends = {sum(map(len, pieces[:n])) for n in range(len(pieces) + 1)}
    inside = {
        sum(map(len, pieces[: n + 1])) for n, p in enumerate(pieces) if not p[0] & 0x80
    }  # behind a fragment
    assert reader.is_between == (at in ends - inside)
    if reader.is_between:
        assert told + reader.another().feed(stream[at:]) == whole(stream)


@pytest.mark.parametrize("last", [frame(CLOSE), frame(TEXT, b"\xff")])
def test_a_reader_that_is_over_is_not_between_two_messages(last):
    reader = Reader(LIMIT)
    reader.feed(last)
    assert not reader.is_between
