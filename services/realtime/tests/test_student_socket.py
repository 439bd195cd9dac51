"""Contract §7.3: every message and every code, on a real node."""

import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from chassis.errors import Unavailable
from chassis.waiting import eventually
from realtime import closing, frames


def checkpoint(question_id=5, answer="b", sequence=3, **more):
    return {
        "type": "checkpoint",
        "question_id": question_id,
        "answer": answer,
        "is_flagged": False,
        "time_spent_seconds": 4,
        "sequence": sequence,
        **more,
    }


@pytest.fixture(params=[True, False], ids=["oep.v1", "old"])
async def client(request, world):
    return await world.student(world.attempt(), modern=request.param)


async def test_an_answer_is_acknowledged_after_the_durable_write(world, client):
    world.attempts.gate.clear()
    await client.send(checkpoint(message_id="m-1"))
    await eventually(lambda: world.attempts.calls)
    await client.send({"type": "time_sync"})
    await client.frame("time_update")
    assert "checkpoint_ack" not in client.types()
    world.attempts.gate.set()
    ack = await client.frame("checkpoint_ack")
    assert (ack["question_id"], ack["sequence"], ack["time_remaining_seconds"]) == (5, 3, 77)
    assert ack["saved_at"].endswith("Z")
    assert ack["timestamp"].endswith("Z")
    assert ack["message_id"] == "m-1"
    assert (ack["revision"], ack["sha256"]) == (4, "ab" * 32)
    save = world.attempts.saves[0]
    assert (save.student_id, save.question_id, save.answer_json) == (41, 5, '"b"')
    assert (save.client_sequence, save.time_spent_seconds) == (3, 4)
    assert (save.message_id, save.connection_id) == ("m-1", client.hello["connection_id"])


@pytest.mark.parametrize("answer", [["a", "b"], "text", True, False, None, [], "", {"x": 1}, "é"])
async def test_any_json_is_an_answer(world, answer):
    client = await world.student(world.attempt())
    await client.send(checkpoint(answer=answer))
    await client.frame("checkpoint_ack")
    assert json.loads(world.attempts.saves[0].answer_json) == answer


async def test_a_save_without_an_id_gets_one_so_that_it_can_be_repeated(world):
    client = await world.student(world.attempt())
    await client.send(checkpoint())
    ack = await client.frame("checkpoint_ack")
    assert uuid.UUID(world.attempts.saves[0].message_id)
    assert "message_id" not in ack


async def test_saves_of_many_sockets_leave_in_one_call_and_keep_their_order(make_world):
    world = await make_world(save_seconds=30.0)  # none is tried again while they are held
    clients = [await world.student(world.attempt(student_id=50 + n)) for n in range(6)]
    world.attempts.gate.clear()
    for client in clients[:2]:  # two calls are on their way
        await client.send(checkpoint(sequence=0))
        await eventually(lambda: world.attempts.calls)
    await eventually(lambda: sum(world.attempts.calls) == 2)
    away = len(world.attempts.calls)
    for client in clients[2:]:
        for number in range(5):
            await client.send(checkpoint(sequence=number))
    await eventually(lambda: len(world.node.saver._grouper._queue) == 20)
    world.attempts.gate.set()
    for client in clients[2:]:
        got = [(await client.frame("checkpoint_ack"))["sequence"] for _ in range(5)]
        assert got == [0, 1, 2, 3, 4]
    assert len(world.attempts.calls) == away + 1


