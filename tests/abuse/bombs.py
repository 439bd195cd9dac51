"""Requests that cost much more to take than to send: large, deep, many, packed, or of odd numbers.

A case is refused with one of its answers, never with a 5xx and never by growing: `try_all` looks at
what the services' processes hold before and afterwards.
"""

import gzip
import io
import json
import struct
import uuid
import zlib
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field

import httpx
import psutil  # type: ignore[import-untyped]  # it has no stubs of its own
from oep_local.rig import Platform

from abuse.scene import Scene
from abuse.tally import Tally

MEBIBYTE = 2**20
MOST_GROWTH_BYTES = 50 * MEBIBYTE
_SERVICES = ("auth", "attempts", "proctoring", "realtime", "gateway")
_READS = (
    "/attempts/{id}",
    "/proctoring/attempt/{id}/events",
    "/proctoring/attempt/{id}/evidence",
    "/proctoring/attempt/{id}/report",
    "/proctoring/attempt/{id}/risk",
    "/proctoring/exams/{exam}/attempts",
    "/proctoring/exams/{exam}/report/events",
)
_OWN_READS = ("/attempts/{id}/answers", "/proctoring/attempt/{id}/events")
_GRADED_READS = ("/attempts/{id}/result", "/attempts/{id}/grades", "/exams/{exam}/item-analysis")
_REFUSED = frozenset({400, 404, 413, 414, 415, 422, 429, 431})

Body = Callable[["Target"], bytes]


@dataclass(frozen=True)
class Target:
    """What is there: the ids that paths and bodies name."""

    attempt_id: int
    question_id: int


@dataclass(frozen=True)
class Bomb:
    """One request; `path` may name the ids of a `Target`."""

    name: str
    service: str
    path: str
    body: Body | None = None
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    answers: frozenset[int] = _REFUSED
    is_chunked: bool = False
    who: str = "student owner"
    is_large: bool = False
    """Whether to make and send it takes seconds."""
    past_gateway: bool = True
    """Whether it is sent to the service itself, too; sizes of heads and addresses are not ours."""


_EVENTS = "/api/v1/proctoring/events"
_BATCH = f"{_EVENTS}/batch"
_LOGIN = "/api/v1/auth/login"
_ANSWERS = "/api/v1/attempts/{attempt_id}/answers"
_SNAPSHOTS = (
    "/api/v1/proctoring/attempt/{attempt_id}/snapshots?snapshot_id=00000000-0000-4000-8000-"
    "000000000001&source=camera&taken_at=2026-03-02T09:00:00Z"
)
_JSON = {"Content-Type": "application/json"}
_GZIP = {**_JSON, "Content-Encoding": "gzip"}
_DEFLATE = {**_JSON, "Content-Encoding": "deflate"}


def _event(target: Target, **more: object) -> dict[str, object]:
    return {"attempt_id": target.attempt_id, "event_type": "tab_switch", **more}


def _answer(target: Target, raw: bytes) -> bytes:
    """Return the body of a save whose answer is these bytes."""
    return b'{"question_id": %d, "answer": %b}' % (target.question_id, raw)


def _nested(opening: bytes, closing: bytes, depth: int, middle: bytes = b"1") -> bytes:
    return opening * depth + middle + closing * depth


