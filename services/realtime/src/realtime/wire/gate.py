"""The first bytes of a connection: a plain handshake goes straight to its door (ADR 36).

uvicorn makes a protocol, a flow control and a `socket` object for each connection before it knows
what it is, takes the request apart and puts it together again for the door. Here llhttp reads the
same bytes once. What is no upgrade, is not whole, or is not understood goes to uvicorn's own
protocol with every byte, as if this one had never been there. Never answers anything itself.
"""

import asyncio
from typing import Any, cast

import httptools
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from realtime.wire.door import Door


class Gate(asyncio.Protocol):
    """A connection that has not said yet what it is; what uvicorn makes for each (`http=`)."""

    __slots__ = ("_parts", "_server", "_transport")

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._parts = config, server_state, app_state
        self._server = server_state
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._server.connections.add(cast("Any", self))

    def connection_lost(self, _: Exception | None) -> None:
        self._server.connections.discard(cast("Any", self))

    def shutdown(self) -> None:
        """End, because the server does: nothing was asked."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._server.connections.discard(cast("Any", self))
        request = _Request.read(data)
        if request is None:
            protocol: Any = HttpToolsProtocol(*self._parts)
            protocol.connection_made(self._transport)
            self._transport.set_protocol(protocol)
            protocol.data_received(data)
        else:
            door = Door(*self._parts)
            door.connection_made(self._transport)
            self._transport.set_protocol(door)
            door.ask(request.method, request.target, request.headers, data[request.size :])


class _Request:
    """A request's head, as llhttp understands it."""

    __slots__ = ("headers", "method", "size", "target")

    def __init__(self) -> None:
        self.method = self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.size = 0

    @classmethod
    def read(cls, data: bytes) -> "_Request | None":
        """Return a request for a WebSocket that is whole; None for everything else."""
        found = cls()
        parser = httptools.HttpRequestParser(found)
        try:
            parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            found.method, found.size = parser.get_method(), upgrade.args[0]
            return found if found._is_websocket and parser.get_http_version() == "1.1" else None
        except httptools.HttpParserError:
            return None
        return None

    @property
    def _is_websocket(self) -> bool:
        return any(n == b"upgrade" and v.lower() == b"websocket" for n, v in self.headers)

    # what the parser calls

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))
