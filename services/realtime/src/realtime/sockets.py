"""The edge: handshakes over starlette's WebSocket; everything else is decided below.

An endpoint lives until somebody is let in or refused. Then the transport goes to a `wire.socket`,
which moves the frames, and the endpoint ends. A client without `oep.v1` is refused with HTTP 403
and a problem body, and never accepted just to be closed; one with `oep.v1` is accepted and told by
a close code (contract §7.1).
"""

import asyncio
import contextlib

from chassis import problems
from chassis.errors import Failure
from chassis.origins import Origin, origin
from chassis.serving import request_id_of
from starlette.routing import Router, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from realtime import admission, closing, incoming
from realtime.closing import Closing
from realtime.connection import Connection
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
_GONE = (OSError, WebSocketDisconnect)
_REFUSED = 403


async def student_socket(websocket: WebSocket) -> None:
    node: Node = websocket.app.state.node
    await _Handshake(websocket, node, node.student_visit(), "attempt_id").serve()


async def monitor_socket(websocket: WebSocket) -> None:
    node: Node = websocket.app.state.node
    visit = node.board_visit(websocket.query_params)
    await _Handshake(websocket, node, visit, "exam_id").serve()


async def broadcast_socket(websocket: WebSocket) -> None:
    node: Node = websocket.app.state.node
    await _Handshake(websocket, node, node.broadcast_visit(), "attempt_id").serve()


async def no_socket(websocket: WebSocket) -> None:
    await deny(websocket, NoSuchSocket())


router = Router(
    [
        WebSocketRoute("/api/v1/ws/attempts/{attempt_id}", student_socket),
        WebSocketRoute("/api/v1/ws/exams/{exam_id}/monitor", monitor_socket),
        WebSocketRoute("/api/v1/ws/admin/broadcast/{attempt_id}", broadcast_socket),
        WebSocketRoute("/api/v1/ws/{path:path}", no_socket),
    ]
)
"""Endpoints without FastAPI's dependencies: these would cost a handshake a tenth of its time."""


class _Handshake:
    """One socket from its request until it is let in or refused."""

    def __init__(self, websocket: WebSocket, node: Node, visit: Visit, id_name: str) -> None:
        self._websocket = websocket
        self._node = node
        self._visit = visit
        self._path: str = websocket.path_params[id_name]
        self._is_modern = SUBPROTOCOL in websocket.scope.get("subprotocols", ())
        self._socket = Socket(node.wire)

    async def serve(self) -> None:
        if not self._is_origin_allowed():
            await deny(self._websocket, ForeignOrigin())
            return
        try:
            if self._is_modern:
                await self._websocket.accept(SUBPROTOCOL)
            connection = await self._enter()
        except Failure as failure:
            await self._refuse(failure)
        except _GONE:
            return
        else:
            await self._stay(connection)

    async def _enter(self) -> Connection:
        """Return an admitted connection that has joined the hub and holds."""
        if self._node.is_stopping:
            raise GoingAway
        channel = self._visit.channel(admission.path_id(self._path))
        token = self._websocket.query_params.get("token") or await self._first_token()
        node = self._node
        connection = Connection(
            node.admission.identify(token),
            channel,
            self._socket,
            is_modern=self._is_modern,
            limit_bytes=self._visit.limit_bytes,
            origin=self._origin(),
        )
        node.hub.join(connection)
        try:
            await self._visit.admit(connection)
        except BaseException:
            node.hub.leave(connection)
            raise
        return connection

    async def _stay(self, connection: Connection) -> None:
        """Begin the visit and give the transport away; from here on the socket lives by itself."""
        CONNECTIONS.labels(connection.channel.kind).inc()
        try:
            if not self._is_modern:
                await self._websocket.accept()
            query = self._websocket.query_params
            since = admission.position(query.get("since"), query.get("epoch"))
            way_in = door.of(self._websocket.scope)
            receive, rest = self._visit.begin(connection, since)
            task = None if rest is None else asyncio.create_task(rest)
            if task is not None:
                way_in.keep(task)
            self._socket.begin(connection, self._visit, receive, task)
            way_in.hand_over(self._socket)
        except _GONE:
            self._socket.drop()
            self._node.left(connection, self._visit)

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
                message = await self._websocket.receive()
        except TimeoutError as error:
            raise HandshakeInvalid from error
        finally:
            node.unauthenticated -= 1
        if message["type"] != "websocket.receive":
            raise WebSocketDisconnect
        frame = incoming.parse(message.get("text") or message.get("bytes") or "")
        if not isinstance(frame, incoming.Auth):
            raise HandshakeInvalid
        return frame.token

    async def _refuse(self, failure: Failure) -> None:
        why = refusal(failure)
        REFUSALS.labels(why.code).inc()
        if self._is_modern:
            await close(self._websocket, why)
        else:
            await deny(self._websocket, failure)

    def _origin(self) -> Origin:
        websocket = self._websocket
        return origin(
            websocket.client.host if websocket.client else None,
            websocket.headers.get("x-forwarded-for"),
            websocket.headers.get("user-agent"),
            self._node.settings.trusted_proxies,
        )

    def _is_origin_allowed(self) -> bool:
        page = self._websocket.headers.get("origin")
        return page is None or page in self._node.settings.allowed_origins


def refusal(failure: Failure) -> Closing:
    """Return how a failure looks to a client that was accepted just to be told."""
    if isinstance(failure, GoingAway):
        return closing.GOING_AWAY
    return Closing(failure.kind.value.close_code, failure.detail[:_MAX_REASON])


async def deny(websocket: WebSocket, failure: Failure) -> None:
    """Refuse a handshake that was not accepted: HTTP 403 with the failure as a problem body."""
    problem = problems.denial(
        failure, websocket.url.path, request_id_of(websocket.scope), status=_REFUSED
    )
    with contextlib.suppress(TimeoutError, *_GONE):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await websocket.send_denial_response(problem)


async def close(websocket: WebSocket, why: Closing) -> None:
    """Close an accepted socket with a code. Gives up on a peer that does not read."""
    CLOSES.labels(why.code).inc()
    with contextlib.suppress(TimeoutError, *_GONE):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await websocket.close(why.code, why.reason)