def _png(width: int, height: int) -> bytes:
    """Return a picture that says that it is large, and has one row of nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = zlib.compress(b"\0" * 1024)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _sheet(content: bytes, parts: int = 1) -> bytes:
    """Return a form with that many files."""
    out = io.BytesIO()
    for number in range(parts):
        name = b"file" if not number else b"file%d" % number
        out.write(b'--b\r\nContent-Disposition: form-data; name="%b"; filename="a.csv"\r\n' % name)
        out.write(b"Content-Type: text/csv\r\n\r\n" + content + b"\r\n")
    out.write(b"--b--\r\n")
    return out.getvalue()


_FORM = {"Content-Type": "multipart/form-data; boundary=b"}
_QUESTIONS = "/api/v1/exams/question-banks/1/import-csv"


def cases() -> list[Bomb]:
    """Return all of them; what is large is made when it is sent."""
    return [
        Bomb("10 MB body", "proctoring", _EVENTS, _ten_million, headers=_JSON, is_large=True),
        Bomb(
            "10 MB body in chunks, no length",
            "proctoring",
            _EVENTS,
            _ten_million,
            headers=_JSON,
            is_chunked=True,
            is_large=True,
        ),
        Bomb("10 MB answer", "attempts", _ANSWERS, _long_answer, headers=_JSON, is_large=True),
        Bomb("10 MB login", "auth", _LOGIN, _ten_million, headers=_JSON, is_large=True),
        Bomb(
            "a million elements",
            "proctoring",
            _BATCH,
            lambda _: b'{"events": [' + b"1," * 999_999 + b"1]}",
            headers=_JSON,
        ),
        Bomb(
            "as many elements as go into a body",
            "proctoring",
            _BATCH,
            lambda _: b'{"events": [' + b"1," * 500_000 + b"1]}",
            headers=_JSON,
        ),
        Bomb(
            "a million elements in an answer",
            "attempts",
            _ANSWERS,
            lambda t: _answer(t, b"[" + b"1," * 500_000 + b"1]"),
            headers=_JSON,
        ),
        *_deep(),
        *_odd(),
        *_packed(),
        *_heads(),
        Bomb(
            "a picture of 4 thousand million points",
            "proctoring",
            _SNAPSHOTS,
            lambda _: _png(65_535, 65_535),
            headers={"Content-Type": "image/png"},
        ),
        Bomb(
            "a form of ten thousand files",
            "attempts",
            _QUESTIONS,
            lambda _: _sheet(b"a", 10_000),
            headers=_FORM,
            who="admin",
        ),
        Bomb(
            "a sheet of one endless field",
            "attempts",
            _QUESTIONS,
            lambda _: _sheet(b'question_text\n"' + b"x" * 9_000_000),
            headers=_FORM,
            is_large=True,
            who="admin",
        ),
        Bomb(
            "a sheet of NULs",
            "auth",
            "/api/v1/auth/users/import-csv",
            lambda _: _sheet(b"\0" * 1_000_000),
            headers=_FORM,
            who="admin",
        ),
    ]


def _ten_million(_: Target) -> bytes:
    return b" " * 10_000_000


def _long_answer(target: Target) -> bytes:
    return _answer(target, b'"' + b"x" * 10_000_000 + b'"')


def _deep() -> Iterable[Bomb]:
    """JSON whose nesting would take a parser's stack."""
    for depth in (100, 900, 980, 1_010, 100_000):
        yield Bomb(
            f"arrays {depth:,} deep as a body",
            "proctoring",
            _EVENTS,
            lambda _, d=depth: _nested(b"[", b"]", d),  # type: ignore[misc]
            headers=_JSON,
        )
        yield Bomb(
            f"objects {depth:,} deep in an event",
            "proctoring",
            _EVENTS,
            lambda t, d=depth: (
                json.dumps(_event(t, event_data=0)).encode()[:-2]  # type: ignore[misc]
                + _nested(b'{"a":', b"}", d)
                + b"}"
            ),
            headers=_JSON,
        )
        yield Bomb(
            f"arrays {depth:,} deep in an answer",
            "attempts",
            _ANSWERS,
            lambda t, d=depth: _answer(t, _nested(b"[", b"]", d)),  # type: ignore[misc]
            headers=_JSON,
        )
        yield Bomb(
            f"objects {depth:,} deep at the login",
            "auth",
            _LOGIN,
            lambda _, d=depth: _nested(b'{"username":', b"}", d),  # type: ignore[misc]
            headers=_JSON,
            who="anonymous",
        )


