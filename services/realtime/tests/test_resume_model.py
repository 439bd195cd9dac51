"""Design §6 as a state machine: nothing missing, nothing twice, in order, or `resync`.

Real parts: feed, lines, ring, hub, connections, the replay of a visit, what a node does when a line
begins anew, and the order check of the bus's reader. Modelled: a stream that forgets and can be
lost, a way from the bus that loses, repeats and reorders, two nodes that are killed or stop reading
at any moment, and a client that comes and goes, losing what was last sent to it. Time is virtual.
"""

import asyncio
import json
import os
import selectors
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from chassis.bus import Delivery, Order, Position, StreamReset
from chassis.tokens import Caller
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from realtime import feed as feeds
from realtime import frames, notices, visits
from realtime import line as lines
from realtime.channels import Channel
from realtime.connection import NO_PLACE, Connection
from realtime.errors import HistoryGone
from realtime.feed import Feed
from realtime.hub import Hub
from realtime.node import Node
from realtime.ring import Ring

from .conftest import messages_in

EXAM_ID, MINE, OTHER = 7, 41, 42
WARM, RING = 4, 6
LOST = "stream_reset"
NOW = datetime(2026, 1, 5, tzinfo=UTC)
CALLER = Caller(5, frozenset(), "login", "token", NOW, NOW, "")


class Leaping(asyncio.SelectorEventLoop):
    """A loop that is never idle: when everybody waits, it is the moment that they wait for."""

    def __init__(self):
        self.now = 0.0
        super().__init__(Selector(self))

    def time(self):
        return self.now


class Selector(selectors.SelectSelector):
    def __init__(self, loop):
        super().__init__()
        self._loop = loop

    def select(self, timeout=None):
        assert timeout is not None, "somebody waits for ever"
        self._loop.now += timeout
        return super().select(0)


def lose(way, place, _):
    del way[place : place + 1]


def repeat(way, place, other):
    way[other:other] = way[place : place + 1]


def swap(way, place, other):
    if max(place, other) < len(way):
        way[place], way[other] = way[other], way[place]


def nothing(*_):
    """Carry everything as it is."""


class Bus:
    """The stream, as far as realtime asks for it."""

    is_connected = True

    def __init__(self):
        self.log = []
        """(sequence, attempt) of everything that was ever said in this epoch."""
        self._number = 1
        self._forgotten = 0

    @property
    def epoch(self):
        return str(self._number)

    @property
    def first(self):
        """It keeps 72 hours: nothing is forgotten that a reader who lives has yet to read."""
        return self._forgotten + 1

    def publish(self, news):
        for attempt_id in news:
            self.log.append((len(self.log) + 1, attempt_id))

    def wipe(self):
        self.log, self._number, self._forgotten = [], self._number + 1, 0

    def forget(self, left):
        """Have nothing but the last messages."""
        self._forgotten = max(self._forgotten, len(self.log) - left)

    def deliveries(self, after):
        return [_delivery(*entry) for entry in self.log[max(after, self.first - 1) :]]

    async def wait_ready(self):
        await asyncio.sleep(0)

    async def head(self, _):
        await asyncio.sleep(0)
        return Position(len(self.log), self.epoch)

    async def first_sequence(self, _):
        return self.first

    async def replay(self, _, subjects, after, upto):
        await asyncio.sleep(0)
        if self.first > after + 1:
            raise StreamReset
        [subject] = subjects
        wanted = subject.rpartition(".")[0]
        found = [d for d in self.deliveries(after) if d.subject.rpartition(".")[0] == wanted]
        return [delivery for delivery in found if delivery.sequence <= upto]


def _delivery(sequence, attempt_id):
    data = {"question_id": 3, "kind": "answer", "connection_id": None}
    notice = {"id": "1", "fact": "answer_saved", "at": "2026-01-05T10:00:00Z", "data": data}
    subject = f"oep.v1.{EXAM_ID}.{attempt_id}.answer_saved"
    return Delivery(sequence, subject, json.dumps(notice).encode(), NOW)