@pytest.mark.parametrize(
    ("reason", "status", "text", "code"),
    [
        ("ATTEMPT_NOT_FOUND", "UNSPECIFIED", "Attempt not found", "ATTEMPT_NOT_FOUND"),
        (
            "ATTEMPT_NOT_ACTIVE",
            "NOT_STARTED",
            "Attempt is not_started, cannot save checkpoint",
            "ATTEMPT_NOT_ACTIVE",
        ),
        (
            "ATTEMPT_NOT_ACTIVE",
            "GRADED",
            "Attempt is graded, cannot save checkpoint",
            "ATTEMPT_NOT_ACTIVE",
        ),
        ("TIME_EXPIRED", "UNSPECIFIED", "Attempt time expired", "TIME_EXPIRED"),
        ("INVALID_QUESTION", "UNSPECIFIED", "Question not found in this exam", "INVALID_QUESTION"),
        (
            "ATTEMPT_PAUSED",
            "IN_PROGRESS",
            "Attempt is paused, cannot save checkpoint",
            "ATTEMPT_NOT_ACTIVE",
        ),
        (
            "INVALID_ANSWER",
            "UNSPECIFIED",
            "Answer could not be processed",
            "CHECKPOINT_PROCESSING_ERROR",
        ),
        ("OTHER_DEVICE", "UNSPECIFIED", "Attempt is open on another device", "OTHER_DEVICE"),
        ("UNSPECIFIED", "UNSPECIFIED", "Unknown error", "CHECKPOINT_FAILED"),
    ],
)
async def test_a_refused_save_says_why(world, reason, status, text, code):
    client = await world.student(world.attempt())
    world.attempts.refuse(reason, status)
    await client.send(checkpoint())
    found = await client.frame("checkpoint_error")
    assert (found["question_id"], found["error"], found["error_code"]) == (5, text, code)
    assert found["timestamp"].endswith("Z")


async def test_a_save_that_storage_refuses_is_told_and_the_socket_stays(world, client):
    world.attempts.failure = Unavailable("disk full: secret")
    await client.send(checkpoint())
    found = await client.frame("checkpoint_error")
    assert found["error_code"] == "CHECKPOINT_SAVE_ERROR"
    assert "secret" not in found["error"]
    world.attempts.failure = None
    await client.send(checkpoint())
    await client.frame("checkpoint_ack")


async def test_saves_survive_a_restart_of_attempts_within_their_time(make_world):
    world = await make_world(save_seconds=5.0)
    client = await world.student(world.attempt())
    port = await world.stop_attempts()
    await client.send(checkpoint())
    await eventually(lambda: world.node.saver._grouper._busy)
    await world.start_attempts(port)
    await client.frame("checkpoint_ack")


async def test_a_checkpoint_of_another_attempt_is_refused(world):
    attempt = world.attempt()
    client = await world.student(attempt)
    await client.send(checkpoint(attempt_id=attempt.attempt_id + 1))
    assert (await client.frame("checkpoint_error"))["error_code"] == "ATTEMPT_MISMATCH"
    await client.send(checkpoint(attempt_id=attempt.attempt_id))
    await client.frame("checkpoint_ack")


async def test_a_question_that_cannot_exist_is_refused_without_asking(world):
    client = await world.student(world.attempt())
    for question_id in (0, -1, 2**40):
        await client.send(checkpoint(question_id=question_id))
        assert (await client.frame("checkpoint_error"))["error_code"] == "INVALID_QUESTION"
    assert world.attempts.calls == []


async def test_the_odd_frame_of_every_submit_is_answered(client):
    await client.send(
        '{"type":"checkpoint","is_flagged":false,"time_spent_seconds":0,"sequence":9}'
    )
    found = await client.frame("checkpoint_error")
    assert (found["question_id"], found["error_code"]) == (0, "CHECKPOINT_PROCESSING_ERROR")


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("no json", "WEBSOCKET_ERROR"),
        ("[1]", "WEBSOCKET_ERROR"),
        ("", "WEBSOCKET_ERROR"),
        (b"\xff\x00", "WEBSOCKET_ERROR"),
        ('{"type":"dance"}', "UNKNOWN_MESSAGE_TYPE"),
        ("{}", "UNKNOWN_MESSAGE_TYPE"),
        ('{"type":"flag"}', "INVALID_REQUEST"),
        ('{"type":"x","pad":"' + "p" * 65_000 + '"}', "UNKNOWN_MESSAGE_TYPE"),
    ],
)
async def test_nothing_that_a_student_sends_closes_the_socket(client, frame, code):
    await client.send(frame)
    assert (await client.frame("error"))["error_code"] == code
    await client.send(checkpoint())
    await client.frame("checkpoint_ack")


