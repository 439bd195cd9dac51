"""Lanes for routes so busy that the way through the framework is most of their cost (ADR 27).

A lane does what FastAPI, our dependencies and the canonical middleware do for every other route:
request id, token, bounded body, problem bodies, metrics. What answers well is counted and writes no
line of its own, because a line costs a fifth of the whole; what is refused has its line as
everywhere. The routes stay declared in FastAPI, with the same functions behind them: the
declaration is what OpenAPI shows, and a test holds both ways together.

A lane is reached in two ways: plain requests straight from the connection (`chassis.http1`), all
others through ASGI. What is decided, and how it is answered, stands here once for both.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chassis import problems, tracing
from chassis.access import NotAuthenticated, WrongScheme
from chassis.errors import Failure, OutcomeUnknown, TooLarge
from chassis.origins import Network, Origin, origin
from chassis.serving import REQUESTS, SECONDS, Service, request_id_of
from chassis.tokens import Caller

log = structlog.get_logger()

Headers = list[tuple[bytes, bytes]]
Said = Callable[[], Headers]

_JSON = (b"content-type", b"application/json")


class BodyTooLarge(TooLarge):
    slug = "body-too-large"
    detail = "Request body is too large"


class Asked(NamedTuple):
    """A request on a lane, once its caller is known and its body is there."""

    caller: Caller
    body: bytes
    origin: Origin
    path: str
    request_id: str
    traceparent: str | None = None
    """The context of its span, when it is traced."""


class Promise(NamedTuple):
    """What a request waits for, and what makes an answer of it."""

    result: "asyncio.Future[Any]"
    say: Callable[[Any], bytes]
    """Returns the JSON of a good answer; raises a `Failure` for any other."""

    async def kept(self, seconds: float | None = None) -> bytes:
        """Wait for so long, and say it. Raises `OutcomeUnknown` when there is nothing to say yet.

        Then nobody waits for the result any more: it is cancelled, the work behind it goes on.
        """
        await asyncio.wait([self.result], timeout=seconds)
        if not self.result.done():
            self.result.cancel()
            raise OutcomeUnknown
        return self.say(self.result.result())


Ask = Callable[[Asked], Promise]
"""Begins the work without waiting for it; raises a `Failure` when there is nothing to wait for."""


@dataclass(frozen=True)
class Lane:
    """One hot route: a POST at a fixed path."""

    path: str
    ask: Ask
    status: int
    most_bytes: int
    """A longer body is refused before more of it is held."""


def open_lanes(app: FastAPI, lanes: Sequence[Lane], said: Said = list) -> None:
    """Let `app` answer `lanes` itself from now on.

    `said` returns headers that each answer on a lane carries, a refusal too.
    """
    assert isinstance(app, Service)  # noqa: S101  # what `serving.service` made
    app.lanes = {lane.path: Served(lane, app.state, said) for lane in lanes}


class Served:
    """A lane at work."""

    def __init__(self, lane: Lane, state: Any, said: Said) -> None:
        self.lane = lane
        self.said = said
        self.seconds: float = state.request_seconds
        self._state = state
        self._good = REQUESTS.labels("POST", lane.path, lane.status)
        self._seconds = SECONDS.labels("POST", lane.path)
        # Students come from the same places again and again.
        self._origin = lru_cache(10_000)(partial(_origin, tuple(state.trusted_proxies)))

    def caller(self, headers: Mapping[bytes, bytes]) -> Caller:
        """Return who asks. Raises `Unauthenticated`."""
        caller: Caller = self._state.verifier.verify(_bearer(headers))
        return caller

    def origin(self, peer: str | None, headers: Mapping[bytes, bytes]) -> Origin:
        return self._origin(peer, headers.get(b"x-forwarded-for"), headers.get(b"user-agent"))

    def begun(self, headers: Mapping[bytes, bytes], request_id: str) -> tracing.Span | None:
        """Begin the span of a request, when tracing is on and it is to be traced."""
        header = headers.get(b"traceparent")
        about = {"http.route": self.lane.path, "oep.request_id": request_id}
        return tracing.at_edge(f"POST {self.lane.path}", header, about)

    def note_good(self, began: float) -> None:
        """Count a good answer to what began then, by `time.perf_counter`."""
        self._good.inc()
        self._seconds.observe(time.perf_counter() - began)

    def answer_bad(self, error: Exception, request_id: str, began: float) -> Response:
        """Return what `error` is answered with, counted and logged as on every other route."""
        path = self.lane.path
        if isinstance(error, Failure):
            answer = problems.answer(error, path, request_id)
        else:
            log.error("request.unforeseen", path=path, request_id=request_id, exc_info=error)
            answer = problems.unforeseen(path, request_id)
        answer.headers["x-request-id"] = request_id
        answer.raw_headers.extend(self.said())
        seconds = time.perf_counter() - began
        REQUESTS.labels("POST", path, answer.status_code).inc()
        self._seconds.observe(seconds)
        log.info(
            "request.done",
            method="POST",
            route=path,
            status=answer.status_code,
            ms=round(seconds * 1000, 1),
            request_id=request_id,
        )
        return answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        headers = dict(scope["headers"])
        request_id = request_id_of(scope)
        span = self.begun(headers, request_id) if tracing.is_on() else None
        try:
            caller = self.caller(headers)
            body = await _body(headers, receive, self.lane.most_bytes)
            whence = self.origin(_peer(scope), headers)
            traceparent = None if span is None else span.traceparent
            asked = Asked(caller, body, whence, self.lane.path, request_id, traceparent)
            content = await self.lane.ask(asked).kept(self.seconds)
        except Exception as error:  # noqa: BLE001  # said, counted and logged there
            answer = self.answer_bad(error, request_id, began)
            end(span, answer.status_code)
            await answer(scope, receive, send)
        else:
            # The rare ways end above; from here on nothing may go wrong but the line to the client.
            start = [
                _JSON,
                (b"content-length", b"%d" % len(content)),
                (b"x-request-id", request_id.encode()),
                *self.said(),
            ]
            status = self.lane.status
            await send({"type": "http.response.start", "status": status, "headers": start})
            await send({"type": "http.response.body", "body": content})
            self.note_good(began)
            end(span, status)


def end(span: tracing.Span | None, status: int) -> None:
    """End the span of a request that was answered with this status."""
    if span is not None:
        span.end(attributes={"http.response.status_code": status})


async def asked(request: Request, caller: Caller, lane: Lane) -> Asked:
    """Return what a lane's function is given, for a request that took the long way."""
    scope = request.scope
    headers = dict(scope["headers"])
    body = await _body(headers, request.receive, lane.most_bytes)
    forwarded, agent = headers.get(b"x-forwarded-for"), headers.get(b"user-agent")
    whence = _origin(request.app.state.trusted_proxies, _peer(scope), forwarded, agent)
    return Asked(caller, body, whence, lane.path, problems.request_id(request))


def _peer(scope: Scope) -> str | None:
    return scope["client"][0] if scope["client"] else None


def _bearer(headers: Mapping[bytes, bytes]) -> str:
    header = headers.get(b"authorization", b"").decode("latin-1").strip()
    if not header:
        raise NotAuthenticated
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise WrongScheme
    return token.strip()


async def _body(headers: Mapping[bytes, bytes], receive: Receive, most_bytes: int) -> bytes:
    declared = headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared) > most_bytes:
        raise BodyTooLarge
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        if len(body) > most_bytes:
            raise BodyTooLarge
        message = await receive()
        body += message.get("body", b"")
    if len(body) > most_bytes:
        raise BodyTooLarge
    return body


def _origin(
    trusted: Sequence[Network],
    peer: str | None,
    forwarded_for: bytes | None,
    user_agent: bytes | None,
) -> Origin:
    forwarded = None if forwarded_for is None else forwarded_for.decode("latin-1")
    agent = None if user_agent is None else user_agent.decode("latin-1")
    return origin(peer, forwarded, agent, trusted)
