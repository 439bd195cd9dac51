"""The table of contract §7.3, row by row: which fields each message has, and its instant in UTC.

What a client sends is read as the table says, too. Pure; that each of them is sent when it should
be is shown on a real node in `test_student_socket`, `test_replay` and `test_broadcast_socket`.
"""

import json
from datetime import UTC, datetime

import pytest
from chassis.bus import Position
from realtime import frames, incoming
from realtime.channels import Address
from realtime.incoming import (
    BadCheckpoint,
    Checkpoint,
    Flag,
    Malformed,
    Pong,
    Reauth,
    TimeSync,
)
from realtime.notices import Message, Notice

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
AT, PLACE = "2026-01-05T10:00:00Z", Position(7, "e")
MOVE = {
    "transfer_id": 1,
    "attempt_id": 2,
    "from_workstation": "W1",
    "to_workstation": "W2",
    "reason": "screen",
    "requested_by": "ann",
    "approved_by": "bob",
    "migration_checksum": "ab",
    "answers_transferred": 3,
}
ACTION = {
    "id": 5,
    "action_id": "a",
    "action": "warn",
    "text": "Phone away",
    "warning_code": "W7",
    "seconds": None,
    "requested_by_id": 9,
    "requested_by": "ann",
    "requested_at": AT,
}


def said(fact, **data):
    """What the sockets of an attempt are shown of a notice."""
    message = Message(PLACE, Address(1, 2, fact), Notice(fact, AT, data), 100)
    return message.student_part.frame


SAVED = {"question_id": 5, "kind": "answer", "connection_id": "c"}
FLAGGED = {"question_id": 5, "kind": "flag", "is_flagged": True}
STATUS = {"status": "submitted", "submit_reason": "student"}

SENT = {
    "ping": (lambda: frames.ping(NOW), ()),
    "checkpoint_ack": (
        lambda: frames.checkpoint_ack(5, 3, NOW, 77, 4, "ab", NOW, "m-1"),
        ("question_id", "sequence", "saved_at", "time_remaining_seconds", "message_id"),
    ),
    "checkpoint_error": (
        lambda: frames.checkpoint_error(5, "Unknown error", "CHECKPOINT_FAILED", NOW, "m-1"),
        ("question_id", "error", "error_code", "message_id"),
    ),
    "time_update": (
        lambda: frames.time_update(NOW, 60, 5, is_expired=False),
        ("server_time", "time_remaining_seconds", "elapsed_seconds", "is_expired"),
    ),
    "exam_event": (lambda: said("status_changed", **STATUS), ("event", "data", "position")),
    "exam_event ": (
        lambda: said("status_changed", status="expired"),
        ("event", "data", "position"),
    ),
    "notification": (
        lambda: said("answer_saved", **SAVED),
        ("title", "message", "severity", "position"),
    ),
    "notification ": (
        lambda: said("answer_saved", **FLAGGED),
        ("title", "message", "severity", "position"),
    ),
    "error": (lambda: frames.error("m", "FLAG_ERROR", NOW), ("message", "error_code")),
    "warning": (
        lambda: said("action_requested", **ACTION),
        ("message", "warning_code", "position"),
    ),
    "system_event": (
        lambda: said("attempt_paused", paused_at=AT),
        ("event", "data", "position"),
    ),
    "transfer_requested": (
        lambda: said("transfer_requested", **MOVE),
        (
            "transfer_id",
            "attempt_id",
            "from_workstation",
            "to_workstation",
            "reason",
            "requested_by",
            "position",
        ),
    ),
    "transfer_approved": (
        lambda: said("transfer_approved", **MOVE),
        (
            "transfer_id",
            "attempt_id",
            "from_workstation",
            "to_workstation",
            "approved_by",
            "message",
            "position",
        ),
    ),
    "transfer_rejected": (
        lambda: said("transfer_rejected", **MOVE),
        ("transfer_id", "attempt_id", "reason", "position"),
    ),
    "transfer_completed": (
        lambda: said("transfer_completed", **MOVE),
        (
            "transfer_id",
            "attempt_id",
            "to_workstation",
            "migration_checksum",
            "answers_transferred",
            "message",
            "position",
        ),
    ),
    "resync": (lambda: frames.resync("epoch_changed", PLACE, NOW), ("reason", "position")),
    "reauthenticated": (lambda: frames.reauthenticated(NOW, NOW), ("expires_at",)),
}


@pytest.mark.parametrize("kind", SENT)
def test_a_message_has_the_fields_of_its_row_and_an_instant_in_utc(kind):
    build, fields = SENT[kind]
    found = json.loads(build().data)
    assert found["type"] == kind.strip()
    assert set(fields) <= found.keys()
    assert found["timestamp"].endswith("Z")
    if "position" in fields:
        assert found["position"] == {"sequence": 7, "epoch": "e"}


def test_connected_says_what_the_page_begins_with():
    found = json.loads(
        frames.connected(
            "c", 2, NOW, 60, PLACE, paused_at=None, is_waiting_for_authorisation=False
        ).data
    )
    assert {name: found[name] for name in ("connection_id", "attempt_id", "server_time")} == {
        "connection_id": "c",
        "attempt_id": 2,
        "server_time": AT,
    }
    assert found["time_remaining_seconds"] == 60
    assert (found["heartbeat_interval"], found["checkpoint_debounce"]) == (30, 2)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"type":"pong","timestamp":1}', Pong()),
        (
            '{"type":"checkpoint","question_id":5,"answer":["a"]}',
            Checkpoint(5, '["a"]', False, 0, 1, None, None),
        ),
        ('{"type":"checkpoint","question_id":5}', BadCheckpoint(5, None)),
        (
            '{"type":"checkpoint","is_flagged":false,"time_spent_seconds":0,"sequence":9}',
            BadCheckpoint(0, None),
        ),
        ('{"type":"time_sync","client_timestamp":"x"}', TimeSync()),
        ('{"type":"flag","question_id":8}', Flag(8, is_flagged=True)),
        ('{"type":"flag"}', Malformed("question_id required", "INVALID_REQUEST")),
        ('{"type":"reauth","token":"t"}', Reauth("t")),
        ('{"type":"dance"}', Malformed("Unknown message type: dance", "UNKNOWN_MESSAGE_TYPE")),
    ],
)
def test_what_a_client_sends_is_read_as_its_row_says(text, found):
    assert incoming.parse(text) == found
