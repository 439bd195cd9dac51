"""The broadcast socket (contract §8.1): who may, what is said to whom, the audit, floods."""

import asyncio
import json
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from chassis.bus import Position
from chassis.errors import Unavailable
from chassis.tokens import Caller
from chassis.waiting import eventually
from realtime.broadcast import Bucket
from realtime.broadcaster import Broadcaster
from realtime.channels import Channel
from realtime.connection import Connection
from realtime.settings import RealtimeSettings
from websockets.exceptions import InvalidStatus

NOTE = {
    "type": "notification",
    "title": "Hall 3",
    "message": "Ten minutes left",
    "severity": "info",
}
ADMIN = ("admin",)


def path(attempt):
    return f"admin/broadcast/{attempt.attempt_id}"


async def speaker(world, attempt, *, modern=True, token=None, **query):
    """A sender who has been let in; nothing tells him so."""
    token, before = token or world.tokens.token(9, ADMIN), speakers(world, attempt)
    client = await world.connect(path(attempt), modern=modern, token=token, **query)
    await eventually(lambda: speakers(world, attempt) > before)
    return client


def speakers(world, attempt):
    listening = world.node.hub.listeners(Channel("broadcast", attempt.attempt_id))
    return sum(connection.is_admitted for connection in listening)


async def refused(world, where, **options):
    """The words of a refusal before accept, and the close of one after it."""
    with pytest.raises(InvalidStatus) as caught:
        await world.connect(where, modern=False, **options)
    response = caught.value.response
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    client = await world.connect(where, **options)
    closed = await client.closed()
    assert client.frames == []
    return json.loads(response.body)["detail"], closed


async def say(sender, frame, seconds=8.0):
    await sender.send(frame)
    return await sender.frame(seconds=seconds)


async def knows(world, attempt, count):
    """Wait until a node counts so many sockets of an attempt."""
    await eventually(lambda: world.node.presence.of(attempt.attempt_id).socket_count == count)


# Who may, and how others are refused


@pytest.mark.contract("8.1/refusals")
@pytest.mark.parametrize("roles", [("student",), ("grader", "hall_in_charge"), ()])
async def test_who_is_neither_administrator_nor_proctor_learns_nothing(world, roles):
    token = world.tokens.token(41, roles)
    for where in (path(world.attempt()), "admin/broadcast/999999999"):
        assert await refused(world, where, token=token) == ("Unauthorized", (4503, "Unauthorized"))


@pytest.mark.contract("8.1/who")
async def test_a_proctor_speaks_only_to_attempts_of_exams_assigned_to_him(world):
    mine, other = world.attempt(), world.attempt()
    token = world.proctor(mine.exam_id)
    sender = await speaker(world, mine, token=token)
    assert (await say(sender, NOTE))["type"] == "broadcast_ack"
    assert await refused(world, path(other), token=token) == (
        "Unauthorized",
        (4503, "Unauthorized"),
    )


@pytest.mark.contract("8.1/refusals")
async def test_refusals_are_those_of_the_students_socket_in_their_order(world):
    attempt = world.attempt()
    token = world.tokens.token(9, ADMIN)
    with pytest.raises(InvalidStatus):
        await world.connect(path(attempt), modern=False)
    words, (code, _) = await refused(world, "admin/broadcast/abc", token=token)
    assert (words, code) == ("Invalid handshake", 4500)
    assert await refused(world, path(attempt), token="a.b.c") == (
        "Authentication failed",
        (4501, "Authentication failed"),
    )
    assert await refused(world, "admin/broadcast/999999999", token=token) == (
        "Attempt not found",
        (4504, "Attempt not found"),
    )
    stranger = world.proctor(1)
    for status in ("submitted", "graded", "expired", "cancelled"):
        closed = world.attempt(status=status)
        assert await refused(world, path(closed), token=token) == (
            f"Attempt is {status}",
            (4509, f"Attempt is {status}"),
        )
        assert (await refused(world, path(closed), token=stranger))[1] == (4503, "Unauthorized")


@pytest.mark.contract("8.1/refusals")
async def test_a_first_frame_may_bring_the_token_and_must_come_in_time(make_world):
    world = await make_world(auth_seconds=0.3)
    attempt = world.attempt()
    sender = await world.connect(path(attempt))
    await sender.send({"type": "auth", "token": world.tokens.token(9, ADMIN)})
    assert (await say(sender, NOTE))["type"] == "broadcast_ack"
    silent = await world.connect(path(attempt))
    assert (await silent.closed())[0] == 4500
    hasty = await world.connect(path(attempt))
    await hasty.send(NOTE)
    assert (await hasty.closed())[0] == 4500


