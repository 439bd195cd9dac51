"""What admission promises beyond the table of contract §7.1: groups, strangers, newer tokens."""

import asyncio
import json
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from chassis.bus import Position
from chassis.tokens import Caller
from chassis.waiting import eventually
from realtime.broadcast import Limit
from realtime.channels import Channel
from realtime.connection import Connection
from realtime.settings import RealtimeSettings
from realtime.student import Parts, Student

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)


async def answered(client):
    """Show that a socket is open and heard."""
    await client.send({"type": "time_sync"})
    await client.frame("time_update")


# Groups


async def test_sockets_that_open_in_the_same_moment_ask_attempts_together(make_world):
    world = await make_world(admission_seconds=10.0)
    attempts = [world.attempt(student_id=300 + number, exam_id=77) for number in range(60)]
    await world.student(attempts[0])  # the exam is read from now on
    world.attempts.asked.clear()
    world.attempts.state_gate.clear()
    opening = [asyncio.create_task(world.student(attempt)) for attempt in attempts[1:]]
    await eventually(lambda: len(world.node.hub) == 60)
    world.attempts.state_gate.set()
    for task in opening:
        assert (await task).hello["type"] == "connected"
    assert sum(world.attempts.asked) == 59
    assert len(world.attempts.asked) <= 3  # two were on their way; all others are one group


# Strangers


async def test_a_stranger_costs_a_bounded_time_and_leaves_nothing(make_world):
    world = await make_world(auth_seconds=0.5)
    path = f"attempts/{world.attempt().attempt_id}"
    strangers = [await world.connect(path) for _ in range(5)]
    assert world.node.unauthenticated > 0
    for stranger in strangers:
        assert (await stranger.closed())[0] == 4500
        assert stranger.frames == []
    await eventually(lambda: world.node.unauthenticated == 0)
    assert len(world.node.hub) == 0
    await eventually(lambda: not world.server.server_state.connections)
    await eventually(lambda: not world.server.server_state.tasks)
    assert world.attempts.asked == []


async def test_strangers_are_few_and_keep_nobody_out_who_has_a_token(make_world):
    world = await make_world(unauthenticated_limit=3)
    attempt = world.attempt()
    path = f"attempts/{attempt.attempt_id}"
    strangers = [await world.connect(path) for _ in range(3)]
    await eventually(lambda: world.node.unauthenticated == 3)
    late = await world.connect(path)
    assert await late.closed() == (4029, "Connection limit exceeded")
    await answered(await world.student(attempt))
    await strangers[0].connection.close()
    await eventually(lambda: world.node.unauthenticated == 2)
    welcome = await world.connect(path)
    await welcome.send({"type": "auth", "token": world.tokens.token()})
    assert (await welcome.frame())["type"] == "connected"


# Newer tokens


async def test_a_token_that_expires_cuts_nobody_and_a_newer_one_is_taken(world):
    login_id, ends = str(uuid.uuid4()), int(time.time()) + 2
    token = world.tokens.token(login_id=login_id, exp=ends)
    client = await world.student(world.attempt(), token=token)
    await eventually(lambda: time.time() > ends, seconds=10)
    await answered(client)
    later = ends + 600
    await client.send({"type": "reauth", "token": world.tokens.token(login_id=login_id, exp=later)})
    found = await client.frame("reauthenticated")
    assert datetime.fromisoformat(found["expires_at"]).timestamp() == later
    assert found["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("user_id", "claims", "code"),
    [
        (42, {}, "NOT_ALLOWED"),
        (41, {}, "OTHER_DEVICE"),  # another login is another device
        (41, {"login_id": "desk", "exp": 1}, "AUTHENTICATION_FAILED"),
        (41, {"login_id": "desk", "typ": "refresh"}, "AUTHENTICATION_FAILED"),
    ],
)
async def test_a_token_that_does_not_fit_is_refused_and_the_socket_stays(
    world, user_id, claims, code
):
    token = world.tokens.token(login_id="desk")
    client = await world.student(world.attempt(), token=token)
    await client.send({"type": "reauth", "token": world.tokens.token(user_id, **claims)})
    assert (await client.frame("error"))["error_code"] == code
    await client.send({"type": "reauth"})
    assert (await client.frame("error"))["error_code"] == "INVALID_REQUEST"
    await answered(client)
    [connection] = world.node.hub
    assert (connection.caller.user_id, connection.caller.login_id) == (41, "desk")


