"""Requests inside requests: what one parser takes for a body and another for a request.

Each case is half of a pair. It carries a second request for a place that nobody else asks for
(`HIDDEN`); the other half is an honest request of somebody else, sent right behind it over a line
of his own, which must get its own answer. `Witness` tells what came out behind the gateway, so
that nothing can have passed there which the gateway did not see as a request of its own.
"""

import asyncio
import contextlib
import json
import struct
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from oep_local.rig import Platform

from abuse.tally import Tally

_ATTEMPTS = "/api/v1/attempts"
_KEYS = "/.well-known/jwks.json"  # which the parts ask each other for, past the gateway
_LOGGED = ("auth", "attempts", "proctoring", "realtime")
_SECONDS = 5.0
_LOOK_SECONDS = 0.1
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST, _SETTINGS, _GOAWAY = 0x0, 0x1, 0x3, 0x4, 0x7
_END_STREAM, _END_HEADERS = 0x1, 0x4


class Witness(Protocol):
    """What is known behind a gateway and in it."""

    def came_through(self) -> Iterable[tuple[str, str]]:
        """Return path and request id of everything that reached a service."""

    def was_seen(self) -> Iterable[tuple[str, str]]:
        """Return path and request id of everything that the gateway took for a request."""


Head = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Case:
    """`raw` makes the bytes of a connection out of a hidden path."""

    name: str
    raw: Callable[[str], bytes]
    is_two: bool = False
    """Whether it is two requests by every reading, so that both may be answered."""
    h2: Callable[[str], tuple[Head, bytes]] | None = None
    """The fields and the body of a request over HTTP/2, instead of `raw`."""


def _hidden(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Hidden: 1\r\n\r\n".encode()


def _post(*fields: bytes, body: bytes, line: bytes = b"") -> bytes:
    first = line or f"POST {_ATTEMPTS}/1/submit HTTP/1.1".encode()
    return b"\r\n".join([first, b"Host: x", *fields, b"", b""]) + body


def _cl_te(te: bytes) -> Callable[[str], bytes]:
    """The length covers all, the chunks end before the second request."""

    def made(path: str) -> bytes:
        body = b"0\r\n\r\n" + _hidden(path)
        return _post(b"Content-Length: %d" % len(body), te, body=body)

    return made


def _te_cl(te: bytes) -> Callable[[str], bytes]:
    """The length ends before the second request, which one chunk covers."""

    def made(path: str) -> bytes:
        hidden = _hidden(path)
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(hidden), hidden)
        return _post(b"Content-Length: %d" % len(b"%x\r\n" % len(hidden)), te, body=body)

    return made


def _te_only(te: bytes) -> Callable[[str], bytes]:
    return lambda path: _post(te, body=b"0\r\n\r\n" + _hidden(path))


def _lengths(*fields: bytes) -> Callable[[str], bytes]:
    """`LEN` stands for the length of the second request, which follows the head."""

    def made(path: str) -> bytes:
        hidden = _hidden(path)
        length = b"%d" % len(hidden)
        return _post(*(field.replace(b"LEN", length) for field in fields), body=hidden)

    return made


def _chunks(begin: bytes, end: bytes = b"0\r\n\r\n") -> Callable[[str], bytes]:
    """`LEN` stands for the length of the second request in hexadecimal."""

    def made(path: str) -> bytes:
        hidden = _hidden(path)
        body = begin.replace(b"LEN", b"%x" % len(hidden)) + hidden + b"\r\n" + end
        return _post(b"Transfer-Encoding: chunked", body=body)

    return made


