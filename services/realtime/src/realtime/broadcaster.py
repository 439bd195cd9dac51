"""The staff's side of a broadcast socket: what a frame leads to (contract §8.1).

Nothing that is sent ends the socket, and each frame is answered: `broadcast_ack` or `error`.
Answers come in the order in which the broadcasts were said.
"""

import asyncio
import time
from math import ceil

import structlog
from chassis.errors import Failure

from realtime import broadcast, closing, frames, incoming
from realtime.admission import Admission
from realtime.broadcast import Bucket, Unfit
from realtime.broadcasting import Broadcast, Broadcasting
from realtime.connection import Connection
from realtime.errors import AttemptNotFound, NotAllowed, Overloaded
from realtime.incoming import Reauth
from realtime.renewing import renewed
from realtime.timekeeping import Timekeeper

log = structlog.get_logger()

_MAX_WAITING = 50
_FLOOD_ANSWER_BYTES = 64 * 1024
"""What may wait unread before a flood goes unanswered: no answer may cut its reader."""
_CODES = {AttemptNotFound.slug: "ATTEMPT_NOT_FOUND", NotAllowed.slug: "NOT_ALLOWED"}


class Broadcaster:
    """One sender's side of a socket."""

    def __init__(
        self,
        connection: Connection,
        exam_id: int,
        time: Timekeeper,
        broadcasting: Broadcasting,
        admission: Admission,
        bucket: Bucket,
    ) -> None:
        self._connection = connection
        self._exam_id = exam_id
        self._time = time
        self._broadcasting = broadcasting
        self._admission = admission
        self._bucket = bucket
        self._waiting = 0
        self._origin = connection.whence()

    def receive(self, text: str | bytes) -> None:
        """Take one frame of the sender."""
        wait_seconds = self._bucket.take(time.monotonic())
        if wait_seconds or self._waiting >= _MAX_WAITING:
            self._refuse_flood(wait_seconds)
            return
        frame = broadcast.read(text)
        if not isinstance(frame, Unfit):
            self._submit(frame)
        elif isinstance(message := incoming.parse(text), Reauth):
            connection, now = self._connection, self._time.now()
            connection.send(renewed(self._admission, connection, message.token, now))
        else:
            self._error(frame.message, frame.code)

    def _submit(self, frame: str) -> None:
        connection = self._connection
        order = Broadcast(
            connection.channel.id, self._exam_id, connection.caller, self._origin, frame
        )
        try:
            answer = self._broadcasting.submit(order)
        except Overloaded as failure:
            self._error(failure.detail, "BROADCAST_ERROR")
            return
        self._waiting += 1
        answer.add_done_callback(self._said)

    def _said(self, answer: asyncio.Future[int]) -> None:
        self._waiting -= 1
        if answer.cancelled():
            return
        error = answer.exception()
        if error is None:
            self._connection.send(frames.broadcast_ack(answer.result(), self._time.now()))
        elif isinstance(error, Failure):
            self._error(error.detail, _CODES.get(error.slug, "BROADCAST_ERROR"))
            if isinstance(error, NotAllowed):  # not assigned any more, as a board ends
                self._connection.close(closing.NOT_ALLOWED)
        else:
            log.error("broadcast.failed", exc_info=error)
            self._error("Broadcast could not be sent", "BROADCAST_ERROR")

    def _refuse_flood(self, wait_seconds: float) -> None:
        if self._connection.queued_bytes < _FLOOD_ANSWER_BYTES:
            text = f"Too many messages, not sent. Try again in {max(1, ceil(wait_seconds))} s."
            self._error(text, "RATE_LIMITED")

    def _error(self, text: str, code: str) -> None:
        self._connection.send(frames.error(text, code, self._time.now()))
