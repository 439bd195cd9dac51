"""One open socket as the rest of the node sees it: an identity, a cursor and a bounded queue.

It knows frames and closings, never a transport's kind: the transport is told that there is
something to do and takes it. A reader that falls behind its byte bound is cut with a code that
lets it come back and replay. Lives on the event loop; nothing here waits.
"""

import itertools
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Protocol

from chassis.bus import Position
from chassis.origins import NOWHERE, Origin
from chassis.tokens import Caller

from realtime import closing
from realtime.channels import Channel
from realtime.closing import Closing
from realtime.frames import Bundle, Frame
from realtime.notices import Message, Part
from realtime.resume import Cursor

NO_PLACE = Position(0, "")


_MAX_HELD = 10_000
_turns = itertools.count()
_ID_BEGINS = str(uuid.uuid4())[:-12]


def nowhere() -> Origin:
    return NOWHERE


class Transport(Protocol):
    """What moves bytes: told to come and `take`, or to drop everything and close."""

    def wake(self) -> None: ...
    def cut(self) -> None: ...


class Run:
    """What was said on one channel in a row; most of its readers are all told the same."""

    __slots__ = ("_bundle", "_parts", "first", "is_plain", "last")

    def __init__(self, parts: Sequence[tuple[int, Part]]) -> None:
        """`parts` is not empty. One that was said again makes it a run that is not plain."""
        self._parts = parts
        self._bundle: Frame | Bundle | None = None
        self.first, self.last = parts[0][0], parts[-1][0]
        is_for_all = all(part.closing is None and part.not_to is None for _, part in parts)
        self.is_plain = is_for_all and all(a[0] < b[0] for a, b in pairwise(parts))

    def __iter__(self) -> Iterator[tuple[int, Part]]:
        return iter(self._parts)

    def bundle(self) -> Frame | Bundle | None:
        """Return all its frames as one, made for the first who asks."""
        if self._bundle is None:
            frames = [part.frame for _, part in self._parts if part.frame is not None]
            if len(frames) > 1:
                self._bundle = Bundle(frames)
            elif frames:
                self._bundle = frames[0]
        return self._bundle


class Connection:
    """A socket of `caller` on `channel`."""

    __slots__ = (
        "_cursor",
        "_limit_bytes",
        "_queue",
        "_transport",
        "caller",
        "channel",
        "closing",
        "is_admitted",
        "is_modern",
        "joined_at",
        "queued_bytes",
        "turn",
        "whence",
    )

    def __init__(
        self,
        caller: Caller,
        channel: Channel,
        transport: Transport,
        *,
        is_modern: bool,
        position: Position = NO_PLACE,
        limit_bytes: int,
        whence: Callable[[], Origin] = nowhere,
    ) -> None:
        """Hold what comes behind `position` until `go_live`. `is_modern`: speaks oep.v1.

        `whence` is asked by whoever needs to know: most sockets are opened without that.
        """
        self.turn = next(_turns)
        self.caller = caller
        self.channel = channel
        self.whence = whence
        self.joined_at = position
        self.is_modern = is_modern
        self.is_admitted = False
        self.closing: Closing | None = None
        self.queued_bytes = 0
        self._transport = transport
        self._limit_bytes = limit_bytes
        self._cursor: Cursor[Part] = Cursor(position.sequence)
        self._queue: list[Frame | Bundle] | None = None

    @property
    def id(self) -> str:
        """A UUID (version 4) that ends with the turn; made when somebody needs it."""
        return f"{_ID_BEGINS}{self.turn:012x}"

    @property
    def is_live(self) -> bool:
        return not self._cursor.is_holding

    def send(self, frame: Frame | Bundle) -> None:
        """Queue a frame; cut the connection when its reader has fallen behind."""
        if self.closing is not None:
            return
        if self.queued_bytes > self._limit_bytes:
            self._cut()
            return
        if self._queue is None:
            self._queue = [frame]
        else:
            self._queue.append(frame)
        self.queued_bytes += len(frame)
        self._transport.wake()

    def hear(self, run: Run) -> None:
        """Take what was said live on the channel; as one, when that says the same."""
        if run.is_plain and self._cursor.skip(run.first, run.last):
            bundle = run.bundle()
            if bundle is not None:
                self.send(bundle)
        else:
            for sequence, part in run:
                self.deliver(sequence, part)

    def deliver(self, sequence: int, part: Part) -> None:
        """Take a live message of the channel."""
        if self._cursor.offer(sequence, part):
            self._tell(part)
        elif self._cursor.held_count > _MAX_HELD:
            self._cut()

    def go_live(self, after: int, history: Iterable[Message] = ()) -> None:
        """Tell what came behind `after`, then what was held, and from now on what comes.

        `history` must reach from `after` to `joined_at`.
        """
        past = ((m.sequence, m.part_for(self.channel)) for m in history)
        for part in self._cursor.catch_up(after, past):
            self._tell(part)

    def settle(self, position: Position) -> None:
        """Take a place in a stream of which everything behind `position` is held, or comes."""
        place = self._cursor.place(position.sequence)
        # Thousands that join at the same place share it.
        self.joined_at = (
            position if place == position.sequence else replace(position, sequence=place)
        )

    def start_over(self, position: Position) -> None:
        """Hold anew behind `position`: the stream is another one, or a gap may be in it."""
        self.joined_at = position
        self._cursor.restart(position.sequence)

    def close(self, why: Closing) -> None:
        """Close after what is queued; the first reason stands."""
        if self.closing is None:
            self.closing = why
            self._transport.wake()

    def put_between(self, between: Callable[[Transport], Transport]) -> None:
        """Let something else decide when the transport is woken."""
        self._transport = between(self._transport)

    def take(self) -> list[Frame | Bundle]:
        """Hand everything that is due to the transport; from here on it counts it itself."""
        due, self._queue = self._queue, None
        self.queued_bytes = 0
        return due or []

    def _tell(self, part: Part) -> None:
        if part.frame is not None and part.not_to != self.id:
            self.send(part.frame)
        # Without oep.v1 a close would only start the reconnect loop of contract §7.4.
        if part.closing is not None and self.is_modern:
            self.close(part.closing)

    def _cut(self) -> None:
        if self.closing is None:
            self.closing = closing.TOO_SLOW
            self._queue = None
            self._transport.cut()