TE = b"Transfer-Encoding: chunked"
OBFUSCATED = {
    "a space before the colon": b"Transfer-Encoding : chunked",
    "a tab before the colon": b"Transfer-Encoding\t: chunked",
    "a tab behind the colon": b"Transfer-Encoding:\tchunked",
    "xchunked": b"Transfer-Encoding: xchunked",
    "chunked twice in one": b"Transfer-Encoding: chunked, chunked",
    "chunked, identity": b"Transfer-Encoding: chunked, identity",
    "identity, chunked": b"Transfer-Encoding: identity, chunked",
    "two fields": TE + b"\r\nTransfer-Encoding: identity",
    "two fields, turned round": b"Transfer-Encoding: identity\r\n" + TE,
    "capitals": b"TRANSFER-ENCODING: CHUNKED",
    "a vertical tab": b"Transfer-Encoding: \x0bchunked",
    "a carriage return": b"Transfer-Encoding: chunked\r",
    "a NUL": b"Transfer-Encoding: chunked\x00",
    "quoted": b'Transfer-Encoding: "chunked"',
    "folded": b"Transfer-Encoding:\r\n chunked",
    "behind a bare line feed": b"X-A: a\n" + TE,
    "behind a bare carriage return": b"X-A: a\r" + TE,
    "an underscore": b"Transfer_Encoding: chunked",
    "a leading space": b" " + TE,
    "a parameter": b"Transfer-Encoding: chunked;q=1",
    "a soft hyphen": b"Transfer\xadEncoding: chunked",
}
NO_FIELD = {"behind a bare carriage return", "an underscore"}
"""To the gateway these are no transfer encoding; it drops them, so the length alone counts."""
_HTTP1 = [
    Case("CL.TE", _cl_te(TE)),
    Case("TE.CL", _te_cl(TE)),
    *(Case(f"CL.TE, {how}", _cl_te(te)) for how, te in OBFUSCATED.items()),
    *(Case(f"TE.CL, {how}", _te_cl(te), how in NO_FIELD) for how, te in OBFUSCATED.items()),
    *(Case(f"TE alone, {how}", _te_only(te), is_two=True) for how, te in OBFUSCATED.items()),
    Case("two lengths, the first is short", _lengths(b"Content-Length: 0", b"Content-Length: LEN")),
    Case("two lengths, the last is short", _lengths(b"Content-Length: LEN", b"Content-Length: 0")),
    Case("two lengths in one", _lengths(b"Content-Length: 0, LEN")),
    Case("one length twice in one", _lengths(b"Content-Length: LEN, LEN")),
    Case("a length with a sign", _lengths(b"Content-Length: +LEN")),
    Case("a negative length", _lengths(b"Content-Length: -LEN")),
    Case("a hexadecimal length", _lengths(b"Content-Length: 0xLEN")),
    Case("a length with a fraction", _lengths(b"Content-Length: 0.LEN")),
    Case("a length with a space in it", _lengths(b"Content-Length: 0 LEN")),
    Case("a length of too many digits", _lengths(b"Content-Length: 18446744073709551616")),
    Case("a length with a space before the colon", _lengths(b"Content-Length : LEN")),
    Case("a folded length", _lengths(b"Content-Length:\r\n LEN")),
    Case("a length behind a bare line feed", _lengths(b"X-A: a\nContent-Length: LEN")),
    Case("a length with a vertical tab", _lengths(b"Content-Length: \x0bLEN")),
    Case("an empty length", _lengths(b"Content-Length: ")),
    Case("no length: two requests", _lengths(), is_two=True),
    Case("chunks with an extension", _chunks(b"LEN;a=b\r\n")),
    Case("chunks with a line feed in an extension", _chunks(b"LEN;a=\n0\r\n\r\n")),
    Case("a chunk that ends with a line feed", _chunks(b"LEN\n")),
    Case("a chunk with a sign", _chunks(b"+LEN\r\n")),
    Case("a chunk with 0x", _chunks(b"0xLEN\r\n")),
    Case("a chunk of too many digits", _chunks(b"10000000000000000LEN\r\n")),
    Case("a chunk with a space", _chunks(b"LEN \r\n")),
    Case("a chunk of nothing, then more", _chunks(b"0\r\n\r\n"), is_two=True),
    Case("a trailer that is a length", _chunks(b"LEN\r\n", b"0\r\nContent-Length: 9\r\n\r\n")),
    Case("a trailer that is none", _chunks(b"LEN\r\n", b"0\r\nGET / HTTP/1.1\r\n\r\n")),
    Case(
        "a bare line feed ends the head",
        lambda path: f"GET {_ATTEMPTS}/1 HTTP/1.1\nHost: x\n\n".encode() + _hidden(path),
        is_two=True,
    ),
    Case(
        "the old version with a second request",
        lambda path: f"GET {_ATTEMPTS}/1 HTTP/1.0\r\n\r\n".encode() + _hidden(path),
    ),
    Case(
        "no version at all",
        lambda path: f"GET {_ATTEMPTS}/1\r\n\r\n".encode() + _hidden(path),
    ),
    Case(
        "a line feed in the address",
        lambda path: f"GET {_ATTEMPTS}/1\n HTTP/1.1\r\nHost: x\r\n\r\n".encode() + _hidden(path),
    ),
    Case(
        "an upgrade to h2c with a second request",
        lambda path: _post(
            b"Upgrade: h2c",
            b"Connection: Upgrade, HTTP2-Settings",
            b"HTTP2-Settings: AAMAAABkAAQAAP__",
            b"Content-Length: 0",
            body=_hidden(path),
        ),
        is_two=True,
    ),
    Case(
        "a handshake of the wrong version with a second request",
        lambda path: (
            f"GET {path.replace('attempts', 'ws/attempts')} HTTP/1.1\r\nHost: x\r\n".encode()
            + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 777\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n" + _hidden(path)
        ),
        is_two=True,
    ),
    Case(
        "a body of GET",
        lambda path: (
            b"GET %b/1 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b"
            % (_ATTEMPTS.encode(), len(_hidden(path)), _hidden(path))
        ),
    ),
    Case(
        "Connection names the length",
        _lengths(b"Connection: Content-Length", b"Content-Length: LEN"),
    ),
    Case(
        "Expect: 100-continue and a second request",
        _lengths(b"Expect: 100-continue", b"Content-Length: LEN"),
    ),
]


