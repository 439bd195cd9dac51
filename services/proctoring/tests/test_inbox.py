"""The inbox on a real bus and database: nothing lost, nothing doubled, whatever happens."""

import asyncio
import contextlib
import itertools
import json

import pytest
from chassis.bus import EVENTS, STREAMS, Bus, BusUnavailable
from chassis.database import Database
from chassis.migrating import migrate
from chassis.signing import SigningKey
from chassis.waiting import eventually
from proctoring import delivery_store
from proctoring.attempt import Attempt, AttemptStatus
from proctoring.delivery import Submission
from proctoring.errors import AttemptsUnavailable
from proctoring.evidence import store as evidence_store
from proctoring.inbox import Inbox
from sqlalchemy import text

NUMBERS = itertools.count(10, 10)
KEY = SigningKey.derived("seals what this inbox hears to have ended", "tests")
PATIENCE_SECONDS = 30


class Attempts:
    """attempts as the inbox asks it."""

    def __init__(self) -> None:
        self.known: dict[int, Attempt] = {}
        self.asked: list[int] = []
        self.is_away = False
        self.tries = 0

    async def ask(self, attempt_ids, *, with_questions):
        self.tries += 1
        if self.is_away:
            raise AttemptsUnavailable
        self.asked += attempt_ids
        return {i: self.known[i] for i in attempt_ids if i in self.known}

    def add(
        self,
        attempt_id: int,
        submission: Submission | None,
        status: AttemptStatus = AttemptStatus.IN_PROGRESS,
    ) -> None:
        status = AttemptStatus.GRADED if submission else status
        self.known[attempt_id] = Attempt(attempt_id, 1, 2, status, submission=submission)


@pytest.fixture(scope="module")
async def own_database(database):
    urls = await asyncio.to_thread(database, "proctoring")
    await asyncio.to_thread(migrate, "proctoring", urls.owner_url, "proctoring")
    own = Database(urls.app_url, pool_size=4)
    yield own
    await asyncio.to_thread(own.dispose)


class World:
    """A database of its own that hears the common bus."""

    def __init__(self, bus, database: Database) -> None:
        self.bus = bus
        self.database = database
        self.attempts = Attempts()
        self.woken: list[None] = []

    @contextlib.asynccontextmanager
    async def hearing(self):
        inbox = Inbox(self.bus, self.database, self.attempts, KEY, lambda: self.woken.append(None))
        task = asyncio.create_task(inbox.run())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def say(self, attempt_id: int, claimed: int | None = None, **changed) -> None:
        data = {"status": "graded", "submit_time": "2026-03-01T10:00:00Z"}
        data |= {"last_event_sequence": claimed} | changed
        notice = {"exam_id": 2, "attempt_id": attempt_id, "fact": "status_changed", "data": data}
        await self.publish(attempt_id, json.dumps(notice).encode())

    async def publish(self, attempt_id: int, payload: bytes) -> None:
        """Say it until the bus has it: a busy machine may lose a connection for a moment."""
        subject = f"oep.v1.2.{attempt_id}.status_changed"

        async def is_stored() -> bool:
            with contextlib.suppress(BusUnavailable):
                return await self.bus.publish(subject, payload, None) > 0
            return False

        await eventually(is_stored, PATIENCE_SECONDS)

    async def found(self, attempt_id: int) -> Submission | None:
        return await self.read(delivery_store.submission, attempt_id)

    async def read(self, query, *arguments):
        def work():
            with self.database.transaction() as session:
                return query(session, *arguments)

        return await self.database.run(work)

    async def heard(self, attempt_id: int) -> Submission:
        return await eventually(lambda: self.found(attempt_id), PATIENCE_SECONDS)

    async def seals(self, attempt_id: int) -> list[tuple[int, str]]:
        found = await self.read(evidence_store.seals, attempt_id)
        return [(number, json.loads(seal.body)["reason"]) for number, seal in found.items()]

    async def has_events(self, attempt_id: int) -> None:
        row = "INSERT INTO proctoring.tallies (attempt_id, head_hash) VALUES (:id, '')"
        await self.read(lambda session: session.execute(text(row), {"id": attempt_id}))

    async def is_claimed(self, attempt_id: int) -> None:
        row = (
            "INSERT INTO proctoring.claims"
            " (attempt_id, exam_id, user_id, user_name, began, by_id, claimed_at)"
            " VALUES (:id, 2, 3, 'a proctor', 'claimed', 3, now())"
        )
        await self.read(lambda session: session.execute(text(row), {"id": attempt_id}))

    async def how_claims_ended(self, attempt_id: int) -> list[str | None]:
        query = text("SELECT ended FROM proctoring.claims WHERE attempt_id = :id")
        return await self.read(
            lambda session: list(session.execute(query, {"id": attempt_id}).scalars())
        )

    async def lose_the_stream(self) -> None:
        await self.bus.jetstream.delete_stream(EVENTS)
        await self.bus.jetstream.add_stream(STREAMS[0])


