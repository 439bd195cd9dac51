"""What is said on the bus is what docs/notices.md says, and nothing that must not be said."""

import asyncio
import json
import re
import uuid
from pathlib import Path

import pytest
from chassis.bus import CONTROL, EVENTS, Bus
from chassis.waiting import eventually
from oep_local import keys

NOTICES = Path(__file__).parents[2] / "docs" / "notices.md"
SAID = {
    "status_changed",
    "deadline_changed",
    "answer_saved",
    "event_recorded",
    "timing_recorded",
    "action_requested",
    "action_acknowledged",
    "action_expired",
    "claim_changed",
    "hand_changed",
    "message_sent",
    "messages_read",
    "connection_opened",
    "connection_closed",
}
ANSWER = "an answer that nobody else may read"


def described() -> dict[str, set[str]]:
    """Read the tables: fact → keys of its data. Parts in brackets are an object's own keys."""
    found = {}
    for row in re.findall(r"^\| (`.+?) \|.*?\| (`.+) \|$", NOTICES.read_text(), re.MULTILINE):
        keys = re.sub(r"\{[^}]*\}|\([^)]*\)", "", row[1].replace("`", ""))
        keys = keys.split(";")[0]  # what follows is said to people
        names = {word.strip().rstrip("?") for word in keys.split(",")}
        for fact in re.findall(r"`(\w+)`", row[0]):
            found[fact] = names
    return found


@pytest.fixture
async def bus(platform):
    bus = Bus(platform.nats_url, "reading-along")
    await bus.start()
    await bus.wait_ready()
    yield bus
    await bus.close()


async def said(bus: Bus, stream: str, subject: str) -> list[tuple[str, dict]]:
    head = await bus.head(stream)
    found = await bus.replay(stream, [subject], 0, head.sequence)
    return [(delivery.subject, json.loads(delivery.data)) for delivery in found]


async def act_and_talk(student, proctor) -> None:
    path = f"/proctoring/attempt/{student.attempt_id}"
    for person, method, tail, body in (
        (proctor, "POST", "claim", None),
        (student, "POST", "hand", None),
        (student, "POST", "messages", {"message_id": str(uuid.uuid4()), "text": "My mouse"}),
        (proctor, "POST", "messages/read", {"up_to_id": 2**62}),
        (proctor, "POST", "messages", {"message_id": str(uuid.uuid4()), "text": "I come"}),
    ):
        answer = await person.http.request(method, f"{path}/{tail}", json=body)
        answer.raise_for_status()
    for _ in range(2):  # one to be acknowledged, one to expire
        wish = {"action_id": str(uuid.uuid4()), "action": "message", "text": "Sit down"}
        asked = await proctor.http.post(f"{path}/actions", json=wish)
    number = asked.raise_for_status().json()["id"]
    seen = await student.http.post(f"{path}/actions/{number}/acknowledge")
    seen.raise_for_status()


async def test_every_notice_has_the_described_keys_and_no_secret(platform, student, proctor, bus):
    attempt, question = student.attempt_id, student.question_ids[0]
    async with student.socket(f"attempts/{attempt}"):
        (await student.save(question, ANSWER)).raise_for_status()
    event = student.event("copy_paste_attempt", event_data={"key": ANSWER})
    (await student.report(event)).raise_for_status()
    timing = {"attempt_id": attempt, "question_id": question, "total_time_seconds": 4}
    (await student.http.post("/proctoring/question-timing", json=timing)).raise_for_status()
    await act_and_talk(student, proctor)
    (await student.submit()).raise_for_status()
    (await student.http.post("/auth/logout", json={})).raise_for_status()

    async def everything() -> list[tuple[str, dict]]:
        notices = await said(bus, EVENTS, f"oep.v1.{student.exam_id}.{attempt}.>")
        return notices if {n["fact"] for _, n in notices} >= SAID else []

    notices = await eventually(everything, 30)
    notices += await said(bus, CONTROL, "oep.control.login_revoked")
    for subject, notice in notices:
        fact = notice["fact"]
        assert subject.endswith(f".{fact}")
        assert set(notice["data"]) == described()[fact], fact
        text = json.dumps(notice)
        assert ANSWER not in text
        assert student.token not in text
        assert student.user["full_name"] not in text


async def test_a_change_of_keys_is_said_with_the_described_keys(platform, bus):
    [active, following, *_] = await asyncio.to_thread(keys.change_in, platform.layout, "list")
    await asyncio.to_thread(keys.change_in, platform.layout, "revoke", following["kid"])

    async def heard() -> dict | None:
        found = [notice for _, notice in await said(bus, CONTROL, "oep.control.key_rotated")]
        mine = [n for n in found if n["data"]["revoked_kid"] == following["kid"]]
        return mine[0] if mine else None

    notice = await eventually(heard, 30)
    assert set(notice["data"]) == described()["key_rotated"]
    assert notice["data"]["active_kid"] == active["kid"]
