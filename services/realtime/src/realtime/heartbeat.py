"""What is said unasked: pings, the time for clients that need it pushed, and that boards are stale.

Sockets are spread over the beats of a period, so that no moment costs more than another.
"""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial

from realtime import closing, frames
from realtime.admission import Admission
from realtime.connection import Connection
from realtime.errors import NeighbourAway
from realtime.feed import Feed
from realtime.frames import Frame
from realtime.hub import Hub
from realtime.metrics import FEED_BEHIND
from realtime.timekeeping import CLOSED, Timekeeper
from realtime.wire.socket import SPOKES, Wire

_WATCH_SECONDS = 0.25


class Heartbeat:
    """Four supervised tasks: `ping`, `push_time`, `watch_feed`, `check_boards`."""

    def __init__(
        self, wire: Wire, hub: Hub, time: Timekeeper, feed: Feed, admission: Admission
    ) -> None:
        self._wire = wire
        self._hub = hub
        self._admission = admission
        self._time = time
        self._feed = feed

    async def ping(self, period_seconds: float) -> None:
        """Send each socket a ping once a period."""
        while True:
            for beat in range(SPOKES):
                await asyncio.sleep(period_seconds / SPOKES)
                frame = frames.ping(self._time.now())
                self._each(beat, partial(_same, frame))

    async def push_time(self, period_seconds: float) -> None:
        """Send the time to each student's socket without oep.v1 once a period."""
        while True:
            for beat in range(SPOKES):
                await asyncio.sleep(period_seconds / SPOKES)
                self._each(beat, self._time_for)

    async def watch_feed(self, stale_seconds: float) -> None:
        """Tell boards when they begin to be behind, and when they are not any more."""
        was_stale = False
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            behind = self._feed.behind_seconds()
            FEED_BEHIND.set(min(behind, 1e6))
            is_stale = behind > stale_seconds
            if is_stale != was_stale:
                was_stale = is_stale
                event = "feed_stale" if is_stale else "feed_current"
                frame = frames.system_event(event, {}, self._time.now())
                for connection in self._hub.boards():
                    if connection.is_live:
                        connection.send(frame)

    async def check_boards(self, period_seconds: float) -> None:
        """Close the boards of proctors who are not assigned any more; without auth all stay."""
        while True:
            await asyncio.sleep(period_seconds)
            for connection in self._hub.boards():
                with contextlib.suppress(NeighbourAway):
                    caller, exam_id = connection.caller, connection.channel.id
                    if not await self._admission.may_watch(caller, exam_id):
                        connection.close(closing.NOT_ALLOWED)

    def _each(self, beat: int, frame_for: Callable[[Connection], Frame | None]) -> None:
        for connection in self._wire.on_spoke(beat):
            frame = frame_for(connection) if connection.is_live else None
            if frame is not None:
                connection.send(frame)

    def _time_for(self, connection: Connection) -> Frame | None:
        if connection.is_modern or connection.channel.kind != "attempt":
            return None
        timing = self._time.timing(connection.channel.id)
        if timing is None or timing.status in CLOSED:
            return None
        return self._time.update(timing)


def _same(frame: Frame, _: Connection) -> Frame:
    return frame
