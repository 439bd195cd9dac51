"""Connect and replay, proven on a model: once each, in order, complete, or `resync`."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from realtime.channels import Channel
from realtime.resume import Cursor
from realtime.ring import Ring

A, B = Channel("attempt", 1), Channel("attempt", 2)
EXAM, OTHER = Channel("exam", 1), Channel("exam", 2)


@dataclass
class Entry:
    sequence: int
    channel: Channel = A
    size: int = 10
    exam: Channel = EXAM

    @property
    def channels(self):
        return (self.channel, self.exam)


def filled(count, *, max_messages=100, max_bytes=10_000):
    ring = Ring(max_messages, max_bytes)
    ring.open(EXAM, 0)
    for sequence in range(1, count + 1):
        ring.append(Entry(sequence, A if sequence % 2 else B))
    return ring


def test_the_ring_answers_per_channel_and_in_order():
    found = filled(10).after(A, 3, EXAM)
    assert [entry.sequence for entry in found] == [5, 7, 9]


def test_the_ring_says_so_when_it_does_not_reach_back():
    ring = filled(10, max_messages=4)
    assert ring.after(A, 5, EXAM) is None
    assert [entry.sequence for entry in ring.after(A, 6, EXAM)] == [7, 9]
    assert len(ring) == 4


def test_the_ring_is_bounded_in_bytes_and_forgets_empty_channels():
    ring = filled(10, max_bytes=25)
    assert (len(ring), ring.bytes) == (2, 20)
    ring.append(Entry(11, A, size=1_000))
    assert (len(ring), ring.bytes, ring.floor(EXAM)) == (0, 0, 11)
    assert ring.after(B, 11, EXAM) == []


def test_a_line_that_is_opened_again_begins_behind_its_floor():
    ring = filled(10)
    ring.open(EXAM, 50)
    assert ring.after(A, 49, EXAM) is None
    assert ring.after(A, 50, EXAM) == []


def test_a_line_that_is_shut_leaves_the_others_alone():
    ring = filled(10)
    ring.open(OTHER, 10)
    ring.append(Entry(11, Channel("attempt", 3), exam=OTHER))
    ring.shut(EXAM)
    assert ring.after(EXAM, 10) is None
    assert ring.floor(EXAM) is None
    assert [entry.sequence for entry in ring.after(OTHER, 10)] == [11]
    assert (len(ring), ring.bytes) == (1, 10)


def test_letting_go_of_one_line_does_not_move_the_floor_of_another():
    ring = Ring(2, 10**6)
    for line in (EXAM, OTHER):
        ring.open(line, 0)
    ring.append(Entry(1, A))
    ring.append(Entry(2, B, exam=OTHER))
    ring.append(Entry(3, B, exam=OTHER))
    assert (ring.floor(EXAM), ring.floor(OTHER)) == (1, 0)
    assert [entry.sequence for entry in ring.after(OTHER, 0)] == [2, 3]


def test_what_was_held_follows_history_without_repeats():
    cursor = Cursor(after=10)
    assert not cursor.offer(11, "k")
    assert not cursor.offer(12, "l")
    assert cursor.catch_up(8, [(9, "i"), (10, "j"), (11, "k")]) == ["i", "j", "k", "l"]
    assert not cursor.offer(12, "l")
    assert cursor.offer(13, "m")


def test_a_restart_forgets_what_was_held():
    cursor = Cursor(after=10)
    cursor.offer(11, "k")
    cursor.restart(3)
    cursor.offer(4, "x")
    assert cursor.catch_up(3) == ["x"]


class Model:
    """A stream that forgets, a node that lags, one client that comes and goes."""

    def __init__(self, ring_size, history):
        self.stream = []  # (sequence, is_mine)
        self.history = history
        self.ring = Ring(ring_size, 10**9)
        self.ring.open(EXAM, 0)
        self.position = 0
        self.cursor = None
        self.received = []
        self.expected_after = 0  # what the client must have got: everything of its own behind this
        self.since = None

    def publish(self, is_mine):
        self.stream.append((len(self.stream) + 1, is_mine))

    def read(self, count, repeats):
        """The node's reader goes on; the bus may hand over a message twice."""
        for sequence, is_mine in self.stream[self.position : self.position + count]:
            self.position = sequence
            entry = Entry(sequence, A if is_mine else B)
            self.ring.append(entry)
            for _ in range(1 + repeats):
                if is_mine and self.cursor is not None and self.cursor.offer(sequence, sequence):
                    self.received.append(sequence)

    def connect(self, lag):
        """Join, let time pass, then replay from ring or stream as the feed does."""
        self.disconnect(lose=0)
        joined_at = self.position
        cursor = self.cursor = Cursor(joined_at)
        self.read(lag, repeats=1)
        since = joined_at if self.since is None else self.since
        found = self.past(since)
        if found is None or self.since is None:
            self.expected_after = joined_at  # resync, or a new client: begins at the join
            self.received = []
            self.received += cursor.catch_up(joined_at)
        else:
            self.received += cursor.catch_up(since, found)

    def past(self, since):
        found = self.ring.after(A, since, EXAM)
        if found is not None:
            return [(entry.sequence, entry.sequence) for entry in found]
        if since < len(self.stream) - self.history:
            return None
        return [(s, s) for s, is_mine in self.stream if is_mine and since < s <= self.position]

    def disconnect(self, lose):
        """The line breaks; the last frames never arrived at the client."""
        if self.cursor is None:
            return
        kept = len(self.received) - lose
        self.received = self.received[: max(kept, 0)]
        self.since = max([self.expected_after, *self.received])
        self.cursor = None

    def check(self):
        expected = [
            sequence
            for sequence, is_mine in self.stream
            if is_mine and self.expected_after < sequence <= self.position
        ]
        if self.cursor is not None:
            assert self.received == expected


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.booleans()),
        st.tuples(st.just("read"), st.integers(0, 5), st.integers(0, 2)),
        st.tuples(st.just("connect"), st.integers(0, 5)),
        st.tuples(st.just("disconnect"), st.integers(0, 4)),
    ),
    max_size=60,
)


@settings(max_examples=400, deadline=None)
@given(STEPS, st.integers(1, 12), st.integers(3, 30))
def test_a_client_gets_everything_once_and_in_order_or_is_told_to_resync(steps, ring, history):
    model = Model(ring, history)
    for step, *arguments in steps:
        getattr(model, step)(*arguments)
        model.check()
    model.read(10_000, 0)
    model.connect(0)
    model.check()


@given(st.lists(st.integers(1, 30)), st.sets(st.integers(1, 30)), st.integers(0, 30))
def test_repeated_and_reordered_messages_are_told_once_and_in_order(held, history, after):
    cursor = Cursor(after)
    for sequence in held:
        assert not cursor.offer(sequence, sequence)
    told = cursor.catch_up(after, [(sequence, sequence) for sequence in history])
    assert told == sorted({*held, *history} & set(range(after + 1, 31)))
