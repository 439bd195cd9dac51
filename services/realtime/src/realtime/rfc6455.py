"""The WebSocket protocol's frames (RFC 6455, the server's side): bytes in, events out, no I/O.

`Reader` takes what a client has sent, cut anywhere, and says what it means; the functions below it
build what a server sends. No extension is ever agreed on, so a reserved bit is a violation and
nothing is compressed. Never decides what a message leads to.
"""

import base64
import binascii
import codecs
import hashlib
from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
PROTOCOL_ERROR, NOT_UTF8, TOO_BIG = 1002, 1007, 1009

_ACCEPT_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # section 1.3
_KEY_BYTES = 16
_DATA, _CONTROL = {TEXT, BINARY}, {CLOSE, PING, PONG}
_FINAL, _RESERVED, _OPCODE, _MASKED, _LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F
_SHORT, _TWO_BYTES, _EIGHT_BYTES = 125, 126, 127
_MASK_BYTES = 4
_NO_MASK = bytes(_MASK_BYTES)
_EMPTY_PONG, _EMPTY_SIZE = bytes((_FINAL | PONG, _MASKED)), 2 + _MASK_BYTES
_utf8 = codecs.getincrementaldecoder("utf-8")


class Ping(NamedTuple):
    """To be answered with a pong of the same payload."""

    payload: bytes


class Pong(NamedTuple):
    payload: bytes


class Close(NamedTuple):
    """The client wants to end, or answers our close; no code when it gave none."""

    code: int | None
    reason: str = ""


class Violation(NamedTuple):
    """What the client sent is not allowed: close with this code. Nothing follows it."""

    code: int
    reason: str


Event = str | bytes | Ping | Pong | Close | Violation
"""A text message is a `str`, a binary one `bytes`."""


class Reader:
    """Turns one client's bytes into events, as early as they can be told.

    Invalid UTF-8 and sizes above the limit are violations as soon as they are seen, not when their
    message is complete. Between messages it keeps nothing but these few fields.
    """

    __slots__ = ("_frame", "_is_over", "_limit_bytes", "_message", "_waiting")

    def __init__(self, limit_bytes: int) -> None:
        """`limit_bytes` bounds a message over all its fragments."""
        self._limit_bytes = limit_bytes
        self._waiting = b""
        self._message: _Message | None = None
        self._frame: _Frame | None = None
        self._is_over = False

    @property
    def is_between(self) -> bool:
        """Whether nothing is kept: the next byte is a frame's first, and any reader may take it."""
        is_begun = self._waiting or self._message is not None or self._frame is not None
        return not (is_begun or self._is_over)

    def another(self) -> "Reader":
        """Return a reader with the same limit that has read nothing."""
        return Reader(self._limit_bytes)

    def feed(self, data: bytes) -> list[Event]:
        """Return what is complete now; after a `Close` or a `Violation` nothing is read any more.

        What came before a violation is told before it.
        """
        if self._is_over:
            return []
        events: list[Event] = []
        try:
            self._read(self._waiting + data if self._waiting else data, events)
        except _Broken as broken:
            events.append(Violation(broken.code, broken.reason))
            self._is_over = True
        if self._is_over:
            self._waiting = b""  # what came behind the end is nothing to anybody
        return events

    def _read(self, data: bytes, events: list[Event]) -> None:
        at = 0
        while not self._is_over:
            if self._frame is not None:
                at = self._take(self._frame, data, at, events)
                if self._frame is not None:
                    break  # the rest of its payload is still to come
            if at == len(data):
                break
            self._check_first(data[at])
            head = _head(data, at)
            if head is None:
                break
            self._check_length(head)
            end = head.at + head.length
            if head.opcode in _CONTROL:
                if end > len(data):
                    break  # a control frame is read whole
                events.append(self._control(head.opcode, _payload(data, head)))
            elif head.is_final and self._message is None and end <= len(data):
                payload = _payload(data, head)
                events.append(_text(payload) if head.opcode == TEXT else payload)
            else:
                self._begin(head)
                end = head.at
            at = end
        self._waiting = data[at:]

    def _check_length(self, head: "_Head") -> None:
        if head.opcode in _CONTROL:
            if head.length > _SHORT:
                raise _Broken(PROTOCOL_ERROR, "control frame too long")
            return
        known = 0 if self._message is None else self._message.size
        if known + head.length > self._limit_bytes:
            raise _Broken(TOO_BIG, f"message above {self._limit_bytes} bytes")

    def _check_first(self, byte: int) -> None:
        """Refuse a frame by its first byte, before the rest of its head is there."""
        opcode = byte & _OPCODE
        if byte & _RESERVED:
            raise _Broken(PROTOCOL_ERROR, "reserved bit")
        if opcode in _CONTROL:
            if not byte & _FINAL:
                raise _Broken(PROTOCOL_ERROR, "fragmented control frame")
        elif opcode in _DATA:
            if self._message is not None:
                raise _Broken(PROTOCOL_ERROR, "new message inside another")
        elif opcode != CONTINUATION:
            raise _Broken(PROTOCOL_ERROR, "unknown opcode")
        elif self._message is None:
            raise _Broken(PROTOCOL_ERROR, "nothing to continue")

    def _control(self, opcode: int, payload: bytes) -> Event:
        if opcode == CLOSE:
            self._is_over = True
            return _close(payload)
        return Ping(payload) if opcode == PING else Pong(payload)

    def _begin(self, head: "_Head") -> None:
        if self._message is None:
            self._message = _Message(is_text=head.opcode == TEXT)
        self._frame = _Frame(head)

    def _take(self, frame: "_Frame", data: bytes, at: int, events: list[Event]) -> int:
        """Add what is there of a payload to its message; return where it ends."""
        assert self._message is not None  # noqa: S101  # begun with its first frame
        piece = data[at : at + frame.missing]
        self._message.add(frame.unmasked(piece), is_last=frame.is_final and not frame.missing)
        if not frame.missing:
            self._frame = None
            if frame.is_final:
                events.append(self._message.whole())
                self._message = None
        return at + len(piece)


