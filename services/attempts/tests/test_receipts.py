"""Receipts on a real database and over REST: made with the submit, the same for ever."""

import asyncio
import base64
import json
from functools import partial

import pytest
from attempts.answer import Save
from attempts.lifecycle import Lifecycle
from attempts.receipt import Claim
from chassis import signing
from chassis.signing import SigningKey
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError


def holds(document: dict, keys: list[dict]) -> bool:
    """Check a receipt as somebody who has only read how."""
    [key] = [key for key in keys if key["kid"] == document["kid"]]
    public = base64.urlsafe_b64decode(key["x"] + "=")
    said = json.dumps(document["receipt"], sort_keys=True, separators=(",", ":"))
    return signing.is_signed(public, said, base64.b64decode(document["signature"]))


async def submitted(client, attempt_id: int, **more) -> dict:
    response = await client.post(f"/attempts/{attempt_id}/submit", json={"confirm": True, **more})
    assert response.status_code == 200
    return response.json()


async def keys_of(client) -> list[dict]:
    return (await client.get("/attempts/receipt-keys")).json()["keys"]


async def test_a_submit_is_answered_with_a_receipt_over_the_stored_answers(api, world):
    attempt_id, client = world.attempt(), api()
    url = f"/attempts/{attempt_id}/answers"
    for question_id, value in ((world.truth, False), (world.choice, ["é"])):
        await client.post(url, json={"question_id": question_id, "answer": value})
    document = (await submitted(client, attempt_id, last_event_sequence=7))["receipt"]
    assert holds(document, await keys_of(client))
    assert (document["algorithm"], document["kid"]) == ("EdDSA", document["receipt"]["kid"])
    said = document["receipt"]
    assert (said["attempt_id"], said["student_id"]) == (attempt_id, world.student)
    assert (said["submit_reason"], said["last_event_sequence"]) == ("student", 7)
    shown = sorted((await client.get(url)).json(), key=lambda answer: answer["question_id"])
    names = ("question_id", "revision", "sha256")
    assert said["answers"] == [{name: answer[name] for name in names} for answer in shown]


async def test_a_repeated_submit_and_a_later_look_give_the_same_receipt(api, world):
    attempt_id, client = world.attempt(), api()
    first = await submitted(client, attempt_id, last_event_sequence=7)
    second = await submitted(client, attempt_id, last_event_sequence=9)
    assert second["receipt"] == first["receipt"]
    url = f"/attempts/{attempt_id}/receipt"
    assert (await client.get(url)).json() == first["receipt"]
    for role in ("admin", "hall_in_charge", "proctor"):
        assert (await api(500, role).get(url)).json() == first["receipt"]


async def test_a_receipt_is_shown_to_whom_the_result_is_shown(api, world):
    attempt_id = world.attempt()
    url = f"/attempts/{attempt_id}/receipt"
    early = await api().get(url)
    assert (early.status_code, early.json()["detail"]) == (400, "Results not available yet")
    await submitted(api(), attempt_id)
    foreign = await api(world.other).get(url)
    words = "You can only view your own results"
    assert (foreign.status_code, foreign.json()["detail"]) == (403, words)
    unknown = await api().get("/attempts/999999/receipt")
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "Attempt not found")


async def test_the_keys_are_public(api, world, key):
    client = api()
    response = await client.get("/attempts/receipt-keys", headers={"Authorization": ""})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "public, max-age=300"
    assert signing.jwk(key.public) in response.json()["keys"]


async def test_old_receipts_hold_after_the_secret_was_changed(api, world, key):
    old = SigningKey.derived("the secret of last year's exams ....", "any")
    attempt_id, client = world.attempt(), api()
    before = Lifecycle(world.db, lambda: None, old)
    await asyncio.to_thread(before.submit, attempt_id, world.student, None)
    document = (await submitted(client, attempt_id))["receipt"]
    assert document["kid"] == old.kid != key.kid
    assert holds(document, await keys_of(client))