def _odd() -> Iterable[Bomb]:
    """Small bodies that are hard to keep: numbers without end, texts that are none."""
    raw = {
        "a number of 300,000 digits": b"9" * 300_000,
        "a number with a huge exponent": b"1e999999",
        "NaN": b"NaN",
        "a text with a NUL": b'"a\\u0000b"',
        "half a surrogate": b'"\\ud800"',
        "bytes that are no UTF-8": b'"\xff\xfe"',
        "an object of 50,000 names": json.dumps({f"n{n}": n for n in range(50_000)}).encode(),
        "one name 50,000 times": b"{" + b",".join([b'"a":1'] * 50_000) + b"}",
    }
    for name, value in raw.items():
        yield Bomb(
            f"{name} as an answer",
            "attempts",
            _ANSWERS,
            lambda t, v=value: _answer(t, v),  # type: ignore[misc]
            headers=_JSON,
            answers=_REFUSED | {200},
        )
        yield Bomb(
            f"{name} as an attempt's id",
            "proctoring",
            _EVENTS,
            lambda _, v=value: b'{"attempt_id": %b, "event_type": "tab_switch"}' % v,  # type: ignore[misc]
            headers=_JSON,
        )
        yield Bomb(
            f"{name} as a user's name",
            "auth",
            _LOGIN,
            lambda _, v=value: b'{"username": %b, "password": "x"}' % v,  # type: ignore[misc]
            headers=_JSON,
            answers=_REFUSED | {401},
            who="anonymous",
        )
    for place in ("?limit=99999999999999999999", "?skip=-1", "?limit=%00", "?limit=9e9"):
        yield Bomb(
            f"attempts{place}",
            "attempts",
            f"/api/v1/attempts/{place}",
            method="GET",
            who="admin",
            answers=_REFUSED | {200},
        )
    for place in ("9" * 40, "%00", "-1", "0", "1e3", "\u0661"):
        yield Bomb(f"attempt {place[:9]}", "attempts", f"/api/v1/attempts/{place}", method="GET")


def _packed() -> Iterable[Bomb]:
    """Bodies that would be a thousand times larger if somebody unpacked them: nobody does."""
    for name, headers, pack in (
        ("gzip", _GZIP, gzip.compress),
        ("deflate", _DEFLATE, zlib.compress),
    ):
        for service, path in (
            ("proctoring", _EVENTS),
            ("attempts", _ANSWERS),
            ("auth", _LOGIN),
        ):
            yield Bomb(
                f"100 MB of blanks by {name} at {service}",
                service,
                path,
                lambda _, p=pack: p(b" " * 100_000_000),  # type: ignore[misc]
                headers=headers,
                is_large=True,
            )


def _heads() -> Iterable[Bomb]:
    long = {"X-Long": "x" * 65_536}
    many = {f"X-{number}": "1" for number in range(1_000)}
    yield Bomb("a field of 64 KiB", "attempts", "/api/v1/attempts/1", None, "GET", long)
    yield Bomb(
        "a thousand fields", "attempts", "/api/v1/attempts/1", None, "GET", many, past_gateway=False
    )
    yield Bomb(
        "an address of 60 KB",
        "attempts",
        "/api/v1/attempts/1?a=" + "x" * 60_000,
        method="GET",
    )
    yield Bomb(
        "a token of 64 KiB",
        "attempts",
        "/api/v1/attempts/1",
        method="GET",
        headers={"Authorization": "Bearer " + "x" * 65_000},
        answers=_REFUSED | {401},
    )


def held_bytes(platform: Platform) -> dict[str, int]:
    """Return what each service's processes hold in memory."""
    found: dict[str, int] = {}
    for label, part in platform.state.read_run()["parts"].items():
        service = label.partition("#")[0]
        if service in _SERVICES:
            found[service] = found.get(service, 0) + _resident(part["pid"])
    return found


def _resident(pid: int) -> int:
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(each.memory_info().rss for each in family)