async def test_pongs_are_not_answered(client):
    await client.send({"type": "pong", "timestamp": "now"})
    await client.send(checkpoint())
    await client.frame("checkpoint_ack")
    assert "error" not in client.types()


async def test_time_is_told_at_once(client):
    await client.send({"type": "time_sync", "client_timestamp": 1})
    found = await client.frame("time_update")
    assert 3530 <= found["time_remaining_seconds"] <= 3540
    assert 60 <= found["elapsed_seconds"] <= 70
    assert found["is_expired"] is False
    assert found["server_time"].endswith("Z")
    assert "position" not in found


async def test_past_the_deadline_time_sync_says_that_time_has_expired(world):
    attempt = world.attempt(duration_seconds=60, started_ago=59.8)
    client = await world.student(attempt)
    await asyncio.wait_for(_expired(client), 15)
    before = [frame for frame in client.frames if frame["type"] == "exam_event"]
    event = before[0] if before else await client.frame("exam_event")  # the clock may be first
    assert event["event"] == "time_expired"
    assert event["data"]["message"]
    await client.send({"type": "time_sync"})
    assert (await client.frame("time_update"))["time_remaining_seconds"] == 0


async def _expired(client):
    while True:
        await client.send({"type": "time_sync"})
        if (await client.frame("time_update"))["is_expired"]:
            return


async def test_a_flag_is_stored_and_told_to_all_sockets(world):
    attempt = world.attempt()
    client = await world.student(attempt)
    await client.send({"type": "flag", "question_id": 8})
    await eventually(lambda: world.attempts.flags)
    asked = world.attempts.flags[0]
    assert (asked.question_id, asked.is_flagged, asked.student_id) == (8, True, 41)
    await world.say_saved(attempt, 8, kind="flag", is_flagged=True)
    assert (await client.frame("notification"))["title"] == "Question Flagged"


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("ATTEMPT_NOT_FOUND", "ATTEMPT_NOT_FOUND"),
        ("ATTEMPT_NOT_ACTIVE", "FLAG_ERROR"),
        ("INVALID_QUESTION", "FLAG_ERROR"),
    ],
)
async def test_a_refused_flag_says_why(world, reason, code):
    client = await world.student(world.attempt())
    world.attempts.refuse(reason, "SUBMITTED")
    await client.send({"type": "flag", "question_id": 8, "is_flagged": False})
    assert (await client.frame("error"))["error_code"] == code


async def test_pings_and_the_time_are_pushed(make_world):
    world = await make_world(ping_seconds=0.2, time_push_seconds=0.2)
    old = await world.student(world.attempt(), modern=False)
    modern = await world.student(world.attempt())
    for client in (old, modern):
        assert (await client.frame("ping"))["timestamp"].endswith("Z")
    await old.frame("time_update")
    for _ in range(5):
        await modern.frame("ping")
    assert "time_update" not in modern.types()


async def test_a_save_is_told_to_the_other_sockets_only(world):
    attempt = world.attempt()
    first, second = await world.student(attempt), await world.student(attempt, modern=False)
    stranger = await world.student(world.attempt())
    mine = first.hello["connection_id"]
    sequence = await world.say_saved(attempt, 6, connection_id=mine)
    found = await second.frame("notification")
    assert (found["title"], found["message"], found["severity"]) == (
        "Answer Saved",
        "Question 6 saved",
        "success",
    )
    assert found["position"]["sequence"] == sequence
    await world.say_saved(attempt, 7)
    assert (await first.frame("notification"))["message"] == "Question 7 saved"
    await stranger.send({"type": "time_sync"})
    await stranger.frame("time_update")
    assert "notification" not in stranger.types()


@pytest.mark.contract("9.2/push/time", "9.2/push/event")
async def test_expiry_is_told_and_the_socket_stays(world, client):
    attempt = world.attempts.attempts[client.hello["attempt_id"]]
    await world.say_status(attempt, "expired")
    event = await client.frame("exam_event")
    assert event["event"] == "time_expired"
    assert event["position"]["sequence"] > 0
    update = await client.frame("time_update")
    assert (update["is_expired"], update["time_remaining_seconds"]) == (True, 0)
    assert "position" not in update
    world.attempts.refuse("TIME_EXPIRED")
    await client.send(checkpoint())
    assert (await client.frame("checkpoint_error"))["error_code"] == "TIME_EXPIRED"


