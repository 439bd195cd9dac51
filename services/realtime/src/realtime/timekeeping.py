"""The clocks of the attempts that have a socket here, kept right by notices and by asking.

A notice changes a clock at once. While the feed is behind, notices cannot be relied on, so attempts
is asked instead; otherwise it is asked only to compare its clock with ours.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from chassis.errors import Failure

from realtime import frames
from realtime.attempts_client import AttemptsClient, AttemptState, Clock
from realtime.channels import Channel
from realtime.frames import Frame
from realtime.hub import Hub
from realtime.notices import Message, instant
from realtime.timing import DatabaseClock, Timing

log = structlog.get_logger()

CLOSED = frozenset({"submitted", "graded", "cancelled"})
_FACTS = {"status_changed", "deadline_changed", "attempt_paused", "attempt_resumed"}
_COMPARE_SECONDS = 30.0
_ASK_SECONDS = 5.0
_CALL_SECONDS = 3.0
_CALL_LIMIT = 1_000


class Timekeeper:
    """Knows what each attempt's clock shows; lives on the event loop."""

    def __init__(self, hub: Hub, attempts: AttemptsClient, clock: DatabaseClock) -> None:
        self._hub = hub
        self._attempts = attempts
        self._clock = clock
        self._timings: dict[int, Timing] = {}

    def now(self) -> datetime:
        return self._clock.at(time.monotonic())

    def learn(self, state: AttemptState, sent: float) -> Timing:
        """Take what attempts said, unless a notice has come since it was asked at `sent`."""
        known = self._timings.get(state.attempt_id)
        if known is None:
            known = self._timings[state.attempt_id] = Timing(state.status, state.duration_seconds)
        if known.changed_at < sent or known.version < state.version:
            known.status, known.version = state.status, state.version
            known.start_time, known.deadline_at = state.start_time, state.deadline_at
            _set_pause(known, state.paused_at, state.remaining_seconds)
        known.duration_seconds = state.duration_seconds
        return known

    def forget(self, channel: Channel) -> None:
        """Drop the clock of an attempt that nobody here listens to any more."""
        if not self._hub.listeners(channel):
            self._timings.pop(channel.id, None)

    def apply(self, message: Message) -> None:
        """Change a clock by a notice and tell its live sockets; others listen to nothing here."""
        fact = message.address.fact
        if fact not in _FACTS:
            return
        channel = message.address.attempt
        if not self._hub.listeners(channel):
            return
        timing = self._timings.setdefault(channel.id, Timing("not_started", 0))
        _take(timing, fact, message.notice.data)
        timing.changed_at = time.monotonic()
        if timing.status not in CLOSED:
            self._hub.send(channel, self.update(timing))

    def update(self, timing: Timing) -> Frame:
        """Return the `time_update` of this moment."""
        now = self.now()
        return frames.time_update(
            now,
            timing.remaining_seconds(now),
            timing.elapsed_seconds(now),
            is_expired=timing.is_expired(now),
        )

    def timing(self, attempt_id: int) -> Timing | None:
        return self._timings.get(attempt_id)

    async def run(self, is_behind: Callable[[], bool]) -> None:
        """Compare clocks until cancelled; while `is_behind`, ask for every deadline as well."""
        asked = float("-inf")
        while True:
            behind = is_behind()
            if behind or time.monotonic() - asked >= _COMPARE_SECONDS:
                await self._ask(sorted(self._timings) if behind else [])
                asked = time.monotonic()
            await asyncio.sleep(_ASK_SECONDS)

    async def _ask(self, attempt_ids: list[int]) -> None:
        groups = [
            attempt_ids[start : start + _CALL_LIMIT]
            for start in range(0, len(attempt_ids), _CALL_LIMIT)
        ]
        try:
            for group in groups or [[]]:
                for clock in await self._attempts.clocks(group, seconds=_CALL_SECONDS):
                    self._correct(clock)
        except Failure as failure:
            log.info("clock.not_compared", reason=failure.slug)

    def _correct(self, clock: Clock) -> None:
        timing = self._timings.get(clock.attempt_id)
        if timing is None:
            return
        timing.status = clock.status
        _set_pause(timing, clock.paused_at, clock.remaining_seconds)
        if clock.deadline_at is not None:
            length = timedelta(seconds=clock.remaining_seconds + clock.elapsed_seconds)
            timing.deadline_at = clock.deadline_at
            timing.start_time = timing.start_time or clock.deadline_at - length


def _set_pause(timing: Timing, paused_at: datetime | None, remaining_seconds: int) -> None:
    if paused_at is None:
        timing.go_on()
    else:
        timing.pause(paused_at, remaining_seconds)


def _take(timing: Timing, fact: str, data: dict[str, Any]) -> None:
    try:
        if fact == "attempt_paused":
            _set_pause(timing, instant(data["paused_at"]), int(data["time_remaining_seconds"]))
        elif fact == "attempt_resumed":
            timing.go_on()
            timing.deadline_at = instant(data["deadline_at"])
        elif fact == "deadline_changed":
            timing.deadline_at = instant(data["deadline_at"])
            timing.duration_seconds = int(data.get("duration_seconds", timing.duration_seconds))
            if timing.paused_at is not None and "time_remaining_seconds" in data:
                timing.pause(timing.paused_at, int(data["time_remaining_seconds"]))
        elif int(data["version"]) >= timing.version:
            timing.status, timing.version = str(data["status"]), int(data["version"])
            timing.start_time = instant(data["start_time"])
            timing.deadline_at = instant(data["deadline_at"])
    except (KeyError, TypeError, ValueError):
        log.warning("notice.unreadable", fact=fact)
