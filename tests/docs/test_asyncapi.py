"""docs/reference/asyncapi.yaml is valid AsyncAPI 3.0, and is what realtime says and understands."""

import ast
import json
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from chassis.bus import Delivery, Position
from realtime import broadcast, frames, incoming, notices, student
from realtime.boards import window
from realtime.boards.order import Filter, Group
from realtime.incoming import BadCheckpoint, Malformed

from docs.frames import DOCUMENT, MESSAGES, VALIDATORS, fitting, of, schema

ROOT = Path(__file__).parents[2]
SPECS = ROOT / "web" / "node_modules" / "@asyncapi" / "specs" / "schemas"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AT = "2026-03-02T09:00:00.123456Z"
PLACE = Position(7, "2026-03-01T00:00:00Z")


def read(frame: frames.Frame) -> dict[str, Any]:
    return json.loads(frame.data)


@pytest.fixture(scope="module")
def specification() -> dict[str, Any]:
    """AsyncAPI's own schema, from the packages of the pages; they are made here if need be."""
    if not SPECS.exists():
        subprocess.run([sys.executable, str(ROOT / "web/build.py")], check=True)
    return json.loads((SPECS / "3.0.0-without-$id.json").read_text())


def test_the_document_is_valid_asyncapi(specification):
    validator = jsonschema.Draft7Validator(specification)
    said = [f"{e.json_path}: {e.message[:200]}" for e in validator.iter_errors(DOCUMENT)]
    assert said == []
    assert DOCUMENT["asyncapi"] == "3.0.0"


def test_every_reference_leads_somewhere_and_no_message_is_forgotten():
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                found = DOCUMENT
                for part in node["$ref"].removeprefix("#/").split("/"):
                    found = found[part]
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(DOCUMENT)
    assert of("send") | of("receive") == set(MESSAGES)
    for name in MESSAGES:
        jsonschema.Draft202012Validator.check_schema(schema(name))


# What clients say


STUDENTS = sorted(of("receive", "student"))


@pytest.mark.parametrize("name", STUDENTS)
def test_what_a_student_says_is_understood_and_without_a_required_field_is_not(name):
    [example] = MESSAGES[name]["examples"]
    payload = example["payload"]
    VALIDATORS[name].validate(payload)
    assert not isinstance(incoming.parse(json.dumps(payload)), Malformed | BadCheckpoint)
    for field in set(MESSAGES[name]["payload"]["required"]):
        less = json.dumps({k: v for k, v in payload.items() if k != field})
        assert isinstance(incoming.parse(less), Malformed | BadCheckpoint), field


def test_every_frame_that_is_understood_is_described():
    assert set(STUDENTS) == set(incoming._READERS)
    assert set(MESSAGES["say"]["payload"]["properties"]["type"]["enum"]) == broadcast.TYPES
    fields = set(MESSAGES["checkpoint"]["payload"]["properties"]) - {"type", "timestamp"}
    assert fields == set(incoming._Checkpoint.__struct_fields__)
    wanted = DOCUMENT["components"]["schemas"]["filter"]["properties"]
    assert set(wanted) == set(Filter.__struct_fields__)
    groups = DOCUMENT["components"]["schemas"]["group"]["enum"]
    assert groups == [group.name.lower() for group in Group]


@pytest.mark.parametrize(
    ("value", "is_fine"), [(1, True), (window.MAX_LIMIT, True), (0, False), (501, False)]
)
def test_a_view_is_taken_as_it_is_described(value, is_fine):
    [example] = MESSAGES["view"]["examples"]
    frame = example["payload"] | {"limit": value}
    assert VALIDATORS["view"].is_valid(frame) == is_fine
    asked = window.asked_by_frame(json.dumps(frame))
    assert isinstance(asked, window.Extent) == is_fine


def test_what_the_staff_say_is_shown_as_it_is_described():
    [example] = MESSAGES["say"]["examples"]
    text = broadcast.read(json.dumps(example["payload"]))
    assert isinstance(text, str)
    VALIDATORS["broadcast"].validate(read(frames.broadcast(text, PLACE)))


# What the server says