class _Broken(Exception):  # never leaves this module
    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason


class _Head(NamedTuple):
    """The beginning of a frame; its payload begins at `at`."""

    opcode: int
    is_final: bool
    length: int
    mask: bytes
    at: int


class _Frame:
    """A data frame whose payload is being read."""

    __slots__ = ("_mask", "is_final", "missing")

    def __init__(self, head: _Head) -> None:
        self.is_final = head.is_final
        self.missing = head.length
        self._mask = head.mask

    def unmasked(self, piece: bytes) -> bytes:
        """Return the next piece of the payload in clear; the mask goes on where it ended."""
        clear = _unmasked(piece, self._mask)
        turn = len(piece) % _MASK_BYTES
        self._mask = self._mask[turn:] + self._mask[:turn]
        self.missing -= len(piece)
        return clear


class _Message:
    """A message that comes in pieces."""

    __slots__ = ("_decoder", "_pieces", "size")

    def __init__(self, *, is_text: bool) -> None:
        self._decoder = _utf8() if is_text else None
        self._pieces: list[str] | list[bytes] = []
        self.size = 0

    def add(self, piece: bytes, *, is_last: bool) -> None:
        self.size += len(piece)
        found: str | bytes = piece
        if self._decoder is not None:
            try:
                found = self._decoder.decode(piece, is_last)
            except UnicodeDecodeError as error:
                raise _Broken(NOT_UTF8, "text is not UTF-8") from error
        if found:
            self._pieces.append(found)  # type: ignore[arg-type]  # one kind per message

    def whole(self) -> str | bytes:
        if self._decoder is None:
            return b"".join(self._pieces)  # type: ignore[arg-type]
        return "".join(self._pieces)  # type: ignore[arg-type]


def _head(data: bytes, at: int) -> _Head | None:
    """Return the head of the frame that begins at `at`; None when it is not complete."""
    if len(data) < at + 2:
        return None
    first, second = data[at], data[at + 1]
    if not second & _MASKED:
        raise _Broken(PROTOCOL_ERROR, "frame is not masked")
    length, at = second & _LENGTH, at + 2
    if length > _SHORT:
        size, least = (2, _SHORT + 1) if length == _TWO_BYTES else (8, 1 << 16)
        if len(data) < at + size:
            return None
        length, at = int.from_bytes(data[at : at + size], "big"), at + size
        if not least <= length < 1 << 63:
            raise _Broken(PROTOCOL_ERROR, "length is not minimal")
    if len(data) < at + _MASK_BYTES:
        return None
    is_final, mask = bool(first & _FINAL), data[at : at + _MASK_BYTES]
    return _Head(first & _OPCODE, is_final, length, mask, at + _MASK_BYTES)


def _payload(data: bytes, head: _Head) -> bytes:
    return _unmasked(data[head.at : head.at + head.length], head.mask)


def _unmasked(data: bytes, mask: bytes) -> bytes:
    size = len(data)
    if not size or mask == _NO_MASK:
        return data
    key = (mask * (size // _MASK_BYTES + 1))[:size]
    clear = int.from_bytes(data, "little") ^ int.from_bytes(key, "little")
    return clear.to_bytes(size, "little")


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise _Broken(NOT_UTF8, "text is not UTF-8") from error


def _close(payload: bytes) -> Close:
    if not payload:
        return Close(None)
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or not may_be_sent(code):
        raise _Broken(PROTOCOL_ERROR, "close code is not allowed")
    return Close(code, _text(payload[2:]))


def may_be_sent(code: int) -> bool:
    """Say whether a close code may travel (section 7.4 and IANA's list)."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


def is_empty_pong(data: bytes) -> bool:
    """Say whether these bytes are one pong without a payload: the answer to an empty ping."""
    return len(data) == _EMPTY_SIZE and data.startswith(_EMPTY_PONG)


def text(data: bytes) -> bytes:
    """Return the frame of a text message; `data` is UTF-8."""
    return _frame(TEXT, data)


def ping(payload: bytes = b"") -> bytes:
    return _frame(PING, payload)


def pong(payload: bytes) -> bytes:
    return _frame(PONG, payload)


def close(code: int | None, reason: str = "") -> bytes:
    """Return a close frame; the reason is cut where 123 bytes end."""
    if code is None:
        return _frame(CLOSE, b"")
    told = reason.encode()[: _SHORT - 2].decode(errors="ignore").encode()
    return _frame(CLOSE, code.to_bytes(2, "big") + told)


def _frame(opcode: int, payload: bytes) -> bytes:
    size, first = len(payload), _FINAL | opcode
    if size <= _SHORT:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return bytes((first, _TWO_BYTES)) + size.to_bytes(2, "big") + payload
    return bytes((first, _EIGHT_BYTES)) + size.to_bytes(8, "big") + payload


def accept_key(key: bytes) -> bytes | None:
    """Return the answer to a handshake's `Sec-WebSocket-Key`; None when it is not one."""
    try:
        nonce = base64.b64decode(key, validate=True)
    except binascii.Error:
        return None
    if len(nonce) != _KEY_BYTES:
        return None
    digest = hashlib.sha1(key + _ACCEPT_GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest)
