"""`oep privacy`: one person's data out of all services, and what is left once he is erased."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from oep_local import privacy, retention, seed_rows, verify_evidence

pytestmark = pytest.mark.timeout(300)  # each command is a process for each service
PASSWORD = "privacy-privacy"
EXPORTS = {"auth": "auth/users", "attempts": "attempts/people", "proctoring": "proctoring/people"}
REASON = {"reason": "an appeal by post"}


@dataclass
class Newcomer:
    """A student whom nobody else's test needs."""

    user_id: int
    name: str
    http: httpx.AsyncClient
    attempt_id: int = 0
    exam_id: int = 0

    async def sit(self) -> None:
        """Start, do something that is noticed, answer, submit."""
        started = await self.http.post("/attempts/start", json={"exam_id": seed_rows.EXAM_ID})
        self.attempt_id = started.raise_for_status().json()["id"]
        self.exam_id = seed_rows.EXAM_ID
        event = {
            "attempt_id": self.attempt_id,
            "event_type": "tab_switch",
            "event_data": {"title": "my private mail"},
        }
        (await self.http.post("/proctoring/events", json=event)).raise_for_status()
        paper = (await self.http.get(f"/exams/{self.exam_id}")).raise_for_status().json()
        answer = {"question_id": paper["questions"][0]["id"], "answer": "what I know"}
        saved = await self.http.post(f"/attempts/{self.attempt_id}/answers", json=answer)
        saved.raise_for_status()

    async def submit(self) -> None:
        done = await self.http.post(f"/attempts/{self.attempt_id}/submit", json={"confirm": True})
        done.raise_for_status()


@pytest.fixture
async def newcomer(platform, admin) -> AsyncIterator[Newcomer]:
    name = f"privacy{time.time_ns()}"
    body = {
        "username": name,
        "email": f"{name}@e2e.example",
        "full_name": "Asha Private",
        "password": PASSWORD,
        "roles": ["student"],
        "trade_id": seed_rows.EXAM_ID,
    }
    user = (await admin.http.post("/auth/users", json=body)).raise_for_status().json()
    login = {"username": name, "password": PASSWORD}
    async with httpx.AsyncClient(
        base_url=f"{platform.url}/api/v1", timeout=10, trust_env=False
    ) as http:
        tokens = (await http.post("/auth/login", json=login)).raise_for_status().json()
        http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        yield Newcomer(user["id"], name, http)


async def bundle(admin, newcomer) -> tuple[dict[str, Any], list[str]]:
    """Return the evidence of the attempt, and what a court's expert finds wrong with it."""
    path = f"/proctoring/attempt/{newcomer.attempt_id}/evidence"
    document = (await admin.http.get(path)).raise_for_status().json()
    keys = (await admin.http.get("/proctoring/evidence-keys")).json()
    found = verify_evidence.findings(document, keys)
    return document, [words for verdict, words in found if verdict != verify_evidence.HOLDS]


async def test_a_person_is_exported_by_command(platform, newcomer):
    await newcomer.sit()
    found = await asyncio.to_thread(privacy.export_in, platform.layout, newcomer.name)
    assert found["user_id"] == newcomer.user_id
    assert found["auth"]["user"]["full_name"] == "Asha Private"
    [sat] = found["attempts"]["attempts"]
    assert (sat["id"], sat["answers"][0]["answer"]) == (newcomer.attempt_id, "what I know")
    [watched] = found["proctoring"]["attempts"]
    assert watched["events"][0]["event_data"] == {"title": "my private mail"}
    assert watched["events"][0]["ip_address"]


async def test_a_person_is_erased_by_command_and_the_evidence_still_verifies(
    platform, admin, newcomer
):
    await newcomer.sit()
    await newcomer.submit()
    before, flaws = await bundle(admin, newcomer)
    assert flaws == []
    done = await asyncio.to_thread(
        privacy.erase_in, platform.layout, newcomer.name, "the person asked for it"
    )
    assert done["auth"]["is_new"] is True
    assert done["proctoring"]["pending"] == []

    login = {"username": newcomer.name, "password": PASSWORD}
    assert (await newcomer.http.post("/auth/login", json=login)).status_code == 401
    left = {
        service: (await admin.http.get(f"/{path}/{newcomer.user_id}/export")).json()
        for service, path in EXPORTS.items()
    }
    text = json.dumps(left)
    for gone in (newcomer.name, "Asha Private", "my private mail", "e2e.example"):
        assert gone not in text
    [watched] = left["proctoring"]["attempts"]
    assert watched["events"][0]["ip_address"] is None
    [record] = watched["deletion_records"]
    assert json.loads(record["body"])["kind"] == "person"
    [sat] = left["attempts"]["attempts"]
    assert sat["answers"][0]["answer"] == "what I know"

    after, flaws = await bundle(admin, newcomer)
    assert flaws == []
    assert [e["hash"] for e in after["events"]] == [e["hash"] for e in before["events"]]


async def test_who_sits_is_not_erased_and_what_is_held_waits(platform, admin, newcomer):
    await newcomer.sit()
    with pytest.raises(privacy.PrivacyFailed, match="end it first"):
        await asyncio.to_thread(privacy.erase_in, platform.layout, newcomer.name, "he asked")
    await newcomer.submit()
    hold = f"/proctoring/attempt/{newcomer.attempt_id}/hold"
    (await admin.http.post(hold, json=REASON)).raise_for_status()

    done = await asyncio.to_thread(
        privacy.erase_in, platform.layout, newcomer.name, "the person asked for it"
    )
    assert done["proctoring"]["pending"] == [newcomer.attempt_id]
    [attempt] = done["proctoring"]["attempts"]
    assert attempt["held_by"] == ["hold"]
    (await admin.http.delete(hold)).raise_for_status()

    dry = await asyncio.to_thread(retention.run_in, platform.layout, dry_run=True)
    assert newcomer.attempt_id in [line["attempt"]["attempt_id"] for line in dry[:-1]]
    *lines, report = await asyncio.to_thread(retention.run_in, platform.layout)
    assert report["report"]["dry_run"] is False
    [mine] = [x["attempt"] for x in lines if x["attempt"]["attempt_id"] == newcomer.attempt_id]
    assert (mine["payload_events"], mine["is_person"]) == (1, True)
    _, flaws = await bundle(admin, newcomer)
    assert flaws == []


async def test_staff_are_not_erased(platform, admin):
    with pytest.raises(privacy.PrivacyFailed, match="only students"):
        await asyncio.to_thread(
            privacy.erase_in, platform.layout, admin.user["username"], "he asked"
        )