def _over_h2(name: str, *fields: tuple[bytes, bytes], body: bytes = b"", **pseudo: bytes) -> Case:
    """`PATH` in fields and bodies stands for the hidden path."""

    def made(path: str) -> tuple[Head, bytes]:
        begin = {
            b":method": b"POST",
            b":scheme": b"http",
            b":path": f"{_ATTEMPTS}/1/submit".encode(),
            b":authority": b"x",
        }
        begin |= {b":" + key.encode(): value for key, value in pseudo.items()}
        hidden = path.encode()
        head = [*begin.items(), *fields]
        return [(k.replace(b"PATH", hidden), v.replace(b"PATH", hidden)) for k, v in head], (
            body.replace(b"PATH", hidden)
        )

    return Case(name, lambda _: b"", h2=made)


_SECOND = b"GET PATH HTTP/1.1\r\nHost: x\r\nX-Hidden: 1\r\n\r\n"
_HTTP2 = [
    _over_h2("h2: a length that is too short", (b"content-length", b"0"), body=_SECOND),
    _over_h2("h2: a length that is too long", (b"content-length", b"999"), body=_SECOND),
    _over_h2("h2: two lengths", (b"content-length", b"0"), (b"content-length", b"1"), body=_SECOND),
    _over_h2("h2: chunked", (b"transfer-encoding", b"chunked"), body=b"0\r\n\r\n" + _SECOND),
    _over_h2("h2: a request in a value", (b"x-a", b"a\r\n\r\n" + _SECOND)),
    _over_h2("h2: a line feed in a value", (b"x-a", b"a\n\n" + _SECOND)),
    _over_h2("h2: a NUL in a value", (b"x-a", b"a\0b")),
    _over_h2("h2: a field in a value", (b"x-a", b"a\r\ntransfer-encoding: chunked"), body=_SECOND),
    _over_h2("h2: a request in a name", (b"x-a: b\r\n\r\n" + _SECOND + b"x", b"c")),
    _over_h2("h2: a colon in a name", (b"transfer-encoding: chunked\r\nx", b"a"), body=_SECOND),
    _over_h2("h2: a space in a name", (b"transfer-encoding ", b"chunked"), body=_SECOND),
    _over_h2("h2: capitals in a name", (b"Transfer-Encoding", b"chunked"), body=_SECOND),
    _over_h2("h2: a request in the method", method=b"GET PATH HTTP/1.1\r\nHost: x\r\n\r\nGET"),
    _over_h2("h2: a request in the path", path=b"/x HTTP/1.1\r\nHost: x\r\n\r\n" + _SECOND),
    _over_h2("h2: a space in the path", path=b"PATH HTTP/1.1"),
    _over_h2("h2: a request in the authority", authority=b"x\r\n\r\n" + _SECOND),
    _over_h2("h2: a request in the scheme", scheme=b"http://x/ HTTP/1.1\r\n\r\n" + _SECOND),
    _over_h2("h2: two paths", (b":path", b"PATH")),
    _over_h2("h2: a pseudo-field behind fields", (b"x-a", b"b"), (b":path", b"PATH")),
    _over_h2("h2: an unknown pseudo-field", (b":other", b"PATH")),
    _over_h2("h2: Connection", (b"connection", b"close"), body=_SECOND),
    _over_h2("h2: Upgrade", (b"upgrade", b"websocket"), (b"connection", b"upgrade")),
    _over_h2("h2: Host is another", (b"host", b"other.example")),
]
CASES = [*_HTTP1, *_HTTP2]


def hidden_path() -> str:
    """Return a path of attempts that nothing else asks for."""
    return f"{_ATTEMPTS}/{9_000_000_000 + uuid.uuid4().int % 10**9}"


async def try_all(
    port: int,
    witness: Witness,
    tally: Tally,
    cases: Iterable[Case] = CASES,
    *,
    quiet_seconds: float = 1.0,
    patience_seconds: float = 20.0,
) -> None:
    """Play each pair; in the end compare what came through with what was seen.

    An answer is over when nothing comes for `quiet_seconds`; later ones are missing in the table,
    not in what is judged.
    """
    hidden: dict[str, Case] = {}
    honest: set[str] = set()
    for case in cases:
        path, own = hidden_path(), hidden_path()
        hidden[path] = case
        honest.add(own)
        answer = await _said(port, case, path, quiet_seconds)
        tally.saw(case.name, answer or "closed", await _other_half(port, own))
    await _log_is_whole(witness, honest, patience_seconds)
    seen = list(witness.was_seen())
    known, asked = {request_id for _, request_id in seen}, {path for path, _ in seen}
    for path, request_id in witness.came_through():
        if request_id not in known:
            tally.violations.append(f"{path} ({request_id}) came through unseen by the gateway")
    for path, case in hidden.items():
        if path in asked and not case.is_two:
            tally.violations.append(f"{case.name}: the second request was taken for one")


