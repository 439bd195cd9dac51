"""One open socket on its transport: what asyncio calls, and all that stays after the handshake.

It moves a connection's frames out, in one write per beat of the pump, and the client's messages in.
While the peer does not take what was written, nothing more is written: the connection's queue grows
to its bound and is cut. Ends in one of three ways: closed by us, closed by the peer, lost.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any

import structlog

from realtime import closing, rfc6455
from realtime.closing import Closing
from realtime.connection import Connection
from realtime.metrics import CLOSES
from realtime.rfc6455 import Close, Event, Ping, Reader, Violation
from realtime.wire.pump import Pump
from realtime.wire.wheel import Wheel

log = structlog.get_logger()

_PING = rfc6455.ping()
_CLOSE_SECONDS = 5.0
_NO_CODE, _BY_CLIENT = 1005, "Closed by the client"
SPOKES = 32


class State(IntEnum):
    """Only ever upwards."""

    ADMITTING = 0
    OPEN = 1
    CLOSING = 2
    """Our close frame is on its way; what the peer still says is not heard."""
    CLOSED = 3


class Wire:
    """What all sockets of a node share: when they write, and when they are pinged."""

    def __init__(
        self,
        gap_seconds: float,
        felt: Callable[[Connection, int], None],
        left: Callable[[Connection, Any], None],
        patience: int,
    ) -> None:
        """`felt` hears at how many checks in a row a peer had said nothing, and 0 when he speaks.

        One that was silent at more than `patience` of them is dropped. `left` is called when a
        socket has ended, with its connection and its stay.
        """
        self.felt = felt
        self.patience = patience
        self.pump = Pump(gap_seconds)
        self.left = left
        self.reader: Reader | None = None
        """Reads for all who are between two messages; who is inside one has it to himself."""
        self.wheel: Wheel[Socket] = Wheel(SPOKES)
        self.period_seconds = 0.0
        """How long the last check of all sockets took from the one before, as it really was."""

    def on_spoke(self, spoke: int) -> list[Connection]:
        """Return a part of all open sockets, one of `SPOKES` of about the same size."""
        return [socket.connection for socket in self.wheel.on(spoke)]

    async def watch(self, period_seconds: float) -> None:
        """Check and ping each socket once a period."""
        turns = deque([time.monotonic()], maxlen=SPOKES + 1)
        while True:
            await asyncio.sleep(period_seconds / SPOKES)
            turns.append(time.monotonic())
            self.period_seconds = (turns[-1] - turns[0]) * SPOKES / (len(turns) - 1)
            for socket in self.wheel.turn():
                socket.check()


class Socket(asyncio.Protocol):
    """A connection's transport; made before it is admitted, so that it can be told to close."""

    __slots__ = (
        "_book",
        "_connection",
        "_is_due",
        "_is_paused",
        "_reader",
        "_rest",
        "_silent_checks",
        "_spoke",
        "_state",
        "_stay",
        "_transport",
        "_wire",
    )

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._state = State.ADMITTING
        self._is_due = False
        self._silent_checks = 0
        self._is_paused = False
        self._rest: asyncio.Task[None] | None = None
        self._reader: Reader | None = None
        self._connection: Connection
        self._transport: asyncio.Transport

    def begin(self, connection: Connection, stay: Any, rest: asyncio.Task[None] | None) -> None:
        """Serve `connection`: `stay` takes each message, `rest` runs beside it.

        The transport follows with `take_over`, without a pause between.
        """
        self._connection = connection
        self._stay = stay
        self._rest = rest

    def take_over(
        self,
        transport: asyncio.Transport,
        reader: Reader,
        events: Sequence[Event],
        book: set[Any],
        head: bytes,
    ) -> None:
        """Become the transport's protocol; `events` were read already, `book` is uvicorn's.

        `head` is the handshake's answer when it has not left yet: one write for it and the rest.
        """
        self._transport = transport
        if self._wire.reader is None:
            self._wire.reader = reader.another()
        self._reader = None if reader.is_between else reader
        self._book = book
        book.add(self)
        self._state = State.OPEN
        self._spoke = self._wire.wheel.add(self)
        transport.set_protocol(self)
        due = [head, *(frame.wire for frame in self._connection.take())]
        transport.write(b"".join(due))
        self._hear(events)
        self.flush()

    def drop(self) -> None:
        """Give up before the hand-over: there is nobody any more."""
        if self._rest is not None:
            self._rest.cancel()

    @property
    def connection(self) -> Connection:
        return self._connection

    # what the connection asks for

    def wake(self) -> None:
        """Write what is due in the next beat; before the hand-over there is nowhere to write."""
        if not self._is_due and self._state is State.OPEN:
            self._is_due = True
            self._wire.pump.add(self)

    def cut(self) -> None:
        """Close at once: the peer does not take what is sent."""
        if self._state is State.OPEN:
            self._close(self._connection.closing or closing.TOO_SLOW)

    def flush(self) -> None:
        """Write all that is due as one, then close when that is what is due."""
        self._is_due = False
        if self._is_paused or self._state is not State.OPEN:
            return
        connection = self._connection
        due = connection.take()
        if len(due) == 1:
            self._transport.write(due[0].wire)
        elif due:
            self._transport.writelines([frame.wire for frame in due])
        if connection.closing is not None:
            self._close(connection.closing)

    # what the node asks for

    def check(self) -> None:
        """Ask for a sign of life; whoever has given none for too many times is gone."""
        if self._state is not State.OPEN:
            return
        silent_checks, self._silent_checks = self._silent_checks, self._silent_checks + 1
        if silent_checks:
            self._wire.felt(self._connection, silent_checks)
        if silent_checks > self._wire.patience:
            CLOSES.labels(closing.LOST.code).inc()
            self._connection.closing = closing.LOST
            self._transport.abort()
        elif not self._is_paused:  # nor do pings that nobody reads
            self._transport.write(_PING)

    def shutdown(self) -> None:
        """End, because the server does (called by uvicorn for whoever is still here)."""
        if self._state is State.OPEN:
            self._close(closing.GOING_AWAY)

    # what asyncio tells

    def data_received(self, data: bytes) -> None:
        if self._silent_checks > 1:
            self._wire.felt(self._connection, 0)
        self._silent_checks = 0
        if self._reader is None and rfc6455.is_empty_pong(data):
            return  # most of what an idle socket ever says
        reader = self._reader or self._wire.reader
        assert reader is not None  # noqa: S101  # there since the first socket
        events = reader.feed(data)
        if reader.is_between:
            self._reader = None
        elif self._reader is None:
            self._reader, self._wire.reader = reader, reader.another()
        self._hear(events)

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        self.wake()

    def connection_lost(self, _: Exception | None) -> None:
        self._state = State.CLOSED
        self._book.discard(self)
        self._wire.wheel.discard(self, self._spoke)
        if self._rest is not None:
            self._rest.cancel()
        self._wire.left(self._connection, self._stay)

    def _hear(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, (str, bytes)):
                if self._state is State.OPEN:
                    self._tell(event)
            elif isinstance(event, Ping):
                if not self._is_paused:  # pongs that nobody reads would pile up
                    self._transport.write(rfc6455.pong(event.payload))
            elif isinstance(event, Close):
                self._answer(event)
            elif isinstance(event, Violation):
                self._close(Closing(event.code, event.reason))
                self._hang_up()

    def _tell(self, message: str | bytes) -> None:
        try:
            self._stay.receive(message)
        except Exception:
            log.exception("socket.failed")
            self._close(closing.FAILED)

    def _answer(self, close: Close) -> None:
        """End the closing handshake, whoever began it."""
        if self._state is State.OPEN:
            self._transport.write(rfc6455.close(close.code))
            if self._connection.closing is None:
                self._connection.closing = Closing(close.code or _NO_CODE, _BY_CLIENT)
        self._state = State.CLOSED
        self._transport.close()

    def _close(self, why: Closing) -> None:
        """Say why, and wait for the peer's answer for some seconds only."""
        if self._state is not State.OPEN:
            return
        self._state = State.CLOSING
        CLOSES.labels(why.code).inc()
        self._transport.write(rfc6455.close(why.code, why.reason))
        asyncio.get_running_loop().call_later(_CLOSE_SECONDS, self._transport.abort)

    def _hang_up(self) -> None:
        """Say that nothing follows, without the reset that would take our close frame with it."""
        if self._transport.can_write_eof():
            self._transport.write_eof()
