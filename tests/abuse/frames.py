"""What somebody may say to a socket: frames as the protocol wants them, and others. Pure.

Strategies of hypothesis; `raw` puts a frame together by hand: no library says what is wrong.
"""

import json
import struct

from hypothesis import strategies as st

_FINAL, _MASKED = 0x80, 0x80
_MASK = b"\x01\x02\x03\x04"
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_TYPES = ["checkpoint", "flag", "time_sync", "pong", "auth", "reauth", "broadcast", "", "__class__"]


def raw(
    opcode: int,
    payload: bytes = b"",
    *,
    first: int = _FINAL,
    is_masked: bool = True,
    announced: int | None = None,
) -> bytes:
    """Return a frame; `first` are the bits beside the opcode, `announced` another length."""
    length = len(payload) if announced is None else announced
    bit = _MASKED if is_masked else 0
    if length <= 125:
        head = struct.pack("!BB", first | opcode, bit | length)
    elif length < 1 << 16:
        head = struct.pack("!BBH", first | opcode, bit | 126, length)
    else:
        head = struct.pack("!BBQ", first | opcode, bit | 127, length)
    if not is_masked:
        return head + payload
    turned = bytes(byte ^ _MASK[at % 4] for at, byte in enumerate(payload))
    return head + _MASK + turned


def text(value: object) -> bytes:
    return raw(_TEXT, json.dumps(value).encode())


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=8,
)


def messages() -> st.SearchStrategy[bytes]:
    """Messages that are JSON, of our types and of others, with fields of any kind."""
    fields = st.fixed_dictionaries(
        {"type": st.sampled_from(_TYPES) | _values},
        optional={
            "question_id": st.integers(-5, 2**70) | _values,
            "answer": _values,
            "sequence": st.integers(-1, 2**64) | _values,
            "message_id": _values,
            "attempt_id": _values,
            "is_flagged": _values,
            "time_spent_seconds": _values,
            "token": st.text(max_size=30),
            "message": _values,
        },
    )
    return (fields | _values).map(text)


def wrong_frames() -> st.SearchStrategy[bytes]:
    """Frames with any bits, any opcode, masked or not, and lengths that are not theirs."""
    return st.builds(
        raw,
        st.integers(0, 15),
        st.binary(max_size=200),
        first=st.sampled_from([0x80, 0x00, 0xC0, 0xA0, 0x90, 0xF0]),
        is_masked=st.booleans() | st.just(value=True),
        announced=st.none() | st.sampled_from([0, 1, 125, 126, 65_535, 65_536, 2**40, 2**63 - 1]),
    )


def lines() -> st.SearchStrategy[list[bytes]]:
    """What one socket says from beginning to end, as the writes that it is cut into."""
    whole = st.sampled_from([_TEXT, _BINARY, _PING, _PONG, _CLOSE])
    begun = st.sampled_from([_TEXT, _CONTINUATION])
    pieces = (
        messages()
        | wrong_frames()
        | st.binary(max_size=64)
        | st.builds(raw, whole, st.binary(max_size=130))
        | st.builds(raw, begun, st.binary(max_size=20), first=st.just(0))
    )
    return st.lists(pieces, min_size=1, max_size=12)


BOMBS: dict[str, bytes] = {
    "a message of 10 MB": raw(_TEXT, b"x" * 10_000_000),
    "a length of 2^63 - 1": raw(_TEXT, b"x" * 100, announced=2**63 - 1),
    "a length above 2^63": raw(_TEXT, b"x" * 100, announced=2**64 - 1),
    "100,000 empty fragments": raw(_TEXT, first=0) + raw(_CONTINUATION, first=0) * 100_000,
    "1 MB in fragments of a byte": raw(_TEXT, b"x", first=0)
    + raw(_CONTINUATION, b"x", first=0) * 150_000,
    "20,000 pings": raw(_PING, b"x" * 125) * 20_000,
    "20,000 pongs": raw(_PONG, b"x" * 125) * 20_000,
    "arrays 100,000 deep": raw(_TEXT, b"[" * 30_000 + b"]" * 30_000),
    "objects 10,000 deep in an answer": raw(
        _TEXT,
        b'{"type": "checkpoint", "question_id": 1, "answer": '
        + b'{"a":' * 5_000
        + b"1"
        + b"}" * 5_000
        + b"}",
    ),
    "a number of 60,000 digits": raw(
        _TEXT, b'{"type": "flag", "question_id": ' + b"9" * 60_000 + b"}"
    ),
    "20,000 messages that are none": raw(_TEXT, b"{") * 20_000,
    "a compressed frame": raw(_TEXT, b"\xaa\x56\x2a\xa9", first=0xC0),
}