async def _said(port: int, case: Case, path: str, quiet_seconds: float) -> str:
    """Return the statuses of all answers on the connection, in their order."""
    if case.h2 is not None:
        head, body = case.h2(path)
        return _told(await spoken(port, _over_wire(head, body), quiet_seconds))
    heads = (await spoken(port, case.raw(path), quiet_seconds)).split(b"HTTP/1.1 ")[1:]
    return ", ".join(head[:3].decode(errors="replace") for head in heads)


async def _other_half(port: int, path: str) -> str:
    """Ask honestly, on a new line; say what is wrong with the answer."""
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    said = await spoken(port, head)
    if said.count(b"HTTP/1.1 ") != 1 or path.encode() not in said.partition(b"\r\n\r\n")[2]:
        return f"then another one was answered: {said[:300]!r}"
    return ""


async def spoken(port: int, raw: bytes, seconds: float = 1.0) -> bytes:
    """Send bytes; return all that is said until nothing more comes, or the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        writer.write(raw)
        while piece := await _read(reader, _SECONDS if not said else seconds):
            said += piece
    writer.transport.abort()
    return said


async def _read(reader: asyncio.StreamReader, seconds: float) -> bytes:
    async with asyncio.timeout(seconds):
        return await reader.read(65_536)


# HTTP/2 by hand: a library would refuse to say what is said here


def _literal(name: bytes, value: bytes) -> bytes:
    """Return a field as HPACK writes it without table and without Huffman (RFC 7541, 6.2.2)."""
    return b"\0" + _text(name) + _text(value)


def _text(data: bytes) -> bytes:
    length = len(data)
    if length < 0x7F:
        return bytes([length]) + data
    rest, more = length - 0x7F, b""
    while rest >= 0x80:
        more += bytes([rest & 0x7F | 0x80])
        rest >>= 7
    return b"\x7f" + more + bytes([rest]) + data


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _over_wire(head: Head, body: bytes) -> bytes:
    """Return what a client of HTTP/2 sends for one request."""
    fields = b"".join(_literal(name, value) for name, value in head)
    ends = _END_HEADERS | (0 if body else _END_STREAM)
    raw = _PREFACE + frame(_SETTINGS, 0, 0) + frame(_HEADERS, ends, 1, fields)
    return raw + (frame(_DATA, _END_STREAM, 1, body) if body else b"")


def _told(said: bytes) -> str:
    """Return what became of a stream: the kinds of frames that decide it."""
    kinds = {_HEADERS: "answered", _RST: "reset", _GOAWAY: "go away"}
    found = []
    while len(said) >= 9:
        length = int.from_bytes(said[:3], "big")
        found += [kinds[said[3]]] if said[3] in kinds else []
        said = said[9 + length :]
    return ", ".join(dict.fromkeys(found))


async def _log_is_whole(witness: Witness, honest: set[str], patience_seconds: float) -> None:
    """Wait until the gateway has told of every honest request; its log comes late."""
    for _ in range(round(patience_seconds / _LOOK_SECONDS)):
        if honest <= {path for path, _ in witness.was_seen()}:
            break
        await asyncio.sleep(_LOOK_SECONDS)


class PlatformWitness:
    """Of a whole platform, by the logs of its gateway and its services, from now on."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._before = {label: len(platform.log(label)) for label in ("gateway", *_LOGGED)}

    def came_through(self) -> list[tuple[str, str]]:
        lines = [line for service in _LOGGED for line in self._new_lines(service)]
        return [
            (str(line.get("route")), str(line["request_id"]))
            for line in lines
            if line.get("event") == "request.done" and line.get("route") != _KEYS
        ]

    def was_seen(self) -> list[tuple[str, str]]:
        return [
            (str(line["path"]), str(line["request_id"]))
            for line in self._new_lines("gateway")
            if line.get("event") == "gateway.request"
        ]

    def _new_lines(self, label: str) -> list[dict[str, object]]:
        return lines_of(self._platform.log(label)[self._before[label] :])


def lines_of(text: str) -> list[dict[str, object]]:
    """Return the JSON lines of a log."""
    found = []
    for line in text.splitlines():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return [each for each in found if isinstance(each, dict)]
