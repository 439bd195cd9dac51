"""A student's export and erasure: exam records stay, addresses and browsers go."""

import json

import pytest
import structlog
from attempts.__main__ import SERVICE
from chassis.commands import main

REASON = {"reason": "he asked for it"}


@pytest.fixture
def admin(api):
    return api(1, "admin")


@pytest.fixture
def sat(world):
    """Return an attempt that was sat with an answer, at a known machine."""
    attempt_id = world.attempt("graded")
    world.answer(attempt_id, world.choice, '"two"')
    world.run(
        "UPDATE attempts.attempts SET ip_address = '203.0.113.9', browser_info = '{\"os\": \"X\"}'"
        " WHERE id = :id",
        id=attempt_id,
    )
    return attempt_id


async def test_an_export_holds_attempts_with_answers_transfers_and_audit(api, admin, world, sat):
    await api(1, "admin").post(f"/attempts/{sat}/regrade")
    running = world.attempt(exam=world.written)
    await api().post(f"/attempts/{running}/answers", json={"question_id": 1, "answer": ["two"]})
    extra = {"seconds": 60, "reason": "power cut"}
    (await admin.post(f"/attempts/{running}/allowances", json=extra)).raise_for_status()
    strangers = world.attempt(student=world.student + 1)
    found = (await admin.get(f"/attempts/people/{world.student}/export")).json()
    assert found["user_id"] == world.student
    one, two = found["attempts"]
    assert (one["id"], one["ip_address"], one["browser_info"]) == (sat, "203.0.113.9", {"os": "X"})
    assert [answer["answer"] for answer in one["answers"]] == ["two"]
    assert [given["seconds"] for given in two["allowances"]] == [60]
    assert {"transfers", "grades", "hand_marks", "receipts", "exam_title"} <= set(one)
    assert "encryption_salt" not in one
    assert [entry["event_type"] for entry in found["audit"]][-1] == "allowance_granted"
    assert "ip_address" not in found["audit"][-1], "that was the administrator's machine"
    assert strangers not in [attempt["id"] for attempt in found["attempts"]]


async def test_an_export_tells_a_student_his_own_addresses(api, admin, world):
    attempt_id = world.attempt("not_started")
    headers = {"X-Forwarded-For": "203.0.113.9"}
    (await api().post(f"/attempts/{attempt_id}/begin", headers=headers)).raise_for_status()
    found = (await admin.get(f"/attempts/people/{world.student}/export")).json()
    assert found["audit"][-1]["ip_address"] == "203.0.113.9"


async def test_erasure_takes_the_machine_and_leaves_the_exam_record(admin, world, sat):
    before = world.row(sat)
    answer = await admin.post(f"/attempts/people/{world.student}/erasure", json=REASON)
    assert (answer.status_code, answer.json()) == (
        200,
        {"user_id": world.student, "attempts": [sat]},
    )
    gone = {"ip_address": None, "browser_info": None}
    after = world.row(sat)
    assert after == before | gone | {"updated_at": after["updated_at"]}
    [row] = world.run("SELECT answer FROM attempts.answers WHERE attempt_id = :id", id=sat)
    assert row["answer"] == "two"
    again = await admin.post(f"/attempts/people/{world.student}/erasure", json=REASON)
    assert again.json()["attempts"] == []


async def test_erasure_is_audited_with_its_reason(admin, world, sat):
    await admin.post(f"/attempts/people/{world.student}/erasure", json=REASON)
    listed = (await admin.get("/attempts/audit", params={"attempt_id": sat})).json()
    [entry] = [each for each in listed if each["event_type"] == "network_data_erased"]
    assert (entry["user_id"], entry["details"]) == (1, REASON)


@pytest.mark.parametrize("status", ["in_progress", "expired"])
async def test_of_who_still_sits_nothing_is_erased(admin, world, sat, status):
    world.attempt(status, exam=world.written)
    answer = await admin.post(f"/attempts/people/{world.student}/erasure", json=REASON)
    assert answer.status_code == 409
    assert "end it first" in answer.json()["detail"]
    assert world.row(sat)["ip_address"] == "203.0.113.9"


@pytest.mark.parametrize("body", [{}, {"reason": "no"}, {"reason": None}])
async def test_an_erasure_needs_a_reason(admin, body):
    assert (await admin.post("/attempts/people/2/erasure", json=body)).status_code == 422


async def test_only_administrators_export_and_erase(api):
    others = api(2, "student,proctor,grader,hall_in_charge,hall_auth,technician")
    assert (await others.get("/attempts/people/2/export")).status_code == 403
    answer = await others.post("/attempts/people/2/erasure", json=REASON)
    assert answer.status_code == 403


def test_the_command_exports_and_erases(world, sat, urls, monkeypatch, capsys):
    for name, value in {
        "REST_PORT": "1",
        "GRPC_PORT": "2",
        "DATABASE_URL": urls.app_url,
        "NATS_URL": "nats://127.0.0.1:1",
        "JWKS_URL": "http://127.0.0.1:1/jwks",
        "AUTH_GRPC": "127.0.0.1:1",
        "RECEIPT_SIGNING_SECRET": "s" * 40,
    }.items():
        monkeypatch.setenv(name, value)

    def run(word: str) -> tuple[int, str, str]:
        logging = structlog.get_config()
        try:
            code = main(SERVICE, ["people", word, str(world.student)])
        finally:
            structlog.configure(**logging)  # a command logs to stderr, which ends with the test
        return code, *capsys.readouterr()

    exported = json.loads(run("export")[1])
    assert [attempt["id"] for attempt in exported["attempts"]] == [sat]
    erased = json.loads(run("erase")[1])
    assert erased == {"user_id": world.student, "attempts": [sat]}
    world.attempt(exam=world.written)
    code, out, told = run("erase")
    assert (code, out) == (1, "")
    assert "end it first" in told
