"""The queue of one connection and the hub, with a transport that only remembers."""

import json
from datetime import UTC, datetime

import pytest
from chassis.bus import Delivery, Position
from chassis.tokens import Caller
from realtime import closing, notices
from realtime.channels import Channel
from realtime.connection import Connection
from realtime.frames import Frame
from realtime.hub import Hub

from .conftest import messages_in

NOW = datetime(2026, 1, 5, tzinfo=UTC)


class Transport:
    def __init__(self):
        self.woken = 0
        self.is_cut = False

    def wake(self):
        self.woken += 1

    def cut(self):
        self.is_cut = True


def make(*, channel=None, user_id=41, login_id="l", key_id="", modern=True, limit=10_000, after=0):
    caller = Caller(user_id, frozenset(), login_id, "t", NOW, NOW, key_id)
    found = Connection(
        caller,
        channel or Channel("attempt", 41),
        Transport(),
        position=Position(after, "e"),
        is_modern=modern,
        limit_bytes=limit,
    )
    found.is_admitted = True
    return found


def live(**options):
    found = make(**options)
    found.go_live(found.joined_at.sequence)
    return found


def message(sequence, fact="answer_saved", attempt_id=41, **data):
    data = {"question_id": 3} | data
    raw = json.dumps({"id": "1", "fact": fact, "at": "2026-01-05T10:00:00Z", "data": data})
    return notices.read(Delivery(sequence, f"oep.v1.7.{attempt_id}.{fact}", raw.encode(), NOW), "e")


def told(hub, connection):
    """What a client reads of what is due."""
    hub.settle()
    return messages_in(wire(connection))


def wire(connection):
    """The bytes that are due."""
    return b"".join(frame.wire for frame in connection.take())


def sequences(hub, connection):
    return [message["position"]["sequence"] for message in told(hub, connection)]


@pytest.fixture
def hub():
    return Hub()


def test_a_reader_behind_its_bound_is_cut_and_its_queue_dropped():
    connection = live(limit=10)
    connection.send(Frame(b"x" * 11))
    assert connection.closing is None
    connection.send(Frame(b"y"))
    assert connection.closing == closing.TOO_SLOW
    assert connection._transport.is_cut
    assert connection.take() == []


def test_what_was_written_does_not_count_any_more():
    connection = live(limit=10)
    for _ in range(50):
        connection.send(Frame(b"x" * 11))
        assert len(connection.take()) == 1
    assert connection.closing is None


def test_a_slow_reader_does_not_touch_the_others(hub):
    slow, quick = live(limit=10), live(limit=10_000)
    hub.join(slow)
    hub.join(quick)
    for sequence in range(1, 20):
        hub.publish(message(sequence))
        hub.settle()
    assert slow.closing == closing.TOO_SLOW
    assert sequences(hub, quick) == list(range(1, 20))


def test_one_frame_serves_all_readers(hub):
    first, second = live(), live()
    hub.join(first)
    hub.join(second)
    hub.publish(message(1))
    hub.publish(message(2))
    hub.settle()
    assert first.take()[0] is second.take()[0]


def test_the_sender_of_a_save_is_not_told_of_it(hub):
    sender, other = live(), live()
    hub.join(sender)
    hub.join(other)
    hub.publish(message(1, connection_id=sender.id))
    assert told(hub, sender) == []
    assert len(told(hub, other)) == 1


def test_a_message_reaches_its_attempt_and_its_exam_only(hub):
    board = live(channel=Channel("exam", 7))
    stranger = live(channel=Channel("attempt", 42))
    hub.join(board)
    hub.join(stranger)
    hub.publish(message(1))
    assert len(told(hub, board)) == 1
    assert told(hub, stranger) == []


def test_a_redelivered_message_is_told_once(hub):
    connection = live()
    hub.join(connection)
    for sequence in (1, 2, 1, 2, 3):
        hub.publish(message(sequence))
    assert sequences(hub, connection) == [1, 2, 3]


def test_nothing_is_told_while_a_connection_holds(hub):
    connection = make()
    hub.join(connection)
    hub.publish(message(4))
    assert told(hub, connection) == []
    connection.go_live(2, [message(3), message(4)])
    assert sequences(hub, connection) == [3, 4]


def test_a_connection_that_starts_over_forgets_what_it_held(hub):
    connection = make(after=50)
    hub.join(connection)
    hub.publish(message(51))
    hub.settle()
    connection.start_over(Position(2, "new"))
    hub.publish(message(3))
    connection.go_live(connection.joined_at.sequence)
    assert sequences(hub, connection) == [3]
    assert connection.joined_at == Position(2, "new")


def test_a_closed_attempt_ends_a_modern_socket_and_leaves_an_old_one(hub):
    modern, old = live(), live(modern=False)
    hub.join(modern)
    hub.join(old)
    hub.publish(message(1, "status_changed", status="submitted"))
    hub.settle()
    assert modern.closing == (4509, "Attempt is submitted")
    assert old.closing is None
    assert len(modern.take()) == len(old.take()) == 1


def test_a_revoked_login_is_closed_and_no_other(hub):
    mine, other = live(login_id="a"), live(login_id="b")
    hub.join(mine)
    hub.join(other)
    hub.close_revoked("a", None, closing.REVOKED)
    assert (mine.closing, other.closing) == (closing.REVOKED, None)
    hub.close_revoked(None, 41, closing.REVOKED)
    assert other.closing == closing.REVOKED


def test_what_a_revoked_key_has_signed_is_closed_and_nothing_else(hub):
    mine, other = live(key_id="k1"), live(key_id="k2")
    hub.join(mine)
    hub.join(other)
    hub.close_signed_by("k1", closing.REVOKED)
    assert (mine.closing, other.closing) == (closing.REVOKED, None)


def test_a_hub_forgets_who_leaves(hub):
    connection = live()
    hub.join(connection)
    hub.leave(connection)
    hub.leave(connection)
    assert len(hub) == 0
    assert (hub._audiences, hub._logins) == ({}, {})


def test_only_admitted_sockets_count(hub):
    channel = Channel("attempt", 41)
    admitted, waiting = live(), make()
    waiting.is_admitted = False
    hub.join(admitted)
    hub.join(waiting)
    assert hub.count_of_user(41, channel) == 1
    assert hub.count_of_user(42, channel) == 0


def test_what_is_held_is_bounded(hub):
    connection = make()
    hub.join(connection)
    for sequence in range(1, 10_010):
        connection.deliver(sequence, notices.NOTHING)
    assert connection.closing == closing.TOO_SLOW


def test_a_connection_that_settles_keeps_what_it_held_before_it_knew_its_exam():
    connection = make()
    for sequence in (7, 9):
        connection.deliver(sequence, message(sequence).student_part)
    connection.settle(Position(9, "e"))
    assert connection.joined_at == Position(6, "e")
    connection.go_live(connection.joined_at.sequence)
    assert [m["position"]["sequence"] for m in messages_in(wire(connection))] == [7, 9]


def test_a_connection_for_which_nothing_came_settles_at_the_place_of_its_exam():
    connection = make()
    connection.settle(Position(9, "e"))
    assert connection.joined_at == Position(9, "e")
    connection.deliver(9, message(9).student_part)
    connection.deliver(10, message(10).student_part)
    connection.go_live(9)
    assert [m["position"]["sequence"] for m in messages_in(wire(connection))] == [10]
