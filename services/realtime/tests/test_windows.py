"""A window of a board, on a real node: `view=page` (ADR 30)."""

import asyncio

from chassis import assignments
from chassis.errors import Unavailable
from chassis.waiting import eventually
from oep.auth.v1 import auth_pb2
from oep.proctoring.v1 import proctoring_pb2

LAST = {
    "event_type": "tab_switch",
    "severity": "violation",
    "received_at": "2026-01-05T10:00:00Z",
    "late": False,
}


def exam_of(world, count):
    first = world.attempt()
    return [first, *(world.attempt(exam_id=first.exam_id) for _ in range(count - 1))]


async def window(world, attempt, **query):
    board = await world.board(attempt.exam_id, view="page", **query)
    assert board.hello["type"] == "connected"
    return board


async def violates(world, attempt, count=1):
    counts = {"info": 0, "warning": 0, "violation": count}
    return await world.say(attempt, "event_recorded", event={}, counts=counts, last_event=LAST)


async def test_a_page_comes_first_and_then_only_what_changes_on_it(world):
    attempts = exam_of(world, 6)
    board = await window(world, attempts[0], limit=2)
    page = await board.frame()
    assert (page["type"], page["total"], page["offset"], page["limit"]) == ("page", 6, 0, 2)
    assert [row["attempt_id"] for row in page["attempts"]] == [a.attempt_id for a in attempts[:2]]
    sequence = await violates(world, attempts[5])
    found = await board.frame()
    first, second = attempts[5].attempt_id, attempts[0].attempt_id
    assert (found["type"], found["order"]) == ("changes", [first, second])
    assert [row["attempt_id"] for row in found["attempts"]] == [first]
    assert found["attempts"][0]["last_event"] == LAST
    assert found["position"]["sequence"] >= sequence
    assert found["groups"]["violation"] == 1
    assert found["as_of"] > page["as_of"]
    assert {"delta", "snapshot"}.isdisjoint(board.types())


async def test_what_a_flood_changes_is_told_in_few_frames_and_is_right_in_the_end(world):
    attempts = exam_of(world, 4)
    board = await window(world, attempts[0])
    await board.frame("page")
    for number in range(1, 101):
        await world.say_saved(attempts[number % 4], questions_answered=number)
    rows = {}
    while {row["questions_answered"] for row in rows.values()} != {97, 98, 99, 100}:
        rows |= {row["attempt_id"]: row for row in (await board.frame("changes"))["attempts"]}
    assert len(board.types()) < 60


async def test_another_page_is_shown_when_it_is_asked_for(world):
    attempts = exam_of(world, 5)
    board = await window(world, attempts[0], limit=2)
    await board.frame("page")
    await board.send({"type": "view", "offset": 4, "limit": 2, "filter": {"status": "in_progress"}})
    page = await board.frame("page")
    assert [row["attempt_id"] for row in page["attempts"]] == [attempts[4].attempt_id]
    assert (page["offset"], page["filter"]) == (4, {"status": "in_progress"})
    await world.say_status(attempts[0], "submitted")
    found = await board.frame("changes")
    assert (found["total"], found["order"], found["attempts"]) == (4, [], [])


async def test_a_view_that_cannot_be_is_answered_or_refused(world):
    attempt = world.attempt()
    board = await window(world, attempt)
    await board.frame("page")
    for text in ('{"type":"view","limit":0}', '{"type":"view","offset":"x"}', '{"type":"dance"}'):
        await board.send(text)
    codes = [(await board.frame("error"))["error_code"] for _ in range(3)]
    assert codes == ["INVALID_REQUEST", "INVALID_REQUEST", "UNKNOWN_MESSAGE_TYPE"]
    path, token = f"exams/{attempt.exam_id}/monitor", world.proctor(attempt.exam_id)
    refused = await world.connect(path, token=token, view="page", limit=0)
    code, reason = await refused.closed()
    assert (code, reason.startswith("Invalid view: ")) == (4500, True)
    whole = await world.board(attempt.exam_id)
    await whole.frame("snapshot")
    await whole.send({"type": "view"})
    assert (await whole.frame("error"))["error_code"] == "UNKNOWN_MESSAGE_TYPE"


