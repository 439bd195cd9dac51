"""Which notices are told as what; the payload is as Standard Webhooks recommends it."""

import json
import re
from datetime import UTC, datetime

import msgspec
import pytest
from proctoring.outgoing.topic import OFFERED, Topic, messages, notice, tried

AT = "2026-03-02T09:00:00.123456Z"


def told(fact: str, **data):
    said = {"id": "attempts-7", "fact": fact, "at": AT, "exam_id": 2, "attempt_id": 1}
    return messages(notice(json.dumps(said | {"data": data}).encode()))


def event(severity: str) -> dict:
    return {
        "event": {"event_type": "tab_switch", "severity": severity, "sequence": 4},
        "counts": {"info": 1, "warning": 0, "violation": 1},
        "last_event": {"event_type": "tab_switch"},
    }


@pytest.mark.parametrize("topic", Topic)
def test_types_are_hierarchical_and_full_stop_delimited(topic):
    assert re.fullmatch(r"[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)+", topic.value)


def test_a_status_is_told_with_type_timestamp_and_data():
    [message] = told("status_changed", status="submitted", previous_status="in_progress")
    assert json.loads(message.body) == {
        "type": "attempt.status_changed",
        "timestamp": AT,
        "data": {
            "attempt_id": 1,
            "exam_id": 2,
            "status": "submitted",
            "previous_status": "in_progress",
        },
    }
    assert (message.id, message.exam_id, message.attempt_id) == ("attempts-7", 2, 1)


def test_the_first_grade_is_told_as_a_status_and_as_a_grade_under_ids_of_their_own():
    changed, graded = told(
        "status_changed", status="graded", previous_status="submitted", version=4, student_id=9
    )
    assert (changed.topic, graded.topic) == (Topic.STATUS_CHANGED, Topic.GRADED)
    assert (changed.id, graded.id) == ("attempts-7", "attempts-7-graded")
    assert json.loads(graded.body)["data"]["student_id"] == 9


def test_a_status_that_is_said_once_more_is_no_second_grade():
    [message] = told("status_changed", status="graded", previous_status="graded")
    assert message.topic is Topic.STATUS_CHANGED


def test_only_violations_of_events_are_told_and_nothing_but_the_event():
    [message] = told("event_recorded", **event("violation"))
    data = json.loads(message.body)["data"]
    assert message.topic is Topic.VIOLATION_RECORDED
    assert data.keys() == {"attempt_id", "exam_id", "event", "counts"}
    assert told("event_recorded", **event("warning")) == ()


def test_a_changed_grade_is_told_as_it_was_said():
    [message] = told("grade_changed", grade_version=2, marks_obtained=30.5, reason="regrade")
    assert message.topic is Topic.GRADE_CHANGED
    assert json.loads(message.body)["data"]["marks_obtained"] == 30.5


def test_nothing_else_is_told():
    assert told("message_sent", text="a word between two") == ()


def test_what_is_no_notice_is_told_apart():
    with pytest.raises(msgspec.MsgspecError):
        notice(b'{"fact": "status_changed"}')


def test_payloads_are_small():
    [message] = told("event_recorded", **event("violation"))
    assert len(message.body) < 20_000


def test_ids_hold_no_full_stop():
    every = [
        *told("status_changed", status="graded"),
        tried("tried-1", 1, datetime(2026, 3, 2, tzinfo=UTC)),
    ]
    assert len(every) == 3
    assert not [message.id for message in every if "." in message.id]
    assert Topic.TRIED not in OFFERED
