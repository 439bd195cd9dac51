"""The clock job: goes on whatever happens, and does not stand in anybody's way."""

import asyncio
import contextlib

import pytest
from attempts.clock import Clock
from attempts.lifecycle import Lifecycle
from attempts.regrading import Regrading
from attempts.store.grades import Correction
from chassis.database import Database, DatabaseUnavailable
from chassis.origins import NOWHERE
from chassis.signing import SigningKey
from chassis.waiting import eventually
from sqlalchemy import text

KEY = SigningKey.derived("signs what these clocks collect", "tests")


@contextlib.asynccontextmanager
async def ticking(urls, lifecycle_class=Lifecycle, replicas: int = 1):
    databases = [Database(urls.app_url, pool_size=1) for _ in range(replicas)]
    clocks = [
        Clock(
            db,
            lifecycle_class(db, lambda: None, KEY, grace_seconds=1),
            Regrading(db, lambda: None),
            interval_seconds=0.05,
        )
        for db in databases
    ]
    tasks = [asyncio.create_task(clock.run()) for clock in clocks]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for db in databases:
            await asyncio.to_thread(db.dispose)


@pytest.mark.contract("9.2/job", "9.2/grace/length")
async def test_three_clocks_expire_and_collect_each_attempt_once(world, urls):
    ids = [world.attempt(student=n, begun_seconds_ago=3599) for n in range(4000, 4060)]
    async with ticking(urls, replicas=3):
        await eventually(
            lambda: not world.run("SELECT 1 FROM attempts.attempts WHERE status <> 'graded'"),
            seconds=20,
        )
    notes = [(n["attempt_id"], n["data"]["previous_status"]) for n in world.notes()]
    assert len(notes) == len(set(notes)) == 2 * len(ids)
    late = world.run(
        "SELECT max(extract(epoch FROM CAST(payload->>'at' AS timestamptz)"
        " - CAST(payload->'data'->>'deadline_at' AS timestamptz))) AS seconds"
        " FROM attempts.outbox WHERE payload->'data'->>'status' = 'expired'"
    )
    assert 0 <= late[0]["seconds"] < 2


class Failing(Lifecycle):
    """Fails twice, as when Postgres is away for a moment."""

    failures = 2

    def expire_due(self, limit: int = 500) -> int:
        if Failing.failures:
            Failing.failures -= 1
            raise DatabaseUnavailable
        return super().expire_due(limit)


async def test_trouble_with_postgres_is_outlasted(world, urls):
    attempt_id = world.attempt(begun_seconds_ago=3601)
    async with ticking(urls, Failing):
        await eventually(lambda: world.row(attempt_id)["status"] != "in_progress", seconds=10)
    assert Failing.failures == 0


async def test_an_attempt_that_somebody_holds_does_not_stop_the_others(world, urls):
    held = world.attempt(begun_seconds_ago=3700)
    free = world.attempt(student=world.other, begun_seconds_ago=3601)
    with world.looking.connect() as connection, connection.begin():
        lock = text("SELECT 1 FROM attempts.attempts WHERE id = :id FOR UPDATE")
        connection.execute(lock, {"id": held})
        async with ticking(urls):
            await eventually(lambda: world.row(free)["status"] != "in_progress", seconds=10)
        assert world.row(held)["status"] == "in_progress"


@pytest.mark.parametrize("ended_seconds_ago", [-600, 5, 301, 900])
@pytest.mark.parametrize("status", ["not_started", "in_progress", "expired", "graded"])
@pytest.mark.parametrize("pause", [None, -60, 60])
def test_what_is_asked_is_what_is_found(world, status, pause, ended_seconds_ago):
    """The agenda must not overlook what the deeds would take, nor send for nothing."""
    attempt_id = world.attempt(status, begun_seconds_ago=3600 + ended_seconds_ago)
    if pause is not None and status == "in_progress":
        world.run(
            "UPDATE attempts.attempts SET paused_at = now() - interval '1 hour',"
            " pause_ends_at = now() + make_interval(secs => :pause) WHERE id = :id",
            pause=pause,
            id=attempt_id,
        )
    agenda = world.lifecycle.agenda()
    assert not agenda.is_regrading
    found = (agenda.is_expiring, agenda.is_overdue, agenda.is_overslept)
    done = (world.lifecycle.expire_due(), 0, 0)
    if not done[0]:
        done = (0, world.lifecycle.collect_overdue(), world.lifecycle.end_pauses())
    assert found == tuple(map(bool, done))


async def test_a_pause_that_lasted_too_long_is_ended_by_the_clock(world, urls):
    attempt_id = world.attempt()
    world.run(
        "UPDATE attempts.attempts SET paused_at = now() - interval '9 s',"
        " pause_ends_at = now() - interval '1 s' WHERE id = :id",
        id=attempt_id,
    )
    async with ticking(urls):
        await eventually(lambda: world.row(attempt_id)["submit_reason"] == "pause", seconds=10)


async def test_a_corrected_key_is_worked_off_by_the_clock(world, urls):
    attempt_id = world.attempt()
    world.answer(attempt_id, world.choice, '"C"')
    await asyncio.to_thread(world.lifecycle.submit, attempt_id, world.student, None)
    before = world.row(attempt_id)["marks_obtained"]
    correction = Correction(world.choice, ("C",), None, "Two texts were swapped", 7)
    regrading = Regrading(world.db, lambda: None)
    await asyncio.to_thread(regrading.correct_key, world.objective, correction, NOWHERE)
    try:
        async with ticking(urls):
            await eventually(lambda: world.row(attempt_id)["marks_obtained"] != before, seconds=10)
            still = "SELECT FROM attempts.regrades WHERE completed_at IS NULL"
            await eventually(lambda: not world.run(still), seconds=10)
    finally:
        world.run("DELETE FROM attempts.regrades")
        world.run("UPDATE attempts.exam_questions SET corrected_answer = NULL")