class Reader:
    """The bus's reader with its real check, behind a way that may do anything."""

    def __init__(self, bus, _, subjects, *, after):
        assert subjects == [f"oep.v1.{EXAM_ID}.>"]
        self._bus, self._after, self._epoch = bus, after, bus.epoch
        self.position, self.is_at_end = None, False
        self._way, self._number, self._sent = [], 0, after
        self._arrived, self._is_lost = asyncio.Event(), False

    def carry(self, harm=nothing, place=0, other=0):
        for delivery in self._bus.deliveries(self._sent):
            self._number += 1
            self._way.append((self._number, delivery))
            self._sent = delivery.sequence
        harm(self._way, place, other)
        self._arrived.set()

    async def batches(self):
        while True:
            if self._bus.epoch != self._epoch or self._bus.first > self._after + 1:
                raise StreamReset
            self.position = Position(self._after, self._epoch)
            self._way, self._number, self._sent = [], 0, self._after
            self.is_at_end = not self._bus.deliveries(self._after)
            order, self._is_lost = Order(self._after), False
            yield []
            await asyncio.sleep(0.001)
            self.carry()
            while not self._is_lost:
                yield await self._next(order)

    async def _next(self, order):
        """Return what came in order; what did not makes it time for another consumer."""
        await self._arrived.wait()
        self._arrived.clear()
        self._is_lost, batch = self._bus.epoch != self._epoch, []
        while self._way:
            number, delivery = self._way.pop(0)
            if self._is_lost or not order.takes(number, delivery.sequence):
                self._is_lost = True
                break
            batch.append(delivery)
            self._after = delivery.sequence
        self.position = Position(self._after, self._epoch)
        self.is_at_end = not self._bus.deliveries(self._after)
        return batch


class Transport:
    def wake(self):
        """Frames are taken when the model looks."""

    def cut(self):
        raise AssertionError("nobody falls behind here")


class Host:
    """A node, as far as a message's way goes through it."""

    def __init__(self, bus):
        self.bus, self.hub, self.ring = bus, Hub(), Ring(RING, 10**9)
        self.keeper = SimpleNamespace(now=lambda: NOW)
        self.boards = SimpleNamespace(drop=lambda _: None, start_over=self._show)
        self.feed = Feed(
            bus,
            self.ring,
            fold=lambda _: None,
            fan_out=self.hub.publish,
            settle=self.hub.settle,
            prepare=_nothing,
            complete=_nothing,
            restart=lambda line: Node._restart(self, line),
            end=lambda _: None,
            warm_messages=WARM,
            replay_seconds=5,
            linger_seconds=0,
        )

    @property
    def line(self):
        return self.feed.line(EXAM_ID)

    def reader(self):
        line = self.line
        return line and line._reader

    async def stop_reading(self):
        if self.line is not None:
            await self.feed._close(self.line)

    def _show(self, connection):
        asyncio.get_running_loop().call_later(0.05, self._snapshot, connection)

    def _snapshot(self, connection):
        """Show a board everything, when attempts and proctoring have answered."""
        position = self.feed.position(EXAM_ID)
        connection.send(frames.snapshot(EXAM_ID, NOW, position, []))
        connection.go_live(position.sequence)


async def _nothing(_):
    await asyncio.sleep(0)


NODES = st.integers(0, 1)
FEW = st.integers(0, 3)
NEWS = st.lists(st.sampled_from([MINE, MINE, OTHER]), max_size=5)
BEHIND = "the node has not read what other nodes have told"
WIPED = "the stream is lost"
PAUSE = st.sampled_from([nothing, BEHIND, BEHIND, lose, repeat, WIPED])
HARM = st.sampled_from([nothing, nothing, lose, repeat, swap])