async def test_a_changed_deadline_is_told(world, client):
    attempt = world.attempts.attempts[client.hello["attempt_id"]]
    later = attempt.deadline_at + timedelta(minutes=10)
    await world.say(
        attempt,
        "deadline_changed",
        deadline_at=later.isoformat().replace("+00:00", "Z"),
        time_remaining_seconds=4140,
        duration_seconds=4200,
    )
    update = await client.frame("time_update")
    assert 4130 <= update["time_remaining_seconds"] <= 4140
    await client.send({"type": "time_sync"})
    assert (await client.frame("time_update"))["time_remaining_seconds"] > 4000


async def test_the_clock_starts_with_the_attempt(world):
    attempt = world.attempt(status="not_started", version=1)
    client = await world.student(attempt)
    attempt.started_ago = 0
    await world.say_status(attempt, "in_progress", version=2)
    update = await client.frame("time_update")
    assert 3590 <= update["time_remaining_seconds"] <= 3600
    await world.say_status(attempt, "not_started", version=1)  # late: changes nothing
    await client.send({"type": "time_sync"})
    assert (await client.frame("time_update"))["time_remaining_seconds"] <= 3600
    assert world.node.keeper.timing(attempt.attempt_id).status == "in_progress"


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


async def test_a_pause_stops_the_clock_that_is_shown_and_is_told(world):
    attempt = world.attempt()
    client = await world.student(attempt)
    pause = {"paused_at": "2026-01-05T10:00:00Z", "pause_ends_at": None}
    await world.say(attempt, "attempt_paused", **pause, time_remaining_seconds=77, student_id=1)
    told = await client.frame("system_event")
    assert (told["event"], told["data"]["time_remaining_seconds"]) == ("attempt_paused", 77)
    assert "position" in told
    assert "student_id" not in told["data"]
    assert (await client.frame("time_update"))["time_remaining_seconds"] == 77
    past = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    await world.say(attempt, "deadline_changed", deadline_at=past, duration_seconds=3600)
    update = await client.frame("time_update")
    assert (update["time_remaining_seconds"], update["is_expired"]) == (77, False)
    later = (datetime.now(UTC) + timedelta(seconds=500)).isoformat()
    await world.say(attempt, "attempt_resumed", deadline_at=later, time_remaining_seconds=500)
    assert (await client.frame("system_event"))["event"] == "attempt_resumed"
    assert 490 <= (await client.frame("time_update"))["time_remaining_seconds"] <= 500


@pytest.mark.parametrize("modern", [True, False])
async def test_a_socket_that_connects_in_a_pause_shows_where_the_clock_stands(make_world, modern):
    world = await make_world(time_push_seconds=0.2)
    stopped = datetime.now(UTC) - timedelta(hours=1)
    attempt = world.attempt(started_ago=5_000, paused_at=stopped, remaining_seconds=1_234)
    client = await world.student(attempt, modern=modern)
    assert client.hello["time_remaining_seconds"] == 1_234
    assert client.hello["paused_at"] == iso(stopped)
    await client.send({"type": "time_sync"})
    for _ in range(1 if modern else 3):  # an old client is told the time unasked as well
        update = await client.frame("time_update")
        assert (update["time_remaining_seconds"], update["is_expired"]) == (1_234, False)
    later = iso(datetime.now(UTC) + timedelta(seconds=1_234))
    await world.say(
        attempt,
        "attempt_resumed",
        paused_at=None,
        deadline_at=later,
        time_remaining_seconds=1_234,
    )
    assert (await client.frame("system_event"))["event"] == "attempt_resumed"
    await client.send({"type": "time_sync"})
    update = await client.frame("time_update")
    assert 1_220 <= update["time_remaining_seconds"] < 1_234


