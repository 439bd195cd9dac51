"""The board's socket (contract §8.2): snapshot, deltas behind it, presence, resync."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from chassis.errors import Unavailable
from chassis.waiting import eventually
from oep.auth.v1 import auth_pb2
from oep.proctoring.v1 import proctoring_pb2
from realtime.wire.socket import Socket
from websockets.exceptions import InvalidStatus


async def deltas(board, kind, count=1):
    found = []
    while len(found) < count:
        frame = await board.frame("delta")
        if frame["kind"] == kind:
            found.append(frame)
    return found


async def test_a_board_is_connected_and_gets_a_snapshot(world):
    attempt = world.attempt()
    waiting = world.attempt(exam_id=attempt.exam_id, student_id=42, status="not_started")
    tally = proctoring_pb2.Tally(
        attempt_id=attempt.attempt_id, info_count=3, warning_count=2, violation_count=1
    )
    tally.last_event.event_type = "tab_switch"
    tally.last_event.severity = proctoring_pb2.SEVERITY_WARNING
    tally.last_event.received_at.FromDatetime(datetime(2026, 1, 5, tzinfo=UTC))
    world.proctoring.tallies = [tally]
    board = await world.board(attempt.exam_id)
    assert board.hello["type"] == "connected"
    assert board.hello["exam_id"] == attempt.exam_id
    assert {"connection_id", "server_time", "heartbeat_interval", "position"} <= set(board.hello)
    snapshot = await board.frame("snapshot")
    assert snapshot["exam_id"] == attempt.exam_id
    assert snapshot["as_of"].endswith("Z")
    rows = {row["attempt_id"]: row for row in snapshot["attempts"]}
    row = rows[attempt.attempt_id]
    assert row["counts"] == {"info": 3, "warning": 2, "violation": 1}
    assert row["last_event"] == {
        "event_type": "tab_switch",
        "severity": "warning",
        "received_at": "2026-01-05T00:00:00Z",
        "late": False,
    }
    assert row["center"] == "Pune"
    assert (row["student_name"], row["questions_answered"], row["total_questions"]) == (
        "Asha",
        3,
        10,
    )
    assert row["deadline_at"].endswith("Z")
    assert (row["paused_at"], row["is_waiting_for_authorisation"]) == (None, False)
    other = rows[waiting.attempt_id]
    assert (other["status"], other["start_time"], other["last_event"]) == (
        "not_started",
        None,
        None,
    )
    assert (other["is_online"], other["socket_count"], other["last_seen_at"]) == (False, 0, None)
    assert other["counts"] == {"info": 0, "warning": 0, "violation": 0}


async def test_a_board_shows_pauses_and_who_waits_in_the_lobby(world):
    stopped = datetime(2026, 1, 5, 10, tzinfo=UTC)
    attempt = world.attempt(paused_at=stopped)
    waiting = world.attempt(exam_id=attempt.exam_id, status="not_started", is_waiting=True)
    board = await world.board(attempt.exam_id)
    snapshot = await board.frame("snapshot")
    rows = {row["attempt_id"]: row for row in snapshot["attempts"]}
    assert rows[attempt.attempt_id]["paused_at"] == "2026-01-05T10:00:00Z"
    assert rows[waiting.attempt_id]["is_waiting_for_authorisation"] is True
    facts = {
        "attempt_resumed": ("status", {"paused_at": None}),
        "attempt_paused": ("status", {"paused_at": "2026-01-05T11:00:00Z"}),
        "attempt_authorised": ("status", {"is_waiting_for_authorisation": False}),
        "lobby_changed": ("status", {"is_waiting_for_authorisation": True}),
        "device_changed": ("device", {"device_changes": 1}),
        "device_released": ("device", {"active_since": None}),
    }
    for fact, (kind, data) in facts.items():
        await world.say(attempt, fact, **data)
        delta = await board.frame("delta")
        assert (delta["kind"], delta["data"]) == (kind, data), fact


async def test_a_board_begins_with_who_has_whom_and_what_waits_for_somebody(world):
    attempt = world.attempt()
    quiet = world.attempt(exam_id=attempt.exam_id, student_id=42)
    waits = proctoring_pb2.Attention(
        attempt_id=attempt.attempt_id,
        claimed_by_id=9,
        claimed_by="ann",
        live_action_count=2,
        unread_message_count=1,
    )
    for stamp in (waits.claimed_at, waits.hand_raised_at):
        stamp.FromDatetime(datetime(2026, 1, 5, tzinfo=UTC))
    world.proctoring.attention = [waits]
    board = await world.board(attempt.exam_id)
    snapshot = await board.frame("snapshot")
    rows = {row["attempt_id"]: row for row in snapshot["attempts"]}
    found = {
        "claimed_by_id": 9,
        "claimed_by": "ann",
        "claimed_at": "2026-01-05T00:00:00Z",
        "hand_raised_at": "2026-01-05T00:00:00Z",
        "live_action_count": 2,
        "unread_message_count": 1,
    }
    assert found.items() <= rows[attempt.attempt_id].items()
    nothing = dict.fromkeys(found) | {"live_action_count": 0, "unread_message_count": 0}
    assert nothing.items() <= rows[quiet.attempt_id].items()


@pytest.mark.parametrize("modern", [True, False])
async def test_every_kind_of_delta_follows_in_order(world, modern):
    attempt = world.attempt()
    board = await world.board(attempt.exam_id, modern=modern)
    snapshot = await board.frame("snapshot")
    said = [
        await world.say(attempt, "event_recorded", event={"id": 1}, counts={"info": 1}),
        await world.say(attempt, "timing_recorded", question_id=3, total_time_seconds=9),
        await world.say_saved(attempt),
        await world.say(attempt, "deadline_changed", deadline_at=None),
        await world.say_status(attempt, "submitted"),
    ]
    found = [await board.frame("delta") for _ in said]
    assert [frame["position"]["sequence"] for frame in found] == said
    assert [frame["kind"] for frame in found] == [
        "event",
        "timing",
        "progress",
        "deadline",
        "status",
    ]
    assert found[0]["data"] == {"event": {"id": 1}, "counts": {"info": 1}}
    assert all(f["position"]["epoch"] == snapshot["position"]["epoch"] for f in found)


async def test_a_new_attempt_is_told_as_the_row_that_a_snapshot_has(world):
    attempt = world.attempt()
    board = await world.board(attempt.exam_id)
    snapshot = await board.frame("snapshot")
    late = world.attempt(exam_id=attempt.exam_id, student_id=77, status="not_started")
    world.auth.people[77] = auth_pb2.User(user_id=77, full_name="Asha")
    said = await world.say_created(late)
    delta = await board.frame("delta")
    assert (delta["kind"], delta["attempt_id"]) == ("created", late.attempt_id)
    assert delta["position"]["sequence"] == said
    [row] = snapshot["attempts"]
    assert list(delta["data"]) == list(row)
    back = await world.board(attempt.exam_id)
    rows = {row["attempt_id"]: row for row in (await back.frame("snapshot"))["attempts"]}
    assert rows[late.attempt_id] == delta["data"]


async def test_who_comes_back_to_a_board_on_another_node_is_told_the_whole_row_too(make_world):
    one, other = await make_world(), await make_world(node_id="n2")
    attempt = one.attempt()
    other.attempts.attempts[attempt.attempt_id] = attempt
    student = await other.student(attempt)  # so that this node reads the exam, without a board
    board = await one.board(attempt.exam_id)
    position = (await board.frame("snapshot"))["position"]
    late = one.attempt(exam_id=attempt.exam_id, student_id=77, status="not_started")
    for world in (one, other):
        world.auth.people[77] = auth_pb2.User(user_id=77, full_name="Meena")
    said = await one.say_created(late)
    assert (await deltas(board, "created"))[0]["data"]["student_name"] == "Meena"
    await eventually(lambda: other.node.feed.position(attempt.exam_id).sequence >= said)
    back = await other.board(attempt.exam_id, since=position["sequence"], epoch=position["epoch"])
    [delta] = await deltas(back, "created")
    assert (delta["data"]["student_name"], delta["position"]["sequence"]) == ("Meena", said)
    assert delta["data"]["total_questions"] == 10
    assert student.types() == ["connected"]


async def test_a_board_shows_risk_from_the_first_row_on(world):
    attempt = world.attempt()
    quiet = world.attempt(exam_id=attempt.exam_id, student_id=42)
    world.proctoring.risks = [proctoring_pb2.Risk(attempt_id=quiet.attempt_id, score=12)]
    board = await world.board(attempt.exam_id)
    rows = (await board.frame("snapshot"))["attempts"]
    assert [(row["attempt_id"], row["risk_score"]) for row in rows] == [
        (quiet.attempt_id, 12),
        (attempt.attempt_id, 0),
    ]
    await world.say(attempt, "risk_changed", score=40, as_of_sequence=3, rules_version=1)
    [delta] = await deltas(board, "risk")
    assert delta["data"] == {"score": 40, "as_of_sequence": 3, "rules_version": 1}
    again = await (await world.board(attempt.exam_id)).frame("snapshot")
    assert [row["risk_score"] for row in again["attempts"]] == [40, 12]


async def test_other_exams_are_not_shown(world):
    mine, other = world.attempt(), world.attempt()
    board = await world.board(mine.exam_id)
    await board.frame("snapshot")
    await world.say_saved(other)
    last = await world.say_saved(mine)
    assert (await board.frame("delta"))["position"]["sequence"] == last


async def test_a_socket_that_opens_and_closes_is_shown(world):
    attempt = world.attempt()
    board = await world.board(attempt.exam_id)
    await board.frame("snapshot")
    client = await world.student(attempt)
    opened = (await deltas(board, "presence"))[0]["data"]
    assert (opened["is_online"], opened["socket_count"]) == (True, 1)
    second = await world.board(attempt.exam_id)
    row = (await second.frame("snapshot"))["attempts"][0]
    assert (row["is_online"], row["socket_count"]) in {(True, 1), (False, 0)}
    await client.connection.close()
    closed = (await deltas(board, "presence"))[0]["data"]
    assert (closed["is_online"], closed["socket_count"]) == (False, 0)
    assert closed["last_seen_at"].endswith("Z")


async def test_presence_of_other_nodes_is_added(world):
    attempt = world.attempt()
    board = await world.board(attempt.exam_id)
    await board.frame("snapshot")
    await world.say_seen(attempt, "n2", 1, sockets=2)
    assert (await deltas(board, "presence"))[0]["data"]["socket_count"] == 2
    await world.student(attempt)
    assert (await deltas(board, "presence"))[0]["data"]["socket_count"] == 3
    await world.say_seen(attempt, "n2", 2, sockets=0)
    assert (await deltas(board, "presence"))[0]["data"]["socket_count"] == 1


async def test_what_happens_while_the_snapshot_is_made_is_told_behind_it(world):
    attempt = world.attempt()
    opening = [asyncio.create_task(world.board(attempt.exam_id)) for _ in range(5)]
    said = [await world.say_saved(attempt) for _ in range(10)]
    for task in opening:
        board = await task
        start = (await board.frame("snapshot"))["position"]["sequence"]
        expected = [sequence for sequence in said if sequence > start]
        found = [(await board.frame("delta"))["position"]["sequence"] for _ in expected]
        assert found == expected


async def test_what_is_announced_while_rows_are_read_is_in_the_snapshot(world):
    """Attempts answered with rows of before; the position says that they are of after."""
    attempt = world.attempt()
    world.attempts.roster_gate.clear()
    opening = asyncio.create_task(world.board(attempt.exam_id))
    await eventually(lambda: world.attempts.rosters)
    said = await world.say_saved(attempt, questions_answered=8)
    await eventually(lambda: world.node.feed.position(attempt.exam_id).sequence >= said)
    world.attempts.roster_gate.set()
    snapshot = await (await opening).frame("snapshot")
    assert snapshot["position"]["sequence"] >= said
    assert snapshot["attempts"][0]["questions_answered"] == 8


async def test_a_board_that_opens_later_has_the_counts_that_no_notice_carries(make_world):
    world = await make_world(snapshot_shared_seconds=60)
    attempt = world.attempt()
    await (await world.board(attempt.exam_id)).frame("snapshot")
    world.proctoring.attention = [
        proctoring_pb2.Attention(attempt_id=attempt.attempt_id, live_action_count=2)
    ]
    said = await world.say(attempt, "action_expired", id=1, action_id="a", action="warn")
    await eventually(lambda: world.node.feed.position(attempt.exam_id).sequence >= said)
    boards = await asyncio.gather(*(world.board(attempt.exam_id) for _ in range(5)))
    for board in boards:
        [row] = (await board.frame("snapshot"))["attempts"]
        assert row["live_action_count"] == 2
    assert (world.proctoring.calls, world.proctoring.recounts) == (1, 1)


async def test_a_board_that_opens_later_is_shown_the_same_rows_as_they_are_by_then(make_world):
    world = await make_world(snapshot_shared_seconds=60)
    attempt = world.attempt()
    first = await world.board(attempt.exam_id)
    shared = await first.frame("snapshot")
    said = [await world.say_saved(attempt, questions_answered=n) for n in (4, 5)]
    await eventually(lambda: world.node.feed.position(attempt.exam_id).sequence >= said[-1])
    second = await world.board(attempt.exam_id)
    snapshot = await second.frame("snapshot")
    assert snapshot["position"]["sequence"] >= said[-1]
    [before], [row] = shared["attempts"], snapshot["attempts"]
    assert (before["questions_answered"], row["questions_answered"]) == (3, 5)
    said.append(await world.say_saved(attempt))
    assert (await second.frame("delta"))["position"]["sequence"] == said[-1]
    assert [(await first.frame("delta"))["position"]["sequence"] for _ in said] == said
    assert (world.proctoring.calls, world.attempts.rosters) == (1, 1)


async def test_fifty_boards_that_open_together_cost_one_question(make_world):
    world = await make_world(admission_seconds=10.0, snapshot_shared_seconds=60)
    attempt = world.attempt()
    path = f"exams/{attempt.exam_id}/monitor"
    tokens = [world.tokens.token(900 + number, ("admin",)) for number in range(50)]
    boards = await asyncio.gather(*(world.connect(path, token=token) for token in tokens))
    for board in boards:
        await board.frame("snapshot")
    assert (world.proctoring.calls, world.attempts.rosters) == (1, 1)


async def test_deltas_leave_together_and_none_is_missing(world, monkeypatch):
    attempt = world.attempt()
    board = await world.board(attempt.exam_id)
    await board.frame("snapshot")
    wakes, wake = [], Socket.wake
    monkeypatch.setattr(Socket, "wake", lambda socket: wakes.append(1) or wake(socket))
    # At once: who waits for each one's place leaves the node time to tell it alone.
    said = sorted(await asyncio.gather(*(world.say_saved(attempt) for _ in range(200))))
    found = [(await board.frame("delta"))["position"]["sequence"] for _ in said]
    assert found == said
    assert len(wakes) < len(said) / 2


async def test_a_board_goes_on_from_its_position_without_a_snapshot(world):
    attempt = world.attempt()
    board = await world.board(attempt.exam_id)
    position = (await board.frame("snapshot"))["position"]
    await board.connection.close()
    said = [await world.say_saved(attempt) for _ in range(4)]
    await eventually(lambda: world.node.feed.position(attempt.exam_id).sequence >= said[-1])
    back = await world.board(attempt.exam_id, since=position["sequence"], epoch=position["epoch"])
    said.append(await world.say_saved(attempt))
    found = [(await back.frame("delta"))["position"]["sequence"] for _ in said]
    assert found == said
    assert "snapshot" not in back.types()


@pytest.mark.parametrize("change", [{"epoch": "1"}, {"since": 10**12}])
async def test_a_board_with_an_unknown_position_gets_resync_and_snapshot(world, change):
    attempt = world.attempt()
    position = (await world.board(attempt.exam_id)).hello["position"]
    query = {"since": position["sequence"], "epoch": position["epoch"]} | change
    back = await world.board(attempt.exam_id, **query)
    assert (await back.frame())["type"] == "resync"
    assert (await back.frame())["type"] == "snapshot"


async def test_a_ring_that_is_too_short_gives_a_board_a_new_snapshot(make_world):
    world = await make_world(ring_messages=2)
    attempt = world.attempt()
    board = await world.board(attempt.exam_id)
    position = (await board.frame("snapshot"))["position"]
    await board.connection.close()
    said = [await world.say_saved(attempt) for _ in range(6)]
    await eventually(lambda: world.node.feed.position(attempt.exam_id).sequence >= said[-1])
    back = await world.board(attempt.exam_id, since=position["sequence"], epoch=position["epoch"])
    assert (await back.frame())["type"] == "resync"
    fresh = await back.frame()
    assert (fresh["type"], fresh["position"]["sequence"]) == ("snapshot", said[-1])


async def refusal(world, path, token):
    with pytest.raises(InvalidStatus) as caught:
        await world.connect(path, modern=False, token=token)
    assert caught.value.response.status_code == 403
    return await (await world.connect(path, token=token)).closed()


async def test_boards_are_for_proctors_and_administrators(world):
    path = f"exams/{world.attempt().exam_id}/monitor"
    for roles in (("student",), ("hall_in_charge",), ("grader",), ()):
        assert (await refusal(world, path, world.tokens.token(7, roles)))[0] == 4503
    client = await world.connect(path, token=world.tokens.token(7, ("admin",)))
    assert (await client.frame())["type"] == "connected"


async def test_a_proctor_has_the_boards_of_his_exams_and_no_other(world):
    mine, other = world.attempt().exam_id, world.attempt().exam_id
    token = world.proctor(mine)
    client = await world.connect(f"exams/{mine}/monitor", token=token)
    assert (await client.frame())["type"] == "connected"
    for exam_id in (other, 99_999_999):
        path = f"exams/{exam_id}/monitor"
        assert await refusal(world, path, token) == (4503, "Unauthorized")


async def test_who_grades_an_exam_does_not_watch_it(world):
    exam_id, grader = world.attempt().exam_id, 700_007
    world.auth.assigned[grader] = [("grader", exam_id)]
    for roles in (("grader",), ("proctor", "grader")):
        token = world.tokens.token(grader, roles)
        assert (await refusal(world, f"exams/{exam_id}/monitor", token))[0] == 4503


async def test_without_auth_only_known_proctors_come_in(make_world):
    world = await make_world(admission_seconds=0.5)
    exam_id = world.attempt().exam_id
    path = f"exams/{exam_id}/monitor"
    known, unknown = world.proctor(exam_id), world.proctor(exam_id)
    await (await world.connect(path, token=known)).frame("connected")
    world.auth.failure = Unavailable("away")
    assert (await refusal(world, path, unknown))[0] == 4013
    for token in (known, world.tokens.token(7, ("admin",))):
        await (await world.connect(path, token=token)).frame("connected")


async def test_an_unknown_exam_and_a_bad_token_are_refused(world):
    token = world.tokens.token(7, ("admin",))
    assert await refusal(world, "exams/99999999/monitor", token) == (4504, "Exam not found")
    assert (await refusal(world, "exams/x/monitor", token))[0] == 4500
    path = f"exams/{world.attempt().exam_id}/monitor"
    assert (await refusal(world, path, "nonsense"))[0] == 4501


async def test_a_service_that_is_needed_but_down_refuses_a_board(make_world):
    world = await make_world()
    path, token = f"exams/{world.attempt().exam_id}/monitor", world.tokens.token(7, ("admin",))
    world.attempts.failure = Unavailable("away")
    with pytest.raises(InvalidStatus):
        await world.connect(path, modern=False, token=token)
    world.attempts.failure = None
    client = await world.connect(path, token=token)
    assert (await client.frame())["type"] == "connected"


async def test_what_a_board_sends_is_answered_and_closes_nothing(world):
    board = await world.board(world.attempt().exam_id)
    await board.frame("snapshot")
    for text in ("x", '{"type":"dance"}', '{"type":"flag","question_id":1}', '{"type":"pong"}'):
        await board.send(text)
    codes = [(await board.frame("error"))["error_code"] for _ in range(3)]
    assert codes == ["WEBSOCKET_ERROR", "UNKNOWN_MESSAGE_TYPE", "UNKNOWN_MESSAGE_TYPE"]


async def test_a_revoked_proctor_loses_his_board(world):
    board = await world.board(world.attempt().exam_id)
    await board.frame("snapshot")
    now = datetime.now(UTC)
    [proctor] = world.auth.assigned
    world.node.revocations.revoke_user(proctor, now, now + timedelta(hours=1))
    assert (await board.closed())[0] == 4501


async def test_a_node_says_in_its_stream_who_is_online(world):
    attempt = world.attempt()
    await world.student(attempt)
    subject = f"oep.v1.{attempt.exam_id}.{attempt.attempt_id}.connection_opened"

    async def said():
        head = await world.bus.head("OEP_EVENTS")
        return await world.bus.replay(
            "OEP_EVENTS", [subject], max(0, head.sequence - 50), head.sequence
        )

    found = await eventually(said)
    envelope = json.loads(found[0].data)
    assert envelope["fact"] == "connection_opened"
    assert (envelope["exam_id"], envelope["attempt_id"]) == (attempt.exam_id, attempt.attempt_id)
    assert envelope["data"]["socket_count"] == 1
    assert envelope["data"]["user_id"] == 41
    assert envelope["data"]["node_id"].startswith("n1-")


async def test_a_board_that_asks_whether_somebody_is_there_gets_a_ping(world):
    board = await world.board(world.attempt().exam_id)
    await board.frame("snapshot")
    await board.send('{"type":"time_sync"}')
    assert "timestamp" in await board.frame("ping")
