"""Channels, frames' texts, incoming frames, closings: what needs nothing but itself."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from chassis.bus import Delivery, Position
from realtime import admission, channels, closing, frames, incoming, notices, sockets
from realtime.channels import Channel
from realtime.errors import AttemptClosed, HandshakeInvalid, NeighbourAway
from realtime.incoming import BadCheckpoint, Checkpoint, Flag, Malformed, Pong, TimeSync
from realtime.timing import DatabaseClock, Timing

NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def test_a_subject_names_its_exam_and_its_attempt():
    address = channels.parse("oep.v1.7.41.answer_saved")
    assert address.exam == Channel("exam", 7)
    assert address.attempt == Channel("attempt", 41)
    assert address.fact == "answer_saved"


@pytest.mark.parametrize(
    "subject", ["oep.v1.7.41", "oep.v2.7.41.x", "oep.v1.a.41.x", "oep.v1.7.-1.x", "", "a.b.c.d.e"]
)
def test_a_foreign_subject_has_no_address(subject):
    assert channels.parse(subject) is None


def test_codes_below_4500_may_come_back():
    assert closing.GOING_AWAY.may_come_back
    assert closing.TOO_SLOW.may_come_back
    assert not closing.REVOKED.may_come_back
    assert sockets.refusal(NeighbourAway()).code == 4013
    assert sockets.refusal(AttemptClosed("Attempt is graded")) == (4509, "Attempt is graded")


@pytest.mark.parametrize(
    ("count", "longest_seconds", "expected"),
    [(1, 30.0, 100), (3_000, 30.0, 100), (9_000, 30.0, 300), (10, 0.0, 100)],
)
def test_a_node_that_ends_closes_100_a_second_or_more_to_be_done_in_time(
    count, longest_seconds, expected
):
    assert closing.per_second(count, longest_seconds) == expected


def test_a_checkpoint_keeps_the_answer_as_the_client_wrote_it():
    text = '{"type":"checkpoint","question_id":3,"answer":["Réd",  "b"],"message_id":7}'
    found = incoming.parse(text)
    assert isinstance(found, Checkpoint)
    assert json.loads(found.answer_json) == ["Réd", "b"]
    assert (found.sequence, found.time_spent_seconds, found.is_flagged) == (1, 0, False)
    assert found.message_id == "7"


@pytest.mark.parametrize(
    ("text", "question_id"),
    [
        ('{"type":"checkpoint","is_flagged":false,"time_spent_seconds":0,"sequence":4}', 0),
        ('{"type":"checkpoint","question_id":5}', 5),
        ('{"type":"checkpoint","question_id":"5","answer":1}', 0),
        ('{"type":"checkpoint","question_id":true,"answer":1}', 0),
        ('{"type":"checkpoint","question_id":5,"answer":1,"is_flagged":"maybe"}', 5),
    ],
)
def test_a_malformed_checkpoint_is_understood_as_one(text, question_id):
    assert incoming.parse(text) == BadCheckpoint(question_id, None)


def test_numbers_are_taken_kindly():
    text = (
        '{"type":"checkpoint","question_id":5,"answer":null,"is_flagged":null,'
        '"time_spent_seconds":2.9,"sequence":null}'
    )
    found = incoming.parse(text)
    assert (found.time_spent_seconds, found.sequence, found.is_flagged) == (2, 1, False)
    negative = incoming.parse(text.replace("2.9", "-4"))
    assert negative.time_spent_seconds == 0


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '"x"', b"\xff\xfe", "[" * 60_000])
def test_what_is_no_object_is_malformed(text):
    assert incoming.parse(text) == Malformed(
        "Message is not a valid JSON object", "WEBSOCKET_ERROR"
    )


@pytest.mark.parametrize("answer", [b'"\xff"', b'{"a":"\xc3"}', b'"\xed\xa0\x80"'])
def test_a_frame_of_bytes_that_are_no_text_is_malformed_wherever_they_stand(answer):
    frame = b'{"type":"checkpoint","question_id":1,"answer":' + answer + b"}"
    assert incoming.parse(frame) == Malformed(
        "Message is not a valid JSON object", "WEBSOCKET_ERROR"
    )


def test_a_frame_of_bytes_is_read_as_the_text_that_they_are():
    text = '{"type":"checkpoint","question_id":1,"answer":"Ω"}'
    assert incoming.parse(text.encode()) == incoming.parse(text)


def test_deeply_nested_answers_do_not_break_the_reader():
    nested = "[" * 20_000 + "]" * 20_000
    found = incoming.parse('{"type":"checkpoint","question_id":5,"answer":' + nested + "}")
    assert isinstance(found, (Checkpoint, BadCheckpoint, Malformed))


@pytest.mark.parametrize(
    ("text", "shown"),
    [('{"type":"dance"}', "dance"), ("{}", "None"), ('{"type":{"a":1}}', "dict")],
)
def test_an_unknown_type_is_named(text, shown):
    expected = Malformed(f"Unknown message type: {shown}", "UNKNOWN_MESSAGE_TYPE")
    assert incoming.parse(text) == expected


def test_the_small_messages_are_read():
    assert incoming.parse('{"type":"pong","timestamp":"x"}') == Pong()
    assert incoming.parse('{"type":"time_sync","client_timestamp":1}') == TimeSync()
    assert incoming.parse('{"type":"flag","question_id":4}') == Flag(4, is_flagged=True)
    assert incoming.parse('{"type":"flag","question_id":4,"is_flagged":false}') == Flag(4, False)
    assert incoming.parse('{"type":"flag"}') == Malformed("question_id required", "INVALID_REQUEST")


def test_instants_end_with_z_and_positions_are_nested():
    frame = frames.connected(
        "c", 4, NOW, 60, Position(7, "e"), paused_at=None, is_waiting_for_authorisation=False
    )
    found = json.loads(frame.data)
    assert found["server_time"] == "2026-01-05T10:00:00Z"
    assert found["position"] == {"sequence": 7, "epoch": "e"}
    assert (found["heartbeat_interval"], found["checkpoint_debounce"]) == (30, 2)
    assert frame.wire == bytes((0x81, 126)) + len(frame.data).to_bytes(2, "big") + frame.data
    assert len(frame) == len(frame.wire)


def message(fact, data):
    envelope = {"id": "1", "fact": fact, "at": "2026-01-05T10:00:00Z", "data": data}
    raw = json.dumps(envelope).encode()
    return notices.read(Delivery(5, f"oep.v1.7.41.{fact}", raw, NOW), "e")


@pytest.mark.parametrize(
    ("data", "title", "text", "severity"),
    [
        ({"kind": "answer"}, "Answer Saved", "Question 3 saved", "success"),
        (
            {"kind": "flag", "is_flagged": True},
            "Question Flagged",
            "Question 3 flagged for review",
            "info",
        ),
        ({"kind": "flag", "is_flagged": False}, "Flag Removed", "Question 3 unflagged", "info"),
    ],
)
def test_a_save_becomes_a_notification_with_the_contracts_words(data, title, text, severity):
    part = message("answer_saved", {"question_id": 3, "connection_id": "me"} | data).student_part
    found = json.loads(part.frame.data)
    assert (found["title"], found["message"], found["severity"]) == (title, text, severity)
    assert found["position"] == {"sequence": 5, "epoch": "e"}
    assert part.not_to == "me"


@pytest.mark.parametrize("status", ["submitted", "graded", "cancelled"])
def test_a_closed_attempt_is_told_and_ends_the_socket(status):
    part = message("status_changed", {"status": status}).student_part
    assert json.loads(part.frame.data)["event"] == f"attempt_{status}"
    assert part.closing == (4509, f"Attempt is {status}")


def test_an_expired_attempt_is_told_and_its_socket_stays():
    part = message("status_changed", {"status": "expired"}).student_part
    found = json.loads(part.frame.data)
    assert found["event"] == "time_expired"
    assert found["data"]["message"]
    assert part.closing is None


@pytest.mark.parametrize(
    ("fact", "kind"),
    [
        ("status_changed", "status"),
        ("deadline_changed", "deadline"),
        ("answer_saved", "progress"),
        ("event_recorded", "event"),
        ("timing_recorded", "timing"),
        ("connection_opened", "presence"),
        ("transfer_requested", "transfer"),
        ("transfer_approved", "transfer"),
        ("transfer_rejected", "transfer"),
        ("transfer_completed", "transfer"),
        ("transfer_failed", "transfer"),
        ("action_requested", "action"),
        ("action_acknowledged", "action"),
        ("action_expired", "action"),
        ("claim_changed", "claim"),
        ("hand_changed", "hand"),
        ("message_sent", "message"),
        ("messages_read", "message"),
    ],
)
def test_each_fact_is_a_delta_of_its_kind(fact, kind):
    found = json.loads(message(fact, {"a": 1}).board_part.frame.data)
    assert (found["type"], found["kind"], found["attempt_id"]) == ("delta", kind, 41)
    assert (found["data"], found["at"]) == ({"a": 1}, "2026-01-05T10:00:00Z")


REQUESTED = {
    "id": 4,
    "action_id": "6f",
    "action": "message",
    "text": "Please sit down",
    "warning_code": None,
    "seconds": None,
    "requested_by_id": 9,
    "requested_by": "ann",
    "requested_at": "2026-01-05T10:00:00Z",
}


def shown(fact, data):
    part = message(fact, data).student_part
    found = json.loads(part.frame.data)
    assert found.pop("position") == {"sequence": 5, "epoch": "e"}
    assert found.pop("timestamp") == "2026-01-05T10:00:00Z"
    return found


def test_a_proctors_message_is_a_notification_that_says_how_to_acknowledge_it():
    assert shown("action_requested", REQUESTED) == {
        "type": "notification",
        "title": "Message from the exam staff",
        "message": "Please sit down",
        "severity": "info",
        "action": "acknowledge",
        "id": 4,
        "action_id": "6f",
        "requested_by": "ann",
    }


def test_a_proctors_warning_is_a_warning_with_its_code():
    warn = REQUESTED | {"action": "warn", "warning_code": "PHONE"}
    assert shown("action_requested", warn) == {
        "type": "warning",
        "message": "Please sit down",
        "warning_code": "PHONE",
        "id": 4,
        "action_id": "6f",
        "requested_by": "ann",
    }


@pytest.mark.parametrize("action", ["pause", "resume", "extend", "authorise", "terminate"])
def test_every_other_action_is_a_system_event(action):
    data = REQUESTED | {"action": action}
    found = shown("action_requested", data)
    assert found == {"type": "system_event", "event": "action_requested", "data": data}


def test_the_chat_is_shown_as_words_of_the_staff_and_as_an_echo_of_ones_own():
    sent = {"id": 3, "message_id": "m", "is_from_student": False, "sender": "ann", "text": "Yes"}
    found = shown("message_sent", sent)
    assert (found["type"], found["message"], found["message_id"]) == ("notification", "Yes", "m")
    own = sent | {"is_from_student": True}
    assert shown("message_sent", own) == {
        "type": "system_event",
        "event": "message_sent",
        "data": own,
    }


@pytest.mark.parametrize("fact", ["action_acknowledged", "hand_changed", "messages_read"])
def test_what_one_socket_of_a_student_did_the_others_hear(fact):
    assert shown(fact, {"a": 1}) == {"type": "system_event", "event": fact, "data": {"a": 1}}


@pytest.mark.parametrize("fact", ["claim_changed", "action_expired"])
def test_who_looks_after_a_student_and_what_expired_is_for_boards_only(fact):
    assert message(fact, {"a": 1}).student_part.frame is None


def test_events_are_not_told_to_the_student():
    assert message("event_recorded", {"event": {}}).student_part.frame is None


ROUTE = {
    "transfer_id": 9,
    "attempt_id": 41,
    "from_workstation": "PC-1",
    "to_workstation": "PC-2",
}


@pytest.mark.parametrize(
    ("fact", "data", "hidden"),
    [
        ("transfer_requested", {"reason": "broken screen", "requested_by": "asha"}, set()),
        ("transfer_approved", {"approved_by": "hall1"}, set()),
        ("transfer_rejected", {"reason": None}, {"from_workstation", "to_workstation"}),
        (
            "transfer_completed",
            {"migration_checksum": "c" * 64, "answers_transferred": 3},
            {"from_workstation"},
        ),
    ],
)
def test_a_transfer_is_told_with_the_contracts_fields(fact, data, hidden):
    found = json.loads(message(fact, ROUTE | {"status": "pending"} | data).student_part.frame.data)
    assert found.pop("type") == fact
    assert found.pop("position") == {"sequence": 5, "epoch": "e"}
    assert found.pop("timestamp") == "2026-01-05T10:00:00Z"
    text = found.pop("message", None)
    assert (text is not None) == (fact in {"transfer_approved", "transfer_completed"})
    assert found == {k: v for k, v in (ROUTE | data).items() if k not in hidden}


def test_a_failed_transfer_is_shown_to_boards_only():
    found = message("transfer_failed", ROUTE | {"error": "attempt is graded"})
    assert found.student_part.frame is None
    assert json.loads(found.board_part.frame.data)["data"]["error"] == "attempt is graded"


def test_notices_that_cannot_be_read_are_passed_over():
    bad = Delivery(5, "oep.v1.7.41.answer_saved", b"{", NOW)
    assert notices.read(bad, "e") is None
    assert message("answer_saved", {"no": "question"}).student_part.frame is None


def test_a_frame_is_built_once_for_all_its_readers():
    found = message("answer_saved", {"question_id": 3})
    assert found.student_part.frame is found.student_part.frame


@pytest.mark.parametrize("text", ["", "x", "1.5", "-1", "1 ", "²"])
def test_a_path_without_a_number_is_no_handshake(text):
    with pytest.raises(HandshakeInvalid):
        admission.path_id(text)


def test_a_position_that_cannot_be_read_leads_to_a_resync():
    assert admission.position(None, None) is None
    assert admission.position("5", "e") == (5, "e")
    assert admission.position("5", None) == (0, "?")
    assert admission.position("x", "e") == (0, "?")
    assert admission.path_id("9" * 30) > 0


def test_remaining_time_is_floored_and_never_negative():
    timing = Timing("in_progress", 100, NOW, NOW + timedelta(seconds=100))
    assert timing.remaining_seconds(NOW + timedelta(seconds=0.5)) == 99
    assert timing.elapsed_seconds(NOW + timedelta(seconds=0.5)) == 0
    assert timing.remaining_seconds(NOW + timedelta(seconds=500)) == 0
    assert timing.elapsed_seconds(NOW + timedelta(seconds=500)) == 100
    assert not timing.is_expired(NOW + timedelta(seconds=100))
    assert timing.is_expired(NOW + timedelta(seconds=100.1))


def test_in_a_pause_both_times_stand_still_and_afterwards_the_pause_does_not_count():
    timing = Timing("in_progress", 100, NOW, NOW + timedelta(seconds=100))
    timing.pause(NOW + timedelta(seconds=40), 60)
    much_later = NOW + timedelta(seconds=500)
    assert (timing.remaining_seconds(much_later), timing.elapsed_seconds(much_later)) == (60, 40)
    assert not timing.is_expired(much_later)
    timing.go_on()
    timing.deadline_at = much_later + timedelta(seconds=60)
    assert (timing.remaining_seconds(much_later), timing.elapsed_seconds(much_later)) == (60, 40)


def test_before_the_start_the_whole_duration_remains():
    timing = Timing("not_started", 3600)
    assert timing.remaining_seconds(NOW) == 3600
    assert timing.elapsed_seconds(NOW) == 0
    assert not timing.is_expired(NOW)


@pytest.mark.parametrize("status", ["submitted", "graded", "cancelled", "expired"])
def test_after_the_end_nothing_remains(status):
    timing = Timing(status, 3600, NOW, NOW + timedelta(seconds=100))
    assert timing.remaining_seconds(NOW) == 0
    assert timing.is_expired(NOW) == (status == "expired")


def test_the_databases_clock_is_taken_from_the_quickest_reply():
    clock = DatabaseClock(NOW, 0.0)
    clock.observe(NOW + timedelta(hours=1), sent=10.0, received=10.2)
    assert clock.at(10.1) == NOW + timedelta(hours=1)
    clock.observe(NOW, sent=11.0, received=15.0)  # too slow to be trusted
    assert clock.at(20.1) == NOW + timedelta(hours=1, seconds=10)
    clock.observe(NOW, sent=30.0, received=30.01)
    assert clock.at(30.005) == NOW