async def test_extra_time_in_a_pause_is_shown_at_once(world):
    stopped = datetime.now(UTC) - timedelta(seconds=9)
    attempt = world.attempt(paused_at=stopped, remaining_seconds=100)
    client = await world.student(attempt)
    later = iso(attempt.deadline_at + timedelta(seconds=60))
    await world.say(
        attempt,
        "deadline_changed",
        deadline_at=later,
        duration_seconds=3660,
        time_remaining_seconds=160,
    )
    assert (await client.frame("time_update"))["time_remaining_seconds"] == 160


async def test_a_student_in_the_lobby_is_told_when_he_may_begin(world):
    attempt = world.attempt(status="not_started", is_waiting=True)
    client = await world.student(attempt)
    assert client.hello["is_waiting_for_authorisation"] is True
    at = "2026-01-05T10:00:00Z"
    await world.say(
        attempt,
        "attempt_authorised",
        authorised_at=at,
        authorised_by_id=9,
        is_waiting_for_authorisation=False,
        student_id=attempt.student_id,
    )
    told = await client.frame("system_event")
    assert (told["event"], told["data"]) == (
        "attempt_authorised",
        {"authorised_at": at, "authorised_by_id": 9, "is_waiting_for_authorisation": False},
    )
    assert "position" in told


async def test_a_student_in_the_lobby_is_told_when_the_exam_wants_him_to_wait_no_longer(world):
    attempt = world.attempt(status="not_started", is_waiting=True)
    client = await world.student(attempt)
    said = {"is_waiting_for_authorisation": False}
    await world.say(attempt, "lobby_changed", student_id=attempt.student_id, **said)
    told = await client.frame("system_event")
    assert (told["event"], told["data"]) == ("lobby_changed", said)


async def test_saves_and_flags_say_which_signed_in_stay_they_come_from(world):
    attempt = world.attempt()
    client = await world.student(attempt, token=world.tokens.token(login_id="desk"))
    await client.send(checkpoint())
    await client.frame("checkpoint_ack")
    await client.send({"type": "flag", "question_id": 5})
    await eventually(lambda: world.attempts.flags)
    assert world.attempts.saves[0].login_id == world.attempts.flags[0].login_id == "desk"


async def test_a_granted_allowance_is_told_with_what_to_acknowledge(world):
    attempt = world.attempt()
    client = await world.student(attempt)
    await world.say(attempt, "allowance_granted", allowance_id=4, seconds=600, student_id=1)
    told = await client.frame("system_event")
    assert (told["event"], told["data"]) == (
        "allowance_granted",
        {"allowance_id": 4, "seconds": 600},
    )


@pytest.mark.parametrize("status", ["submitted", "graded", "cancelled"])
async def test_a_closed_attempt_ends_a_modern_socket(world, status):
    attempt = world.attempt()
    client = await world.student(attempt)
    await world.say_status(attempt, status)
    assert await client.closed() == (4509, f"Attempt is {status}")
    assert client.frames[-1]["event"] == f"attempt_{status}"


async def test_a_closed_attempt_leaves_an_old_socket_open(world):
    attempt = world.attempt()
    client = await world.student(attempt, modern=False)
    await world.say_status(attempt, "graded")
    assert (await client.frame("exam_event"))["event"] == "attempt_graded"
    await client.send({"type": "time_sync"})
    await client.frame("time_update")


async def test_another_grade_is_told_to_a_socket_that_is_still_open(world):
    attempt = world.attempt()
    client = await world.student(attempt, modern=False)
    grade = {"status": "graded", "grade_version": 2, "marks_obtained": 9.5, "is_passed": True}
    await world.say(attempt, "grade_changed", **grade, student_id=1)
    told = await client.frame("exam_event")
    assert (told["event"], told["data"]) == ("grade_changed", grade)


async def test_a_student_is_told_of_a_decision_and_never_of_a_review_that_nobody_decided_yet(world):
    attempt = world.attempt()
    client = await world.student(attempt, modern=False)
    review = {"review_id": 4, "outcome": None, "version": 1, "student_id": 1}
    await world.say(attempt, "review_changed", **review, state="open")
    for state in ("decided", "appealed", "closed"):
        await world.say(attempt, "review_changed", **review, state=state)
    for state in ("decided", "appealed", "closed"):
        told = await client.frame("system_event")
        assert told["event"] == "review_changed"
        assert told["data"] == {"review_id": 4, "state": state}


