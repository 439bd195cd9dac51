"""Lanes for routes so busy that the way through the framework is most of their cost (ADR 27).

A lane does what FastAPI, our dependencies and the canonical middleware do for every other route:
request id, token, bounded body, problem bodies, metrics. What answers well is counted and writes no
line of its own, because a line costs a fifth of the whole; what is refused has its line as
everywhere. The routes stay declared in FastAPI, with the same functions
behind them: the declaration is what OpenAPI shows, and a test holds both ways together.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chassis import problems
from chassis.access import NotAuthenticated, WrongScheme
from chassis.errors import Failure, TooLarge
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


Answer = Callable[[Asked], Awaitable[bytes]]
"""Returns the JSON of a good answer; raises a `Failure` for any other."""


@dataclass(frozen=True)
class Lane:
    """One hot route: a POST at a fixed path."""

    path: str
    answer: Answer
    status: int
    most_bytes: int
    """A longer body is refused before more of it is held."""


def open_lanes(app: FastAPI, lanes: Sequence[Lane], said: Said = list) -> None:
    """Let `app` answer `lanes` itself from now on.

    `said` returns headers that each answer on a lane carries, a refusal too.
    """
    assert isinstance(app, Service)  # noqa: S101  # what `serving.service` made
    app.lanes = {lane.path: _Served(lane, app.state, said) for lane in lanes}


class _Served:
    """A lane at work."""

    def __init__(self, lane: Lane, state: Any, said: Said) -> None:
        self._lane = lane
        self._state = state
        self._said = said
        self._good = REQUESTS.labels("POST", lane.path, lane.status)
        self._seconds = SECONDS.labels("POST", lane.path)
        # Students come from the same places again and again.
        self._origin = lru_cache(10_000)(partial(_origin, tuple(state.trusted_proxies)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        lane = self._lane
        headers = dict(scope["headers"])
        request_id = request_id_of(scope)
        try:
            caller = self._state.verifier.verify(_bearer(headers))
            body = await _body(headers, receive, lane.most_bytes)
            whence = self._origin(*_whence(scope, headers))
            content = await lane.answer(Asked(caller, body, whence, lane.path, request_id))
        except Failure as failure:
            await self._refuse(scope, receive, send, failure, request_id, began)
        except Exception:
            log.exception("request.unforeseen", path=lane.path, request_id=request_id)
            answer = problems.unforeseen(lane.path, request_id)
            await self._send(answer, scope, receive, send, request_id, began)
        else:
            # The rare ways end above; from here on nothing may go wrong but the line to the client.
            start = [
                _JSON,
                (b"content-length", b"%d" % len(content)),
                (b"x-request-id", request_id.encode()),
                *self._said(),
            ]
            await send({"type": "http.response.start", "status": lane.status, "headers": start})
            await send({"type": "http.response.body", "body": content})
            self._good.inc()
            self._seconds.observe(time.perf_counter() - began)

    async def _refuse(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        failure: Failure,
        request_id: str,
        began: float,
    ) -> None:
        scope.setdefault("state", {})["request_id"] = request_id
        answer = problems.respond(Request(scope), failure)
        await self._send(answer, scope, receive, send, request_id, began)

    async def _send(
        self,
        answer: Response,
        scope: Scope,
        receive: Receive,
        send: Send,
        request_id: str,
        began: float,
    ) -> None:
        answer.headers["x-request-id"] = request_id
        answer.raw_headers.extend(self._said())
        await answer(scope, receive, send)
        seconds = time.perf_counter() - began
        REQUESTS.labels("POST", self._lane.path, answer.status_code).inc()
        self._seconds.observe(seconds)
        log.info(
            "request.done",
            method="POST",
            route=self._lane.path,
            status=answer.status_code,
            ms=round(seconds * 1000, 1),
            request_id=request_id,
        )


async def asked(request: Request, caller: Caller, lane: Lane) -> Asked:
    """Return what a lane's function is given, for a request that took the long way."""
    headers = dict(request.scope["headers"])
    body = await _body(headers, request.receive, lane.most_bytes)
    whence = _origin(request.app.state.trusted_proxies, *_whence(request.scope, headers))
    return Asked(caller, body, whence, lane.path, problems.request_id(request))


Whence = tuple[str | None, bytes | None, bytes | None]
"""Peer, `X-Forwarded-For`, `User-Agent`."""


def _whence(scope: Scope, headers: Mapping[bytes, bytes]) -> Whence:
    peer = scope["client"][0] if scope["client"] else None
    return peer, headers.get(b"x-forwarded-for"), headers.get(b"user-agent")


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
