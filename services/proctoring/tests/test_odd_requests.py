"""What no client of ours sends, odd ids, bodies, texts and headers, is refused; nothing breaks."""

import json
import uuid
from typing import Any

import pytest

IDS = ["0", "-1", "2147483648", "9223372036854775808", "9" * 400, "1e3", "x", "%00"]
BODIES = {
    "nothing": b"",
    "nul": b"\0",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"x"',
    "half": b'{"reason": ',
    "no UTF-8": b'{"reason": "\xff\xfe"}',
    "deep": b'{"reason": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "not a number": b'{"attempt_id": NaN, "limit": Infinity}',
    "huge numbers": json.dumps(
        dict.fromkeys(
            ("attempt_id", "question_id", "exam_id", "limit", "up_to_id", "to_user_id"), 10**40
        )
    ).encode(),
}
TEXTS = [
    "a\0b",
    "\ud800",
    "a\ud800\udc00b",
    "\x1b[31m\x85\u2028",
    "\u202e\ufeff",
    "=cmd|' /C'!A0",
    " ",
]
HEADERS = [
    ("X-Forwarded-For", b"\xff\xfe, ,127.0.0.1,999.1.1.1,::::"),
    ("X-Forwarded-For", b"1" * 5_000),
    ("User-Agent", b"\xff\x01\x7f" * 3_000),
    ("Content-Type", b"text/plain; charset=utf-99"),
    ("Content-Length", b"-5"),
    ("Accept", b"application/pdf;q=x,;,*/*"),
    ("X-Request-ID", b"\xff" * 500),
]


def operations(rig) -> list[tuple[str, str, Any]]:
    paths = rig.app.openapi()["paths"]
    return [
        (method, path.removeprefix("/api/v1/proctoring"), operation)
        for path, item in paths.items()
        if path.startswith("/api/v1/proctoring")
        for method, operation in item.items()
    ]


def at(path: str, value: Any) -> str:
    for name in ("attempt_id", "exam_id", "user_id", "review_id", "id"):
        path = path.replace(f"{{{name}}}", str(value))
    return path


@pytest.mark.parametrize("value", IDS)
async def test_an_id_that_can_be_nobodys_is_refused_by_every_operation(rig, value):
    admin = rig.client(7, "admin")
    for method, path, operation in operations(rig):
        if "{" not in path:
            continue
        body = {"json": {}} if "requestBody" in operation else {}
        answer = await admin.request(method, at(path, value), **body)
        assert answer.status_code in {403, 404, 405, 409, 422}, (method, path, answer.text)


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_that_is_none_is_refused_by_every_operation(rig, name):
    sat, _ = rig.sits()
    admin = rig.client(7, "admin")
    for method, path, operation in operations(rig):
        if "requestBody" not in operation:
            continue
        headers = {"Content-Type": "application/json"}
        where = at(path, sat.attempt_id)
        answer = await admin.request(method, where, content=BODIES[name], headers=headers)
        assert 400 <= answer.status_code < 500, (method, path, answer.text)
        assert str(answer.status_code) in operation["responses"], (method, path, answer.text)


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
async def test_an_odd_text_is_refused_or_can_be_read_again(rig, text):
    sat, student = rig.sits()
    admin = rig.client(7, "admin")
    about = f"/attempt/{sat.attempt_id}"
    key = str(uuid.uuid4())
    event = {
        "attempt_id": sat.attempt_id,
        "event_type": "tab_switch",
        "event_data": {text: [text, {"title": text}]},
    }
    asked = [
        (student, "POST", "/events", event),
        (student, "POST", "/events/batch", {"events": [event]}),
        (student, "POST", f"{about}/messages", {"message_id": key, "text": text}),
        (admin, "POST", f"{about}/actions", {"action_id": key, "action": "message", "text": text}),
        (admin, "PUT", f"{about}/accommodations", {"rule_ids": ["tab-switch"], "reason": text * 3}),
        (admin, "POST", f"{about}/hold", {"reason": text * 3}),
        (admin, "DELETE", f"{about}/hold?reason=%00%ED%A0%80abc", None),
        (admin, "POST", f"{about}/claim/take-over", {"reason": text * 3}),
        (admin, "POST", f"{about}/reviews", {"reason": text}),
        (admin, "POST", f"/people/{sat.student_id}/erasure", {"reason": text * 3}),
        (
            admin,
            "PUT",
            f"/exams/{sat.exam_id}/retention",
            {"events_days": 9, "network_days": None, "reason": text * 3},
        ),
    ]
    for client, method, path, body in asked:
        sent = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"}
        answer = await client.request(method, path, content=sent, headers=headers)
        assert answer.status_code < 500, (method, path, answer.text)
    for path in (
        f"{about}/events",
        f"{about}/evidence",
        f"{about}/report",
        f"{about}/report?format=csv",
        f"{about}/report?format=json",
        f"{about}/messages",
        f"{about}/actions",
        f"{about}/accommodations",
        f"{about}/hold",
        "/reviews",
        f"/exams/{sat.exam_id}/retention",
        f"/people/{sat.student_id}/export",
    ):
        answer = await admin.get(path)
        assert answer.status_code == 200, (path, answer.text)


@pytest.mark.parametrize(("name", "value"), HEADERS)
async def test_an_odd_header_breaks_nothing(rig, name, value):
    sat, student = rig.sits()
    event = {"attempt_id": sat.attempt_id, "event_type": "tab_switch"}
    sent = {"content": json.dumps(event), "headers": [(name, value)]}
    assert (await student.post("/events", **sent)).status_code < 500
    about = f"/attempt/{sat.attempt_id}"
    admin = rig.client(7, "admin")
    for path in (f"{about}/events", f"{about}/report"):
        answer = await admin.get(path, headers=[(name, value)])
        assert answer.status_code == 200, answer.text
    words = {"message_id": str(uuid.uuid4()), "text": "I need paper"}
    sent = {"content": json.dumps(words), "headers": [(name, value)]}
    assert (await student.post(f"{about}/messages", **sent)).status_code < 500
