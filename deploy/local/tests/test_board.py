"""What `oep watch` knows of an exam: rows as the socket tells them, incidents, bounded in size."""

import pytest
from oep_local.board import KEPT_INCIDENTS, Board, Group, group_of


def row(attempt_id, **more):
    return {
        "attempt_id": attempt_id,
        "student_name": f"Student {attempt_id}",
        "status": "in_progress",
        "deadline_at": None,
        "paused_at": None,
        "is_waiting_for_authorisation": False,
        "questions_answered": 0,
        "total_questions": 10,
        "is_online": True,
        "counts": {"info": 0, "warning": 0, "violation": 0},
        "last_event": None,
        "risk_score": 0,
        "hand_raised_at": None,
        "unread_message_count": 0,
        "center": "not kept",
        **more,
    }


def snapshot(*rows, sequence=10, epoch="e"):
    position = {"sequence": sequence, "epoch": epoch}
    return {"type": "snapshot", "exam_id": 1, "position": position, "attempts": list(rows)}


def delta(sequence, attempt_id, kind, epoch="e", **data):
    position = {"sequence": sequence, "epoch": epoch}
    place = {"type": "delta", "position": position, "attempt_id": attempt_id}
    return place | {"kind": kind, "data": data, "at": "2026-03-02T10:00:00Z"}


def event(sequence, attempt_id, severity="violation", count=1):
    at = f"2026-03-02T10:{sequence // 60:02}:{sequence % 60:02}Z"
    last = {"event_type": "tab_switch", "severity": severity, "received_at": at, "late": False}
    return delta(sequence, attempt_id, "event", counts={severity: count}, last_event=last)


@pytest.fixture
def board():
    found = Board()
    found.hear(snapshot(row(1), row(2)))
    return found


def test_a_snapshot_is_the_board_and_its_position(board):
    assert board.is_whole
    assert board.position == (10, "e")
    assert board.rows[1]["student_name"] == "Student 1"
    assert "center" not in board.rows[1]


@pytest.mark.parametrize(
    ("frame", "field", "value"),
    [
        (delta(11, 1, "status", status="submitted"), "status", "submitted"),
        (delta(11, 1, "deadline", deadline_at="x", student_id=3), "deadline_at", "x"),
        (delta(11, 1, "progress", questions_answered=4), "questions_answered", 4),
        (delta(11, 1, "presence", is_online=False, socket_count=0), "is_online", False),
        (delta(11, 1, "risk", score=14), "risk_score", 14),
        (delta(11, 1, "hand", is_raised=True, raised_at="x"), "hand_raised_at", "x"),
        (delta(11, 1, "message", is_from_student=True), "unread_message_count", 1),
        (event(11, 1), "counts", {"violation": 1}),
    ],
)
def test_a_delta_changes_what_it_tells_of_its_own_attempt_only(board, frame, field, value):
    assert board.hear(frame) is True
    assert board.rows[1][field] == value
    assert board.rows[2][field] == row(2)[field]
    assert board.position == (11, "e")


def test_what_staff_have_read_waits_no_more(board):
    board.hear(delta(11, 1, "message", is_from_student=True))
    board.hear(delta(12, 1, "message", up_to_id=4, is_by_student=True))
    assert board.rows[1]["unread_message_count"] == 1
    board.hear(delta(13, 1, "message", up_to_id=4, is_by_student=False))
    assert board.rows[1]["unread_message_count"] == 0


def test_what_was_heard_already_and_another_epoch_change_nothing(board):
    assert board.hear(delta(10, 1, "status", status="graded")) is False
    assert board.hear(delta(11, 1, "status", epoch="other", status="graded")) is False
    assert board.rows[1]["status"] == "in_progress"
    assert board.position == (10, "e")


def test_a_delta_without_news_moves_the_position_only(board):
    assert board.hear(delta(11, 1, "status", status="in_progress")) is False
    assert board.position == (11, "e")


def test_an_attempt_that_is_made_meanwhile_comes_with_its_whole_row(board):
    assert board.hear(delta(11, 3, "created")) is False
    created = delta(12, 3, "created")
    assert board.hear(created | {"data": row(3)}) is True
    assert board.rows[3]["student_name"] == "Student 3"


def test_after_a_resync_the_board_is_not_whole_until_the_next_snapshot(board):
    assert board.hear({"type": "resync", "reason": "history is gone"}) is True
    assert not board.is_whole
    board.hear(snapshot(row(2), sequence=3, epoch="new"))
    assert board.is_whole
    assert [*board.rows] == [2]
    assert board.position == (3, "new")


def test_incidents_are_the_newest_first_and_never_more_than_are_kept(board):
    for sequence in range(11, 11 + 3 * KEPT_INCIDENTS):
        board.hear(event(sequence, 1, count=sequence))
    assert len(board.incidents) == KEPT_INCIDENTS
    assert board.incidents[0].at > board.incidents[1].at
    assert len(board.rows) == 2


def test_what_only_informs_is_no_incident(board):
    board.hear(event(11, 1, "info"))
    assert not board.incidents


def test_a_snapshot_brings_what_was_missed_and_doubles_nothing(board):
    board.hear(event(11, 1))
    known = board.rows[1] | {"center": ""}
    board.hear(snapshot(known, row(2, last_event=event(30, 2)["data"]["last_event"])))
    assert [each.attempt_id for each in board.incidents] == [2, 1]


@pytest.mark.parametrize(
    ("more", "group"),
    [
        ({"hand_raised_at": "x", "status": "graded"}, Group.WAITS),
        ({"unread_message_count": 1}, Group.WAITS),
        ({"is_waiting_for_authorisation": True, "status": "not_started"}, Group.WAITS),
        ({"status": "submitted", "counts": {"violation": 3}}, Group.OVER),
        ({"counts": {"violation": 1}, "is_online": False}, Group.VIOLATION),
        ({"counts": {"warning": 1}, "is_online": False}, Group.LOST),
        ({"counts": {"warning": 1}}, Group.WARNING),
        ({}, Group.WORKS),
        ({"status": "not_started", "is_online": False}, Group.NOT_STARTED),
    ],
)
def test_what_an_attempt_needs_most_is_its_group(more, group):
    assert group_of(row(1, **more)) is group


def test_the_neediest_come_first_by_group_then_risk():
    found = Board()
    counts = {"violation": 1}
    found.hear(snapshot(row(1), row(2, counts=counts), row(3, counts=counts, risk_score=9)))
    assert [each["attempt_id"] for each in found.neediest(2)] == [3, 2]
    assert found.groups()[Group.VIOLATION] == 2
    assert found.groups()[Group.OVER] == 0
    assert sum(found.groups().values()) == len(found.rows)
