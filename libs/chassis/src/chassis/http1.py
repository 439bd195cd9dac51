"""Plain requests on lanes, straight from the connection to the lane and back (ADR 31).

What uvicorn does for one request (scope, cycle, task, two writes, timers) costs more than the lane
itself. This protocol is uvicorn's own, and takes from it only what is plain: a POST of HTTP/1.1 to
the very path of a lane, with a `Content-Length` within the lane's bound, from a known caller, on a
connection that owes no other answer. The bytes are still read by llhttp, which refuses what could
be read in two ways. Everything else, a lane's refusals at the door too, goes uvicorn's way.
"""

import asyncio
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis import lanes, tracing
from chassis.errors import Failure, OutcomeUnknown
from chassis.lanes import Asked, Promise, Served
from chassis.origins import Origin
from chassis.serving import known_or_new_id
from chassis.tokens import Caller

_STATUS_LINE = {
    status.value: b"HTTP/1.1 %d %b\r\n" % (status.value, status.phrase.encode())
    for status in HTTPStatus
}


class _Ride:
    """One request on a lane, from the end of its head to its answer."""

    __slots__ = (
        "began",
        "body",
        "caller",
        "due",
        "keep_alive",
        "origin",
        "promise",
        "request_id",
        "served",
        "span",
    )

    def __init__(
        self, served: Served, caller: Caller, origin: Origin, request_id: str, *, keep_alive: bool
    ) -> None:
        self.served = served
        self.caller = caller
        self.origin = origin
        self.request_id = request_id
        self.keep_alive = keep_alive
        self.body: list[bytes] = []
        self.began = time.perf_counter()
        self.promise: Promise | None = None
        """What the lane gave, once the request is whole."""
        self.due = 0.0
        """By the loop's clock: when nobody waits any longer."""
        self.span: tracing.Span | None = None

    def asked(self) -> Asked:
        body = self.body[0] if len(self.body) == 1 else b"".join(self.body)
        traceparent = None if self.span is None else self.span.traceparent
        return Asked(
            self.caller, body, self.origin, self.served.lane.path, self.request_id, traceparent
        )


class LaneProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, but for what is plain on a lane of the app (`chassis.serving.Service`).

    At most one ride is under way on a connection. What is pipelined behind it waits in uvicorn's
    own queue, and reading pauses meanwhile.
    """

    def __init__(self, config: Any, *args: Any, **options: Any) -> None:
        super().__init__(config, *args, **options)
        known: Mapping[str, Served] = config.app.lanes
        self._lanes = {path.encode(): served for path, served in known.items()}
        self._ride: _Ride | None = None
        self._is_reading = False
        """Whether the body of the ride is still on its way."""
        self._watch: asyncio.TimerHandle | None = None
        """One timer for all rides of the connection: one for each would cost 2 µs of 150."""

    # What the parser calls

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    def on_headers_complete(self) -> None:
        served = self._lanes.get(self.url)
        if served is not None and self._is_idle() and self.parser.get_method() == b"POST":
            self._ride = self._admitted(served)
            if self._ride is not None:
                self._is_reading = True
                return
        self._make_scope()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._is_reading and self._ride is not None:
            self._ride.body.append(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._is_reading and self._ride is not None:
            self._is_reading = False
            self._set_out(self._ride)
        else:
            super().on_message_complete()

    # What uvicorn calls

    def shutdown(self) -> None:
        """End the connection, after the answer that it is owed."""
        if self._ride is not None:
            self._ride.keep_alive = False
        else:
            super().shutdown()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if self._ride is not None:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, app))
        else:
            super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    # The ride

    def _is_idle(self) -> bool:
        is_owed = self.cycle is not None and not self.cycle.response_complete
        return self._ride is None and not is_owed and not self.flow.write_paused

    def _admitted(self, served: Served) -> _Ride | None:
        """Return the ride that has begun, or None when the request has to go uvicorn's way."""
        parser, headers = self.parser, dict(self.headers)
        length = headers.get(b"content-length", b"")
        is_plain = (
            length.isdigit()
            and b"transfer-encoding" not in headers
            and not self.expect_100_continue
            and parser.get_http_version() == "1.1"
            and not parser.should_upgrade()
            and self.limit_concurrency is None
        )
        if not is_plain or int(length) > served.lane.most_bytes:
            return None
        try:
            caller = served.caller(headers)
        except Failure:
            return None
        origin = served.origin(self.client[0] if self.client else None, headers)
        request_id = known_or_new_id(headers.get(b"x-request-id"))
        ride = _Ride(served, caller, origin, request_id, keep_alive=parser.should_keep_alive())
        if tracing.is_on():
            ride.span = served.begun(headers, request_id)
        return ride

    def _set_out(self, ride: _Ride) -> None:
        try:
            promise = ride.served.lane.ask(ride.asked())
        except Exception as error:  # noqa: BLE001  # said, counted and logged there
            self._refuse(ride, error)
        else:
            ride.promise = promise
            ride.due = self.loop.time() + ride.served.seconds
            if self._watch is None:
                self._watch = self.loop.call_later(ride.served.seconds, self._look)
            promise.result.add_done_callback(lambda _: self._keep(ride, promise))

    def _look(self) -> None:
        """Give up the ride that is due, or look again when it will be."""
        self._watch = None
        ride = self._ride
        if ride is None or ride.promise is None:
            return
        left = ride.due - self.loop.time()
        if left > 0:
            self._watch = self.loop.call_later(left, self._look)
        elif not ride.promise.result.done():
            ride.promise.result.cancel()  # the work goes on, and nobody waits for it here
            self._refuse(ride, OutcomeUnknown())

    def _keep(self, ride: _Ride, promise: Promise) -> None:
        if promise.result.cancelled():
            return
        try:
            content = promise.say(promise.result.result())
        except Exception as error:  # noqa: BLE001  # said, counted and logged there
            self._refuse(ride, error)
        else:
            served = ride.served
            head = b"content-type: application/json\r\ncontent-length: %d\r\nx-request-id: %b\r\n"
            described = head % (len(content), ride.request_id.encode())
            self._write(ride, served.lane.status, described, served.said(), content)
            served.note_good(ride.began)

    def _refuse(self, ride: _Ride, error: Exception) -> None:
        answer: Response = ride.served.answer_bad(error, ride.request_id, ride.began)
        self._write(ride, answer.status_code, b"", answer.raw_headers, bytes(answer.body))

    def _write(
        self,
        ride: _Ride,
        status: int,
        head: bytes,
        headers: list[tuple[bytes, bytes]],
        content: bytes,
    ) -> None:
        """Send the answer in one piece and let the connection go on."""
        self._ride = None
        lanes.end(ride.span, status)
        if not self.transport.is_closing():
            parts = [_STATUS_LINE[status], head]
            for name, value in (*self.server_state.default_headers, *headers):
                parts += (name, b": ", value, b"\r\n")
            parts += (b"\r\n" if ride.keep_alive else b"connection: close\r\n\r\n", content)
            self.transport.write(b"".join(parts))
            if not ride.keep_alive:
                self.transport.close()
        self.on_response_complete()

    def _make_scope(self) -> None:
        """Begin what uvicorn begins with each request, before it is known where it goes."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(headers)
