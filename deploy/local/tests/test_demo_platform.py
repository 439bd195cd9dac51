"""The demo, the seed and the import against the whole platform, and against its failures."""

import asyncio
import io
import uuid
from pathlib import Path

import httpx
import pytest
from oep_local import demo, legacy, seed
from oep_local.demo_script import demo_students, legacy_student
from oep_local.demo_tables import Tables
from oep_local.rig import Platform
from rich.console import Console

SMALL = Path(__file__).parent / "data" / "legacy_small.sql"
# lies beside a checkout of ours and is not part of it; elsewhere the small one is its twin
KNOWN = Path(__file__).parents[4] / "shared" / "data" / "legacy_portal_2025-10-27.sql"
PORTALS = [
    (KNOWN, ("AP20250001", "02/02/2001", "kumar"))
    if KNOWN.exists()
    else (SMALL, ("HB20250001", "29/02/2004", "Meadow "))
]
PATIENCE_SECONDS = 60.0


class Stage:
    """A platform to play on, and what a person would have read meanwhile."""

    def __init__(self, platform):
        self.platform = platform
        self.launcher = legacy.ProcessLauncher(platform.environment)
        self.console = Console(file=io.StringIO(), width=120)
        self.played = []

    @property
    def text(self):
        return self.console.file.getvalue()

    async def fresh_attempts(self):
        await asyncio.to_thread(seed.seed, self.launcher, self.platform.state.root, fresh=True)

    async def import_file(self, path):
        await asyncio.to_thread(
            legacy.import_file,
            path,
            keep_windows=False,
            launcher=self.launcher,
            console=self.console,
        )

    async def play(self, student, on_step=None):
        def psql(arguments):
            return self.platform.database.psql(arguments, "exam_user")

        more = {} if on_step is None else {"on_step": on_step}
        options = demo.Options(
            tables=Tables(psql, PATIENCE_SECONDS),
            base_url=self.platform.url,
            student=student,
            patience_seconds=PATIENCE_SECONDS,
            **more,
        )
        return await demo.play(options, self.console)

    async def until_trouble(self):
        """Wait until a client has had to keep something."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while "sent again\n" not in self.text:  # noqa: ASYNC110 - a text has no event
                await asyncio.sleep(0.02)

    async def play_out(self, student):
        """Play until the student has no open attempt; the attempts go to `self.played`."""
        while True:
            self.played.append((await self.play(student)).attempt_id)


@pytest.fixture
def stage(platform):
    yield Stage(platform)
    platform.heal()


@pytest.fixture
def own_stage(server_folder):
    """Start a platform of its own: two portals with the same ids cannot live in one."""
    folder = server_folder / f"portal-{uuid.uuid4().hex[:8]}"
    with Platform(folder) as platform:
        yield Stage(platform)


async def test_a_demo_student_plays_an_exam_and_nothing_promised_is_lost(stage):
    await stage.fresh_attempts()
    ledger = await stage.play(demo_students()[8])
    assert ledger.is_clean, stage.text
    assert ledger.late_refusal == "400 Cannot log events for a completed exam"
    assert ledger.status == "submitted"
    assert len(ledger.events) >= 20
    assert len(ledger.answers) == 9
    assert "developer_tools_attempt | violation" in stage.text


async def test_a_closed_attempt_is_not_played_again(stage):
    await stage.fresh_attempts()
    with pytest.raises(demo.DemoFailedError, match="oep seed --fresh"):
        await stage.play_out(demo_students()[9])
    assert len(stage.played) == len(set(stage.played)) > 0


@pytest.mark.parametrize(("path", "who"), PORTALS, ids=lambda value: getattr(value, "stem", ""))
async def test_an_imported_student_logs_in_and_plays_after_a_repeated_import(own_stage, path, who):
    stage = own_stage
    await stage.import_file(path)
    await stage.import_file(path)
    assert "Left" in stage.text
    ledger = await stage.play(legacy_student(*who))
    assert ledger.is_clean, stage.text
    await stage.import_file(path)
    async with httpx.AsyncClient(base_url=stage.platform.url) as client:
        names = ("hall_ticket_number", "date_of_birth", "security_answer")
        body = dict(zip(names, who, strict=True))
        login = (await client.post("/api/v1/auth/hall-ticket-login", json=body)).json()
        headers = {"Authorization": f"Bearer {login['access_token']}"}
        attempts = (await client.get("/api/v1/attempts/me", headers=headers)).json()
    assert attempts[0]["id"] == ledger.attempt_id
    assert attempts[0]["status"] == ledger.status


# Each part and each step once; tests/chaos kills every part at any moment of a whole class.
@pytest.mark.parametrize(
    ("victim", "step"),
    [("nats", "press_keys"), ("attempts", "answer"), ("postgres", "submit")],
)
async def test_a_kill_during_the_demo_loses_no_accepted_event(stage, victim, step):
    kills = []

    async def kill(name):
        if name == step:  # not awaited: it strikes while the step is under way
            kills.append(asyncio.create_task(asyncio.to_thread(stage.platform.kill, victim)))

    await stage.fresh_attempts()
    ledger = await stage.play(demo_students()[10], kill)
    await asyncio.gather(*kills)
    assert len(kills) == 1
    assert ledger.is_clean, stage.text


@pytest.mark.parametrize("victim", ["attempts", "postgres", "proctoring"])
async def test_what_could_not_be_taken_while_a_part_was_down_is_kept_and_taken_later(stage, victim):
    healers = []

    async def heal():
        await stage.until_trouble()
        await asyncio.to_thread(stage.platform.cont, victim)

    async def cut(name):
        if name == "press_keys":
            await asyncio.to_thread(stage.platform.kill, victim, hold=True)
            healers.append(asyncio.create_task(heal()))

    await stage.fresh_attempts()
    ledger = await stage.play(demo_students()[11], cut)
    await asyncio.gather(*healers)
    assert ledger.retry_count > 0
    assert ledger.is_clean, stage.text


async def test_an_exam_goes_on_without_the_bus_and_the_board_catches_up_afterwards(stage):
    async def cut(name):
        if name == "press_keys":
            await asyncio.to_thread(stage.platform.kill, "nats", hold=True)
        if name == "lose_the_line":
            await asyncio.to_thread(stage.platform.cont, "nats")

    await stage.fresh_attempts()
    ledger = await stage.play(demo_students()[11], cut)
    assert ledger.board_agrees
    assert ledger.is_clean, stage.text


async def test_a_row_that_vanished_is_found_missing(stage):
    async def steal(name):
        if name == "compare":
            query = (
                "DELETE FROM proctoring.proctoring_events WHERE id = (SELECT max(id)"
                " FROM proctoring.proctoring_events WHERE event_type = 'window_focus')"
            )
            await asyncio.to_thread(stage.platform.psql, query, "postgres")

    await stage.fresh_attempts()
    ledger = await stage.play(demo_students()[7], steal)
    assert len(ledger.event_verdict.lost) == 1
    assert not ledger.is_clean