@pytest.mark.contract("8.1/refusals")
async def test_more_than_eight_sockets_and_attempts_away(make_world):
    world = await make_world(admission_seconds=0.5)
    attempt, token = world.attempt(), world.tokens.token(9, ADMIN)
    for number in range(8):
        await speaker(world, attempt, token=token, modern=bool(number % 2))
    words = "Connection limit exceeded"
    assert await refused(world, path(attempt), token=token) == (words, (4029, words))
    await world.stop_attempts()
    _, (code, _) = await refused(world, path(world.attempt()), token=token)
    assert code == 4013


# What is said


@pytest.mark.contract("8.1/unchanged", "8.1/ack", "8.1/no-connected")
@pytest.mark.parametrize("modern", [True, False])
async def test_a_frame_goes_unchanged_with_its_position_to_all_sockets_of_the_attempt(
    world, modern
):
    attempt = world.attempt()
    sockets = [await world.student(attempt), await world.student(attempt, modern=False)]
    other = await world.student(world.attempt(student_id=77))
    sender = await speaker(world, attempt, modern=modern)
    assert await asyncio.wait_for(sender.connection.ping(), 5)
    frame = {"type": "warning", "message": "Phone away", "warning_code": "W7", "x": [1, {"y": 2.5}]}
    ack = await say(sender, frame)
    assert (ack["type"], ack["recipients"], len(sender.frames)) == ("broadcast_ack", 2, 1)
    told = datetime.fromisoformat(ack["timestamp"])
    assert abs(datetime.now(UTC) - told) < timedelta(seconds=5)
    assert ack["timestamp"].endswith("Z")
    for socket in sockets:
        found = await socket.frame("warning")
        position = found.pop("position")
        assert found == frame
        assert position["sequence"] > socket.hello["position"]["sequence"]
        assert position["epoch"] == socket.hello["position"]["epoch"]
    await other.send({"type": "time_sync"})
    await other.frame("time_update")
    assert "warning" not in other.types()


@pytest.mark.contract("8.1/types")
@pytest.mark.parametrize("kind", ["notification", "warning", "system_event", "exam_event"])
async def test_four_types_may_be_said(world, kind):
    attempt = world.attempt()
    socket = await world.student(attempt)
    sender = await speaker(world, attempt)
    assert (await say(sender, {"type": kind, "event": "e", "data": {}}))["recipients"] == 1
    assert (await socket.frame(kind))["event"] == "e"


@pytest.mark.contract("8.1/all-nodes")
async def test_sockets_of_other_nodes_hear_it_and_are_counted(make_world):
    here = await make_world()
    there = await make_world(node_id="n2")
    attempt = here.attempt()
    there.attempts.attempts[attempt.attempt_id] = attempt
    mine = await here.student(attempt)
    far = [await there.student(attempt) for _ in range(2)]
    await knows(here, attempt, 3)
    sender = await speaker(here, attempt)
    assert (await say(sender, NOTE))["recipients"] == 3
    places = [(await socket.frame("notification"))["position"] for socket in [mine, *far]]
    assert places[0] == places[1] == places[2]
    await far[0].connection.close()
    await knows(here, attempt, 2)
    assert (await say(sender, NOTE))["recipients"] == 2


@pytest.mark.contract("8.1/unchanged")
async def test_a_broadcast_is_replayed_to_whom_was_away(world):
    attempt = world.attempt()
    before = (await world.student(attempt)).hello["position"]
    sender = await speaker(world, attempt)
    for number in range(3):
        await say(sender, NOTE | {"message": str(number)})
    back = await world.student(attempt, since=before["sequence"], epoch=before["epoch"])
    assert [(await back.frame("notification"))["message"] for _ in range(3)] == ["0", "1", "2"]


async def test_a_board_and_another_speaker_see_nothing_of_it(world):
    attempt = world.attempt()
    board = await world.board(attempt.exam_id)
    await board.frame("snapshot")
    sender, silent = await speaker(world, attempt), await speaker(world, attempt)
    await say(sender, NOTE)
    await world.say_saved(attempt)
    assert (await board.frame("delta"))["kind"] == "progress"
    assert "notification" not in board.types()
    assert (await say(silent, NOTE))["type"] == "broadcast_ack"
    assert silent.types() == ["broadcast_ack"]


async def test_broadcasts_of_one_attempt_keep_their_order(world):
    attempt = world.attempt()
    socket = await world.student(attempt)
    sender = await speaker(world, attempt)
    for number in range(15):
        await sender.send(NOTE | {"message": str(number)})
    heard = [(await socket.frame("notification"))["message"] for _ in range(15)]
    assert heard == [str(number) for number in range(15)]
    assert [(await sender.frame())["type"] for _ in range(15)] == ["broadcast_ack"] * 15


