"""What a student's frame leads to (contract §7.3), and what he is told first.

Nothing that a student sends ends his socket, and nothing here waits: answers that take time are
sent when they are there, in the order in which attempts gave them. Who sends more than a page can
is told so, and when he does not even read that, nothing more.
"""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import ceil
from time import monotonic

import structlog
from chassis import tracing
from chassis.errors import Failure

from realtime import frames, incoming
from realtime.admission import Admission
from realtime.attempts_client import Refused, Save, Saved, SetFlag
from realtime.broadcast import Limit
from realtime.connection import Connection
from realtime.errors import Overloaded
from realtime.feed import Feed
from realtime.incoming import (
    BadCheckpoint,
    Checkpoint,
    Flag,
    Incoming,
    Malformed,
    Pong,
    Reauth,
    TimeSync,
)
from realtime.notices import TIME_EXPIRED
from realtime.presence import Presence
from realtime.renewing import renewed
from realtime.saving import Outcome, Saver
from realtime.timekeeping import Timekeeper
from realtime.timing import Timing

log = structlog.get_logger()

_Done = Callable[[asyncio.Future[Outcome]], None]
_MAX_ID = 2**31 - 1
_MAX_WAITING = 500
_FLOOD_ANSWER_BYTES = 64 * 1024
"""What may wait unread before a flood goes unanswered: no answer may cut its reader."""
_REFUSALS = {
    "attempt_not_found": ("Attempt not found", "ATTEMPT_NOT_FOUND"),
    "time_expired": ("Attempt time expired", "TIME_EXPIRED"),
    "invalid_question": ("Question not found in this exam", "INVALID_QUESTION"),
    "attempt_paused": ("Attempt is paused, cannot save checkpoint", "ATTEMPT_NOT_ACTIVE"),
    "other_device": ("Attempt is open on another device", "OTHER_DEVICE"),
    "invalid_answer": ("Answer could not be processed", "CHECKPOINT_PROCESSING_ERROR"),
}
_NOT_SAVED = ("Answer could not be saved", "CHECKPOINT_SAVE_ERROR")


_ABOUT_SAVES = {"oep.frame": "checkpoint"}


def _traced(done: _Done, span: tracing.Span) -> _Done:
    """Let a save's span last until its answer is on its way to the student."""

    def react(answer: asyncio.Future[Outcome]) -> None:
        done(answer)
        span.end()

    return react


@dataclass(frozen=True, slots=True)
class Parts:
    """What all students of a node share."""

    admission: Admission
    feed: Feed
    keeper: Timekeeper
    presence: Presence
    saver: Saver
    frames: Limit
    """How many each may send."""
    limit_bytes: int


