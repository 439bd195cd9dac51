"""Publishing and reading on a real NATS: order, no hole, restarts, a wiped store."""

import asyncio
import contextlib
import uuid

import pytest
from chassis.bus import (
    EVENTS,
    Bus,
    BusUnavailable,
    Delivery,
    Message,
    Pull,
    Reader,
    StreamReset,
)
from chassis.waiting import eventually


class Reading:
    """Collects what a reader yields until the block ends."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.deliveries: list[Delivery] = []
        self.error: BaseException | None = None

    @property
    def texts(self) -> list[str]:
        return [delivery.data.decode() for delivery in self.deliveries]

    async def run(self) -> None:
        try:
            async for batch in self.reader.batches():
                self.deliveries += batch
        except StreamReset as error:
            self.error = error

    @contextlib.asynccontextmanager
    async def going_on(self):
        task = asyncio.create_task(self.run())
        await eventually(lambda: self.reader.position is not None)
        yield self
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def subject() -> str:
    return f"oep.v1.1.{uuid.uuid4().int % 10**9}.said"


async def say(bus: Bus, subject: str, *words: str) -> None:
    for word in words:
        await bus.publish(subject, word.encode(), None)


async def test_messages_arrive_in_order_from_now_on(bus, subject):
    await say(bus, subject, "before")
    async with Reading(Reader(bus, EVENTS, [subject], after=None)).going_on() as reading:
        await say(bus, subject, *map(str, range(50)))
        await eventually(lambda: len(reading.texts) == 50)
        assert reading.texts == [str(n) for n in range(50)]
        assert reading.reader.position == await bus.head(EVENTS)


async def test_the_same_id_is_stored_once(bus, subject):
    first = await bus.publish(subject, b"x", "id-1" + subject)
    again = await bus.publish(subject, b"x", "id-1" + subject)
    assert first == again


async def test_more_than_a_batch_arrives_without_a_hole(bus, subject):
    begin = (await bus.head(EVENTS)).sequence
    await asyncio.gather(*(bus.publish(subject, str(n).encode(), None) for n in range(1000)))
    async with Reading(Reader(bus, EVENTS, [subject], after=begin)).going_on() as reading:
        await eventually(lambda: len(reading.deliveries) == 1000)
        sequences = [delivery.sequence for delivery in reading.deliveries]
        assert sequences == sorted(set(sequences))


async def test_replay_returns_just_the_stretch(bus, subject):
    await say(bus, subject, "a")
    begin = (await bus.head(EVENTS)).sequence
    await say(bus, subject, "b")
    await say(bus, subject + "x", "other")
    await say(bus, subject, "c", "d")
    upto = (await bus.head(EVENTS)).sequence - 1
    found = await bus.replay(EVENTS, [subject], begin, upto)
    assert [delivery.data for delivery in found] == [b"b", b"c"]
    assert await bus.replay(EVENTS, [subject], upto + 1, upto + 1) == []


async def test_the_latest_of_each_subject_is_found_in_order_and_nothing_else(bus, subject):
    assert await bus.latest(EVENTS, [f"{subject}.*"]) == []
    for number in range(3):
        for name in ("b", "a", "other"):
            await bus.publish(f"{subject}.{name}", f"{name}{number}".encode(), None)
    found = await bus.latest(EVENTS, [f"{subject}.a", f"{subject}.b"])
    assert [delivery.data for delivery in found] == [b"b2", b"a2"]
    many = [f"{subject}.x.{number}" for number in range(600)]
    for name in many:
        await bus.publish(name, b"", None)
    assert [each.subject for each in await bus.latest(EVENTS, [f"{subject}.x.*"])] == many


async def test_a_reader_goes_on_behind_its_last_message_after_a_restart(bus, subject, nats_server):
    async with Reading(Reader(bus, EVENTS, [subject], after=None)).going_on() as reading:
        await say(bus, subject, "one")
        await eventually(lambda: reading.texts == ["one"])
        await asyncio.to_thread(nats_server.kill)
        with pytest.raises(BusUnavailable):
            await bus.publish(subject, b"lost", None, seconds=0.5)
        await asyncio.to_thread(nats_server.start)
        await eventually(lambda: bus.is_connected, 10)
        await say(bus, subject, "two", "three")
        await eventually(lambda: reading.texts == ["one", "two", "three"], 10)
        assert reading.error is None


async def test_a_wiped_store_is_said_and_its_streams_are_made_again(bus, subject, nats_server):
    async with Reading(Reader(bus, EVENTS, [subject], after=None)).going_on() as reading:
        before = await bus.head(EVENTS)
        await asyncio.to_thread(nats_server.wipe)
        await eventually(lambda: reading.error is not None, 15)
        after = await bus.head(EVENTS)
        assert after.epoch != before.epoch
        await say(bus, subject, "anew")


async def test_without_a_server_publishing_is_refused_at_once():
    nowhere = Bus("nats://127.0.0.1:1", "nobody")
    await nowhere.start()
    with pytest.raises(BusUnavailable):
        await nowhere.publish("oep.v1.1.1.x", b"", None)
    await nowhere.close()


async def test_a_bus_that_is_away_closes_at_whatever_moment(capsys):
    """An attempt to connect takes some turns of the loop; in three of them a cancellation is lost.

    That is what `wait_for` of Python 3.11 does when refusal and cancellation meet.
    """
    for turns in range(30):
        nowhere = Bus("nats://127.0.0.1:1", "nobody")
        await nowhere.start()
        for _ in range(turns):
            await asyncio.sleep(0)
        await nowhere.close()
    assert "task.not_ended" not in capsys.readouterr().out


async def test_it_closes_when_its_client_waits_for_what_was_cancelled(nats_server):
    """nats-py waits for the end of a stream that its own, cancelled task waited for before."""
    left = Bus(nats_server.url, "left")
    await left.start()
    await left.wait_ready()
    stream = left.client._transport._io_writer
    stream._protocol._get_close_waiter(stream).cancel()
    await left.close()
    assert left.client.is_closed or not left.client.is_connected


async def test_a_bus_that_went_away_closes_at_whatever_moment(nats_server, capsys):
    there = [Bus(nats_server.url, "left") for _ in range(8)]
    for bus in there:
        await bus.start()
    await asyncio.gather(*(bus.wait_ready() for bus in there))
    await asyncio.to_thread(nats_server.kill)
    await eventually(lambda: all(bus.client.is_reconnecting for bus in there), 10)
    trying = [bus.client._reconnection_task for bus in there]
    for turns, bus in enumerate(there):
        [server] = bus.client._server_pool
        last = server.last_attempt
        while server.last_attempt == last:  # noqa: ASYNC110  # every turn of the loop counts
            await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        await bus.close()
    done, _ = await asyncio.wait(trying, timeout=2)
    await asyncio.to_thread(nats_server.start)
    assert done == set(trying)


async def test_a_cancellation_that_the_client_swallows_still_ends_a_reader(
    bus, subject, monkeypatch
):
    """What `wait_for` of Python 3.11 does when answer and cancellation meet, every time."""
    reader = Reader(bus, EVENTS, [subject], after=None)
    original, asked = reader._add_consumer, asyncio.Event()

    async def swallowing(after: int) -> object:
        info = await original(after)
        asked.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return info

    monkeypatch.setattr(reader, "_add_consumer", swallowing)
    task = asyncio.create_task(Reading(reader).run())
    await asked.wait()
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=3)
    assert done == {task}
    assert task.cancelled()


async def test_what_is_put_back_says_so_and_what_is_new_does_not(bus, subject):
    begin = (await bus.head(EVENTS)).sequence
    new = [Message(subject, b"new", f"n{n}{subject}") for n in range(2)]
    back = [Message(subject, b"back", f"b{n}{subject}", is_rebuilt=True) for n in range(2)]
    assert await bus.publish_batch(new)
    assert await bus.publish_batch(back)
    await bus.publish(subject, b"new", None)
    await bus.publish(subject, b"back", "alone" + subject, is_rebuilt=True)
    found = await bus.replay(EVENTS, [subject], begin, (await bus.head(EVENTS)).sequence)
    told = [b"new", b"new", b"back", b"back", b"new", b"back"]
    assert [each.data for each in found] == told
    assert [each.is_rebuilt for each in found] == [text == b"back" for text in told]


class Line:
    """As much of a bus as a pull needs: it can be written to, and messages come when told to."""

    def __init__(self) -> None:
        self.client = self
        self.watchers: set[object] = set()

    def new_inbox(self) -> str:
        return "_INBOX.here"

    async def subscribe(self, _subject, cb):
        self.come = cb
        return self

    async def publish(self, _subject, payload, reply) -> None:
        self.wanted = payload, reply


class Arrived:
    """A message of a stream, as far as a pull looks at it."""

    headers = None
    reply = "$JS.ACK"


@pytest.fixture
async def line():
    return Line()


@pytest.fixture
async def pull(line):
    pull = Pull(line, "STREAM", "consumer")
    await pull.start()
    return pull


async def arrive(line, count: int) -> None:
    for _ in range(count):
        await line.come(Arrived())


def soon(line, count: int) -> None:
    """Let so many come while a pull waits for the rest of a crowd."""
    loop = asyncio.get_running_loop()
    loop.call_soon(lambda: asyncio.ensure_future(arrive(line, count)))


async def test_some_messages_wait_for_nothing(line, pull):
    await arrive(line, 31)
    with pytest.raises(StopIteration) as done:
        pull.next().send(None)  # it is done before anything else has a turn
    assert len(done.value.value) == 31


async def test_of_a_crowd_the_rest_comes_with_it(line, pull):
    await arrive(line, 100)
    soon(line, 100)
    assert len(await pull.next()) == 200


async def test_who_comes_behind_a_crowd_one_by_one_is_not_waited_for(line, pull):
    await arrive(line, 100)
    soon(line, 20)
    taken = asyncio.create_task(pull.next())
    while not taken.done():
        await asyncio.sleep(0.001)
        await arrive(line, 1)  # a steady flow, which would go on for ever
    assert 120 <= len(taken.result()) < 200


async def test_a_crowd_is_handed_over_when_all_that_was_asked_for_is_there(line, pull):
    await arrive(line, 512)
    asked = line.wanted
    with pytest.raises(StopIteration) as done:
        pull.next().send(None)
    assert len(done.value.value) == 512
    assert line.wanted is not asked  # and more of it is asked for
