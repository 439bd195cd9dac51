"""The handshake: an upgrade request becomes an ASGI scope, and the app says who comes in.

This is the class that uvicorn makes for each upgrade (`ws=`). Until the hand-over it is a
plain ASGI WebSocket: accept, refuse with an HTTP answer, receive, close. An endpoint that has let
somebody in finds it in its scope (`of`), gives the transport to a socket and ends. What a
stranger may make us keep is bounded here in bytes, and in time by the app.
"""

import asyncio
import http
import logging
from collections.abc import Iterable, Sequence
from typing import Any, cast
from urllib.parse import unquote

from starlette.types import Message, Scope
from uvicorn import Config
from uvicorn.server import ServerState

from realtime import rfc6455
from realtime.rfc6455 import Close, Event, Ping, Pong, Reader, Violation
from realtime.wire.socket import Socket

_EXTENSION = "oep.door"
_CLOSE_SECONDS = 5.0
_MAX_UNREAD_BYTES = 64 * 1024
_FAILED, _GOING_AWAY, _ABNORMAL, _NO_CODE = 1011, 4000, 1006, 1005
_VERSION = b"13"
_log = logging.getLogger("uvicorn.error")

Headers = Sequence[tuple[bytes, bytes]]


def of(scope: Scope) -> "Door":
    """Return the door through which a WebSocket scope came in."""
    door: Door = scope["extensions"][_EXTENSION]
    return door


class PeerGone(OSError):
    """Raised to an app that sends to a peer who has left (ASGI wants an `OSError`)."""