@pytest.mark.parametrize("place", ["exams/{exam_id}/monitor", "admin/broadcast/{attempt_id}"])
async def test_staff_go_on_with_a_newer_login_and_end_with_that_one(world, place):
    attempt, now = world.attempt(), datetime.now(UTC)
    path = place.format(exam_id=attempt.exam_id, attempt_id=attempt.attempt_id)
    old, new = str(uuid.uuid4()), str(uuid.uuid4())
    client = await world.connect(path, token=world.tokens.token(9, ("admin",), login_id=old))
    await eventually(lambda: any(c.is_admitted for c in world.node.hub))
    token = world.tokens.token(9, ("admin",), login_id=new)
    await client.send({"type": "reauth", "token": token})
    await client.frame("reauthenticated")
    world.node.revocations.revoke_login(old, now, now + timedelta(hours=1))
    await client.send({"type": "reauth", "token": token})
    await client.frame("reauthenticated")
    world.node.revocations.revoke_login(new, now, now + timedelta(hours=1))
    assert await client.closed() == (4501, "Authentication failed")


# Floods


async def test_a_flood_of_a_student_is_answered_and_closes_nothing(make_world):
    world = await make_world(student_burst=5, student_frames_per_second=5.0)
    client = await world.student(world.attempt())
    for number in range(100):
        await client.send(
            {"type": "checkpoint", "question_id": 5, "answer": number, "message_id": str(number)}
        )
    answers = {}
    while len(answers) < 100:
        found = await client.frame()
        answers[found["message_id"]] = found
    refused = [found for found in answers.values() if found["type"] == "checkpoint_error"]
    assert {found["error_code"] for found in refused} == {"RATE_LIMITED"}
    assert {found["question_id"] for found in refused} == {5}
    assert len(world.attempts.saves) == 100 - len(refused) < 50
    for _ in range(50):
        await client.send({"type": "pong"})  # costs nothing and is no flood

    async def is_heard_again():
        await client.send({"type": "time_sync"})
        return (await client.frame())["type"] == "time_update"

    assert await eventually(is_heard_again, 10)


class NobodyReads:
    """A transport from which nothing is ever taken."""

    is_cut = False

    def wake(self):
        pass

    def cut(self):
        self.is_cut = True


class Clock:
    def now(self):
        return NOW


@pytest.mark.parametrize("text", ['{"type":"checkpoint"}', "no JSON", '{"type":"dance"}'])
def test_a_flood_whose_student_does_not_read_cuts_nobody(text):
    caller, transport = Caller(41, frozenset(), "l", "t", NOW, NOW), NobodyReads()
    limit = RealtimeSettings.model_fields["outbound_limit_bytes"].default
    connection = Connection(
        caller,
        Channel("attempt", 1),
        transport,
        position=Position(0, "e"),
        is_modern=True,
        limit_bytes=limit,
    )
    parts = Parts(None, None, Clock(), None, None, Limit(5, 0.001), limit)
    student = Student(connection, 900, None, parts)
    for _ in range(20_000):
        student.receive(text)
    assert connection.closing is None
    assert not transport.is_cut
    codes = [json.loads(frame.data)["error_code"] for frame in connection.take()]
    assert len(codes) < 1_000
    assert "RATE_LIMITED" not in codes[:5]
    assert set(codes[5:]) == {"RATE_LIMITED"}
