"""A clock kept by asking, while notices cannot be relied on."""

import asyncio
import contextlib
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from chassis.waiting import eventually
from realtime.attempts_client import AttemptState, Clock
from realtime.hub import Hub
from realtime.timekeeping import Timekeeper
from realtime.timing import DatabaseClock

NOW = datetime.now(UTC)
STATE = AttemptState(
    attempt_id=1,
    student_id=2,
    exam_id=3,
    status="in_progress",
    version=2,
    duration_seconds=3600,
    start_time=NOW - timedelta(seconds=60),
    deadline_at=NOW + timedelta(seconds=3540),
    remaining_seconds=3540,
)


class Attempts:
    """Stands in for attempts: says what the clocks show."""

    def __init__(self, *clocks: Clock) -> None:
        self.said = list(clocks)
        self.asked: list[list[int]] = []

    async def clocks(self, attempt_ids, *, seconds) -> list[Clock]:
        self.asked.append(attempt_ids)
        return self.said


@contextlib.asynccontextmanager
async def asking(attempts: Attempts, state: AttemptState):
    """A timekeeper that is behind and has learnt `state`; gives what the attempt's clock shows."""
    keeper = Timekeeper(Hub(), attempts, DatabaseClock(NOW, time.monotonic()))
    timing = keeper.learn(state, time.monotonic())
    task = asyncio.create_task(keeper.run(lambda: True))
    await eventually(lambda: attempts.asked)
    yield timing
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_pause_that_was_not_heard_of_is_asked():
    paused = Clock(1, "in_progress", STATE.deadline_at, 3000, 600, NOW)
    async with asking(Attempts(paused), STATE) as timing:
        await eventually(lambda: timing.paused_at)
    assert timing.remaining_seconds(NOW + timedelta(hours=5)) == 3000
    assert not timing.is_expired(NOW + timedelta(hours=5))


async def test_the_end_of_a_pause_that_was_not_heard_of_is_asked():
    stood = replace(STATE, paused_at=NOW, remaining_seconds=3000)
    going = Clock(1, "in_progress", NOW + timedelta(seconds=3000), 3000, 600)
    async with asking(Attempts(going), stood) as timing:
        await eventually(lambda: timing.paused_at is None)
    assert timing.remaining_seconds(NOW + timedelta(seconds=1000)) == 2000


@pytest.mark.parametrize("seconds", [0, 1000])
def test_what_is_learnt_in_a_pause_stands_still(seconds):
    keeper = Timekeeper(Hub(), Attempts(), DatabaseClock(NOW, time.monotonic()))
    stood = replace(STATE, paused_at=NOW, remaining_seconds=3000)
    timing = keeper.learn(stood, time.monotonic())
    assert timing.remaining_seconds(NOW + timedelta(seconds=seconds)) == 3000