async def test_a_flood_of_views_is_answered_by_few_pages_and_by_the_last_one(world):
    attempts = exam_of(world, 3)
    board = await window(world, attempts[0], limit=1)
    await board.frame("page")
    for number in range(300):
        await board.send({"type": "view", "offset": number % 7, "limit": 1})
    await board.send({"type": "view", "offset": 2, "limit": 3})
    page = {}
    while (page.get("offset"), page.get("limit")) != (2, 3):
        page = await board.frame("page")
    assert [row["attempt_id"] for row in page["attempts"]] == [attempts[2].attempt_id]
    assert len(board.types()) < 150


async def test_windows_of_fifty_proctors_cost_one_question_and_leave_nothing_behind(make_world):
    world = await make_world(admission_seconds=10.0, snapshot_shared_seconds=60)
    attempt = world.attempt()
    tokens = [world.tokens.token(900 + number, ("admin",)) for number in range(50)]
    path = f"exams/{attempt.exam_id}/monitor"
    boards = await asyncio.gather(
        *(world.connect(path, token=token, view="page") for token in tokens)
    )
    for board in boards:
        await board.frame("page")
    assert (world.proctoring.calls, world.attempts.rosters) == (1, 1)
    board = world.node.boards._boards[attempt.exam_id]
    assert len(board._windows) == 1
    for client in boards:
        await client.send({"type": "view", "offset": 1})
        await client.connection.close()
    await eventually(lambda: not board._windows)
    found = world.node.boards
    await eventually(lambda: (found._watched, found._extents, found._waiting) == ({}, {}, {}))


async def test_a_board_at_which_nobody_looks_any_more_is_forgotten(make_world):
    world = await make_world(snapshot_shared_seconds=0.2)
    attempt = world.attempt()
    board = await window(world, attempt)
    await board.frame("page")
    await board.connection.close()
    await eventually(lambda: not world.node.boards._boards)


async def test_a_student_who_is_lost_comes_to_the_front(world):
    attempts = exam_of(world, 3)
    clients = [await world.student(attempt) for attempt in attempts]
    board = await window(world, attempts[0], limit=1)
    rows = {}

    async def is_shown(attempt, state):
        for row in (await board.frame())["attempts"]:
            rows[row["attempt_id"]] = row["connection"]
        return rows.get(attempt.attempt_id) == state

    await eventually(lambda: is_shown(attempts[0], "online"), seconds=20)
    await clients[2].connection.close()
    await eventually(lambda: is_shown(attempts[2], "offline"), seconds=20)
    assert board.frames[-1]["groups"]["lost"] >= 1


async def test_counts_that_no_notice_carries_are_asked_when_they_may_have_changed(world):
    attempt = world.attempt()
    board = await window(world, attempt)
    await board.frame("page")
    world.proctoring.attention = [
        proctoring_pb2.Attention(attempt_id=attempt.attempt_id, unread_message_count=3)
    ]
    sent = {"id": 1, "message_id": "m", "is_from_student": True, "text": "?", "sender": None}
    await world.say(attempt, "message_sent", **sent)
    [row] = (await board.frame("changes"))["attempts"]
    assert row["unread_message_count"] == 3
    assert (world.proctoring.recounts, world.proctoring.calls) == (1, 1)


async def test_an_attempt_that_is_made_during_the_exam_appears(make_world):
    world = await make_world(snapshot_shared_seconds=0.2)
    attempt = world.attempt()
    board = await window(world, attempt)
    await board.frame("page")
    late = world.attempt(exam_id=attempt.exam_id)
    await world.say_status(late, "in_progress")
    found = await board.frame("changes", seconds=10)
    assert (found["total"], found["order"]) == (2, [attempt.attempt_id, late.attempt_id])


def assigned(world, attempt, student_id=77, name="Meena"):
    """Make an attempt as `assign` does: nothing but that it was made is said of it."""
    late = world.attempt(exam_id=attempt.exam_id, student_id=student_id, status="not_started")
    world.auth.people[student_id] = auth_pb2.User(
        user_id=student_id, full_name=name, hall_ticket_number="AP2"
    )
    return late