@pytest.fixture
async def world(bus, own_database):
    return World(bus, own_database)


@pytest.fixture
def number() -> int:
    """Return an attempt id that, like the nine behind it, no other test uses."""
    return next(NUMBERS)


async def test_a_submit_is_heard_with_its_claim(world, number):
    async with world.hearing():
        await world.say(number, 5)
        heard = await world.heard(number)
    assert (heard.exam_id, heard.last_event_sequence) == (2, 5)
    assert heard.submitted_at.isoformat() == "2026-03-01T10:00:00+00:00"


@pytest.mark.parametrize("status", ["in_progress", "expired", "cancelled", "not_started"])
async def test_other_statuses_are_no_submit(world, number, status):
    async with world.hearing():
        await world.say(number, 5, status=status)
        await world.say(number + 1, status="submitted")
        await world.heard(number + 1)
    assert await world.found(number) is None


async def test_what_was_said_while_nobody_heard_is_heard_afterwards(world, number):
    async with world.hearing():
        await world.say(number)
        await world.heard(number)
    await world.say(number + 1, 7)
    async with world.hearing():
        assert (await world.heard(number + 1)).last_event_sequence == 7


async def test_two_replicas_and_a_repetition_leave_one_row(world, number):
    async with world.hearing(), world.hearing():
        for place, claimed in enumerate([None, 5, 6, None], start=1):
            await world.say(number, claimed)
            await world.say(number + place)
            await world.heard(number + place)
    assert (await world.found(number)).last_event_sequence == 5, "the first claim stays"


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"\xff", b'{"exam_id": 2}', b'{"data": 7}'])
async def test_what_cannot_be_read_is_passed_over(world, number, payload):
    async with world.hearing():
        await world.publish(number, payload)
        await world.say(number + 1)
        await world.heard(number + 1)


async def test_when_the_stream_is_lost_attempts_is_asked(world, number):
    async with world.hearing():
        await world.say(number)
        await world.heard(number)
    lost, running = number + 1, number + 2
    for attempt_id in (lost, running):
        await world.has_events(attempt_id)
    await world.say(lost, 9)
    world.attempts.add(lost, Submission(lost, 2, 9, None))
    world.attempts.add(running, None)
    await world.lose_the_stream()
    async with world.hearing():
        assert (await world.heard(lost)).last_event_sequence == 9
        assert await world.found(running) is None
        await world.say(running, 4)
        assert (await world.heard(running)).last_event_sequence == 4
    assert number not in world.attempts.asked, "what is known is not asked again"


async def test_a_stream_that_is_lost_under_the_reader_is_noticed(world, number):
    async with world.hearing():
        await world.say(number)
        await world.heard(number)
        await world.has_events(number + 1)
        world.attempts.add(number + 1, Submission(number + 1, 2, 3, None))
        await world.lose_the_stream()
        assert (await world.heard(number + 1)).last_event_sequence == 3


async def test_history_that_is_too_old_is_asked_for_and_reading_goes_on(world, number):
    async with world.hearing():
        await world.say(number)
        await world.heard(number)
    await world.has_events(number + 1)
    world.attempts.add(number + 1, Submission(number + 1, 2, 3, None))
    await world.say(number + 2)
    await world.bus.jetstream.purge_stream(EVENTS)
    async with world.hearing():
        assert (await world.heard(number + 1)).last_event_sequence == 3
        await world.say(number + 3)
        await world.heard(number + 3)


async def test_while_attempts_is_away_it_asks_again_until_it_is_answered(world, number):
    async with world.hearing():
        await world.say(number)
        await world.heard(number)
    await world.has_events(number + 1)
    world.attempts.add(number + 1, Submission(number + 1, 2, 3, None))
    await world.lose_the_stream()
    world.attempts.is_away = True
    async with world.hearing():
        before = await world.read(delivery_store.position, EVENTS)
        await world.say(number + 2)
        await eventually(lambda: world.attempts.tries > 1, PATIENCE_SECONDS)
        assert await world.found(number + 1) is None
        world.attempts.is_away = False
        await world.heard(number + 1)
        await world.heard(number + 2)
    after = await world.read(delivery_store.position, EVENTS)
    assert after.epoch != before.epoch


