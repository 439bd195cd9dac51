"""A receiver of webhooks as others run one: a real HTTP server and the specification's library."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from chassis.waiting import eventually
from standardwebhooks.webhooks import Webhook

PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> dict[str, Any]:
        return json.loads(self.body)

    def verified(self, secret: str) -> dict[str, Any]:
        """Return what it says, if the independent library believes it."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """A real HTTP server; `answer` says how it answers a request."""

    answer: Callable[[Received], tuple[int, dict[str, str]]] = lambda _: (204, {})
    requests: list[Received] = field(default_factory=list)
    has_patience: threading.Event = field(default_factory=threading.Event)
    """Until it is set, no request is answered."""
    tls: Any = None

    def __enter__(self) -> Self:
        self.has_patience.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:  # the standard library's name
                size = int(self.headers["Content-Length"])
                headers = {name.lower(): value for name, value in self.headers.items()}
                got = Received(headers, self.rfile.read(size))
                receiver.requests.append(got)
                receiver.has_patience.wait(30)
                status, more = receiver.answer(got)
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                if "Content-Length" not in more:
                    self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.has_patience.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?of=oep"

    async def got(self, count: int = 1) -> list[Received]:
        """Wait until so many requests came; return all that did."""
        await eventually(lambda: len(self.requests) >= count, PATIENCE_SECONDS)
        return list(self.requests)
