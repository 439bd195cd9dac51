"""The job that erases by itself: on by default, by the database's clock, through every page."""

import asyncio
import contextlib

from chassis.waiting import eventually
from proctoring.app import create_app
from proctoring.retention import clock
from proctoring.retention.clock import Clock
from proctoring.retention.due import Policy
from proctoring.settings import Settings


@contextlib.asynccontextmanager
async def serving(settings, **changed):
    """Serve a second replica with the settings' own defaults but for what is said; no bus there."""
    ours = {name: getattr(settings, name) for name in settings.model_fields_set}
    ours.pop("retention_is_on")
    ours["nats_url"] = "nats://127.0.0.1:1"
    app = create_app(Settings(**ours | changed))
    async with app.router.lifespan_context(app):
        yield app


async def test_retention_is_on_by_default_with_180_and_90_days(archive, settings):
    old = await archive.sat(days_ago=181)
    middle, young = await archive.sat(days_ago=91), await archive.sat(days_ago=89)
    async with serving(settings) as app:
        assert app.state.retention.defaults == Policy(events_days=180, network_days=90)

        async def is_done() -> bool:
            return (await archive.left(middle))["ip_address"] == 0

        await eventually(is_done)
    assert sum((await archive.left(old)).values()) == 0
    assert (await archive.left(middle))["event_data"] == 3
    assert sum((await archive.left(young)).values()) == 15


async def test_it_can_be_switched_off_and_other_days_can_be_set(archive, settings):
    changed = {"retention_is_on": False, "retention_events_days": 5, "retention_network_days": 4}
    async with serving(settings, **changed) as app:
        assert app.state.retention.defaults == Policy(events_days=5, network_days=4)
        names = {task.get_name() for task in asyncio.all_tasks()}
        assert "relay" in names
        assert "retention" not in names


async def test_a_tick_goes_through_all_pages_and_past_what_is_held(archive, monkeypatch):
    monkeypatch.setattr(clock, "_BATCH", 1)
    held, *others = [await archive.sat(days_ago=999, events=1) for _ in range(3)]
    archive.reviews.open.add(held.attempt_id)
    await Clock(archive.rig.database, archive.eraser, interval_seconds=1).tick()
    assert sum((await archive.left(held)).values()) == 5
    for sat in others:
        assert sum((await archive.left(sat)).values()) == 0


async def test_the_next_look_finds_what_became_due_meanwhile(archive):
    sat = await archive.sat(events=1)
    job = asyncio.create_task(
        Clock(archive.rig.database, archive.eraser, interval_seconds=0.05).run()
    )
    try:
        await archive.rig.rows(archive.age, sat.attempt_id, 181)

        async def is_done() -> bool:
            return sum((await archive.left(sat)).values()) == 0

        await eventually(is_done)
    finally:
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