async def test_what_was_received_is_said_even_when_its_sender_leaves(world):
    attempt = world.attempt()
    socket = await world.student(attempt)
    sender = await speaker(world, attempt)
    for number in range(5):
        await sender.send(NOTE | {"message": str(number)})
    await sender.connection.close()
    assert [(await socket.frame("notification"))["message"] for _ in range(5)] == list("01234")


# What is not said


@pytest.mark.contract("8.1/invalid")
@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("hello", "WEBSOCKET_ERROR"),
        ("[1]", "WEBSOCKET_ERROR"),
        ({"type": "ping"}, "UNKNOWN_MESSAGE_TYPE"),
        ({"message": "no type"}, "UNKNOWN_MESSAGE_TYPE"),
        (b"\xff\xff", "WEBSOCKET_ERROR"),
    ],
)
async def test_anything_else_gets_an_error_and_the_socket_stays(world, frame, code):
    attempt = world.attempt()
    socket = await world.student(attempt)
    sender = await speaker(world, attempt)
    answer = await say(sender, frame)
    assert (answer["type"], answer["error_code"]) == ("error", code)
    assert answer["message"]
    assert (await say(sender, NOTE))["type"] == "broadcast_ack"
    await socket.frame("notification")
    assert len(world.attempts.broadcasts) == 1


@pytest.mark.contract("8.1/too-large")
async def test_more_than_sixteen_kibibytes_are_refused_and_the_socket_stays(world):
    sender = await speaker(world, world.attempt())
    answer = await say(sender, NOTE | {"message": "x" * 16_384})
    assert (answer["type"], answer["error_code"]) == ("error", "MESSAGE_TOO_LARGE")
    assert (await say(sender, NOTE))["type"] == "broadcast_ack"


@pytest.mark.contract("8.1/flood")
async def test_a_flood_is_answered_and_closes_nothing(make_world):
    world = await make_world(broadcast_burst=5, broadcasts_per_second=4.0)
    attempt = world.attempt()
    sender = await speaker(world, attempt)
    for _ in range(300):
        await sender.send(NOTE)
    answers = [await sender.frame() for _ in range(300)]
    refusals = [a for a in answers if a["type"] == "error"]
    assert {a["error_code"] for a in refusals} == {"RATE_LIMITED"}
    assert 5 <= len(world.attempts.broadcasts) == 300 - len(refusals) < 50
    assert "Try again in 1 s" in refusals[0]["message"]

    async def is_heard_again() -> bool:
        return (await say(sender, NOTE))["type"] == "broadcast_ack"

    assert await eventually(is_heard_again, 5)


class NobodyReads:
    """A transport from which nothing is ever taken."""

    is_cut = False

    def wake(self):
        pass

    def cut(self):
        self.is_cut = True


class Clock:
    def now(self):
        return datetime.now(UTC)


def test_a_flood_whose_sender_does_not_read_cuts_nobody():
    now = datetime.now(UTC)
    caller = Caller(9, frozenset(ADMIN), "l", "t", now, now)
    transport = NobodyReads()
    connection = Connection(
        caller,
        Channel("broadcast", 41),
        transport,
        position=Position(0, "e"),
        is_modern=True,
        limit_bytes=RealtimeSettings.model_fields["outbound_limit_bytes"].default,
    )
    bucket = Bucket(5, 0.001, time.monotonic())
    sender = Broadcaster(connection, 1, Clock(), None, None, bucket)
    for _ in range(20_000):
        sender.receive("no JSON")
    assert connection.closing is None
    assert not transport.is_cut
    answers = [json.loads(frame.data)["error_code"] for frame in connection.take()]
    assert answers[:6] == ["WEBSOCKET_ERROR"] * 5 + ["RATE_LIMITED"]


# The audit


@pytest.mark.contract("9.5/broadcast")
async def test_each_broadcast_is_audited_with_who_and_whence(world):
    attempt = world.attempt()
    sender = await world.connect(
        path(attempt),
        token=world.tokens.token(9, ADMIN),
        headers={"X-Forwarded-For": "203.0.113.9", "User-Agent": "Firefox"},
    )
    await say(sender, NOTE)
    [entry] = world.attempts.broadcasts
    assert (entry.attempt_id, entry.actor_id) == (attempt.attempt_id, 9)
    assert (entry.ip_address, entry.user_agent) == ("203.0.113.9", "Firefox")
    assert json.loads(entry.frame_json) == NOTE
    assert uuid.UUID(entry.broadcast_id)
    assert not entry.HasField("failure")