@pytest.mark.contract("2.3/revocation-sockets")
async def test_a_revoked_login_is_closed_within_five_seconds(world):
    login_id, attempt = str(uuid.uuid4()), world.attempt()
    token = world.tokens.token(login_id=login_id)
    mine = await world.student(attempt, token=token)
    old = await world.student(attempt, token=token, modern=False)
    other = await world.student(attempt)
    now = datetime.now(UTC)
    data = {
        "login_id": login_id,
        "user_id": 41,
        "revoked_at": now.isoformat(),
        "forget_at": (now + timedelta(hours=1)).isoformat(),
    }
    notice = {"id": "1", "fact": "login_revoked", "at": now.isoformat(), "data": data}
    await world.bus.publish("oep.control.login_revoked", json.dumps(notice).encode(), login_id)
    assert (await mine.closed())[0] == 4501
    assert (await old.closed())[0] == 4501
    await other.send({"type": "time_sync"})
    await other.frame("time_update")


async def test_a_token_that_expires_does_not_cut_its_socket(world):
    now = int(datetime.now(UTC).timestamp())
    client = await world.student(world.attempt(), token=world.tokens.token(exp=now + 1))
    await eventually(lambda: datetime.now(UTC).timestamp() > now + 1.2)
    await client.send(checkpoint())
    await client.frame("checkpoint_ack")


async def test_a_slow_reader_is_cut_and_others_are_not(make_world):
    world = await make_world(outbound_limit_bytes=20_000)
    attempt = world.attempt()
    slow, quick = await world.student(attempt), await world.student(attempt)
    slow.connection.transport.pause_reading()
    connection = next(c for c in world.node.hub if c.id == slow.hello["connection_id"])
    frame = frames.error("x" * 5_000, "NONE", datetime.now(UTC))
    for _ in range(20_000):  # until the kernel takes no more
        connection.send(frame)
        await asyncio.sleep(0)
        if connection.closing is not None:
            break
    assert connection.closing == closing.TOO_SLOW
    await quick.send(checkpoint())
    await quick.frame("checkpoint_ack")
    slow.connection.transport.resume_reading()
    assert await slow.closed(10) == (4008, "Reader too slow")


async def test_shutdown_sends_everyone_away_with_a_come_back_code(world):
    client = await world.student(world.attempt())
    old = await world.student(world.attempt(), modern=False)
    await world.node.drain()
    assert await client.closed() == (4000, "Server going away")
    assert (await old.closed())[0] == 4000
    late = await world.connect(f"attempts/{world.attempt().attempt_id}", token=world.tokens.token())
    assert (await late.closed())[0] == 4000


@pytest.mark.parametrize("modern", [True, False])
async def test_a_transfer_reaches_every_socket_of_the_attempt_and_the_boards(world, modern):
    attempt, other = world.attempt(), world.attempt()
    sockets = [await world.student(attempt, modern=modern) for _ in range(2)]
    stranger = await world.student(other, modern=modern)
    board = await world.board(attempt.exam_id)
    await board.frame("snapshot")
    route = {
        "transfer_id": 9,
        "attempt_id": attempt.attempt_id,
        "from_workstation": "PC-1",
        "to_workstation": "PC-2",
    }
    asked = {"reason": "broken screen", "requested_by": "asha"}
    said = [
        await world.say(attempt, "transfer_requested", **route, **asked),
        await world.say(attempt, "transfer_approved", **route, approved_by="hall1"),
    ]
    for client in sockets:
        requested = await client.frame("transfer_requested")
        assert {k: requested[k] for k in route | asked} == route | asked
        approved = await client.frame("transfer_approved")
        assert approved["approved_by"] == "hall1"
        assert [f["position"]["sequence"] for f in (requested, approved)] == said
        assert client.connection.close_code is None
    while True:
        delta = await board.frame("delta")
        if delta["kind"] == "transfer":
            break
    assert (delta["position"]["sequence"], delta["data"]) == (said[0], route | asked)
    await world.say_saved(other)
    await stranger.frame("notification")
    assert "transfer_requested" not in stranger.types()