TRANSFER = {
    "transfer_id": 5,
    "attempt_id": 9,
    "status": "pending",
    "from_workstation": None,
    "to_workstation": "B-7",
    "reason": "The screen flickers",
    "requested_by": "amara",
    "approved_by": "ingrid",
    "migration_checksum": "0" * 64,
    "answers_transferred": 3,
}
ACTION = {
    "id": 3,
    "action_id": str(uuid.UUID(int=1)),
    "action": "pause",
    "text": "Please wait",
    "warning_code": "TALKING",
    "requested_by": "amara",
}
FROM_STAFF = {"is_from_student": False, "id": 4, "message_id": "m-1", "sender": "amara"}
FACTS: list[tuple[str, dict[str, Any]]] = [
    *((fact, TRANSFER) for fact in notices._SHOWN if fact.startswith("transfer_")),
    *((fact, {"student_id": 1, "paused_at": AT}) for fact in sorted(notices._SYSTEM_EVENTS)),
    *(("status_changed", {"status": s}) for s in ("expired", "submitted", "graded", "cancelled")),
    *(("action_requested", ACTION | {"action": a}) for a in ("message", "warn", "pause", "extend")),
    *((fact, {"id": 1}) for fact in ("action_acknowledged", "hand_changed", "messages_read")),
    ("message_sent", FROM_STAFF | {"text": "Soon"}),
    ("message_sent", {"is_from_student": True, "text": "When?"}),
    ("grade_changed", {"status": "graded", "student_id": 1}),
    ("review_changed", {"review_id": 2, "state": "decided"}),
    ("answer_saved", {"question_id": 7, "is_flagged": False, "kind": "answer"}),
    ("answer_saved", {"question_id": 7, "is_flagged": True, "kind": "flag"}),
    ("answer_saved", {"question_id": 7, "is_flagged": False, "kind": "flag"}),
]
OTHERS = {
    "connected": frames.connected(
        str(uuid.uuid4()), 9, NOW, 60, PLACE, paused_at=None, is_waiting_for_authorisation=False
    ),
    "reauthenticated": frames.reauthenticated(NOW, NOW),
    "ping": frames.ping(NOW),
    "resync": frames.resync("history is gone", PLACE, NOW),
    "checkpoint_ack": frames.checkpoint_ack(7, 1, NOW, 60, 2, "0" * 64, NOW, "m-1"),
    "checkpoint_error": frames.checkpoint_error(7, "no", "TIME_EXPIRED", NOW),
    "time_update": frames.time_update(NOW, 60, 0, is_expired=False),
    "exam_event": frames.exam_event("time_expired", notices.TIME_EXPIRED, NOW),
    "error": frames.error("no", "INVALID_REQUEST", NOW),
}


def message(fact: str, data: dict[str, Any]) -> notices.Message:
    """Return a notice as a node reads it from the stream."""
    body = json.dumps({"id": "attempts-1", "fact": fact, "at": AT, "data": data}).encode()
    delivery = Delivery(7, f"oep.v1.2.9.{fact}", body, NOW)
    found = notices.read(delivery, PLACE.epoch)
    assert found is not None
    return found


@pytest.mark.parametrize(("fact", "data"), FACTS, ids=lambda value: str(value)[:40])
def test_what_becomes_of_a_notice_is_described(fact, data):
    shown = message(fact, data).student_part.frame
    assert shown is not None
    assert len(fitting(read(shown), "student")) == 1, read(shown)


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_what_a_student_is_answered_is_described(name):
    assert fitting(read(OTHERS[name]), "student") == [name]


def test_every_fact_that_a_student_may_be_told_is_tried():
    own = {"answer_saved", "status_changed", "review_changed", "grade_changed"}
    assert {fact for fact, _ in FACTS} == {*notices._SHOWN, *notices._SYSTEM_EVENTS, *own}


@pytest.mark.parametrize("fact", sorted(notices._KINDS))
def test_every_delta_of_a_board_is_described(fact):
    delta = message(fact, {}).board_part.frame
    assert delta is not None
    assert fitting(read(delta), "board") == ["delta"]


ROW = {
    "attempt_id": 9,
    "student_id": 1,
    "student_name": "Aarav Menon",
    "status": "in_progress",
    "questions_answered": 0,
    "total_questions": 10,
    "is_online": True,
    "socket_count": 1,
    "counts": {"info": 0, "warning": 0, "violation": 0},
}


def test_what_a_board_is_told_first_is_described():
    connected = frames.board_connected(str(uuid.uuid4()), 2, NOW, PLACE)
    assert fitting(read(connected), "board") == ["board_connected"]
    assert fitting(read(frames.snapshot(2, NOW, PLACE, [ROW])), "board") == ["snapshot"]
    assert fitting(read(frames.broadcast_ack(2, NOW)), "sender") == ["broadcast_ack"]


def written(path: str) -> set[str]:
    """Return the texts that a module of realtime has."""
    tree = ast.parse((ROOT / "services/realtime/src/realtime" / path).read_text())
    return {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and type(n.value) is str}


def test_the_codes_that_a_refused_save_has_are_described():
    described = set(MESSAGES["checkpoint_error"]["payload"]["properties"]["error_code"]["enum"])
    refused = {code for _, code in student._REFUSALS.values()} | {student._NOT_SAVED[1]}
    assert refused <= described
    assert described <= written("student.py")


def test_the_codes_of_errors_are_described():
    described = set(MESSAGES["error"]["payload"]["properties"]["error_code"]["enum"])
    modules = ("student.py", "incoming.py", "renewing.py", "broadcast.py", "broadcaster.py")
    said = set().union(*map(written, modules)) | written("boards/window.py")
    codes = {text for text in said if text.isupper() and len(text) > 7}
    only_of_saves = set(MESSAGES["checkpoint_error"]["payload"]["properties"]["error_code"]["enum"])
    assert described <= codes
    assert codes - described - only_of_saves == set()