@pytest.mark.contract("9.5/broadcast")
async def test_what_cannot_be_audited_is_not_said(world):
    attempt = world.attempt()
    socket = await world.student(attempt)
    sender = await speaker(world, attempt)
    port = await world.stop_attempts()
    answer = await say(sender, NOTE)
    assert (answer["type"], answer["error_code"]) == ("error", "BROADCAST_ERROR")
    assert answer["message"].startswith("Broadcast was not sent: it could not be recorded")
    await world.start_attempts(port)
    await eventually(lambda: said_again(sender), seconds=10)
    [frame] = [await socket.frame("notification")]
    assert frame["message"] == "again"


async def said_again(sender):
    return (await say(sender, NOTE | {"message": "again"}))["type"] == "broadcast_ack"


async def test_it_is_audited_before_it_is_said(world):
    attempt = world.attempt()
    socket = await world.student(attempt)
    sender = await speaker(world, attempt)
    world.attempts.broadcast_gate.clear()
    await sender.send(NOTE)
    await eventually(lambda: world.attempts.broadcasts)
    await socket.send({"type": "time_sync"})
    await socket.frame("time_update")
    assert "notification" not in socket.types()
    world.attempts.broadcast_gate.set()
    await socket.frame("notification")


async def test_without_the_bus_the_sender_is_told_and_so_is_the_audit(world, monkeypatch):
    monkeypatch.setattr("realtime.broadcasting._PUBLISH_SECONDS", 0.2)
    attempt = world.attempt()
    sender = await speaker(world, attempt)
    await world.node.bus.client.close()
    answer = await say(sender, NOTE)
    assert answer["error_code"] == "BROADCAST_ERROR"
    assert answer["message"].startswith("Broadcast may have reached nobody")
    first, second = world.attempts.broadcasts
    assert first.broadcast_id == second.broadcast_id
    assert not first.HasField("failure")
    assert second.failure.startswith("Broadcast may have reached nobody")


# The end


async def test_a_proctor_who_is_not_assigned_any_more_says_nothing_more(world):
    attempt = world.attempt()
    socket = await world.student(attempt)
    sender = await speaker(world, attempt, token=world.proctor(attempt.exam_id))
    assert (await say(sender, NOTE))["type"] == "broadcast_ack"
    world.auth.assigned.clear()
    world.node.admission._assignments._known.clear()  # five seconds later
    answer = await say(sender, NOTE)
    assert (answer["type"], answer["error_code"]) == ("error", "NOT_ALLOWED")
    assert (await sender.closed())[0] == 4503
    await socket.frame("notification")
    assert len(world.attempts.broadcasts) == 1


async def test_when_nobody_can_say_whether_he_still_may_nothing_is_said(make_world):
    world = await make_world(admission_seconds=0.5)
    attempt = world.attempt()
    sender = await speaker(world, attempt, token=world.proctor(attempt.exam_id))
    world.node.admission._assignments._known.clear()
    world.auth.failure = Unavailable()
    assert (await say(sender, NOTE))["error_code"] == "BROADCAST_ERROR"
    assert world.attempts.broadcasts == []


@pytest.mark.contract("2.3/revocation-sockets")
@pytest.mark.parametrize("modern", [True, False])
async def test_a_revoked_login_loses_its_broadcast_socket_within_five_seconds(world, modern):
    login_id = str(uuid.uuid4())
    token = world.tokens.token(9, ADMIN, login_id=login_id)
    sender = await speaker(world, world.attempt(), token=token, modern=modern)
    now = datetime.now(UTC)
    data = {
        "login_id": login_id,
        "user_id": 9,
        "revoked_at": now.isoformat(),
        "forget_at": (now + timedelta(hours=1)).isoformat(),
    }
    notice = {"id": "1", "fact": "login_revoked", "at": now.isoformat(), "data": data}
    await world.bus.publish("oep.control.login_revoked", json.dumps(notice).encode(), login_id)
    assert (await sender.closed(seconds=5))[0] == 4501


async def test_a_stream_that_is_made_anew_says_nothing_to_a_speaker(make_world, nats_server):
    world = await make_world()
    attempt = world.attempt()
    socket, sender = await world.student(attempt), await speaker(world, attempt)
    nats_server.wipe()
    await socket.frame("resync", seconds=20)
    assert (await say(sender, NOTE, seconds=20))["type"] == "broadcast_ack"
    assert sender.types() == ["broadcast_ack"]