class Resuming(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.loop = Leaping()
        self.bus = Bus()
        self.hosts = [Host(self.bus), Host(self.bus)]
        self.at = self.connection = self.channel = None
        self.frames = []
        self.position = None
        """Behind which everything was received: where the client begins, or goes on."""
        self.begins = None
        self.received = []

    def teardown(self):
        for host in self.hosts:
            self._run(host.stop_reading())
        self.loop.close()

    def _run(self, work):
        return self.loop.run_until_complete(work)

    @initialize(is_board=st.booleans(), news=NEWS)
    def begin(self, is_board, news):
        self.channel = Channel("exam", EXAM_ID) if is_board else Channel("attempt", MINE)
        self.bus.publish(news)

    @rule(news=NEWS)
    def publish(self, news):
        self.bus.publish(news)

    @rule(node=NODES, lose=st.integers(0, 3), is_killed=st.booleans())
    def stop(self, node, lose, is_killed):
        """The node is killed, and its client with it, or has nobody to read for any more."""
        host = self.hosts[node]
        if self.at is host:
            self.disconnect(lose)
        self._run(host.stop_reading())
        if is_killed:
            self.hosts[node] = Host(self.bus)

    @rule(node=NODES, news=NEWS, harm=HARM, place=FEW, other=FEW)
    def go_on(self, node, news, harm, place, other):
        """Let a node read what there is, over a way that does harm."""
        self._run(self._go_on(self.hosts[node], news, harm, place, other))

    async def _go_on(self, host, news, harm=nothing, place=0, other=0):
        self.bus.publish(news)
        if host.reader() is not None:
            host.reader().carry(harm, place, other)
        await asyncio.sleep(0.01)

    @rule(left=FEW)
    def forget(self, left):
        """The stream forgets; who reads it has read it."""
        for host in self.hosts:
            self._run(self._go_on(host, []))
        self.bus.forget(left)

    @rule(node=NODES, back=st.integers(1, 4), times=st.integers(1, 2), is_settled=st.booleans())
    def say_again(self, node, back, times, is_settled):
        """What was told already comes from the bus once more, alone or before what is new."""
        host = self.hosts[node]
        floor = host.ring.floor(Channel("exam", EXAM_ID))
        if floor is None:
            return
        told = host.ring.after(Channel("exam", EXAM_ID), floor)[-back:]
        for message in told[:times]:
            if message.sequence <= host.line.position.sequence:
                host.hub.publish(message)
        if is_settled:
            host.hub.settle()
        else:
            self._run(self._go_on(host, [MINE]))

    @rule(news=NEWS)
    def wipe(self, news):
        """The stream is lost; the readers find out with what comes next, or by themselves."""
        self._run(self._wipe(news))

    async def _wipe(self, news):
        self.bus.wipe()
        self.bus.publish(news)
        for host in self.hosts:
            if host.reader() is not None:
                host.reader().carry()
        await asyncio.sleep(1)

    @precondition(lambda self: self.at is None)
    @rule(node=NODES, before=NEWS, between=NEWS, behind=NEWS, pause=PAUSE)
    def connect(self, node, before, between, behind, pause):
        """Join, let time pass while attempts is asked, take a place, replay, go live."""
        host = self.hosts[node]
        self.at, self.frames = host, []
        self._run(self._connect(host, before, between, behind, pause))
        self._take()

    @precondition(lambda self: self.at is not None)
    @rule(node=NODES, lose=FEW, missed=NEWS, between=NEWS, behind=NEWS, pause=PAUSE)
    def come_back(self, node, lose, missed, between, behind, pause):
        """The line breaks, and the client connects at once, here or there; the node lives on."""
        self.disconnect(lose)
        self._run(self._go_on(self.hosts[node], missed))
        self.connect(node, [], between, behind, pause)

    async def _connect(self, host, before, between, behind, pause):
        self.connection = connection = Connection(
            CALLER, self.channel, Transport(), is_modern=True, limit_bytes=10**9
        )
        host.hub.join(connection)
        self.bus.publish(before)
        asked_at, head = time.monotonic(), (self.bus.epoch, len(self.bus.log))
        if pause is WIPED:
            await self._go_on(host, between)
            await self._wipe(between)
        elif pause is not BEHIND:
            await self._go_on(host, between, pause, 0, 1)
        is_new = await host.feed.join(EXAM_ID, connection, asked_at)
        joined = connection.joined_at
        if not is_new:  # what attempts has answered is of `head`, or of later
            assert joined.epoch == head[0]
            assert self._said(head[1], joined.sequence) == []
        if self.position is None:
            self._begin_at(joined)
            connection.go_live(joined.sequence)
        else:
            resuming = asyncio.ensure_future(self._resume(host, connection))
            if not behind:
                await resuming
            await self._go_on(host, behind)
            await resuming

    async def _resume(self, host, connection):
        since = self.position.sequence, self.position.epoch
        try:
            await visits.replay(host.feed, EXAM_ID, connection, since)
        except HistoryGone as gone:
            visits.tell_resync(connection, gone, host.keeper)
            connection.go_live(connection.joined_at.sequence)

    @rule(lose=st.integers(0, 3))
    def disconnect(self, lose):
        """The line breaks; the last frames never arrived."""
        if self.at is None:
            return
        self._take()
        self._hear(self.frames[: max(len(self.frames) - lose, 0)])
        if self.awaits_snapshot and self.channel.is_board:
            self.position = None  # it has nothing to go on from
        self.awaits_snapshot = False
        self.at.hub.leave(self.connection)
        self.at.feed.leave(EXAM_ID, self.connection)
        self.at, self.frames = None, []

    def _said(self, after, upto):
        """What concerns the client behind a place, up to another one."""
        is_board = self.channel.is_board
        return [
            sequence
            for sequence, attempt_id in self.bus.log
            if (is_board or attempt_id == MINE) and after < sequence <= upto
        ]

    def _take(self):
        for found in self.connection.take():
            self.frames += messages_in(found.wire)

    awaits_snapshot = False

    def _begin_at(self, position):
        self.position = self.begins = position
        self.received = []

    def _hear(self, frames):
        """Be the client: what it knows is its position and what it has seen since it began."""
        for frame in frames:
            position = Position(**frame["position"])
            if frame["type"] in {"resync", "snapshot"}:
                self._begin_at(position)
                self.awaits_snapshot = frame["type"] == "resync" and frame["reason"] == LOST
            else:
                assert not (self.awaits_snapshot and self.channel.is_board), "a row of nobody"
                assert position.epoch == self.position.epoch
                self.received.append(position.sequence)
                self.position = position

    @invariant()
    def nothing_is_missing_twice_or_out_of_order(self):
        if self.at is None:
            return
        self._take()
        before = self.position, self.begins, self.received[:], self.awaits_snapshot
        self._hear(self.frames)
        got, begins = self.received, self.begins
        self.position, self.begins, self.received, self.awaits_snapshot = before
        line = self.at.line
        assert begins.epoch == line.position.epoch == self.bus.epoch
        upto = max([line.position.sequence, *got])
        assert got == self._said(begins.sequence, upto)

    @invariant()
    def who_is_read_for_is_not_far_behind(self):
        """What has come in order was told, and a client is never begun at a place that is none."""
        if self.at is not None:
            assert self.connection.is_live
            assert self.begins != NO_PLACE


@pytest.fixture(autouse=True, scope="module")
def modelled():
    """Put the model's reader in the place of the bus's, and let the logs be."""
    silent = SimpleNamespace(**dict.fromkeys(("info", "warning", "exception"), lambda *_, **__: 0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "Reader", Reader)
        for module in (lines, feeds, notices, visits):
            if hasattr(module, "log"):
                patch.setattr(module, "log", silent)
        yield


MORE = int(os.environ.get("OEP_EXAMPLES", "0"))
"""So many at random; otherwise 120 that are always the same: a run says what changed."""


def test_who_comes_back_has_everything_once_and_in_order_or_is_told_to_resync():
    bounds = settings(
        max_examples=MORE or 120,
        derandomize=not MORE,
        database=None,
        stateful_step_count=25,
        deadline=None,
        phases=set(Phase) - {Phase.explain},
    )
    run_state_machine_as_test(Resuming, settings=bounds)