async def test_an_attempt_that_was_assigned_appears_in_its_place_and_its_student_sees_nothing(
    make_world,
):
    world = await make_world(snapshot_shared_seconds=60)
    attempt, over = exam_of(world, 2)
    over.status = "submitted"
    board = await window(world, attempt)
    await board.frame("page")
    late = assigned(world, attempt)
    await world.say_created(late)
    found = await board.frame("changes")
    assert found["order"] == [attempt.attempt_id, late.attempt_id, over.attempt_id]
    [row] = [row for row in found["attempts"] if row["attempt_id"] == late.attempt_id]
    assert (row["student_name"], row["hall_ticket_number"]) == ("Meena", "AP2")
    assert (row["status"], row["total_questions"], row["is_online"]) == ("not_started", 10, False)
    assert world.attempts.rosters == 1, "nobody was asked for all rows"
    student = await world.student(late)
    await world.say_created(late)
    await world.say_saved(late)
    assert (await student.frame())["title"] == "Answer Saved"
    assert student.types() == ["connected", "notification"]


async def test_who_was_assigned_while_auth_was_away_gets_his_name_with_the_next_rows(make_world):
    world = await make_world(snapshot_shared_seconds=0.2)
    attempt = world.attempt()
    board = await window(world, attempt)
    await board.frame("page")
    late = assigned(world, attempt)
    world.auth.failure = Unavailable("away")
    await world.say_created(late)
    names = {}
    while names.get(late.attempt_id) != "Asha":  # what the roster says
        found = await board.frame("changes", seconds=10)
        names |= {row["attempt_id"]: row["student_name"] for row in found["attempts"]}
    assert found["total"] == 2


async def test_who_is_missing_for_good_is_no_reason_to_ask_all_the_time(make_world):
    world = await make_world(snapshot_shared_seconds=60)
    attempt = world.attempt()
    board = await window(world, attempt)
    await board.frame("page")
    gone = world.attempt(exam_id=attempt.exam_id)
    del world.attempts.attempts[gone.attempt_id]
    for number in range(3):
        await world.say_saved(gone)
        await world.say_saved(attempt, questions_answered=10 + number)
        await board.frame("changes")
    assert world.node.boards._boards[attempt.exam_id].is_incomplete
    assert world.attempts.rosters == 1


async def test_rows_are_read_anew_for_what_no_notice_tells(make_world):
    world = await make_world(board_renew_seconds=0.2)
    attempt = world.attempt()
    board = await window(world, attempt)
    assert (await board.frame("page"))["attempts"][0]["status"] == "in_progress"
    attempt.status = "submitted"
    assert (await board.frame("changes"))["attempts"][0]["status"] == "submitted"


async def test_a_stream_that_was_lost_leads_to_resync_and_a_page(make_world, nats_server):
    world = await make_world()
    attempt = world.attempt()
    board = await window(world, attempt)
    before = (await board.frame("page"))["position"]
    nats_server.wipe()
    await board.frame("resync", seconds=20)
    page = await board.frame("page", seconds=20)
    assert page["position"]["epoch"] != before["epoch"]
    await violates(world, attempt)
    found = await board.frame("changes", seconds=10)
    assert found["attempts"][0]["counts"]["violation"] == 1
    late = assigned(world, attempt)
    await world.say_created(late)
    found = await board.frame("changes", seconds=10)
    assert found["order"] == [attempt.attempt_id, late.attempt_id]


async def test_a_window_goes_on_with_a_page_wherever_its_client_left_off(world):
    attempt = world.attempt()
    position = (await (await window(world, attempt)).frame("page"))["position"]
    back = await window(world, attempt, since=position["sequence"], epoch=position["epoch"])
    assert (await back.frame())["type"] == "page"


async def test_a_proctor_whose_assignment_ends_loses_each_kind_of_board(make_world, monkeypatch):
    monkeypatch.setattr(assignments, "FRESH_SECONDS", 0.5)
    world = await make_world(board_check_seconds=0.2)
    exam_id = world.attempt().exam_id
    boards = [await world.board(exam_id), await world.board(exam_id, view="page")]
    chief = await world.connect(f"exams/{exam_id}/monitor", token=world.tokens.token(7, ("admin",)))
    world.auth.assigned.clear()
    for board in boards:
        assert await board.closed(seconds=10) == (4503, "Unauthorized")
    await chief.frame("snapshot")
    assert chief.connection.close_code is None