async def try_all(scene: Scene, tally: Tally, bombs: Iterable[Bomb] | None = None) -> None:
    """Send each by the gateway and past it, and what is sent twice; then look at the memory."""
    target = Target(scene.attempt(), scene.question_id)
    before = held_bytes(scene.platform)
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        for bomb in cases() if bombs is None else bombs:
            doors = {"the gateway": scene.platform.url}
            if bomb.past_gateway:
                doors[bomb.service] = scene.platform.service_url(bomb.service)
            for way, base in doors.items():
                status = await _sent(http, scene, bomb, target, base)
                wrong = "" if status in bomb.answers else f"wanted: {sorted(bomb.answers)}"
                tally.saw(f"{bomb.name}, by way of {way}", status, wrong)
    await read_back(scene, target, tally)
    await twice_with_another_body(scene, tally)
    after = held_bytes(scene.platform)
    for service, held in after.items():
        grown = held - before[service]
        tally.figures[f"{service}_grown_mib"] = grown / MEBIBYTE
        if grown > MOST_GROWTH_BYTES:
            tally.violations.append(f"{service} has grown by {grown / MEBIBYTE:.0f} MiB")


async def _sent(
    http: httpx.AsyncClient, scene: Scene, bomb: Bomb, target: Target, base: str
) -> int | str:
    token = scene.actors[bomb.who].token
    headers = ({"Authorization": f"Bearer {token}"} if token else {}) | bomb.headers
    path = bomb.path.replace("{attempt_id}", str(target.attempt_id))
    body = bomb.body(target) if bomb.body else None
    content = _pieces(body) if body is not None and bomb.is_chunked else body
    try:
        answer = await http.request(bomb.method, base + path, headers=headers, content=content)
    except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
        return 413 if body is not None and len(body) > MEBIBYTE else "closed"
    return answer.status_code


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(body), 65_536):
        yield body[at : at + 65_536]


async def read_back(scene: Scene, target: Target, tally: Tally) -> None:
    """Read all that is told of the attempt, submit it and read again: nothing that was taken in may
    be in the way of those who read.
    """
    owner, admin = scene.actors["student owner"].token, scene.admin_token
    for name, method, path, token in (
        *((each, "GET", each, admin) for each in _READS),
        *((each, "GET", each, owner) for each in _OWN_READS),
        ("submit", "POST", "/attempts/{id}/submit", owner),
        *((f"{each}, submitted", "GET", each, admin) for each in (*_READS, *_GRADED_READS)),
    ):
        answer = await scene.http.request(
            method,
            path.replace("{id}", str(target.attempt_id)).replace("{exam}", str(scene.exam_id)),
            json={"confirm": True} if method == "POST" else None,
            headers={"Authorization": f"Bearer {token}"},
        )
        wrong = "" if answer.is_success else answer.text[:200]
        tally.saw(f"then {name}", answer.status_code, wrong)


async def twice_with_another_body(scene: Scene, tally: Tally) -> None:
    """Post an event, then its id again with other words: the first stays, and is the only one."""
    attempt_id, key = scene.attempt(), str(uuid.uuid4())
    headers = {"Authorization": f"Bearer {scene.actors['student owner'].token}"}
    for kind in ("tab_switch", "copy_paste_attempt", "tab_switch"):
        body = {"attempt_id": attempt_id, "event_type": kind, "event_id": key}
        answer = await scene.http.post("/proctoring/events", json=body, headers=headers)
        wrong = "" if answer.status_code in {200, 201, 409, 422} else answer.text
        tally.saw(f"one id, {kind}", answer.status_code, wrong)
    about = f"/proctoring/attempt/{attempt_id}/events"
    kept = (await scene.http.get(about, headers=headers)).json()
    kinds = [event["event_type"] for event in kept]
    tally.saw("one id with two bodies", len(kinds), "" if kinds == ["tab_switch"] else str(kinds))
