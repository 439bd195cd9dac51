"""The existing exam page is not changed: its habits (contract §11) must go well."""

import asyncio
import base64
import hashlib
import json

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

ORIGIN = "http://localhost:5173"


def plain_socket(student):
    base = student.base_url.replace("http", "ws", 1)
    url = f"{base}/api/v1/ws/attempts/{student.attempt_id}?token={student.token}"
    return connect(url, proxy=None, compression=None, origin=ORIGIN)


async def frame_of(socket, kind: str) -> dict:
    async with asyncio.timeout(15):
        while True:
            frame = json.loads(await socket.recv())
            if frame["type"] == kind:
                return frame


async def test_every_call_is_pre_flighted_without_a_token(platform):
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    async with httpx.AsyncClient(base_url=platform.url, trust_env=False) as client:
        for path in ("auth/hall-ticket-login", "attempts/me", "exams/1", "proctoring/events"):
            answer = await client.options(f"/api/v1/{path}", headers=asked)
            assert answer.is_success, path
            assert answer.headers["access-control-allow-origin"] == ORIGIN
            allowed = answer.headers["access-control-allow-headers"].lower()
            assert "authorization" in allowed or allowed == "*"


@pytest.mark.contract("5.2/2/concurrent", "5.2/2/body")
async def test_two_begins_at_once_with_an_empty_json_body_are_one_begin(student):
    headers = {"Content-Type": "application/json"}
    path = f"/attempts/{student.attempt_id}/begin"
    answers = await asyncio.gather(*(student.http.post(path, headers=headers) for _ in range(2)))
    assert [answer.status_code for answer in answers] == [200, 200]
    first, second = (answer.json() for answer in answers)
    assert first["start_time"] == second["start_time"]
    assert len(base64.b64decode(first["encryption_salt"], validate=True)) == 16
    assert isinstance(first["time_remaining_seconds"], int)


async def test_the_plain_socket_says_connected_first_and_tells_the_time_unasked(student):
    async with plain_socket(student) as socket:
        first = json.loads(await socket.recv())
        assert first["type"] == "connected"
        assert first["heartbeat_interval"] == 30
        update = await frame_of(socket, "time_update")
        assert update["server_time"].endswith("Z")
        assert 0 < update["time_remaining_seconds"] <= first["time_remaining_seconds"]


async def test_nothing_that_the_page_sends_closes_its_socket(student):
    odd = {"type": "checkpoint", "is_flagged": False, "time_spent_seconds": 0, "sequence": 7}
    async with plain_socket(student) as socket:
        await socket.send(json.dumps(odd))
        error = await frame_of(socket, "checkpoint_error")
        assert (error["question_id"], error["error_code"]) == (0, "CHECKPOINT_PROCESSING_ERROR")
        for nonsense in ("", "no json", "[]", "7", '{"type":"dance"}', '{"type":"pong"}'):
            await socket.send(nonsense)
        await socket.send(json.dumps({"type": "time_sync", "client_timestamp": 1}))
        await frame_of(socket, "time_update")


async def test_a_socket_that_may_not_open_is_refused_before_it_is_accepted(student):
    student.token = "not.a.token"
    with pytest.raises(InvalidStatus) as refused:
        await plain_socket(student).__aenter__()
    answer = refused.value.response
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    problem = json.loads(answer.body)
    assert problem["detail"] == "Authentication failed"
    assert problem["request_id"] == answer.headers["x-request-id"]


@pytest.mark.contract("5.2/9/blob", "5.3/exam", "5.3/numbers", "9.4/wrong-checksum")
async def test_a_submit_with_a_blob_that_nobody_can_open_succeeds_and_shows_a_result(student):
    blob = base64.b64encode(b"salt and nonsense" * 8).decode()
    body = {
        "confirm": True,
        "encrypted_answers": blob,
        "encryption_timestamp": "2026-03-02T09:00:00.123Z",
        "encryption_checksum": base64.b64encode(hashlib.sha256(b"other").digest()).decode(),
    }
    question = student.question_ids[0]
    (await student.save(question, ["a text of another question", "x"])).raise_for_status()
    path = f"/attempts/{student.attempt_id}"
    answer = await student.http.post(f"{path}/submit", json=body)
    assert answer.status_code == 200
    assert answer.json()["status"] in {"submitted", "graded"}

    result = (await student.http.get(f"{path}/result")).raise_for_status().json()
    exam = result["exam"]
    assert {"id", "title", "exam_code", "passing_percentage", "questions"} <= exam.keys()
    assert [q["id"] for q in exam["questions"]] == student.question_ids
    for name in ("score", "total_marks", "total_questions", "time_taken_seconds"):
        assert isinstance(result[name], (int, float)), name
    assert all({"id", "question_id", "answer"} <= a.keys() for a in result["answers"])


async def test_the_rubric_calls_of_the_result_page_get_404_json(platform):
    async with httpx.AsyncClient(base_url=platform.url, trust_env=False) as client:
        headers = {"Authorization": "Bearer null", "Origin": ORIGIN}
        answer = await client.get("/api/rubrics/questions/1/rubric", headers=headers)
    assert answer.status_code == 404
    assert answer.json()["detail"] == "Not Found"
    assert answer.headers["access-control-allow-origin"] == ORIGIN
