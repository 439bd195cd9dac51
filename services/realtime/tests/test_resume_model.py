"""Design §6 as a state machine: nothing missing, nothing twice, in order, or `resync`.

Real parts: the order check of the bus's reader, ring and cursor. Modelled: a stream that forgets, a
way from the bus that loses, repeats and reorders, two nodes that begin and end reading at any
moment (a kill is an end), and a client that comes and goes, losing what was last sent to it.
"""

from dataclasses import dataclass

from chassis.bus import Order
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from realtime.channels import Channel
from realtime.resume import Cursor
from realtime.ring import Ring

MINE, OTHER, EXAM = Channel("attempt", 1), Channel("attempt", 2), Channel("exam", 1)
HISTORY = 25
"""How many messages the stream keeps."""
WARM = 4
NODES = st.integers(0, 1)
FEW = st.integers(0, 3)
NEWS = st.lists(st.sampled_from([True, True, False]), max_size=5)


def lose(way, place, _):
    del way[place : place + 1]


def repeat(way, place, other):
    way[other:other] = way[place : place + 1]


def swap(way, place, other):
    if max(place, other) < len(way):
        way[place], way[other] = way[other], way[place]


def nothing(*_):
    """Carry everything as it is."""


HARM = st.sampled_from([nothing, nothing, lose, repeat, swap])


@dataclass(frozen=True)
class Entry:
    sequence: int
    channel: Channel
    size: int = 1

    @property
    def channels(self):
        return self.channel, EXAM


class Node:
    """One exam's line on one node, read through a way that may do anything to what it carries."""

    def __init__(self, stream):
        self._stream = stream
        self.ring = Ring(8, 10**6)
        self.is_reading = False
        self.position = 0
        self.cursor = None
        self.told = []

    def begin(self):
        self.is_reading, self.position = True, len(self._stream)
        floor = max(len(self._stream) - WARM, 0)
        self.ring.open(EXAM, floor)
        self.warm_until = self.position
        self._connect(floor)
        self.carry(WARM)
        self.read()  # the past is read before anybody is told any

    def end(self):
        self.is_reading = False
        self.ring.shut(EXAM)
        self.cursor = None

    def carry(self, count):
        for place in self._stream[self._sent : self._sent + count]:
            self._number += 1
            self._sent += 1
            self.way.append((self._number, place))

    def read(self):
        """Take what has arrived; anything that is not as it should be makes a new consumer."""
        while self.way:
            number, entry = self.way.pop(0)
            if not self._order.takes(number, entry.sequence):
                self._connect(self._order.seen)
                return
            self.ring.append(entry)
            if entry.sequence <= self.warm_until:
                continue
            self.position = entry.sequence
            is_for_client = entry.channel == MINE and self.cursor is not None
            if is_for_client and self.cursor.offer(entry.sequence, entry.sequence):
                self.told.append(entry.sequence)

    def _connect(self, after):
        self.way, self._number, self._sent = [], 0, after
        self._order = Order(after)


class Resuming(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.stream = []
        self.nodes = [Node(self.stream), Node(self.stream)]
        self.at = None
        self.since = None
        self.begins_behind = 0
        self.received = []
        self.resyncs = 0

    @rule(news=NEWS)
    def publish(self, news):
        for is_mine in news:
            self.stream.append(Entry(len(self.stream) + 1, MINE if is_mine else OTHER))

    @rule(node=NODES, lose=st.integers(0, 3))
    def kill(self, node, lose):
        """Its client goes with it, and what was on its way to the client is lost."""
        if self.at is self.nodes[node]:
            self.disconnect(lose)
        if self.nodes[node].is_reading:
            self.nodes[node].end()

    @rule(node=NODES, news=NEWS, harm=HARM, place=FEW, other=FEW)
    def go_on(self, node, news, harm, place, other):
        """Let a node read what there is, over a way that does harm."""
        self.publish(news)
        found = self.nodes[node]
        if found.is_reading:
            found.carry(len(self.stream))
            harm(found.way, place, other)
            found.read()

    @precondition(lambda self: self.at is None)
    @rule(node=NODES, news=NEWS, harm=HARM, place=FEW, other=FEW)
    def connect(self, node, news, harm, place, other):
        """Join, let time pass while attempts is asked, settle, replay, go live."""
        found = self.nodes[node]
        if not found.is_reading:
            found.begin()
        cursor = found.cursor = Cursor(0)
        asked_at = found.position  # what attempts answers is true from here on, or later
        found.told = []
        self.go_on(node, news, harm, place, other)
        joined_at = cursor.place(found.position)
        history = None if self.since is None else self._history(found)
        if history is None:
            self.resyncs += self.since is not None
            self.begins_behind, self.received = asked_at, []
            found.told = [*cursor.catch_up(joined_at)]
        else:
            found.told = [*cursor.catch_up(self.since, history)]
        self.at = found

    @rule(lose=st.integers(0, 3))
    def disconnect(self, lose):
        """The line breaks; the last frames never arrived."""
        if self.at is None:
            return
        self.received += self.at.told[: max(len(self.at.told) - lose, 0)]
        self.since = max([self.begins_behind, *self.received])
        self.at.cursor, self.at = None, None

    def _history(self, node):
        if self.since > node.position:
            return []  # it was told more elsewhere than this node has read
        found = node.ring.after(MINE, self.since, EXAM)
        if found is None and self.since >= len(self.stream) - HISTORY:
            found = [
                entry
                for entry in self.stream
                if entry.channel == MINE and self.since < entry.sequence <= node.position
            ]
        return None if found is None else [(entry.sequence, entry.sequence) for entry in found]

    @invariant()
    def nothing_is_missing_twice_or_out_of_order(self):
        if self.at is None:
            return
        got = self.received + self.at.told
        upto = max([self.at.position, *self.received])
        expected = [
            entry.sequence
            for entry in self.stream
            if entry.channel == MINE and self.begins_behind < entry.sequence <= upto
        ]
        assert got == expected


Resuming.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestResuming = Resuming.TestCase
