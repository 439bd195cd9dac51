"""Who is connected: merged from what the nodes say, and said on behalf of one that died."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from chassis.bus import EVENTS, BusUnavailable
from chassis.waiting import eventually
from hypothesis import given, settings
from hypothesis import strategies as st
from realtime import leases
from realtime.channels import Channel
from realtime.closing import Closing
from realtime.presence import Presence, name_of
from realtime.sightings import Ending, Entry, Sighting, Sightings, State

EARLY = datetime(2026, 1, 5, 10, tzinfo=UTC)
EXAM, ATTEMPT = 7, 41


def sighting(number, state=State.ONLINE, *, minute=0, lost=False, **changes):
    at = EARLY + timedelta(minutes=minute)
    count = 0 if state is State.OFFLINE else 1
    return Sighting(
        **{"number": number, "socket_count": count, "state": state, "since": at, "at": at}
        | {"is_lost": lost}
        | changes
    )


def entry(node, *args, **options):
    return Entry(EXAM, ATTEMPT, node, sighting(*args, **options))


def merged(*entries):
    found = Sightings()
    for one in entries:
        found.take(one)
    return found.of(ATTEMPT)


words = st.builds(
    lambda node, number, state, lost: entry(node, number, state, minute=number, lost=lost),
    st.sampled_from(["a", "b", "c"]),
    st.integers(1, 5),
    st.sampled_from(State),
    st.booleans(),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(words, max_size=12, unique_by=lambda e: (e.node, e.sighting.age)), st.data())
def test_repeated_and_reordered_words_lead_to_the_same_picture(said, data):
    shuffled = data.draw(st.permutations(said + said[: data.draw(st.integers(0, len(said)))]))
    assert merged(*said) == merged(*shuffled)


def test_an_attempt_that_nobody_has_seen_is_offline_since_never():
    seen = merged()
    assert (seen.state, seen.since, seen.socket_count) == (State.OFFLINE, None, 0)


def test_the_best_socket_of_all_nodes_counts():
    seen = merged(entry("a", 1, State.DEGRADED, minute=1), entry("b", 1, minute=2))
    assert (seen.state, seen.socket_count) == (State.ONLINE, 2)
    assert seen.since == EARLY + timedelta(minutes=2)


def test_offline_is_since_the_last_node_saw_the_last_socket_end():
    why = Ending(4000, "Server going away", EARLY + timedelta(minutes=3))
    seen = merged(
        entry("a", 1, State.OFFLINE, minute=1, last_close=Ending(1006, "", EARLY)),
        entry("b", 4, State.OFFLINE, minute=3, last_close=why),
    )
    assert (seen.state, seen.since) == (State.OFFLINE, EARLY + timedelta(minutes=3))
    assert seen.last_close == why


def test_that_a_node_is_lost_beats_its_own_last_word_but_not_its_next():
    gone = entry("a", 3, State.OFFLINE, minute=2, lost=True)
    assert merged(gone, entry("a", 3)).state is State.OFFLINE
    assert merged(gone, entry("a", 4)).state is State.ONLINE


def test_an_exam_is_forgotten_but_for_ones_own_sockets():
    found = Sightings()
    found.take(entry("me", 1))
    found.take(entry("other", 1))
    found.take(Entry(EXAM, 42, "me", sighting(2, State.OFFLINE)))
    found.forget(EXAM, but="me")
    assert [(e.attempt_id, e.node) for e in found.of_exam(EXAM)] == [(ATTEMPT, "me")]


class Socket:
    id = "c"
    channel = Channel("attempt", ATTEMPT)
    caller = SimpleNamespace(user_id=5)
    closing = None


def seen(presence):
    found = presence.of(ATTEMPT)
    return found.state, found.socket_count


@pytest.fixture
def presence():
    return Presence(None, "me")


def test_a_socket_that_is_not_heard_is_degraded_then_offline_then_online_again(presence):
    one = Socket()
    presence.opened(one, EXAM)
    since = presence.of(ATTEMPT).since
    for state in (State.ONLINE, State.DEGRADED, State.OFFLINE, State.ONLINE):
        presence.felt(one, state)
        assert seen(presence) == (state, 1)
    assert presence.of(ATTEMPT).since > since
    assert presence._unwell == {}  # who is well takes no room
    second = Socket()
    presence.opened(second, EXAM)
    presence.felt(one, State.OFFLINE)
    assert seen(presence) == (State.ONLINE, 2)  # the other one is heard


def test_why_the_last_socket_ended_and_why_the_next_was_refused_is_remembered(presence):
    one = Socket()
    presence.opened(one, EXAM)
    one.closing = Closing(4008, "Reader too slow")
    presence.closed(one, EXAM)
    presence.refused(Socket(), EXAM, Closing(4503, "Attempt is open on another device"))
    shown = presence.of(ATTEMPT).shown
    assert (shown["is_online"], shown["connection"]) == (False, "offline")
    assert (shown["last_close"].code, shown["last_close"].reason) == (4008, "Reader too slow")
    assert shown["last_refusal"].reason == "Attempt is open on another device"
    assert shown["connection_since"] is not None


def test_the_same_refusal_again_is_not_said_again(presence):
    for _ in range(3):
        presence.refused(Socket(), EXAM, Closing(4429, "Too many connections"))
    assert presence.of(ATTEMPT).last_refusal.code == 4429
    assert presence._number == 1


def test_what_ended_is_said_even_when_more_has_happened_before_it_could_be(presence):
    one = Socket()
    presence.opened(one, EXAM)
    presence.closed(one, EXAM)
    presence.refused(Socket(), EXAM, Closing(4503, "Attempt is open on another device"))
    presence.opened(Socket(), EXAM)
    waiting = sorted(change.fact for change in presence._waiting.values())
    assert waiting == ["connection_closed", "connection_opened", "connection_refused"]


class SomeBus:
    """Takes batches or not, and single messages; remembers what it was told."""

    def __init__(self, *, takes_batches=True, is_away=0):
        self.takes_batches = takes_batches
        self.is_away = is_away
        self.batches, self.singles = [], []

    async def publish_batch(self, messages):
        self._ensure_there()
        self.batches.append([message.subject for message in messages])
        return self.takes_batches

    async def publish(self, subject, payload, msg_id, *, seconds):
        self._ensure_there()
        self.singles.append(subject)

    def _ensure_there(self):
        if self.is_away:
            self.is_away -= 1
            raise BusUnavailable


async def said_by(some_bus, count):
    """Have as many attempts' sockets opened at once, and all of it said."""
    presence = Presence(some_bus, "me")
    for attempt_id in range(count):
        one = Socket()
        one.channel = Channel("attempt", attempt_id)
        presence.opened(one, EXAM)
    task = asyncio.create_task(presence.run())
    await eventually(lambda: not presence._waiting)
    await presence.flush(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return [f"oep.v1.{EXAM}.{attempt_id}.connection_opened" for attempt_id in range(count)]


async def test_what_waits_at_the_same_moment_is_said_together_in_order():
    some_bus = SomeBus()
    wanted = await said_by(some_bus, 150)
    assert [subject for batch in some_bus.batches for subject in batch] == wanted
    assert len(some_bus.batches) == 3
    assert some_bus.singles == []


async def test_one_word_alone_needs_no_batch():
    some_bus = SomeBus()
    assert await said_by(some_bus, 1) == some_bus.singles
    assert some_bus.batches == []


async def test_what_no_batch_takes_is_said_one_by_one():
    some_bus = SomeBus(takes_batches=False)
    assert sorted(await said_by(some_bus, 3)) == sorted(some_bus.singles)


async def test_while_the_bus_is_away_words_wait():
    some_bus = SomeBus(is_away=4)  # the batch, and each of its three
    wanted = await said_by(some_bus, 3)
    assert some_bus.batches == [wanted]


def test_the_name_of_a_node_is_good_for_a_key_and_differs_between_processes():
    assert name_of("pod 1.é").startswith("pod_1__-")
    assert name_of("a") != name_of("a")


class Nobody:
    def __init__(self, *others):
        self._others = set(others)
        self.gone = []

    def others(self):
        return self._others

    def lost(self, node):
        self.gone.append(node)


def judged(*looks, steady_since=0.0):
    """What is said after looks at (time, nodes alive), of the nodes `a` and `b`."""
    found = Nobody("a", "b")
    lease = leases.Leases(None, "me", found)
    lease._steady_since = steady_since
    for now, alive in looks:
        lease.alive = frozenset(alive)
        lease._judge(now)
    return found.gone


def test_a_node_is_lost_when_it_stays_missing_while_the_others_renew():
    assert judged((100, "ab"), (101, "b"), (103, "b")) == ["a"]


def test_a_node_that_has_just_come_or_comes_back_is_not_lost():
    assert judged((100, "b"), (101, "ab"), (103, "b"), (104, "ab")) == []


def test_nobody_is_lost_just_after_the_bus_was_away():
    assert judged((100, ""), (103, ""), (106, ""), steady_since=99) == []


async def deltas_until(board, is_it):
    while True:
        frame = await board.frame("delta", seconds=15)
        if frame["kind"] == "presence" and is_it(frame["data"]):
            return frame["data"]


async def test_a_node_that_dies_takes_its_presence_with_it(make_world, monkeypatch):
    monkeypatch.setattr(leases, "_STEADY_SECONDS", 1.0)
    world = await make_world()
    attempt = world.attempt()
    board = await world.board(attempt.exam_id)
    await board.frame("snapshot")
    await eventually(lambda: world.node.leases.alive)
    store = await world.bus.jetstream.key_value("OEP_NODES")
    await store.put("dead-1", b"alive")
    await world.say_seen(attempt, "dead-1", 3, sockets=1)
    await deltas_until(board, lambda data: data["is_online"])
    gone = await deltas_until(board, lambda data: not data["is_online"])
    assert (gone["connection"], gone["socket_count"]) == ("offline", 0)
    assert gone["last_close"]["reason"] == "Its node is gone"
    assert gone["connection_since"] > "2026-01-05T10:00:00Z"


async def test_a_node_that_ends_gives_its_lease_back_at_once(make_world):
    world = await make_world()
    await eventually(lambda: world.node.leases._has_held, seconds=10)
    name = world.node.leases._node

    async def holders():
        stream = "KV_OEP_NODES"
        info = await world.bus.jetstream.stream_info(
            stream, subjects_filter=f"$KV.OEP_NODES.{name}"
        )
        return list(info.state.subjects or ())

    assert len(await holders()) == 1
    await world.stop_node()
    assert await holders() == []
    await world.start_node()


async def test_a_node_whose_lease_ran_out_says_everything_again(make_world):
    world = await make_world()
    attempt = world.attempt()
    await world.student(attempt)
    await eventually(lambda: world.node.leases._has_held, seconds=10)
    node, sightings = world.node.leases._node, world.node.presence._sightings
    before = sightings.newest(attempt.attempt_id, node).number
    await world.bus.jetstream.purge_stream("KV_OEP_NODES")
    await eventually(lambda: sightings.newest(attempt.attempt_id, node).number > before, seconds=10)


async def test_a_node_learns_what_the_others_know_of_an_exam_that_it_begins_to_read(make_world):
    one = await make_world(warm_messages=0)
    other = await make_world(warm_messages=0, node_id="n2")
    attempt = one.attempt()
    other.attempts.attempts[attempt.attempt_id] = attempt
    await one.student(attempt)
    for world, there in ((one, other), (other, one)):
        name = there.node.leases._node
        await eventually(lambda w=world, n=name: n in w.node.leases.alive, seconds=10)
    board = await other.board(attempt.exam_id)
    row = (await board.frame("snapshot"))["attempts"][0]
    assert (row["is_online"], row["socket_count"], row["connection"]) == (True, 1, "online")


async def refused_and_closed(world, attempt):
    """Have a socket end and the next one refused; return why, when both are in the stream."""
    subject = f"oep.v1.{attempt.exam_id}.{attempt.attempt_id}"
    client = await world.student(attempt)
    await client.connection.close(3001, "bye")
    await eventually(lambda: not world.node.presence.of(attempt.attempt_id).socket_count)
    attempt.policy, attempt.active_login_id = "refuse", "another"
    world.attempts.is_admitted = False
    token = world.tokens.token(attempt.student_id)
    why = await (await world.connect(f"attempts/{attempt.attempt_id}", token=token)).closed()
    facts = [f"{subject}.connection_closed", f"{subject}.connection_refused"]

    async def are_said():
        return len(await world.bus.latest(EVENTS, facts)) == len(facts)

    await eventually(are_said)
    return why


def told_endings(row):
    close, refusal = row["last_close"], row["last_refusal"]
    return (close and close["code"]), (refusal and (refusal["code"], refusal["reason"]))


@pytest.mark.parametrize("view", ["page", None])
async def test_why_a_student_is_not_connected_is_known_on_a_node_that_never_read_his_exam(
    make_world, view
):
    """Nobody who saw it is left; what was said is in the stream."""
    one = await make_world(warm_messages=0, linger_seconds=0)
    attempt = one.attempt()
    why = await refused_and_closed(one, attempt)
    await eventually(lambda: not one.node.feed.exams(), seconds=10)
    await one.stop_node()
    other = await make_world(warm_messages=0, node_id="n2")
    other.attempts.attempts[attempt.attempt_id] = attempt
    query = {"view": view} if view else {}
    board = await other.board(attempt.exam_id, **query)
    [row] = (await board.frame("page" if view else "snapshot"))["attempts"]
    assert told_endings(row) == (3001, why)
    assert (row["connection"], row["is_online"], row["socket_count"]) == ("offline", False, 0)
    assert row["connection_since"] is not None
    await one.start_node(node_id="n1")


async def test_why_a_student_is_not_connected_is_known_where_his_exam_was_forgotten(make_world):
    world = await make_world(warm_messages=0, linger_seconds=0)
    attempt = world.attempt()
    why = await refused_and_closed(world, attempt)
    await eventually(lambda: not world.node.feed.exams(), seconds=10)
    board = await world.board(attempt.exam_id)
    [row] = (await board.frame("snapshot"))["attempts"]
    assert told_endings(row) == (3001, why)


async def test_what_is_recalled_says_nothing_of_sockets_that_are_open(make_world):
    """The word of a node that has gone names a socket; only the node itself can say that now."""
    world = await make_world(warm_messages=0)
    attempt = world.attempt()
    ending = {"code": 4008, "reason": "Reader too slow", "at": "2026-01-05T10:00:00Z"}
    await world.say(
        attempt,
        "connection_closed",
        node_id="gone",
        number=9,
        socket_count=1,
        state="online",
        since="2026-01-05T09:00:00Z",
        at="2026-01-05T10:00:00Z",
        last_close=ending,
    )
    board = await world.board(attempt.exam_id)
    [row] = (await board.frame("snapshot"))["attempts"]
    assert (row["is_online"], row["socket_count"], row["last_close"]) == (False, 0, ending)
    assert world.node.presence.others() == set()
    await world.say_seen(attempt, "gone", 1, sockets=1)  # it lives: its first word since counts
    shown = await deltas_until(board, lambda data: data["socket_count"] == 1)
    assert shown["last_close"] == ending


def test_an_older_word_adds_its_endings_and_nothing_else():
    refusal = Ending(4503, "Another device", EARLY)
    older = entry("a", 1, last_refusal=refusal)
    newer = entry("a", 2, State.OFFLINE, minute=1)
    for said in ((older, newer), (newer, older)):
        seen = merged(*said)
        assert (seen.state, seen.socket_count, seen.last_refusal) == (State.OFFLINE, 0, refusal)


async def test_a_student_whose_line_is_dead_is_shown_within_three_pings(make_world):
    world = await make_world(websocket_ping_seconds=0.3)
    attempt = world.attempt()
    board = await world.board(attempt.exam_id)
    await board.frame("snapshot")
    client = await world.student(attempt)
    await deltas_until(board, lambda data: data["connection"] == "online")
    client.connection.transport.pause_reading()  # pongs are not sent any more
    await deltas_until(board, lambda data: data["connection"] == "degraded")
    gone = await deltas_until(board, lambda data: data["connection"] == "offline")
    assert (gone["is_online"], gone["socket_count"]) == (False, 1)
    client.connection.transport.resume_reading()
    back = await deltas_until(board, lambda data: data["connection"] == "online")
    assert back["connection_since"] > gone["connection_since"]


async def test_that_a_client_closed_its_socket_is_told_with_its_code(world):
    attempt = world.attempt()
    board = await world.board(attempt.exam_id)
    client = await world.student(attempt)
    await client.connection.close(3001, "bye")
    gone = await deltas_until(board, lambda data: data["connection"] == "offline")
    assert gone["last_close"].items() >= {"code": 3001, "reason": "Closed by the client"}.items()


async def test_a_refused_owner_is_told_to_staff_with_the_reason(world):
    attempt = world.attempt(policy="refuse", active_login_id="another")
    world.attempts.is_admitted = False
    board = await world.board(attempt.exam_id)
    client = await world.connect(
        f"attempts/{attempt.attempt_id}", token=world.tokens.token(attempt.student_id)
    )
    code, reason = await client.closed()
    told = await deltas_until(board, lambda data: data["last_refusal"] is not None)
    assert (told["last_refusal"]["code"], told["last_refusal"]["reason"]) == (code, reason)