@pytest.mark.parametrize("status", ["submitted", "graded", "cancelled"])
async def test_the_chain_of_an_attempt_that_has_ended_is_sealed_once_by_two_replicas(
    world, number, status
):
    async with world.hearing(), world.hearing():
        await world.say(number, status=status)
        await world.say(number, status="graded")
        await world.say(number + 1)
        await world.heard(number + 1)
        assert await world.seals(number) == [(0, status)]


@pytest.mark.parametrize("status", ["in_progress", "expired", "not_started"])
async def test_an_attempt_that_goes_on_is_not_sealed(world, number, status):
    async with world.hearing():
        await world.say(number, status=status)
        await world.say(number + 1)
        await world.heard(number + 1)
    assert await world.seals(number) == []


async def test_what_ended_while_nobody_heard_is_sealed_after_the_restart(world, number):
    await world.say(number)
    async with world.hearing():
        await world.heard(number)
        assert await world.seals(number) == [(0, "graded")], "with the submission, not after it"


async def test_what_ended_in_a_stream_that_was_lost_is_sealed_when_attempts_has_told(world, number):
    async with world.hearing():
        await world.say(number)
        await world.heard(number)
    submitted, cancelled, running = range(number + 1, number + 4)
    for attempt_id in (submitted, cancelled, running):
        await world.has_events(attempt_id)
    world.attempts.add(submitted, Submission(submitted, 2, None, None))
    world.attempts.add(cancelled, None, AttemptStatus.CANCELLED)
    world.attempts.add(running, None)
    await world.lose_the_stream()
    async with world.hearing():
        await world.heard(submitted)
        await eventually(lambda: world.seals(cancelled), PATIENCE_SECONDS)
    assert await world.seals(submitted) == [(0, "graded")]
    assert await world.seals(cancelled) == [(0, "cancelled")]
    assert await world.seals(running) == []


@pytest.mark.parametrize("status", ["submitted", "graded", "cancelled"])
async def test_what_is_open_of_an_attempt_ends_with_it_and_is_told_at_once(world, number, status):
    closed, late = number, number + 1
    for attempt_id in (closed, late):
        await world.is_claimed(attempt_id)
    async with world.hearing():
        await world.say(late, status="expired")
        await world.say(closed, status=status)
        await world.say(number + 2)
        await world.heard(number + 2)
        assert await world.how_claims_ended(closed) == ["closed"]
        assert await world.how_claims_ended(late) == [None], "expired is late, not closed"
        await eventually(lambda: world.woken, PATIENCE_SECONDS)


async def test_what_is_open_of_an_attempt_whose_end_was_lost_ends_when_attempts_has_told(
    world, number
):
    async with world.hearing():
        await world.say(number)
        await world.heard(number)
    await world.has_events(number + 1)
    await world.is_claimed(number + 1)
    world.attempts.add(number + 1, Submission(number + 1, 2, 3, None))
    await world.lose_the_stream()
    async with world.hearing():
        await world.heard(number + 1)
    assert await world.how_claims_ended(number + 1) == ["closed"]


@pytest.mark.timeout(120)  # a leader is elected in here, which takes up to 9 s
async def test_a_server_of_a_cluster_that_is_stopped_keeps_nothing_from_it(
    nats_cluster, own_database, number
):
    bus = Bus(nats_cluster.url, "proctoring-tests", replicas=3)
    await bus.start()
    try:
        await bus.wait_ready()
        world = World(bus, own_database)
        async with world.hearing():
            await world.say(number, 5)
            await world.heard(number)
            left = bus.client.connected_url.netloc
            server = next(each for each in nats_cluster.servers if each.url.endswith(left))
            server.suspend()
            for place in range(1, 6):
                await world.say(number + place, place)
            heard = [await world.heard(number + place) for place in range(1, 6)]
        assert [each.last_event_sequence for each in heard] == [1, 2, 3, 4, 5]
        assert bus.client.connected_url.netloc != left
        position = await world.read(delivery_store.position, EVENTS)
        assert position == await bus.head(EVENTS)
    finally:
        await asyncio.to_thread(nats_cluster.heal)
        await bus.close()