class Door(asyncio.Protocol):
    """One handshake. Its constructor and `shutdown` are what uvicorn calls."""

    __slots__ = (
        "_app_state",
        "_body",
        "_config",
        "_early",
        "_events",
        "_is_accepted",
        "_is_asked",
        "_is_connect_told",
        "_is_ending",
        "_is_gone",
        "_key",
        "_reader",
        "_refusal",
        "_server",
        "_transport",
        "_waiter",
    )

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._config = config
        self._server = server_state
        self._app_state = app_state
        self._transport: asyncio.Transport
        self._key = b""
        self._refusal: Message = {}
        self._body = b""
        self._early = b""
        self._events: list[Event] = []
        self._reader = Reader(config.ws_max_size)
        self._waiter: asyncio.Future[None] | None = None
        self._is_asked = False
        self._is_connect_told = False
        self._is_accepted = False
        self._is_ending = False
        self._is_gone = False

    # what an endpoint that knows us may ask for, besides ASGI

    def accept(self, subprotocol: str) -> None:
        """Accept at once. Raises `PeerGone`."""
        self._ensure_there()
        self._is_connect_told = True
        self._accept(subprotocol, ())

    async def hear(self) -> str | bytes | None:
        """Return the next message of an accepted peer; None when there is no more."""
        message = await self._receive()
        return message.get("text") or message.get("bytes") or (None if "code" in message else "")

    def close(self, code: int, reason: str) -> None:
        """Close what was accepted with a code; wait for nobody."""
        if not self._is_gone:
            self._close(code, reason)

    def hand_over(self, socket: Socket) -> None:
        """Give the transport away, with what was read already and not asked for.

        Whoever was not accepted is, in the write that tells him the first thing. Raises `PeerGone`.
        """
        self._ensure_there()
        head = b"" if self._is_accepted else self._acceptance(None, ())
        self._is_gone = True
        self._server.connections.discard(cast("Any", self))
        socket.take_over(
            self._transport,
            self._reader,
            [*self._events, *self._reader.feed(self._early)],
            self._server.connections,
            head,
        )
        self._early = b""
        self._transport.resume_reading()

    def keep(self, task: asyncio.Task[None]) -> None:
        """Have the server wait for a task at its end, as for a request."""
        self._server.tasks.add(task)
        task.add_done_callback(self._server.tasks.discard)

    # what asyncio and uvicorn tell

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._server.connections.add(cast("Any", self))

    def connection_lost(self, _: Exception | None) -> None:
        self._server.connections.discard(cast("Any", self))
        self._leave()

    def data_received(self, data: bytes) -> None:
        if not self._is_asked:
            self.ask(*_parsed(data))
        elif self._is_accepted:
            self._hear(self._reader.feed(data))
        else:
            self._early += data
            self._transport.pause_reading()

    def shutdown(self) -> None:
        """End, because the server does."""
        if self._is_accepted:
            self._close(_GOING_AWAY, "Server going away")
        else:
            self._respond(http.HTTPStatus.SERVICE_UNAVAILABLE)
        self._transport.close()

    # the request

    def ask(self, method: bytes, target: bytes, headers: Headers, behind: bytes = b"") -> None:
        """Ask the app about a request, or refuse what is no handshake (RFC 6455, section 4.2.1).

        `behind` is what the peer sent after it without waiting for an answer.
        """
        self._is_asked = True
        self._early = behind
        found = dict(headers)
        self._key = rfc6455.accept_key(found.get(b"sec-websocket-key", b"")) or b""
        if found.get(b"sec-websocket-version") != _VERSION:
            self._respond(http.HTTPStatus.UPGRADE_REQUIRED, [(b"sec-websocket-version", _VERSION)])
        elif method != b"GET" or not self._key:
            self._respond(http.HTTPStatus.BAD_REQUEST)
        else:
            task = asyncio.get_running_loop().create_task(self._run(self._scope(target, headers)))
            self.keep(task)

    def _scope(self, target: bytes, headers: Headers) -> Scope:
        path, _, query = target.partition(b"?")
        root = self._config.root_path
        offered = (value for name, value in headers if name == b"sec-websocket-protocol")
        return {
            "type": "websocket",
            "asgi": {"version": self._config.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss" if self._transport.get_extra_info("sslcontext") else "ws",
            # Not from its `socket`: asking for that makes one, which stays with the transport.
            "server": _address(self._transport.get_extra_info("sockname")),
            "client": _address(self._transport.get_extra_info("peername")),
            "root_path": root,
            "path": root + unquote(path.decode("latin-1")),
            "raw_path": root.encode() + path,
            "query_string": query,
            "headers": headers,
            "subprotocols": [
                name.strip() for line in offered for name in line.decode("latin-1").split(",")
            ],
            "state": self._app_state.copy(),
            "extensions": {"websocket.http.response": {}, _EXTENSION: self},
        }

    async def _run(self, scope: Scope) -> None:
        try:
            await self._config.loaded_app(scope, self._receive, cast("Any", self._send))
        except PeerGone:
            return
        except Exception:  # noqa: BLE001  # logged; the peer is told that it failed
            _log.exception("Exception in ASGI application")
        if self._is_gone or self._is_ending:
            return
        if self._is_accepted:
            self._close(_FAILED)
        else:
            self._respond(http.HTTPStatus.INTERNAL_SERVER_ERROR)

    # the app's two ends

    async def _receive(self) -> Message:
        if not self._is_connect_told:
            self._is_connect_told = True
            return {"type": "websocket.connect"}
        while not self._events:
            if self._is_gone or self._is_ending:
                return {"type": "websocket.disconnect", "code": _ABNORMAL}
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        event = self._events.pop(0)
        if not self._events and not self._is_gone:
            self._transport.resume_reading()
        if isinstance(event, Close):
            return {"type": "websocket.disconnect", "code": event.code or _NO_CODE}
        return {"type": "websocket.receive", "text" if isinstance(event, str) else "bytes": event}

    def _ensure_there(self) -> None:
        if self._is_gone or self._is_ending:
            raise PeerGone

    async def _send(self, message: Message) -> None:
        self._ensure_there()
        match message["type"]:
            case "websocket.accept":
                self._accept(message.get("subprotocol"), message.get("headers", ()))
            case "websocket.send" if message.get("text") is not None:
                self._transport.write(rfc6455.text(message["text"].encode()))
            case "websocket.close" if self._is_accepted:
                self._close(message.get("code", 1000), message.get("reason") or "")
            case "websocket.close":
                self._respond(http.HTTPStatus.FORBIDDEN)
            case "websocket.http.response.start":
                self._refusal = message
            case "websocket.http.response.body":
                self._body += message.get("body", b"")
                if not message.get("more_body", False):
                    status = http.HTTPStatus(self._refusal["status"])
                    self._respond(status, self._refusal.get("headers", ()), self._body)
            case other:
                raise RuntimeError(f"{other} has no place in a handshake")

    # the answers

    def _acceptance(self, subprotocol: str | None, more: Iterable[tuple[bytes, bytes]]) -> bytes:
        headers = [
            (b"upgrade", b"websocket"),
            (b"connection", b"Upgrade"),
            (b"sec-websocket-accept", self._key),
            *more,
        ]
        if subprotocol is not None:
            headers.append((b"sec-websocket-protocol", subprotocol.encode("latin-1")))
        return _head(http.HTTPStatus.SWITCHING_PROTOCOLS, headers)

    def _accept(self, subprotocol: str | None, more: Iterable[tuple[bytes, bytes]]) -> None:
        self._transport.write(self._acceptance(subprotocol, more))
        self._is_accepted = True
        self._transport.resume_reading()
        self._hear(self._reader.feed(self._early))
        self._early = b""

    def _respond(
        self,
        status: http.HTTPStatus,
        headers: Iterable[tuple[bytes, bytes]] = (),
        body: bytes = b"",
    ) -> None:
        """Answer with HTTP; the connection ends with it."""
        told = {**dict(self._server.default_headers), **dict(headers)}
        told |= {b"content-length": str(len(body)).encode(), b"connection": b"close"}
        self._transport.write(_head(status, told.items()) + body)
        self._is_ending = True
        self._transport.close()

    def _hear(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, Ping):
                self._transport.write(rfc6455.pong(event.payload))
            elif isinstance(event, Violation):
                self._close(event.code, event.reason)
            elif isinstance(event, Close):
                self._say_goodbye(event)
            elif not isinstance(event, Pong) and not self._is_ending:
                self._events.append(event)
        if self._events:
            self._transport.pause_reading()  # what else comes waits in the kernel
        if self._transport.get_write_buffer_size() > _MAX_UNREAD_BYTES:
            self._transport.abort()
        self._wake()

    def _say_goodbye(self, close: Close) -> None:
        """End the closing handshake, whoever began it."""
        if not self._is_ending:
            self._transport.write(rfc6455.close(close.code))
            self._events.append(close)
        self._leave()
        self._transport.close()

    def _close(self, code: int, reason: str = "") -> None:
        """Send a close frame and wait for the peer's, for some seconds only."""
        if self._is_ending:
            return
        self._is_ending = True
        self._transport.write(rfc6455.close(code, reason))
        self._events.clear()  # nobody takes them; the peer's close frame is behind them
        self._transport.resume_reading()
        asyncio.get_running_loop().call_later(_CLOSE_SECONDS, self._transport.abort)

    def _leave(self) -> None:
        self._is_gone = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _address(found: Any) -> tuple[str, int] | None:
    return (found[0], found[1]) if isinstance(found, tuple) else None


def _parsed(head: bytes) -> tuple[bytes, bytes, Headers]:
    """Return method, target and headers of what uvicorn has parsed and put together again."""
    request, *lines = head.partition(b"\r\n\r\n")[0].split(b"\r\n")
    method, target, _ = request.split(b" ", 2)
    pairs = (line.partition(b":") for line in lines)
    return method, target, [(name.strip().lower(), value.strip()) for name, _, value in pairs]


def _head(status: http.HTTPStatus, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"