async def test_an_attempt_that_ended_without_a_receipt_gets_one_with_the_next_submit(api, world):
    attempt_id, client = world.attempt(), api()
    await submitted(client, attempt_id)
    world.run("DELETE FROM attempts.receipts")
    missing = await client.get(f"/attempts/{attempt_id}/receipt")
    assert (missing.status_code, missing.json()["detail"]) == (404, "Receipt not found")
    made = (await submitted(client, attempt_id))["receipt"]
    assert (await client.get(f"/attempts/{attempt_id}/receipt")).json() == made


@pytest.mark.parametrize("claim", [-1, "5", True, 5.0, [], {}, 2**63, 10**400, None])
async def test_nothing_about_the_last_event_sequence_makes_submit_fail(api, world, claim):
    attempt_id = world.attempt()
    done = await submitted(api(), attempt_id, last_event_sequence=claim)
    assert done["status"] == "graded"
    assert done["receipt"]["receipt"]["last_event_sequence"] is None
    flaws = world.run(
        "SELECT error_message FROM attempts.audit_logs WHERE attempt_id = :id"
        " AND event_type = 'event_sequence_unreadable'",
        id=attempt_id,
    )
    assert len(flaws) == (claim is not None)


def test_the_claim_is_announced_with_the_status(world):
    attempt_id = world.attempt()
    world.lifecycle.submit(attempt_id, world.student, None, claim=Claim(5))
    [note] = world.notes("status_changed")
    assert note["data"]["last_event_sequence"] == 5
    assert world.row(attempt_id)["last_event_sequence"] == 5


def test_what_the_clock_collects_has_its_receipt_and_the_claim_may_come_later(world):
    attempt_id = world.attempt("expired", begun_seconds_ago=9_000)
    world.saving.save_all([Save(attempt_id, world.student, world.choice, "B")])
    assert world.lifecycle.collect_overdue() == 1
    done = world.lifecycle.submit(attempt_id, world.student, None, claim=Claim(5))
    said = json.loads(done.receipt.body)
    assert (said["submit_reason"], said["last_event_sequence"]) == ("deadline", None)
    first, second = world.notes("status_changed")
    assert (first["data"]["last_event_sequence"], second["data"]["last_event_sequence"]) == (
        None,
        5,
    )
    assert second["data"]["status"] == second["data"]["previous_status"] == "graded"
    world.lifecycle.submit(attempt_id, world.student, None, claim=Claim(6))
    assert world.row(attempt_id)["last_event_sequence"] == 5, "the first claim stays"
    assert len(world.notes("status_changed")) == 2


def test_a_pause_that_lasted_too_long_ends_with_a_receipt(world):
    attempt_id = world.attempt()
    world.run(
        "UPDATE attempts.attempts SET paused_at = now() - interval '2 min',"
        " pause_ends_at = now() - interval '1 min' WHERE id = :id",
        id=attempt_id,
    )
    assert world.lifecycle.end_pauses() == 1
    receipt = world.reading.receipt(attempt_id, world.student, sees_all=False)
    assert json.loads(receipt.body)["submit_reason"] == "pause"


def test_submits_that_meet_get_one_receipt(world, at_once):
    for _ in range(10):
        attempt_id = world.attempt()
        submit = partial(world.lifecycle.submit, attempt_id, world.student, None)
        receipts = {done.receipt for done in at_once(submit, submit, submit)}
        assert len(receipts) == 1


def test_a_submit_that_fails_leaves_no_receipt(world):
    attempt_id = world.attempt("cancelled")
    with pytest.raises(Exception, match="Cannot submit"):
        world.lifecycle.submit(attempt_id, world.student, None, claim=Claim(5))
    assert world.run("SELECT * FROM attempts.receipts") == []
    assert world.row(attempt_id)["last_event_sequence"] is None


@pytest.mark.parametrize("table", ["receipts", "receipt_keys"])
@pytest.mark.parametrize("change", ["UPDATE {} SET kid = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_service_can_change_no_receipt_and_no_key(world, table, change):
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        world.db.transaction() as session,
    ):
        session.execute(text(change.format(f"attempts.{table}")))
