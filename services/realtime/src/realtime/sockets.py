"""The edge: handshakes, and who is told what at the door; everything else is decided below.

An endpoint lives until somebody is let in or refused. Then the transport goes to a `wire.socket`,
which moves the frames, and the endpoint ends. A client without `oep.v1` is refused with HTTP 403
and a problem body, and never accepted just to be closed; one with `oep.v1` is accepted and told by
a close code (contract §7.1).
"""

import asyncio
import contextlib
import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from chassis import problems
from chassis.errors import Failure
from chassis.origins import Origin, origin
from chassis.serving import request_id_of
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from realtime import admission, closing, incoming
from realtime.closing import Closing
from realtime.connection import Connection, nowhere
from realtime.errors import (
    ForeignOrigin,
    GoingAway,
    HandshakeInvalid,
    NoSuchSocket,
    TooManySockets,
)
from realtime.metrics import CLOSES, CONNECTIONS, REFUSALS
from realtime.node import Node
from realtime.visits import Visit
from realtime.wire import door
from realtime.wire.socket import Socket

SUBPROTOCOL = "oep.v1"
_CLOSE_SECONDS = 5.0
_MAX_REASON = 120  # RFC 6455 allows 123 bytes
_REFUSED = 403

PATHS: Mapping[str, Callable[[Node, Mapping[str, str]], Visit]] = {
    "/api/v1/ws/attempts/{attempt_id}": lambda node, _: node.student_visit(),
    "/api/v1/ws/exams/{exam_id}/monitor": lambda node, query: node.board_visit(query),
    "/api/v1/ws/admin/broadcast/{attempt_id}": lambda node, _: node.broadcast_visit(),
}
"""All there are, the usual one first. A router with its wrappers would cost a handshake as much as
the whole admission (ADR 36)."""

_PLACES = [(re.compile(re.sub(r"{\w+}", "([^/]+)", path)), visit) for path, visit in PATHS.items()]


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """Let a socket in or refuse it: what the app does with every WebSocket (ASGI)."""
    node: Node = scope["app"].state.node
    failure: Failure | None
    for pattern, visit in _PLACES:
        place = pattern.fullmatch(scope["path"])
        if place is not None:
            asked = _Asked(scope)
            failure = await _Handshake(asked, node, visit(node, asked.query), place[1]).serve()
            break
    else:
        failure = NoSuchSocket()
    if failure is not None:
        await deny(scope, receive, send, failure)


class _Asked:
    """A handshake's request, as far as anybody looks at it."""

    __slots__ = ("door", "headers", "is_modern", "peer", "query")

    def __init__(self, scope: Scope) -> None:
        query: bytes = scope["query_string"]
        self.door = door.of(scope)
        self.query = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.peer: str | None = scope["client"][0] if scope["client"] else None
        self.is_modern = SUBPROTOCOL in scope["subprotocols"]

    def header(self, name: bytes) -> str | None:
        """Return a header; of several lines the last one."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


class _Handshake:
    """One socket from its request until it is let in or refused."""

    def __init__(self, asked: _Asked, node: Node, visit: Visit, path: str) -> None:
        self._asked = asked
        self._door = asked.door
        self._node = node
        self._visit = visit
        self._path = path
        self._is_modern = asked.is_modern
        self._socket = Socket(node.wire)

    async def serve(self) -> Failure | None:
        """Return why somebody is to be refused who was not accepted."""
        if not self._is_origin_allowed():
            return ForeignOrigin()
        try:
            if self._is_modern:
                self._door.accept(SUBPROTOCOL)
            connection = await self._enter()
        except Failure as failure:
            return self._refuse(failure)
        except OSError:
            return None
        self._stay(connection)
        return None

    async def _enter(self) -> Connection:
        """Return an admitted connection that has joined the hub and holds."""
        if self._node.is_stopping:
            raise GoingAway
        channel = self._visit.channel(admission.path_id(self._path))
        token = self._asked.query.get("token") or await self._first_token()
        node = self._node
        connection = Connection(
            node.admission.identify(token),
            channel,
            self._socket,
            is_modern=self._is_modern,
            limit_bytes=self._visit.limit_bytes,
            whence=self._origin,
        )
        node.hub.join(connection)
        try:
            await self._visit.admit(connection)
        except BaseException:
            node.hub.leave(connection)
            raise
        return connection

    def _stay(self, connection: Connection) -> None:
        """Begin the visit and give the transport away; from here on the socket lives by itself."""
        CONNECTIONS[connection.channel.kind].inc()
        query = self._asked.query
        since = admission.position(query.get("since"), query.get("epoch"))
        stay, rest = self._visit.begin(connection, since)
        connection.whence = nowhere  # or it would keep the handshake
        task = None if rest is None else asyncio.create_task(rest)
        if task is not None:
            self._door.keep(task)
        self._socket.begin(connection, stay, task)
        try:
            self._door.hand_over(self._socket)
        except OSError:
            self._socket.drop()
            self._node.left(connection, stay)

    async def _first_token(self) -> str:
        """Return the token of a first frame `auth`. Raises `HandshakeInvalid`."""
        if not self._is_modern:
            raise HandshakeInvalid
        node = self._node
        if node.unauthenticated >= node.settings.unauthenticated_limit:
            raise TooManySockets
        node.unauthenticated += 1
        try:
            async with asyncio.timeout(node.settings.auth_seconds):
                message = await self._door.hear()
        except TimeoutError as error:
            raise HandshakeInvalid from error
        finally:
            node.unauthenticated -= 1
        if message is None:
            raise door.PeerGone
        frame = incoming.parse(message)
        if not isinstance(frame, incoming.Auth):
            raise HandshakeInvalid
        return frame.token

    def _refuse(self, failure: Failure) -> Failure | None:
        why = refusal(failure)
        REFUSALS.labels(why.code).inc()
        if not self._is_modern:
            return failure
        CLOSES.labels(why.code).inc()
        self._door.close(why.code, why.reason)
        return None

    def _origin(self) -> Origin:
        asked = self._asked
        return origin(
            asked.peer,
            asked.header(b"x-forwarded-for"),
            asked.header(b"user-agent"),
            self._node.settings.trusted_proxies,
        )

    def _is_origin_allowed(self) -> bool:
        page = self._asked.header(b"origin")
        return page is None or page in self._node.settings.allowed_origins


def refusal(failure: Failure) -> Closing:
    """Return how a failure looks to a client that was accepted just to be told."""
    if isinstance(failure, GoingAway):
        return closing.GOING_AWAY
    return Closing(failure.kind.value.close_code, failure.detail[:_MAX_REASON])


async def deny(scope: Scope, receive: Receive, send: Send, failure: Failure) -> None:
    """Refuse a handshake that was not accepted: HTTP 403 with the failure as a problem body."""
    problem = problems.denial(failure, scope["path"], request_id_of(scope), status=_REFUSED)
    with contextlib.suppress(TimeoutError, OSError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await WebSocket(scope, receive, send).send_denial_response(problem)