class Student:
    """One student's side of a socket, from `connected` to its end."""

    __slots__ = ("_connection", "_exam_id", "_parts", "_timing", "_waiting", "_whole_at")

    def __init__(self, connection: Connection, exam_id: int, timing: Timing, parts: Parts) -> None:
        self._connection = connection
        self._exam_id = exam_id
        self._timing = timing
        self._parts = parts
        self._waiting = 0
        self._whole_at = 0.0  # see `Limit`

    def receive(self, text: str | bytes) -> None:
        """Take one frame of the client."""
        message = incoming.parse(text)
        if isinstance(message, Pong):
            return
        wait_seconds, self._whole_at = self._parts.frames.take(self._whole_at, monotonic())
        if wait_seconds:
            self._refuse_flood(message, wait_seconds)
        else:
            self._react(message)

    def end(self) -> None:
        """Forget what the socket was here for."""
        connection, parts = self._connection, self._parts
        parts.keeper.forget(connection.channel)
        parts.presence.closed(connection, self._exam_id)
        parts.feed.leave(self._exam_id, connection)

    def tell_time_if_changed(self, since: float) -> None:
        """Tell the time when a notice changed it after the monotonic instant `since`."""
        if self._timing.changed_at >= since:
            self._connection.send(self._parts.keeper.update(self._timing))

    def _react(self, message: Incoming) -> None:
        match message:
            case Checkpoint():
                self._save(message)
            case BadCheckpoint(question_id, message_id):
                self._refuse(
                    question_id, "Malformed checkpoint", "CHECKPOINT_PROCESSING_ERROR", message_id
                )
            case TimeSync():
                self._tell_time()
            case Flag():
                self._flag(message)
            case Reauth(token):
                now = self._parts.keeper.now()
                self._connection.send(renewed(self._parts.admission, self._connection, token, now))
            case Malformed(text, code):
                self._connection.send(frames.error(text, code, self._parts.keeper.now()))
            case _:
                pass  # a token that is not needed any more

    def _refuse_flood(self, message: Incoming, wait_seconds: float) -> None:
        if self._connection.queued_bytes >= _FLOOD_ANSWER_BYTES:
            return
        text = f"Too many messages. Try again in {ceil(wait_seconds)} s."
        if isinstance(message, (Checkpoint, BadCheckpoint)):
            self._refuse(message.question_id, text, "RATE_LIMITED", message.message_id)
        else:
            self._connection.send(frames.error(text, "RATE_LIMITED", self._parts.keeper.now()))

    def _tell_time(self) -> None:
        now = self._parts.keeper.now()
        self._connection.send(self._parts.keeper.update(self._timing))
        if self._timing.is_expired(now):
            self._connection.send(frames.exam_event("time_expired", TIME_EXPIRED, now))

    def _save(self, checkpoint: Checkpoint) -> None:
        question_id, message_id = checkpoint.question_id, checkpoint.message_id
        if checkpoint.attempt_id not in {None, self._connection.channel.id}:
            text = "Checkpoint names another attempt"
            self._refuse(question_id, text, "ATTEMPT_MISMATCH", message_id)
        elif not 0 < question_id <= _MAX_ID:
            self._refuse(question_id, *_REFUSALS["invalid_question"], message_id)
        else:
            span = tracing.at_edge("socket.save", None, _ABOUT_SAVES)
            save = Save(
                attempt_id=self._connection.channel.id,
                student_id=self._connection.caller.user_id,
                question_id=question_id,
                answer_json=checkpoint.answer_json,
                is_flagged=checkpoint.is_flagged,
                time_spent_seconds=checkpoint.time_spent_seconds,
                sequence=checkpoint.sequence,
                # Without an id of its own a save could not be repeated when attempts goes away.
                message_id=message_id or str(uuid.uuid4()),
                connection_id=self._connection.id,
                login_id=self._connection.caller.login_id,
                traceparent=None if span is None else span.traceparent,
            )
            done = partial(self._saved, checkpoint)
            if not self._submit(save, done if span is None else _traced(done, span)):
                self._refuse(question_id, *_NOT_SAVED, message_id)
                if span is not None:
                    span.end(Overloaded())

    def _saved(self, checkpoint: Checkpoint, answer: asyncio.Future[Outcome]) -> None:
        question_id, message_id = checkpoint.question_id, checkpoint.message_id
        match self._outcome(answer):
            case Saved(saved_at, remaining, revision, sha256) if saved_at is not None:
                self._connection.send(
                    frames.checkpoint_ack(
                        question_id,
                        checkpoint.sequence,
                        saved_at,
                        remaining,
                        revision,
                        sha256,
                        self._parts.keeper.now(),
                        message_id,
                    )
                )
            case Refused("attempt_not_active", status):
                text = f"Attempt is {status}, cannot save checkpoint"
                self._refuse(question_id, text, "ATTEMPT_NOT_ACTIVE", message_id)
            case Refused(reason):
                words = _REFUSALS.get(reason, ("Unknown error", "CHECKPOINT_FAILED"))
                self._refuse(question_id, *words, message_id)
            case _:
                self._refuse(question_id, *_NOT_SAVED, message_id)

    def _flag(self, flag: Flag) -> None:
        if not 0 < flag.question_id <= _MAX_ID:
            self._flag_error("Question not found in this exam", "FLAG_ERROR")
            return
        connection, caller = self._connection, self._connection.caller
        item = SetFlag(
            connection.channel.id,
            caller.user_id,
            flag.question_id,
            flag.is_flagged,
            caller.login_id,
        )
        if not self._submit(item, self._flagged):
            self._flag_error("Flag could not be saved", "FLAG_ERROR")

    def _flagged(self, answer: asyncio.Future[Outcome]) -> None:
        match self._outcome(answer):
            case Saved():
                pass  # the notification comes over the bus, to all sockets of the attempt
            case Refused("attempt_not_found"):
                self._flag_error("Attempt not found", "ATTEMPT_NOT_FOUND")
            case Refused("attempt_not_active", status):
                self._flag_error(f"Attempt is {status}, cannot change flags", "FLAG_ERROR")
            case Refused(reason) if reason in _REFUSALS:
                self._flag_error(_REFUSALS[reason][0], "FLAG_ERROR")
            case _:
                self._flag_error("Flag could not be saved", "FLAG_ERROR")

    def _submit(
        self, item: Save | SetFlag, done: Callable[[asyncio.Future[Outcome]], None]
    ) -> bool:
        """Queue an item; False when too much of this socket, or of all, is waiting already."""
        if self._waiting >= _MAX_WAITING:
            return False
        try:
            answer = self._parts.saver.submit(item)
        except Overloaded:
            return False
        self._waiting += 1
        answer.add_done_callback(done)
        return True

    def _outcome(self, answer: asyncio.Future[Outcome]) -> Outcome | None:
        """Return what attempts said, or None when it could not say anything."""
        self._waiting -= 1
        if answer.cancelled():
            return None
        error = answer.exception()
        if error is None:
            return answer.result()
        if not isinstance(error, Failure):
            log.error("save.failed", exc_info=error)
        return None

    def _refuse(self, question_id: int, text: str, code: str, message_id: str | None) -> None:
        now = self._parts.keeper.now()
        self._connection.send(frames.checkpoint_error(question_id, text, code, now, message_id))

    def _flag_error(self, text: str, code: str) -> None:
        self._connection.send(frames.error(text, code, self._parts.keeper.now()))
